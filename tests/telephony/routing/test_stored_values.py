"""Routing reads what the resources of the API keep."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from switchroom.telephony.resources import (
    calendars,
    conferences,
    devices,
    fields,
    groups,
    menus,
    trunks,
    users,
)
from switchroom.telephony.routing.caller_id import external_identity
from switchroom.telephony.routing.configuration import (
    Account,
    CallerIdUsed,
    Forced,
    MemberType,
    Permission,
    Strategy,
)
from switchroom.telephony.routing.destinations import DEFAULT_CODES, Feature, FeatureCode
from switchroom.telephony.routing.number_kinds import NumberKind
from switchroom.telephony.routing.restrictions import Payer
from switchroom.telephony.routing.stored_values import (
    calendar_of,
    conference_of,
    device_of,
    group_of,
    menu_of,
    trunk_of,
    user_of,
)

MAIN = "+4930123450"


def _values(draft: Struct) -> dict[str, Any]:
    return msgspec.to_builtins(draft)


def test_a_user_with_all_that_can_be_said() -> None:
    draft = users.User(
        username="anna@example.com",
        first_name="Anna",
        last_name="Schäfer",
        country="BE",
        restriction=fields.Restriction(kinds={NumberKind.PREMIUM: "deny"}, countries={"FR": "allow"}),
        call_forward=fields.CallForward(enabled=True, number="101", failover=True),
        caller_id=fields.CallerId(external=fields.ExternalIdentity(name="Anna", number=MAIN)),
    )

    user = user_of(7, _values(draft), extension="100")

    assert (user.id, user.name, user.extension, user.country) == (7, "Anna Schäfer", "100", "BE")
    assert user.restriction.kinds == {NumberKind.PREMIUM: Permission.DENY}
    assert user.restriction.countries == {"FR": Permission.ALLOW}
    assert (user.call_forward.number, user.call_forward.failover) == ("101", True)


def test_users_and_devices_of_defaults_only() -> None:
    user = user_of(7, _values(users.User(username="a@example.com")))
    device = device_of(8, _values(devices.DeviceDraft(name="desk")), owner_id=7)
    fax = devices.DeviceDraft(name="fax", hardware=devices.Hardware(category="fax"))

    assert user.enabled
    assert not user.call_forward.enabled
    assert (device.name, device.owner_id, device.is_fax) == ("desk", 7, False)
    assert device_of(9, _values(fax), owner_id=None).is_fax


def test_a_device_that_says_nothing_of_hiding_leaves_it_to_its_user() -> None:
    hidden = fields.CallerId(external=fields.ExternalIdentity(anonymous=True))
    user = user_of(7, _values(users.User(username="a@example.com", caller_id=hidden)))
    device = device_of(8, _values(devices.DeviceDraft(name="desk")), owner_id=7)

    assert external_identity(Payer(Account(id=1), user, device)).is_anonymous


def test_a_device_that_is_not_to_hide_does_not_though_its_user_does() -> None:
    hidden = fields.CallerId(external=fields.ExternalIdentity(anonymous=True))
    shown = fields.CallerId(external=fields.ExternalIdentity(anonymous=False))
    user = user_of(7, _values(users.User(username="a@example.com", caller_id=hidden)))
    device = device_of(8, _values(devices.DeviceDraft(name="desk", caller_id=shown)), owner_id=7)

    assert not external_identity(Payer(Account(id=1), user, device)).is_anonymous


def test_a_group_and_a_menu() -> None:
    members = [groups.Member(member_id=7), groups.Member(member_id=8, member_type="device", logged=False)]
    group = group_of(5, _values(groups.Group(name="Büro", members=members, strategy="round_robin")))
    menu = menu_of(6, _values(menus.Menu(name="Hauptmenü", hunt=menus.Hunt(allow=["1"]))))

    assert (group.strategy, group.global_timeout) == (Strategy.ROUND_ROBIN, 0)
    assert [one.member_type for one in group.members] == [MemberType.USER, MemberType.DEVICE]
    assert menu.hunt is not None
    assert (menu.hunt.allow, menu.retries) == (("1",), 3)
    assert menu_of(6, _values(menus.Menu(name="Menü"))).hunt is None


def test_a_trunk_carries_as_many_calls_as_its_volume_says() -> None:
    carrier = trunks.Trunk(name="carrier", concurrent_calls_volume="small", caller_id_used="internal")

    trunk = trunk_of(1, _values(carrier))

    assert (trunk.concurrent_calls, trunk.caller_id_used) == (4, CallerIdUsed.INTERNAL)
    nothing = trunk_of(1, _values(trunks.Trunk(name="carrier")))
    assert nothing.caller_id_used is CallerIdUsed.EXTERNAL


def test_a_conference_with_a_pin() -> None:
    values = _values(conferences.Conference(name="Besprechung"))

    assert conference_of(9, values, has_pin=True).has_pin
    assert conference_of(9, values, has_pin=False).members_announce_join_leave


def test_feature_codes_by_the_names_that_callflows_have() -> None:
    for feature in Feature:
        number = DEFAULT_CODES[feature].removeprefix("*")
        assert FeatureCode(feature, number, 1).code == DEFAULT_CODES[feature]


def test_a_calendar_that_is_forced_open_and_one_that_is_not() -> None:
    forced = calendar_of(8, _values(calendars.Calendar(name="Zeiten", forced="open")))

    assert forced.forced is Forced.OPEN
    assert calendar_of(8, _values(calendars.Calendar(name="Zeiten"))).forced is None
