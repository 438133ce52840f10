"""Trunks: which may carry a call, what goes out over one, and what a number that came in by one is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from switchroom.telephony.routing.caller_id import ANONYMOUS_DOMAIN, ANONYMOUS_NUMBER, Identity
from switchroom.telephony.routing.configuration import CallerIdUsed, Permission, Trunk, TrunkDirection
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.number_kinds import NumberKind, PublicNumber
from switchroom.telephony.routing.numbers import country_prefix, dialled, e164
from switchroom.telephony.routing.restrictions import permission

CONCURRENT_CALLS: Mapping[str, int] = {"xsmall": 2, "small": 4, "medium": 10, "large": 30, "xlarge": 100}
"""Calls at once for the names of `concurrent_calls_volume`."""


class TrunkRequest(Struct, frozen=True):
    """Fields of an INVITE to a trunk. An empty domain stands for the address of our own side; without an
    `asserted_user` there is no P-Asserted-Identity. `privacy` is the value of that header, or empty."""

    request_user: str
    from_name: str
    from_user: str
    from_domain: str = ""
    asserted_name: str = ""
    asserted_user: str = ""
    privacy: str = ""


def usable(trunks: Iterable[Trunk], number: PublicNumber, calls: Mapping[int, int]) -> tuple[Trunk, ...]:
    """The trunks that may carry a call to the number, in their order. `calls` are those that they carry now.

    An emergency call goes out over whatever there is, past limits.
    """
    found = [
        trunk
        for trunk in trunks
        if _goes_out(trunk)
        and (number.kind is NumberKind.EMERGENCY or _carries(trunk, number, calls.get(trunk.id, 0)))
    ]
    return tuple(sorted(found, key=lambda trunk: (trunk.trunk_order, trunk.id)))


def why_none(trunks: Iterable[Trunk], number: PublicNumber) -> HangupCause:
    """Cause for which none of the trunks may carry a call to the number: there is no trunk, calls to the
    number are restricted on all of them, or they have as many calls as they may."""
    outgoing = [trunk for trunk in trunks if _goes_out(trunk)]
    if not outgoing:
        return HangupCause.NO_ROUTE_DESTINATION
    if all(permission(trunk.restriction, number) is Permission.DENY for trunk in outgoing):
        return HangupCause.OUTGOING_CALL_BARRED
    return HangupCause.NORMAL_CIRCUIT_CONGESTION


def outgoing_request(
    trunk: Trunk, number: PublicNumber, external: Identity, internal: Identity | None = None
) -> TrunkRequest:
    """Fields of an INVITE to the number on this trunk. A trunk to a telephone system that uses internal
    caller ids is told the `internal` one, if it is given."""
    identity = internal if trunk.caller_id_used is CallerIdUsed.INTERNAL and internal else external
    advanced = trunk.advanced
    hidden = identity.is_anonymous
    asserted = identity.asserted_number
    return TrunkRequest(
        request_user=_request_user(trunk, number),
        from_name=identity.name,
        from_user=ANONYMOUS_NUMBER if hidden else advanced.override_from_user or identity.number,
        from_domain=ANONYMOUS_DOMAIN if hidden else advanced.override_from_domain,
        asserted_name=identity.asserted_name if asserted else "",
        asserted_user=asserted,
        privacy="id" if hidden else "",
    )


def incoming_number(trunk: Trunk, called: str, country: str) -> str | None:
    """The number that was called, as the account's numbers are written: E.164, or what the trunk's changes
    leave of it where it has no such form. None where it is no number."""
    plain = dialled(called)
    if plain is None:
        return None
    rules = trunk.advanced.incoming
    changed = rules.prepend_numbers + (plain[rules.strip_numbers :] if rules.strip_numbers > 0 else plain)
    return e164(changed, trunk.country or country) or changed or None


def _goes_out(trunk: Trunk) -> bool:
    return trunk.enabled and trunk.calls_direction in (TrunkDirection.OUTGOING, TrunkDirection.BOTH)


def _carries(trunk: Trunk, number: PublicNumber, calls: int) -> bool:
    is_full = trunk.concurrent_calls is not None and calls >= trunk.concurrent_calls
    return not is_full and permission(trunk.restriction, number) is not Permission.DENY


def _request_user(trunk: Trunk, number: PublicNumber) -> str:
    if number.kind is NumberKind.EMERGENCY and trunk.advanced.add_country_prefix_for_emergency_calls:
        return f"+{country_prefix(number.country)}{number.number}"
    return number.number
