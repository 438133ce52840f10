"""The messages of docs/signalling.md, under the names they have there."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

LONGEST_TEXT = 4000
"""Characters of one chat message."""

LONGEST_REASON = 300
"""Characters of what is said about a bad message, which may quote it."""

Token = Annotated[str, Meta(max_length=8192)]
Id = Annotated[str, Meta(max_length=128, pattern=r"^[^\x00]*$")]
RequestId = Annotated[str, Meta(max_length=128)]
Sdp = Annotated[str, Meta(max_length=128 * 1024)]
Mid = Annotated[str, Meta(min_length=1, max_length=16, pattern="^[!#$%&'*+.^_`{|}~0-9A-Za-z-]+$")]
SourceName = Literal["microphone", "camera", "screen", "screen-audio"]
Layer = Literal["low", "medium", "high"]
Grant = Literal["voice", "video", "screen", "chat"]


class ClientMessage(Struct, frozen=True, tag_field="type", rename="camel"):
    """Anything a browser says."""


class MediaWish(Struct, frozen=True):
    microphone: bool = False
    camera: bool = False
    screen: bool = False


class FirstWant(Struct, frozen=True):
    """The cameras of the first so many of `participants` at a layer, until the first `want`."""

    cameras: Annotated[int, Meta(ge=0, le=100)]
    layer: Layer


class Join(ClientMessage, frozen=True, tag="join", kw_only=True):
    token: Token
    room_id: Id
    id: RequestId | None = None
    display_name: Annotated[str, Meta(max_length=1000)] | None = None
    resume: Annotated[str, Meta(max_length=256)] | None = None
    let_in: Annotated[str, Meta(max_length=256)] | None = None
    """The reentry token of an earlier `joined`."""
    browser: Annotated[str, Meta(min_length=16, max_length=128)] | None = None
    """Name that the browser gives itself, the same each time: a person who was put out is known by it."""
    locale: Annotated[str, Meta(max_length=35)] | None = None
    media: MediaWish | None = None
    want: FirstWant | None = None


class Ping(ClientMessage, frozen=True, tag="ping"):
    pass


class Leave(ClientMessage, frozen=True, tag="leave"):
    pass


class SetMedia(ClientMessage, frozen=True, tag="media", kw_only=True):
    microphone: bool
    camera: bool
    screen: bool
    id: RequestId | None = None


class SendChat(ClientMessage, frozen=True, tag="chat", kw_only=True):
    text: Annotated[str, Meta(min_length=1, max_length=LONGEST_TEXT)]
    id: RequestId | None = None
    to: Id | None = None
    broadcast: bool = False


class Hand(ClientMessage, frozen=True, tag="hand", kw_only=True):
    raised: bool
    id: RequestId | None = None


class Moderate(ClientMessage, frozen=True, tag="moderate", kw_only=True):
    participant_id: Id
    action: Literal["mute", "stop-video", "stop-screen", "lower-hand", "remove"]
    id: RequestId | None = None


class PermissionChanges(Struct, frozen=True, forbid_unknown_fields=True):
    voice: bool | None = None
    video: bool | None = None
    screen: bool | None = None
    chat: bool | None = None


class Permit(ClientMessage, frozen=True, tag="permit", kw_only=True):
    participant_id: Id
    permissions: PermissionChanges
    id: RequestId | None = None


class ModerateAll(ClientMessage, frozen=True, tag="moderate-all", kw_only=True):
    action: Literal["mute", "lower-hand"]
    id: RequestId | None = None


class PermitAll(ClientMessage, frozen=True, tag="permit-all", kw_only=True):
    permissions: PermissionChanges
    id: RequestId | None = None


class Promote(ClientMessage, frozen=True, tag="promote", kw_only=True):
    participant_id: Id
    moderator: bool
    id: RequestId | None = None


class Lock(ClientMessage, frozen=True, tag="lock", kw_only=True):
    locked: bool
    id: RequestId | None = None


class End(ClientMessage, frozen=True, tag="end"):
    id: RequestId | None = None


class ListRemoved(ClientMessage, frozen=True, tag="removed"):
    id: RequestId | None = None


class Readmit(ClientMessage, frozen=True, tag="readmit", kw_only=True):
    user_id: Id
    id: RequestId | None = None


class StartRecording(ClientMessage, frozen=True, tag="recording.start"):
    id: RequestId | None = None


class StopRecording(ClientMessage, frozen=True, tag="recording.stop"):
    id: RequestId | None = None


class AnswerRecording(ClientMessage, frozen=True, tag="recording.answer", kw_only=True):
    """Whether the person agrees to be recorded."""

    agrees: bool
    id: RequestId | None = None


class Admit(ClientMessage, frozen=True, tag="admit", kw_only=True):
    participant_id: Id
    id: RequestId | None = None


class AdmitAll(ClientMessage, frozen=True, tag="admit-all"):
    id: RequestId | None = None


class Deny(ClientMessage, frozen=True, tag="deny", kw_only=True):
    participant_id: Id
    id: RequestId | None = None


class StreamLine(Struct, frozen=True):
    mid: Mid
    source: SourceName


class Publish(ClientMessage, frozen=True, tag="publish", kw_only=True):
    sdp: Sdp
    streams: Annotated[list[StreamLine], Meta(max_length=16)]
    id: RequestId | None = None
    restart: bool = False


class IceCandidate(Struct, frozen=True, rename="camel"):
    """An RTCIceCandidateInit."""

    candidate: Annotated[str, Meta(max_length=1024)] = ""
    sdp_mid: Annotated[str, Meta(max_length=16)] | None = None
    sdp_m_line_index: Annotated[int, Meta(ge=0, le=1000)] | None = msgspec.field(
        name="sdpMLineIndex", default=None
    )


class Candidate(ClientMessage, frozen=True, tag="candidate", kw_only=True):
    pc: Literal["publish", "subscribe"]
    candidate: IceCandidate | None
    generation: int | None = None


class SubscribeAnswer(ClientMessage, frozen=True, tag="subscribe.answer", kw_only=True):
    negotiation: int
    sdp: Sdp


class SubscribeRestart(ClientMessage, frozen=True, tag="subscribe.restart"):
    pass


class WantedStream(Struct, frozen=True, rename="camel"):
    participant_id: Id
    source: Literal["camera", "screen"]
    layer: Layer | Literal["off"]


class Want(ClientMessage, frozen=True, tag="want", kw_only=True):
    streams: Annotated[list[WantedStream], Meta(max_length=1000)]


AnyClientMessage = (
    Join
    | Ping
    | Leave
    | SetMedia
    | SendChat
    | Hand
    | Moderate
    | Permit
    | ModerateAll
    | PermitAll
    | Promote
    | Lock
    | End
    | ListRemoved
    | Readmit
    | StartRecording
    | StopRecording
    | AnswerRecording
    | Admit
    | AdmitAll
    | Deny
    | Publish
    | Candidate
    | SubscribeAnswer
    | SubscribeRestart
    | Want
)


class ServerMessage(Struct, frozen=True, tag_field="type", rename="camel", omit_defaults=True):
    """Anything the server says."""


class PermissionsInfo(Struct, frozen=True, rename="camel"):
    voice: bool
    video: bool
    screen: bool
    chat: bool
    chat_broadcast: bool
    promote: bool


class ParticipantInfo(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    id: str
    user_id: str
    display_name: str
    is_guest: bool
    is_moderator: bool
    is_spectator: bool
    microphone: bool
    camera: bool
    screen: bool
    state: Literal["connected", "reconnecting"]
    hand_raised_at: str | None = None
    permissions: PermissionsInfo | None = None
    consent: Literal["asked", "agreed", "declined"] | None = None
    """Consent to be recorded, of a person who is asked; as `permissions`, for moderators and oneself."""


class SpectatorInfo(Struct, frozen=True, rename="camel"):
    id: str
    display_name: str


class SpectatorsInfo(Struct, frozen=True, omit_defaults=True):
    count: int
    list: list[SpectatorInfo] | None = None


class ChatMessage(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    id: str
    kind: Literal["room", "private", "broadcast"]
    sender: str = msgspec.field(name="from")
    from_name: str
    text: str
    at: str
    to: str | None = None
    to_name: str | None = None


class RoomInfo(Struct, frozen=True, rename="camel", kw_only=True):
    """A room as those inside see it; it has every one of its details (`RoomDetails`) under its name there."""

    id: str
    display_name: str
    company_name: str
    mode: Literal["normal", "exam", "spectator"]
    recording: bool
    to_be_recorded: bool
    """Whether it is recorded, or is to be as soon as it can be."""
    locked: bool
    """Whether only those come in who have been inside, and moderators."""
    forbidden: list[Grant]
    """Permissions that only moderators have, and participants to whom one is granted by name."""


class RemovedInfo(Struct, frozen=True, rename="camel"):
    """Person who was put out, and may not come in."""

    user_id: str
    display_name: str
    is_guest: bool
    until: str
    by_name: str


class WaitingInfo(Struct, frozen=True, rename="camel"):
    """Person who waits before the room to be let in."""

    id: str
    display_name: str
    is_guest: bool
    since: str


class IceServer(Struct, frozen=True, omit_defaults=True):
    urls: list[str]
    username: str | None = None
    credential: str | None = None


class Joined(ServerMessage, frozen=True, tag="joined", kw_only=True):
    participant_id: str
    resume: str
    resumed: bool
    room: RoomInfo
    participants: list[ParticipantInfo]
    self: ParticipantInfo
    permissions: PermissionsInfo
    spectators: SpectatorsInfo
    chat: list[ChatMessage]
    ice_servers: list[IceServer]
    media_available: bool
    can_record: bool
    """Whether the server has a place for recordings."""
    waiting: list[WaitingInfo] | None = None
    let_in: str | None = None
    """A reentry token, for somebody who without one has to wait, or finds the room locked."""
    id: str | None = None


class Waiting(ServerMessage, frozen=True, tag="waiting", kw_only=True):
    participant_id: str
    room: RoomInfo
    moderator_present: bool
    id: str | None = None


class WaitingUpdated(ServerMessage, frozen=True, tag="waiting.updated"):
    waiting: list[WaitingInfo]


class Pong(ServerMessage, frozen=True, tag="pong"):
    pass


class Ok(ServerMessage, frozen=True, tag="ok"):
    id: str


class Error(ServerMessage, frozen=True, tag="error", kw_only=True):
    code: str
    message: str
    id: str | None = None
    details: dict[str, str] | None = None


EndReason = Literal["removed", "replaced", "room_closed", "revoked", "denied", "meeting_over", "session_over"]
LeftReason = Literal["left", "lost", "removed", "replaced", "meeting_over", "session_over"]


class Ended(ServerMessage, frozen=True, tag="ended"):
    reason: EndReason


class ParticipantJoined(ServerMessage, frozen=True, tag="participant.joined"):
    participant: ParticipantInfo


class ParticipantUpdated(ServerMessage, frozen=True, tag="participant.updated"):
    participant: ParticipantInfo


class ParticipantsUpdated(ServerMessage, frozen=True, tag="participants.updated"):
    participants: list[ParticipantInfo]


class ParticipantLeft(ServerMessage, frozen=True, tag="participant.left"):
    participant_id: str
    reason: LeftReason


class SelfUpdated(ServerMessage, frozen=True, tag="self.updated"):
    self: ParticipantInfo
    permissions: PermissionsInfo


class Moderated(ServerMessage, frozen=True, tag="moderated"):
    action: Literal["mute", "stop-video", "stop-screen", "lower-hand", "permissions"]
    by_name: str


class Everybody(ServerMessage, frozen=True, tag="everybody", kw_only=True):
    """A moderator has muted all but the moderators, or lowered all hands."""

    action: Literal["mute", "lower-hand"]
    by_name: str


class Removed(ServerMessage, frozen=True, tag="removed", kw_only=True):
    people: list[RemovedInfo]
    id: str | None = None


class Spectators(ServerMessage, frozen=True, tag="spectators", kw_only=True):
    """Number of spectators now. Moderators are told who: all of them in `list`, or who has `joined` and
    `left`."""

    count: int
    list: list[SpectatorInfo] | None = None
    joined: list[SpectatorInfo] = []
    left: list[str] = []


class Speaking(ServerMessage, frozen=True, tag="speaking"):
    participant_id: str
    speaking: bool


class Chat(ServerMessage, frozen=True, tag="chat"):
    message: ChatMessage


class RoomUpdated(ServerMessage, frozen=True, tag="room.updated"):
    room: RoomInfo
    by_name: str | None = None
    """The moderator who has locked it, forbidden something or had it recorded, or the contrary."""


class MediaReset(ServerMessage, frozen=True, tag="media.reset"):
    reason: str


class MediaAvailable(ServerMessage, frozen=True, tag="media.available"):
    available: bool


class Published(ServerMessage, frozen=True, tag="published", kw_only=True):
    sdp: str
    id: str | None = None


class PublishLayer(ServerMessage, frozen=True, tag="publish.layer"):
    source: Literal["camera"]
    layer: Literal["low", "medium", "high"]


class SubscribedLine(Struct, frozen=True, rename="camel"):
    mid: str
    participant_id: str
    source: SourceName


class SubscribeOffer(ServerMessage, frozen=True, tag="subscribe.offer"):
    negotiation: int
    generation: int
    sdp: str
    streams: list[SubscribedLine]


class BadMessage(Exception):
    """A client sent text that is no message; `field` is where it goes wrong, `request_id` the request to
    answer."""

    def __init__(self, reason: str, field: str, request_id: str | None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.request_id = request_id


class _Envelope(Struct, frozen=True):
    id: Any = None


_decoder = msgspec.json.Decoder(AnyClientMessage)
_envelope_decoder = msgspec.json.Decoder(_Envelope)
_encoder = msgspec.json.Encoder()
_name = re.compile(r"(?:missing required|contains unknown) field `([^`]*)`")
_path = re.compile(r" - at `(?:key in )?\$\.?([^`]*)`$")


def decode(text: str | bytes) -> AnyClientMessage:
    """Read one client message. Raises BadMessage."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error)
        told = _path.sub("", reason)[:LONGEST_REASON]
        raise BadMessage(told, _field(reason)[:LONGEST_REASON], _request_id(text)) from None


def encode(message: ServerMessage) -> str:
    """One text frame."""
    return _encoder.encode(message).decode()


def _field(reason: str) -> str:
    """Path of the field at which a message goes wrong, read from msgspec's error text; it ends in the name of
    a missing or unknown field."""
    path = _path.search(reason)
    name = _name.search(reason)
    return ".".join(part for part in (path and path.group(1), name and name.group(1)) if part)


def _request_id(text: str | bytes) -> str | None:
    try:
        found = _envelope_decoder.decode(text).id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, str) and len(found) <= 128 else None
