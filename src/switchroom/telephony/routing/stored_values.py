"""Configuration from the values of resources, as the API takes and the database keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from switchroom.telephony.routing.configuration import (
    Account,
    Calendar,
    CallerIdUsed,
    Conference,
    Device,
    Group,
    Menu,
    Trunk,
    User,
    VoicemailBox,
)
from switchroom.telephony.routing.trunks import CONCURRENT_CALLS

T = TypeVar("T")

Values = Mapping[str, Any]

_LIMITS = {
    "incoming": "max_number_incoming_calls",
    "outgoing": "max_number_outgoing_calls",
    "forwarded": "max_number_fwd_calls",
    "together": "max_number_sim_calls",
}
"""Fields of an account's `billing` by what they limit."""


def account_of(id_: int, values: Values) -> Account:
    """An account without its numbers, which are loaded where they are needed. A country that is not said is
    the default's."""
    kept = _kept(values)
    if not kept.get("country"):
        kept.pop("country", None)
    if not kept.get("time_zone"):
        kept.pop("time_zone", None)
    billing = cast("Mapping[str, object]", values.get("billing") or {})
    limits = {name: billing.get(field, 0) for name, field in _LIMITS.items()}
    return _of(Account, {**kept, "id": id_, "limits": limits})


def user_of(id_: int, values: Values, *, extension: str = "") -> User:
    return _of(User, {**_kept(values), "id": id_, "extension": extension})


def device_of(id_: int, values: Values, *, owner_id: int | None) -> Device:
    """A device that the owner has now; a fax by its hardware's category."""
    hardware = cast("Mapping[str, object]", values.get("hardware") or {})
    is_fax = hardware.get("category") == "fax"
    return _of(Device, {**_kept(values), "id": id_, "owner_id": owner_id, "is_fax": is_fax})


def group_of(id_: int, values: Values) -> Group:
    return _of(Group, {**_kept(values), "id": id_})


def menu_of(id_: int, values: Values) -> Menu:
    return _of(Menu, {**_kept(values), "id": id_})


def calendar_of(id_: int, values: Values) -> Calendar:
    """A calendar without its opening hours, which are loaded where they are needed."""
    return _of(Calendar, {**_kept(values), "id": id_, "forced": values.get("forced") or None})


def conference_of(id_: int, values: Values, *, has_pin: bool, has_moderators_pin: bool = False) -> Conference:
    pins = {"has_pin": has_pin, "has_moderators_pin": has_moderators_pin}
    return _of(Conference, {**_kept(values), **pins, "id": id_})


def vmbox_of(id_: int, values: Values) -> VoicemailBox:
    return _of(VoicemailBox, {**_kept(values), "id": id_})


def trunk_of(id_: int, values: Values) -> Trunk:
    """A trunk; what is said of caller ids is kept as it was sent, and counts where it is known."""
    used = values.get("caller_id_used")
    known = {one.value for one in CallerIdUsed}
    return _of(
        Trunk,
        {
            **_kept(values),
            "id": id_,
            "caller_id_used": used if used in known else CallerIdUsed.EXTERNAL.value,
            "concurrent_calls": CONCURRENT_CALLS.get(str(values.get("concurrent_calls_volume"))),
        },
    )


def _of(kind: type[T], values: Values) -> T:
    """Raises msgspec.ValidationError for values that no resource can have."""
    return msgspec.convert(values, kind)


def _kept(values: Values) -> dict[str, object]:
    """The values without those that say nothing."""
    return {name: value for name, value in values.items() if value is not None}
