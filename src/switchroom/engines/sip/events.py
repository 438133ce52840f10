"""Events of a session, delivered to its listener in the order in which they happened."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.fields import Replaces
from switchroom.engines.sip.message import Request, Response


class EndCause(Enum):
    """Cause of the end of a session."""

    LOCAL = "local"
    """This side sent BYE."""

    REMOTE = "remote"
    """The peer sent BYE."""

    NO_ACK = "no ack"
    """The 2xx to the INVITE was never acknowledged (RFC 3261 section 13.3.1.4)."""

    EXPIRED = "expired"
    """Neither side refreshed the session (RFC 4028 section 10)."""

    GONE = "gone"
    """The peer answered 408 or 481 to a request, or not at all (RFC 3261 section 12.2.1.2)."""

    REPLACED = "replaced"
    """Another call took its place (RFC 3891)."""


class Progress(Struct, frozen=True):
    """A provisional response but 100 to an outgoing call; `fork` tells those of several phones apart."""

    status: int
    reason: str
    fork: str
    sdp: bytes | None
    response: Response


class Answered(Struct, frozen=True):
    """An outgoing call was answered. `sdp` is the answer; with `is_offer` it is the peer's offer, to be
    answered by `Session.acknowledge` at once."""

    sdp: bytes | None
    fork: str
    is_offer: bool
    response: Response


class Failed(Struct, frozen=True):
    """An outgoing call was not answered: the status of the response, 408 for none, 487 after `cancel`."""

    status: int
    reason: str
    response: Response | None


class Cancelled(Struct, frozen=True):
    """The caller gave up before an answer; `reason` is the Reason field of its CANCEL or BYE."""

    reason: str


class Acknowledged(Struct, frozen=True):
    """The ACK of an answer came; with the peer's SDP where the 2xx had the offer."""

    sdp: bytes | None


class Offered(Struct, frozen=True):
    """The peer wants to change the session by re-INVITE or UPDATE: answer through `Session.answer_offer` or
    `Session.refuse_offer`. Without `sdp` the answer is an offer, and the peer's SDP comes in Acknowledged."""

    method: str
    sdp: bytes | None
    request: Request


class ReferRequested(Struct, frozen=True):
    """The peer asks that its partner calls somebody else (RFC 3515): `Session.accept_refer` or
    `Session.refuse_refer` with this `id`."""

    id: int
    refer_to: NameAddr
    referred_by: str
    replaces: Replaces | None
    request: Request


class ReferProgress(Struct, frozen=True):
    """State of a call that the peer makes at this side's REFER; `is_final` when no more will come."""

    status: int
    reason: str
    is_final: bool


class Digit(Struct, frozen=True):
    """A key pressed, by INFO with application/dtmf-relay or dtmf; the duration in milliseconds."""

    digit: str
    duration: int


class Received(Struct, frozen=True):
    """Another request in the dialog, answered with 200 already: INFO, MESSAGE."""

    method: str
    content_type: str
    body: bytes
    request: Request


class Changed(Struct, frozen=True):
    """The state that `Session.save` gives has changed."""


class Ended(Struct, frozen=True):
    """The session is over; `reason` is the Reason field of the peer's BYE, or empty."""

    cause: EndCause
    reason: str


SessionEvent = (
    Progress
    | Answered
    | Failed
    | Cancelled
    | Acknowledged
    | Offered
    | ReferRequested
    | ReferProgress
    | Digit
    | Received
    | Changed
    | Ended
)
