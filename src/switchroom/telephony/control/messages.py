"""Messages of the control channel, in MessagePack: requests with their replies, and notices of the bus."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct

from switchroom.errors import ErrorCode, Fact


class Channel(Struct, frozen=True, kw_only=True):
    """A leg of a call that is up. `caller_…` is the party that called, `callee_…` the party that was called,
    whichever of them is at this leg. `owner_id` is the user at it, `authorizing_id` its device or trunk,
    `other_leg` the uuid of the channel that it talks to, `timestamp` in Unix seconds when it began. Channels
    of one call have the same `interaction_id`, which the call has in events and records."""

    uuid: str
    interaction_id: str
    direction: Annotated[str, Meta(description="inbound: it has called; outbound: it was called")]
    state: Annotated[str, Meta(description="ringing, answered, held")]
    answered: bool
    muted: bool
    caller_id_name: str
    caller_id_number: str
    callee_id_name: str
    callee_id_number: str
    owner_id: int | None
    authorizing_id: int | None
    authorizing_type: Annotated[str, Meta(description="device, trunk; empty for neither")]
    other_leg: str
    timestamp: int


class Participant(Struct, frozen=True, kw_only=True):
    """Participant of a conference, by telephone. `id` is the uuid of their channel, `timestamp` the Unix time
    in seconds when they came."""

    id: str
    name: str
    number: str
    owner_id: int | None
    muted: bool
    is_moderator: bool = False
    timestamp: int


class _Action(Struct, frozen=True, tag_field="action", tag=str.lower):
    """Action on a channel."""


class Hangup(_Action, frozen=True):
    pass


class Transfer(_Action, frozen=True):
    """Connect the peer of the channel with `target`, as if the channel had dialled it: at once, or once it
    has answered."""

    target: str
    type: Literal["blind", "attended"] = "blind"


class Hold(_Action, frozen=True):
    pass


class Unhold(_Action, frozen=True):
    pass


class Mute(_Action, frozen=True):
    """Mute the channel: nobody hears it until `Unmute`."""


class Unmute(_Action, frozen=True):
    pass


class Play(_Action, frozen=True):
    """Play a sound of the account to the party at the channel."""

    media_id: int


class Dtmf(_Action, frozen=True):
    """Send keys to the party at the channel."""

    digits: str


ChannelAction = Hangup | Transfer | Hold | Unhold | Mute | Unmute | Play | Dtmf

ParticipantAction = Literal["mute", "unmute", "kick"]


class _Request(Struct, frozen=True, tag_field="request", tag=True):
    pass


class ListChannels(_Request, frozen=True):
    organization_id: int


class Act(_Request, frozen=True):
    organization_id: int
    uuid: str
    action: ChannelAction


class Quickcall(_Request, frozen=True, kw_only=True):
    """Ring a device, or all of a user, and let the first that answers dial the number."""

    organization_id: int
    device_id: int | None = None
    user_id: int | None = None
    number: str
    auto_answer: bool = False


class ListParticipants(_Request, frozen=True):
    organization_id: int
    conference_id: int


class ActOnParticipant(_Request, frozen=True):
    organization_id: int
    conference_id: int
    participant: str
    action: ParticipantAction


class ForgetLoaded(_Request, frozen=True):
    """The account has changed: what calls have been loaded with is not to be used again."""

    organization_id: int


class ListMetrics(_Request, frozen=True):
    pass


class Ping(_Request, frozen=True):
    pass


Request = (
    ListChannels | Act | Quickcall | ListParticipants | ActOnParticipant | ForgetLoaded | ListMetrics | Ping
)


class _Reply(Struct, frozen=True, tag_field="reply", tag=True):
    pass


class Channels(_Reply, frozen=True):
    channels: Sequence[Channel]


class Participants(_Reply, frozen=True):
    participants: Sequence[Participant]


class Sample(Struct, frozen=True, array_like=True):
    """Value of a metric, for these labels."""

    name: str
    labels: Mapping[str, str]
    value: float


class MetricFamily(Struct, frozen=True, array_like=True):
    """Metric of a worker. `kind` is its type in Prometheus: counter, gauge, histogram."""

    name: str
    documentation: str
    kind: str
    samples: Sequence[Sample]


class WorkerMetrics(_Reply, frozen=True):
    families: Sequence[MetricFamily]


class Originated(_Reply, frozen=True):
    """Ringing: the call's id, and the uuid of its first channel."""

    interaction_id: str
    uuid: str


class Done(_Reply, frozen=True):
    pass


Kind = Literal["NotFound", "Forbidden", "Invalid", "Conflict", "Exhausted", "Unavailable"]


class Refused(_Reply, frozen=True):
    """A domain error, by its class."""

    kind: Kind
    code: ErrorCode
    path: str
    facts: Mapping[str, Fact]


class Failed(_Reply, frozen=True):
    """Something went wrong; what, is in the worker's log."""


Reply = Channels | Participants | WorkerMetrics | Originated | Done | Refused | Failed


class Asked(Struct, frozen=True, array_like=True):
    """A request, and the number that its reply has."""

    number: int
    request: Request


class Answered(Struct, frozen=True, array_like=True, tag="answered"):
    number: int
    reply: Reply


class Notice(Struct, frozen=True, array_like=True, tag="notice"):
    """A message of the worker's bus: the name of its type, and itself."""

    kind: str
    message: Raw


FromWorker = Answered | Notice
