"""Messages of voicemail boxes, on the wire."""

from __future__ import annotations

from msgspec import Struct

from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.telephony.routing.voicemail.box import Folder
from switchroom.telephony.voicemail.messages import MessageView


class VoicemailMessages(Page[MessageView], frozen=True):
    """Messages, oldest first."""


class VoicemailMessageChange(Struct, frozen=True):
    """The folder that a message is to be in."""

    folder: Folder


class VoicemailMessageDeleted(Struct, frozen=True):
    """The id of what was deleted."""

    message_id: int
