"""Moving messages from one folder to another."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.events.append import append
from switchroom.events.types import VoicemailDeleted, VoicemailMoved
from switchroom.telephony.routing.voicemail.box import Folder
from switchroom.telephony.voicemail.models import VoicemailMessage


def move(session: AsyncSession, message: VoicemailMessage, folder: Folder) -> None:
    """Move a message, in the session's transaction, unless it is there."""
    if message.folder == folder:
        return
    message.folder = folder
    moved = VoicemailMoved(message_id=message.id, folder=folder)
    append(session, message.organization_id, moved, str(message.box_id))


async def remove(session: AsyncSession, message: VoicemailMessage) -> None:
    """Delete a message for good, in the session's transaction; its file is the caller's to remove."""
    await session.delete(message)
    deleted = VoicemailDeleted(message_id=message.id)
    append(session, message.organization_id, deleted, str(message.box_id))
