"""Caller ids: who a call says that it is from, as names and numbers for From, P-Asserted-Identity (RFC 3325)
and Privacy (RFC 3323).

The device's entries come before the user's, these before the account's; names and numbers are looked for
apart. Outside, only numbers that the account owns are asserted, whatever is configured.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct, structs

from switchroom.telephony.routing.configuration import CallerId, CallerIdEntry
from switchroom.telephony.routing.numbers import e164
from switchroom.telephony.routing.restrictions import Payer

LONGEST_CALLER_ID = 35
ANONYMOUS_NAME = "Anonymous"
ANONYMOUS_NUMBER = "anonymous"
ANONYMOUS_DOMAIN = "anonymous.invalid"


class Identity(Struct, frozen=True):
    """`name` and `number` are what the called party is shown (From); `asserted_number`, where there is one,
    is what the network is told (P-Asserted-Identity). Of an anonymous one both differ, and Privacy is
    `id`. `known_as` is the name that the account's contacts have for the caller: inside it is shown in the
    place of `name`, and the network is never told."""

    name: str = ""
    number: str = ""
    asserted_name: str = ""
    asserted_number: str = ""
    is_anonymous: bool = False
    known_as: str = ""

    @property
    def name_inside(self) -> str:
        """The name that people of the account are shown."""
        return self.known_as or self.name


class Purpose(StrEnum):
    EXTERNAL = "external"
    FAX = "fax"
    EMERGENCY = "emergency"


def internal_identity(payer: Payer, *, withheld: bool = False) -> Identity:
    """Identity that colleagues see. Without a configured number it has the user's extension, without a
    configured name the user's, or else the device's."""
    user, device = payer.user, payer.device
    entries = [one.internal for one in _levels(payer)]
    name = _first(one.name for one in entries) or (user and user.name) or (device and device.name) or ""
    number = _first(one.number for one in entries) or (user and user.extension) or ""
    return anonymous() if withheld else Identity(name=_shown(name), number=_shown(number))


def external_identity(
    payer: Payer, purpose: Purpose = Purpose.EXTERNAL, *, withheld: bool = False
) -> Identity:
    """Identity that the public network is told. Without a number that the account owns `asserted_number` is
    empty.

    An emergency call is never anonymous; it and a fax fall back to the external entries.
    """
    external = [one.external for one in _levels(payer)]
    entries = [*(_entry(one, purpose) for one in _levels(payer)), *external]
    name = _shown(_first(one.name for one in entries))
    number = _owned(entries, payer)
    hidden = withheld or next((one.anonymous for one in external if one.anonymous is not None), False)
    if hidden and purpose is not Purpose.EMERGENCY:
        return anonymous(name, number)
    return Identity(name=name, number=number, asserted_name=name, asserted_number=number)


def has_emergency_caller_id(payer: Payer) -> bool:
    """Whether an emergency caller id is configured whose number the account owns."""
    wanted = (e164(one.emergency.number, payer.account.country) for one in _levels(payer))
    return any(number in payer.account.numbers for number in wanted)


def forwarded_identity(caller: Identity, payer: Payer, *, keep_caller_id: bool) -> Identity:
    """Identity that the public network is told of a forwarded call: that of the caller who is shown, or of
    the forwarding user. The asserted number is the user's in both cases: the account answers for the call."""
    own = external_identity(payer)
    if not keep_caller_id:
        return own
    return Identity(
        name=caller.name,
        number=caller.number,
        asserted_name=own.asserted_name,
        asserted_number=own.asserted_number,
        is_anonymous=caller.is_anonymous,
    )


def incoming_identity(name: str, number: str, country: str, *, withheld: bool = False) -> Identity:
    """Identity of the caller of a call from a trunk, as the carrier says, the number in E.164 where it has
    that form. A number with `*` or `#` in it is left out: dialled back it would be a feature code."""
    if withheld or not number or number.lower() == ANONYMOUS_NUMBER:
        return anonymous()
    is_code = "*" in number or "#" in number
    return Identity(name=_shown(name), number="" if is_code else _shown(e164(number, country) or number))


def known(identity: Identity, name: str) -> Identity:
    """The identity with the name that the account's contacts have for it; empty for none."""
    return structs.replace(identity, known_as=_shown(name))


def anonymous(asserted_name: str = "", asserted_number: str = "") -> Identity:
    return Identity(
        name=ANONYMOUS_NAME,
        number=ANONYMOUS_NUMBER,
        asserted_name=asserted_name,
        asserted_number=asserted_number,
        is_anonymous=True,
    )


def _levels(payer: Payer) -> Iterator[CallerId]:
    if payer.device is not None:
        yield payer.device.caller_id
    if payer.user is not None:
        yield payer.user.caller_id
    yield payer.account.caller_id


def _entry(caller_id: CallerId, purpose: Purpose) -> CallerIdEntry:
    match purpose:
        case Purpose.EXTERNAL:
            return caller_id.external
        case Purpose.FAX:
            return caller_id.fax
        case Purpose.EMERGENCY:
            return caller_id.emergency


def _owned(entries: Iterable[CallerIdEntry], payer: Payer) -> str:
    """The first number of the entries that the account owns, else the first it has."""
    numbers = payer.account.numbers
    wanted = (e164(one.number, payer.account.country) for one in entries if one.number)
    return next((one for one in wanted if one in numbers), None) or min(numbers, default="")


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _shown(text: str) -> str:
    """The text without what is not to be seen, such as ends of lines, which would end a header."""
    visible = "".join(one for one in text if unicodedata.category(one)[0] != "C")
    return visible.strip()[:LONGEST_CALLER_ID]
