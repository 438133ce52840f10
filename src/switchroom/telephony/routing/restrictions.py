"""Restrictions: which numbers of the public network may be called, and at whose cost.

The restrictions are those of the payer: the caller of a call, the forwarding user of a forwarded one, the
transferor of a transfer. So nobody reaches by a detour what they may not dial.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from switchroom.telephony.routing.configuration import Account, Device, Permission, Restriction, User
from switchroom.telephony.routing.number_kinds import NumberKind, PublicNumber


class Payer(Struct, frozen=True):
    """Payer of a call: a device, the user who has it, or for lack of both the account alone."""

    account: Account
    user: User | None = None
    device: Device | None = None

    @property
    def country(self) -> str:
        """The country that numbers are dialled in."""
        device, user = self.device, self.user
        return (device and device.country) or (user and user.country) or self.account.country

    @property
    def language(self) -> str:
        """The language that they are spoken to in, empty where nobody has said one."""
        device, user = self.device, self.user
        return (device and device.language) or (user and user.language) or self.account.language


class Refusal(StrEnum):
    """Reason for which a number may not be called."""

    RESTRICTED_BY_ACCOUNT = "restricted_by_account"
    RESTRICTED_BY_USER = "restricted_by_user"
    RESTRICTED_BY_DEVICE = "restricted_by_device"
    NO_SERVICE = "no_service"


def refusal(number: PublicNumber, payer: Payer) -> Refusal | None:
    """Reason for which the payer may not call the number, or None. Emergency numbers may always be called.

    A denial of the account or the user counts first; what the user is allowed expressly, the device cannot
    deny; else the device decides.
    """
    if number.kind is NumberKind.EMERGENCY:
        return None
    user, device = payer.user, payer.device
    if user is not None and (user.no_service or not user.enabled):
        return Refusal.NO_SERVICE
    if permission(payer.account.restriction, number) is Permission.DENY:
        return Refusal.RESTRICTED_BY_ACCOUNT
    of_user = permission(user.restriction, number) if user is not None else Permission.INHERIT
    if of_user is Permission.DENY:
        return Refusal.RESTRICTED_BY_USER
    denied = device is not None and permission(device.restriction, number) is Permission.DENY
    return Refusal.RESTRICTED_BY_DEVICE if denied and of_user is not Permission.ALLOW else None


def has_closed_groups(payer: Payer) -> bool:
    """Whether the payer calls inside only those who share a group with them. Calls from outside, which no
    user and no device pays for, are not meant."""
    levels = [one.restriction for one in (payer.user, payer.device) if one is not None]
    return bool(levels) and any(one.closed_groups for one in (payer.account.restriction, *levels))


def permission(restriction: Restriction, number: PublicNumber) -> Permission:
    """Permission of one level for a number.

    A country decides for numbers that are only far away. For those that are charged by what they are, such as
    premium numbers, it can deny, and not allow.
    """
    by_country = restriction.countries.get(number.country, Permission.INHERIT)
    if number.kind in _BY_DISTANCE and by_country is not Permission.INHERIT:
        return by_country
    by_kind = [restriction.kinds.get(kind, Permission.INHERIT) for kind in _kinds(number)]
    if Permission.DENY in (*by_kind, by_country):
        return Permission.DENY
    return Permission.ALLOW if Permission.ALLOW in by_kind else Permission.INHERIT


_BY_DISTANCE = frozenset({NumberKind.INTERNATIONAL, NumberKind.CARIBBEAN})


def _kinds(number: PublicNumber) -> Iterator[NumberKind]:
    """A number abroad is an international one too, whatever else it is."""
    yield number.kind
    if number.is_foreign and number.kind is not NumberKind.INTERNATIONAL:
        yield NumberKind.INTERNATIONAL
