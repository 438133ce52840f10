"""Calls are routed by what an integrator has configured over the API."""

from __future__ import annotations

import itertools

import msgspec
import pytest
from msgspec.structs import replace

from switchroom.telephony.calls.loaded import Caller, Incoming, Refused
from switchroom.telephony.calls.transfers import may_be_called_back
from switchroom.telephony.routing.actions import (
    Answer,
    CheckPin,
    CheckVoicemail,
    Collect,
    DeviceTarget,
    Dial,
    Digits,
    Finished,
    Hangup,
    JoinConference,
    JumpTo,
    LeaveVoicemail,
    NoAnswer,
    NumberTarget,
    PinChecked,
    Ring,
)
from switchroom.telephony.routing.call import Call, Forwards
from switchroom.telephony.routing.caller_id import Identity, external_identity
from switchroom.telephony.routing.configuration import Forced
from switchroom.telephony.routing.destinations import FeatureCall, Internal, Nowhere, Outside
from switchroom.telephony.routing.number_kinds import NumberKind
from tests.platform import RunningPlatform, Tenant
from tests.telephony.calls.office import Office

_numbers = itertools.count(1000)


@pytest.fixture(scope="module")
def neighbours(running: RunningPlatform) -> tuple[Office, Office]:
    """Two accounts that are configured alike."""
    first, second = (_office(running) for _ in range(2))
    return first, second


@pytest.fixture
def office(neighbours: tuple[Office, Office]) -> Office:
    return neighbours[0]


def _office(running: RunningPlatform) -> Office:
    office = Office(running, running.organization().organization, f"+493012{next(_numbers)}")
    office.register(office.phone)
    office.register(office.other_phone)
    return office


def test_a_caller_with_owner_extension_and_account(office: Office) -> None:
    caller = office.running.run(office.loader.caller(office.other_phone, "100"))

    assert not isinstance(caller, Refused)
    assert caller.user is not None
    assert (caller.user.id, caller.user.name, caller.user.extension) == (office.bert, "Bert", "101")
    assert (caller.account.id, caller.account.numbers) == (office.organization.id, {office.main})
    assert caller.payer.country == "FR"
    assert caller.call.caller == Identity(name="Bert", number="101")
    assert caller.destination == Internal(office.to_anna, "100")
    assert external_identity(caller.payer).asserted_number == office.main


@pytest.mark.parametrize(
    ("dialled", "expected"),
    [("*98", FeatureCall), ("*98100", FeatureCall), ("110", Outside), ("*55", Nowhere)],
)
def test_what_a_caller_reaches(office: Office, dialled: str, expected: type) -> None:
    caller = office.running.run(office.loader.caller(office.phone, dialled))

    assert not isinstance(caller, Refused)
    assert isinstance(caller.destination, expected), caller.destination


def test_the_accounts_own_number_as_people_dial_it(office: Office) -> None:
    caller = office.running.run(office.loader.caller(office.phone, "0" + office.main.removeprefix("+49")))

    assert not isinstance(caller, Refused)
    assert caller.destination == Internal(office.to_main, office.main)


def test_callers_who_are_refused(office: Office) -> None:
    disabled = office.api.make("devices", name="weg", enabled=False)

    run, loader = office.running.run, office.loader
    assert run(loader.caller(disabled, "100")) is Refused.DEVICE_DISABLED
    assert run(loader.caller(1 << 40, "100")) is Refused.DEVICE_UNKNOWN


def test_a_user_rings_and_the_mailbox_answers(office: Office) -> None:
    call = office.dials("100", office.other_phone)

    ring = call.begins()
    assert isinstance(ring, Ring)
    assert ring.targets == (DeviceTarget(office.phone),)
    assert ring.caller == Identity(name="Bert", number="101")
    assert call.then(NoAnswer()) == Answer()
    assert call.then(Finished()) == LeaveVoicemail(vmbox_id=office.box)


def test_the_menu_leads_on(office: Office) -> None:
    call = office.dials("200")

    assert isinstance(call.answered(), Collect)
    jump = call.then(Digits("1"))
    assert jump == JumpTo(callflow_id=office.to_anna)
    hunted = office.dials("200")
    hunted.answered()
    assert hunted.then(Digits("101")) == JumpTo(number="101", extensions_only=True)
    found = office.running.run(office.loader.destination(office.organization.id, "101", "DE"))
    assert found == Internal(office.to_bert, "101")


def test_the_group_rings_all(office: Office) -> None:
    ring = office.comes_to(office.to_group, Call()).begins()

    assert isinstance(ring, Ring)
    assert set(ring.targets) == {DeviceTarget(office.phone, delay=2), DeviceTarget(office.other_phone)}


def test_a_group_in_turn_rings_the_next_after_the_first(office: Office) -> None:
    members = [{"member_id": office.anna}, {"member_id": office.bert}]
    group = office.api.make("groups", name="Reihe", members=members, strategy="sequential")
    call = office.comes_to(office.flow("Reihe", [], "group", group), Call())

    first = call.begins()
    assert isinstance(first, Ring)
    assert first.targets == (DeviceTarget(office.phone),)
    second = call.then(NoAnswer())
    assert isinstance(second, Ring)
    assert second.targets == (DeviceTarget(office.other_phone),)


def test_groups_in_groups(office: Office) -> None:
    outer = office.api.make(
        "groups", name="Haus", members=[{"member_id": office.group, "member_type": "group"}]
    )
    ring = office.comes_to(office.flow("Haus", [], "group", outer), Call()).begins()

    assert isinstance(ring, Ring)
    assert len(ring.targets) == 2


def test_the_conference_asks_for_its_pin(office: Office) -> None:
    call = office.dials("400")

    assert isinstance(call.answered(), Collect)
    assert call.then(Digits("4321")) == CheckPin(office.conference, "4321")
    joined = call.then(PinChecked(is_right=True))
    while not isinstance(joined, JoinConference):
        assert joined is not None
        joined = call.then(Finished())
    assert joined.conference_id == office.conference


def test_the_own_mailbox_by_a_feature_code(office: Office) -> None:
    assert office.dials("*98").answered() == CheckVoicemail(is_own=True)


def test_a_call_from_a_trunk_comes_to_the_open_office(office: Office) -> None:
    national = office.running.run(office.loader.incoming(office.trunk, "0" + office.main.removeprefix("+49")))

    assert isinstance(national, Incoming)
    assert (national.number, national.callflow_id) == (office.main, office.to_main)
    assert national.account.id == office.organization.id
    ring = office.comes_to(national.callflow_id, Call()).begins()
    assert isinstance(ring, Ring)


def test_the_accounts_contacts_name_callers(neighbours: tuple[Office, Office]) -> None:
    office, neighbour = neighbours

    def name_of(number: str, office: Office = office, country: str = "DE") -> str:
        return office.running.run(office.loader.contact_name(office.organization.id, number, country))

    def contact(first: str, *mobiles: str, **more: object) -> dict[str, object]:
        return {"details": {"names": {"first": first}, "phone_numbers": {"mobiles": mobiles}}, **more}

    zoe, own, later, short = office.api(
        "PUT",
        "/directories",
        {
            "contacts": [
                contact("Zoë", "0170 123 45 67", "+49 (0)30/901820", "\u0660\u0661\u0667\u06628000000"),
                contact("Annas", "+491601234567", user_id=office.anna),
                contact("Zoës Büro", "+4930901820", "+43 170 1234567", "no number", ""),
                contact("Gemeinde", "08234 12", "45 12 34", *(f"030 900000{n}" for n in range(9))),
            ]
        },
    )
    assert name_of("+491701234567") == name_of("+4930901820") == name_of("+491728000000") == "Zoë"
    assert name_of("+431701234567") == "Zoës Büro"
    assert name_of("+49823412") == name_of("+352451234", country="LU") == "Gemeinde"
    assert [name_of(f"+4930900000{n}") for n in (7, 8)] == ["Gemeinde", ""], "of each, the first ten"
    assert name_of("+491701234567", country="FR") == name_of("+491701234567", country="") == ""
    assert name_of("+491601234567") == name_of("anonymous") == name_of("+") == name_of("") == ""
    assert name_of("+491701234567", neighbour) == ""
    office.api("POST", f"/directories/{zoe}", {"phonebook": "friends"})
    assert name_of("+491701234567") == "Zoë"
    office.api("POST", f"/directories/{zoe}", contact("Zoé", "+491711111111"))
    assert (name_of("+491711111111"), name_of("+491701234567")) == ("Zoé", "")
    assert name_of("+4930901820") == "Zoës Büro"
    office.api("POST", f"/directories/{own}", {"user_id": None})
    office.api("POST", f"/directories/{later}", {"user_id": office.anna})
    assert (name_of("+491601234567"), name_of("+4930901820")) == ("Annas", "")
    twice = [{"id": own, **contact("B", "+491601111111")}, {"id": own, **contact("C", "+491602222222")}]
    office.api("POST", "/directories", {"contacts": twice})
    assert [name_of(f"+49160{digits}") for digits in ("1234567", "1111111", "2222222")] == ["", "", "C"]
    office.api("POST", "/directories/delete", {"ids": [zoe, own, later, short]})
    assert name_of("+491711111111") == name_of("+491602222222") == ""


def test_calls_from_trunks_that_are_refused(office: Office) -> None:
    run, loader = office.running.run, office.loader
    outgoing = office.api.make("trunks", name="hinaus", calls_direction="outgoing")
    off = office.api.make("trunks", name="aus", enabled=False)

    assert run(loader.incoming(outgoing, office.main)) is Refused.TRUNK_DISABLED
    assert run(loader.incoming(off, office.main)) is Refused.TRUNK_DISABLED
    assert run(loader.incoming(1 << 40, office.main)) is Refused.TRUNK_UNKNOWN
    for number in ("*98", "+4930999999", "", "anna"):
        assert run(loader.incoming(office.trunk, number)) is Refused.NUMBER_UNKNOWN


def test_extensions_are_called_over_trunks_of_internal_calls_alone(office: Office) -> None:
    run, loader = office.running.run, office.loader
    system = office.api.make("trunks", name="Werk", category="pbx_connector", internal_calls=True)

    for number in ("100", "400"):
        assert run(loader.incoming(office.trunk, number)) is Refused.NUMBER_UNKNOWN
    to_anna = run(loader.incoming(system, "100"))
    assert isinstance(to_anna, Incoming)
    assert to_anna.callflow_id == office.to_anna
    assert isinstance(run(loader.incoming(system, office.main)), Incoming)
    assert run(loader.incoming(system, "*98")) is Refused.NUMBER_UNKNOWN


def test_a_number_that_is_out_of_service(office: Office) -> None:
    number = f"+493013{next(_numbers)}"
    released = {"numbers": [number], "state": "released", "trunk_id": office.trunk}
    office.api("PUT", "/phone_numbers", released)
    office.flow("alt", [number], "user", office.anna)

    assert office.running.run(office.loader.incoming(office.trunk, number)) is Refused.NUMBER_UNKNOWN


@pytest.mark.parametrize(
    ("number", "is_called_back"),
    [("101", True), ("+33123456789", True), ("112", False), ("300", False), ("400", False), ("*98", False)],
)
def test_people_are_called_back_and_nothing_else(office: Office, number: str, is_called_back: bool) -> None:
    caller = office.running.run(office.loader.caller(office.phone, number))

    assert isinstance(caller, Caller)
    loaded = office.dials(number).loaded
    assert may_be_called_back(caller.destination, loaded) is is_called_back


def test_outside_over_the_accounts_trunks(office: Office) -> None:
    call = office.dials("+33123456789")
    dial = call.begins()

    assert isinstance(dial, Dial)
    assert (dial.trunk_id, dial.request.request_user) == (office.trunk, "+33123456789")
    assert dial.request.asserted_user == office.main
    access = call.loaded.trunk_accesses[office.trunk]
    assert access.password is not None
    assert access.password.reveal() == "carrier secret"
    assert "carrier secret" not in f"{call.loaded!r} {access!r} {access.password}"
    with pytest.raises(TypeError):
        msgspec.json.encode(access)


def test_restrictions_of_the_account_hold(tenant: Tenant) -> None:
    office = Office(tenant.running, tenant.organization, f"+493014{next(_numbers)}")
    office.api(
        "POST", f"/accounts/{tenant.organization.id}", {"restriction": {"kinds": {"caribbean": "deny"}}}
    )

    call = office.dials("+18765551234")
    assert call.flow.account.restriction.kinds == {NumberKind.CARIBBEAN: "deny"}
    assert not isinstance(call.begins(), Dial)
    assert isinstance(office.dials("+33123456789").begins(), Dial)


def test_a_phone_that_is_not_registered_any_more_does_not_ring(tenant: Tenant) -> None:
    office = Office(tenant.running, tenant.organization, f"+493014{next(_numbers)}")
    office.register(office.phone, seconds=-1)

    assert isinstance(office.comes_to(office.to_bert, Call()).begins(), Hangup)
    assert office.comes_to(office.to_anna, Call()).begins() == Answer()
    assert tenant.running.run(office.loader.registered(tenant.organization.id, [office.phone])) == frozenset()
    office.register(office.other_phone)
    assert isinstance(office.comes_to(office.to_bert, Call()).begins(), Ring)


def test_changes_count_from_the_next_call_on(tenant: Tenant) -> None:
    office = Office(tenant.running, tenant.organization, f"+493014{next(_numbers)}")
    office.register(office.phone)
    office.api("POST", f"/users/{office.anna}", {"call_forward": {"enabled": True, "number": "101"}})
    ring = office.comes_to(office.to_anna, Call()).begins()
    assert isinstance(ring, Ring)
    assert isinstance(ring.targets[0], NumberTarget)
    assert ring.targets[0].destination == Internal(office.to_bert, "101")

    office.api("POST", f"/users/{office.anna}", {"call_forward": {"enabled": False}, "do_not_disturb": True})
    assert office.comes_to(office.to_anna, Call()).begins() == Answer()
    office.api("POST", f"/calendars/{office.calendar}", {"forced": "closed"})
    assert office.comes_to(office.to_main, Call()).flow.calendars[office.calendar].forced is Forced.CLOSED
    office.api("DELETE", f"/callflows/{office.to_main}")
    assert office.running.run(office.loader.flow(tenant.organization.id, office.to_main, Call())) is None


def test_nothing_of_another_account_is_loaded(neighbours: tuple[Office, Office]) -> None:
    office, other = neighbours
    run, loader = office.running.run, office.loader

    assert run(loader.flow(office.organization.id, other.to_anna, Call())) is None
    assert run(loader.incoming(office.trunk, other.main)) is Refused.NUMBER_UNKNOWN
    assert run(loader.registered(office.organization.id, [other.phone])) == frozenset()
    stranger = Call(user_id=other.anna, device_id=other.phone)
    flow = office.comes_to(office.to_group, stranger).flow
    assert set(flow.users) == {office.anna, office.bert}
    assert set(flow.devices) == set(flow.live.registered) == {office.phone, office.other_phone}


def test_ids_of_another_account_in_a_stored_flow_are_as_if_deleted(neighbours: tuple[Office, Office]) -> None:
    office, other = neighbours
    uses = {
        "user": other.anna,
        "device": other.phone,
        "group": other.group,
        "menu": other.menu,
        "calendar": other.calendar,
        "conference": other.conference,
        "voicemail": other.box,
    }
    children = {str(n): _use(module, id_) for n, (module, id_) in enumerate(uses.items())}
    flow_id = office.stored({**_use("external", other.trunk), "children": children})

    flow = office.comes_to(flow_id, Call()).flow

    assert office.trunk in flow.trunks
    assert other.trunk not in flow.trunks
    found = (
        flow.users,
        flow.devices,
        flow.groups,
        flow.menus,
        flow.calendars,
        flow.conferences,
        flow.vmboxes,
    )
    assert not any(found)
    for module, id_ in uses.items():
        call = office.comes_to(office.stored(_use(module, id_)), Call())
        assert call.begins() is not None


def test_closed_groups_are_those_of_whoever_calls_and_forwards(tenant: Tenant) -> None:
    office = Office(tenant.running, tenant.organization, f"+493014{next(_numbers)}")
    closed = {"restriction": {"closed_groups": True}}
    stranger = office.api.make("users", username=f"carl@o{tenant.organization.id}.example.org")
    device = office.api.make("devices", name="Carls", owner_id=stranger)
    to_stranger = office.flow("Carl", ["102"], "user", stranger)
    of_anna, of_carl = Call(user_id=office.anna, device_id=office.phone), Call(user_id=stranger)

    def reachable(call: Call) -> frozenset[str] | None:
        return office.comes_to(to_stranger, call).flow.reachable

    assert reachable(of_anna) is None
    office.api("POST", f"/users/{office.anna}", closed)
    anna = {f"user:{office.anna}", f"device:{office.phone}"}
    assert reachable(of_anna) == {*anna, f"device:{office.other_phone}"}
    assert reachable(of_carl) is None
    assert reachable(replace(of_carl, forwards=Forwards(by=(f"user:{office.anna}",)))) == reachable(of_anna)
    assert reachable(Call()) is None
    office.api.make(
        "groups",
        name="Haus",
        members=[
            {"member_id": office.group, "member_type": "group"},
            {"member_id": device, "member_type": "device"},
        ],
    )
    assert reachable(of_anna) == {*anna, f"device:{office.other_phone}", f"device:{device}"}
    office.api("POST", f"/accounts/{tenant.organization.id}", closed)
    assert f"user:{office.anna}" in (reachable(of_carl) or ())
    assert reachable(Call()) is None


def _use(module: str, id_: int) -> dict[str, object]:
    return {"module": module, "data": {"id": id_, "number": "+33123456789"}}
