"""Writing in a room, and who reads it at once."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from switchroom import sanitize
from switchroom.conference.messages import Chat, ChatMessage, SendChat
from switchroom.conference.room.announcements import tell
from switchroom.conference.room.chat_history import ChatEntry
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.participants import Participant
from switchroom.db.base import time_of
from switchroom.errors import ErrorCode, Forbidden, Invalid
from switchroom.rooms.permissions import Permission


def write(conference: Conference, sender: Participant, request: SendChat) -> None:
    """Deliver a message to the room, to one person, or as a broadcast to everybody whatever the mode.

    The sender gets it too. Raises Forbidden, Invalid, NotFound.
    """
    needed = Permission.CHAT_BROADCAST if request.broadcast else Permission.CHAT
    if needed not in sender.permissions:
        raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="chat")
    text = sanitize.text(request.text)
    if not text.strip():
        raise Invalid(ErrorCode.CHAT_EMPTY, "text")
    if request.broadcast and request.to is not None:
        raise Invalid(ErrorCode.BROADCAST_TO_ONE, "to")
    recipient = conference.reaches(sender, request.to) if request.to is not None else None
    written = ChatMessage(
        id=secrets.token_hex(8),
        kind="broadcast" if request.broadcast else "private" if recipient else "room",
        sender=sender.id,
        from_name=sender.display_name,
        text=text,
        at=time_of(datetime.now(UTC)),
        to=recipient.id if recipient else None,
        to_name=recipient.display_name if recipient else None,
    )
    conference.chat.append(
        ChatEntry(written, sender.user_id, sender.is_moderator, recipient.user_id if recipient else None)
    )
    if recipient is not None:
        readers = {recipient.id: recipient, sender.id: sender}.values()
    else:
        everybody = conference.participants.values()
        readers = [one for one in everybody if request.broadcast or conference.sees(one, sender)]
    tell(readers, Chat(written))
    conference.written(written)
