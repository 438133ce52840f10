"""Live calls, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from switchroom.telephony.resources.fields import END, Id, PhoneNumber

ActionName = Literal[
    "hangup",
    "transfer",
    "hold",
    "unhold",
    "mute",
    "unmute",
    "play",
    "dtmf",
    "record_start",
    "record_stop",
    "pickup",
    "park",
]
Digits = Annotated[str, Meta(max_length=32, pattern=f"^[0-9A-D*#]*{END}")]


class ActionRequest(Struct, frozen=True):
    """Action on a channel. `target` and `type` are for a transfer, `media_id` is for `play`,
    `digits` for `dtmf`."""

    action: ActionName
    target: PhoneNumber = ""
    type: Literal["blind", "attended"] = "blind"
    media_id: Id | None = None
    digits: Digits = ""


class QuickcallRequest(Struct, frozen=True, kw_only=True):
    """The device that is rung, or the user whose devices are; the first that answers dials the number. With
    `auto_answer` it is asked to answer by itself."""

    number: PhoneNumber
    device_id: Id | None = None
    user_id: Id | None = None
    auto_answer: bool = False


class QuickcallReply(Struct, frozen=True):
    """The call, as events and records name it, and the channel that rings."""

    interaction_id: str
    uuid: str


class ParticipantRequest(Struct, frozen=True):
    """Action on a participant of a conference."""

    action: Literal["mute", "unmute", "kick"]


class ChannelReply(Struct, frozen=True):
    """Channel that the action was for."""

    uuid: str


class ParticipantReply(Struct, frozen=True):
    """Participant that the action was for."""

    participant: str
