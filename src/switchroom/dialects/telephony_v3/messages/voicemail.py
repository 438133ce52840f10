"""Messages of voicemail boxes, on the wire."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.telephony.resources.fields import Id
from switchroom.telephony.routing.voicemail.box import Folder
from switchroom.telephony.voicemail.messages import MOST_AT_ONCE, MessageView, NewMessage


class VoicemailMessages(Page[MessageView], frozen=True):
    """Messages, oldest first."""


class VoicemailMessageChange(Struct, frozen=True):
    """The folder that a message is to be in, unless `?folder=` says it."""

    folder: Folder | None = None


class NewVoicemailMessage(NewMessage, frozen=True, kw_only=True):
    """A message, whose sound is `content`: WAV, MP3 or Ogg in base64, 8 MB at most."""

    content: bytes


class VoicemailMessageIds(Struct, frozen=True):
    """The messages that are meant."""

    messages: Annotated[list[Id], Meta(min_length=1, max_length=MOST_AT_ONCE)]


class VoicemailMessagesDeletion(Struct, frozen=True):
    """The messages that are meant; without a list, all or those of `?folder=`."""

    messages: Annotated[list[Id], Meta(min_length=1, max_length=MOST_AT_ONCE)] | None = None


class VoicemailMessageDeleted(Struct, frozen=True):
    """The id of what was deleted."""

    message_id: int
