"""Bodies that tell phones of lamps: message summaries, dialogs, presence."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

MESSAGE_SUMMARY = "application/simple-message-summary"
DIALOG_INFO = "application/dialog-info+xml"
PIDF = "application/pidf+xml"


class DialogState(StrEnum):
    """State of a dialog (RFC 4235, section 3.7.1), as far as lamps tell them apart."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Dialog(Struct, frozen=True):
    """A call of somebody who is watched. `is_caller`: they have called, and were not called."""

    id: str
    state: DialogState
    is_caller: bool


class Counts(Struct, frozen=True):
    """Messages in a box, or in several."""

    new: int = 0
    saved: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.new + other.new, self.saved + other.saved)


def message_summary(account: str, counts: Counts) -> bytes:
    """The body of a message summary (RFC 3842, section 5). `account` is the address at which the messages are
    heard."""
    waiting = "yes" if counts.new else "no"
    lines = (
        f"Messages-Waiting: {waiting}",
        f"Message-Account: {account}",
        f"Voice-Message: {counts.new}/{counts.saved} (0/0)",
        "",
    )
    return "\r\n".join(lines).encode()


def dialog_info(uri: str, dialogs: Sequence[Dialog]) -> bytes:
    """The state of all calls at an address (RFC 4235). The party at the other end is not told: a watcher with
    a lamp for a colleague need not know whom they talk to."""
    calls = "".join(
        f"<dialog id={quoteattr(one.id)} call-id={quoteattr(one.id)} "
        f'direction="{"initiator" if one.is_caller else "recipient"}">'
        f"<state>{one.state}</state>"
        f"<local><identity>{escape(uri)}</identity><target uri={quoteattr(uri)}/></local>"
        "</dialog>"
        for one in dialogs
    )
    return (
        '<?xml version="1.0"?>\n'
        f'<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="0" state="full" '
        f"entity={quoteattr(uri)}>{calls}</dialog-info>\n"
    ).encode()


def presence(uri: str, *, is_open: bool, on_the_phone: bool) -> bytes:
    """The presence of somebody (RFC 3863): whether a call would ring somewhere, and whether they are on the
    telephone (RFC 4480)."""
    activities = "<rpid:activities><rpid:on-the-phone/></rpid:activities>" if on_the_phone else ""
    note = "<dm:note>On the phone</dm:note>" if on_the_phone else ""
    return (
        '<?xml version="1.0"?>\n'
        '<presence xmlns="urn:ietf:params:xml:ns:pidf" '
        'xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model" '
        f'xmlns:rpid="urn:ietf:params:xml:ns:pidf:rpid" entity={quoteattr(uri)}>'
        f'<tuple id="telephone"><status><basic>{"open" if is_open else "closed"}</basic></status></tuple>'
        f'<dm:person id="person">{activities}{note}</dm:person>'
        "</presence>\n"
    ).encode()
