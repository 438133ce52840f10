"""Messages of voicemail boxes as the API has them: list, read, hear, move, delete."""

from __future__ import annotations

import asyncio
import contextlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec import Struct, field
from sqlalchemy import select

from switchroom.errors import ErrorCode, Exhausted, Invalid, NotFound, Problems
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.fields import PhoneNumber, Text
from switchroom.telephony.resources.resource import Work
from switchroom.telephony.resources.service import Resources, require
from switchroom.telephony.resources.sounds import ConvertedSound, SoundFiles
from switchroom.telephony.routing.voicemail.box import (
    LONGEST_MESSAGE,
    SHORTEST_MESSAGE,
    Folder,
    StoredMessage,
)
from switchroom.telephony.voicemail.files import MessageFiles
from switchroom.telephony.voicemail.mailboxes import BoxFull, LeftMessage, Mailboxes, NoSuchBox
from switchroom.telephony.voicemail.models import VoicemailMessage
from switchroom.telephony.voicemail.moving import move, remove

WAV, MP3 = "audio/wav", "audio/mpeg"
MOST_AT_ONCE = 1000
"""Messages that are named in one request."""
MOST_ARCHIVED = 32_000_000
"""Bytes of sounds in one archive, which is made in memory."""
_AT_ONCE = 100
"""Messages that are moved or deleted in one transaction."""


class MessageView(Struct, frozen=True, kw_only=True):
    """A message. `timestamp` is in Unix seconds, `length` in milliseconds. `from` and `to` are numbers, the
    caller's and the one that was dialled."""

    id: int
    media_id: int
    timestamp: int
    from_: str = field(name="from")
    to: str
    caller_id_name: str
    caller_id_number: str
    call_id: str
    folder: Folder
    length: int


class NewMessage(Struct, frozen=True, kw_only=True):
    """What is said of a message that no caller has left: as in `MessageView`."""

    from_: PhoneNumber = field(name="from", default="")
    to: PhoneNumber = ""
    caller_id_name: Text = ""
    caller_id_number: PhoneNumber = ""
    call_id: Text = ""


class MessagePage(Struct, frozen=True):
    """Part of a list, and the id after which the next begins; None at the end."""

    messages: Sequence[MessageView]
    next_after: int | None


class Messages:
    """Messages of boxes. Users have those of their own boxes; others, and those of other accounts, are not
    there for them."""

    def __init__(
        self, resources: Resources, files: MessageFiles, sounds: SoundFiles, mailboxes: Mailboxes
    ) -> None:
        self._resources = resources
        self._files = files
        self._sounds = sounds
        self._mailboxes = mailboxes
        self._boxes = resources.kinds["vmboxes"]
        self._archiving = asyncio.Semaphore(2)

    async def page(
        self, actor: Actor, box_id: int, folder: Folder | None, *, after: int, limit: int
    ) -> MessagePage:
        """Messages of a folder or, for None, of all of them, oldest first. Raises NotFound."""
        query = select(VoicemailMessage).where(VoicemailMessage.box_id == box_id, VoicemailMessage.id > after)
        if folder is not None:
            query = query.where(VoicemailMessage.folder == folder)
        async with self._resources.reading(actor) as work:
            await require(work, self._boxes, box_id)
            found = (await work.session.scalars(query.order_by(VoicemailMessage.id).limit(limit + 1))).all()
        shown = found[:limit]
        return MessagePage([_view(one) for one in shown], shown[-1].id if len(found) > limit else None)

    async def add(self, actor: Actor, box_id: int, content: bytes, message: NewMessage) -> MessageView:
        """Keep a sound as if a caller had left it, also for the owner, who is told. Raises NotFound, Invalid
        for what is no sound, too large, too short or too long, Exhausted where the box has no room for
        it, Unavailable where nothing can convert it."""
        async with self._resources.reading(actor) as work:
            await require(work, self._boxes, box_id)
        try:
            async with self._sounds.converted(content) as sound:
                kept = await self._keep(actor.organization_id, box_id, sound, message)
        except Invalid as error:
            raise Invalid(error.code, "content", **error.facts) from None
        return await self.read(actor, box_id, int(kept.id))

    async def _keep(
        self, organization_id: int, box_id: int, sound: ConvertedSound, message: NewMessage
    ) -> StoredMessage:
        if sound.milliseconds < SHORTEST_MESSAGE:
            raise Invalid(ErrorCode.SOUND_TOO_SHORT, "content", least=SHORTEST_MESSAGE)
        if sound.milliseconds > LONGEST_MESSAGE * 1000:
            raise Invalid(ErrorCode.SOUND_TOO_LONG, "content", most=LONGEST_MESSAGE)
        left = LeftMessage(
            caller_name=message.caller_id_name,
            caller_number=message.caller_id_number or message.from_,
            called_number=message.to,
            call_id=message.call_id,
            milliseconds=sound.milliseconds,
        )
        try:
            return await self._mailboxes.save_message(organization_id, box_id, sound.played, left)
        except NoSuchBox:
            raise NotFound(ErrorCode.RESOURCE_NOT_FOUND, "id", kind="vmbox", id=box_id) from None
        except BoxFull:
            raise Exhausted(ErrorCode.VOICEMAIL_FULL, "id") from None

    async def read(self, actor: Actor, box_id: int, message_id: int) -> MessageView:
        """Raises NotFound."""
        async with self._resources.reading(actor) as work:
            return _view(await self._require(work, box_id, message_id))

    async def sound(
        self, actor: Actor, box_id: int, message_id: int, content_type: str = WAV
    ) -> tuple[str, bytes]:
        """The type of the sound, and the sound. Raises NotFound, Unavailable where it cannot be made MP3."""
        async with self._resources.reading(actor) as work:
            message = await self._require(work, box_id, message_id)
        try:
            if content_type == MP3:
                return MP3, await self._files.read_mp3(box_id, message.file)
            return WAV, await self._files.read(box_id, message.file)
        except OSError:
            raise NotFound(ErrorCode.SOUND_MISSING, "id") from None

    async def sounds(self, actor: Actor, box_id: int, ids: Sequence[int]) -> bytes:
        """A ZIP archive of the sounds, `message-<id>.wav` each; those whose file is gone are left out. Raises
        NotFound, Invalid for messages that are not there or too much at once."""
        async with self._resources.reading(actor) as work:
            found = await self._several(work, box_id, ids)
        if sum(one.size for one in found) > MOST_ARCHIVED:
            raise Invalid(ErrorCode.TOO_MANY_BYTES, "messages", most=MOST_ARCHIVED)
        files = {f"message-{one.id}.wav": self._files.path(box_id, one.file) for one in found}
        async with self._archiving:
            return await asyncio.to_thread(_archive, files)

    async def move(self, actor: Actor, box_id: int, message_id: int, folder: Folder) -> MessageView:
        """Raises NotFound."""
        async with self._resources.changing(actor) as work:
            message = await self._require(work, box_id, message_id, to_change=True)
            move(work.session, message, folder)
            return _view(message)

    async def delete(self, actor: Actor, box_id: int, message_id: int) -> None:
        """Move a message to the deleted ones; one that is there already is gone for good. Raises NotFound."""
        async with self._resources.changing(actor) as work:
            message = await self._require(work, box_id, message_id, to_change=True)
            gone = await self._discard(work, [message])
        await self._files.remove(box_id, gone)

    async def delete_several(self, actor: Actor, box_id: int, ids: Sequence[int]) -> Sequence[int]:
        """Do the same to these messages, all or none. Returns their ids. Raises NotFound, Invalid for
        messages that are not there."""
        async with self._resources.changing(actor) as work:
            found = await self._several(work, box_id, ids, to_change=True)
            gone = await self._discard(work, found)
        await self._files.remove(box_id, gone)
        return [one.id for one in found]

    async def delete_all(self, actor: Actor, box_id: int, folder: Folder | None) -> Sequence[int]:
        """Do the same to all messages of a folder or, for None, to all that are not deleted. Returns their
        ids. Raises NotFound."""
        wanted = (
            VoicemailMessage.folder == folder
            if folder is not None
            else VoicemailMessage.folder != Folder.DELETED
        )
        done: list[int] = []
        while True:
            query = select(VoicemailMessage).where(
                VoicemailMessage.box_id == box_id,
                VoicemailMessage.id > (done[-1] if done else 0),
                wanted,
            )
            async with self._resources.changing(actor) as work:
                await require(work, self._boxes, box_id)
                part = (await work.session.scalars(query.order_by(VoicemailMessage.id).limit(_AT_ONCE))).all()
                gone = await self._discard(work, part)
            await self._files.remove(box_id, gone)
            done += [one.id for one in part]
            if len(part) < _AT_ONCE:
                return done

    async def _discard(self, work: Work, messages: Sequence[VoicemailMessage]) -> list[str]:
        """The files that nothing needs once the transaction has ended."""
        gone: list[str] = []
        for one in messages:
            if one.folder == Folder.DELETED:
                await remove(work.session, one)
                gone.append(one.file)
            else:
                move(work.session, one, Folder.DELETED)
        return gone

    async def _several(
        self, work: Work, box_id: int, ids: Sequence[int], *, to_change: bool = False
    ) -> Sequence[VoicemailMessage]:
        """Messages in the order of their ids."""
        await require(work, self._boxes, box_id)
        query = select(VoicemailMessage).where(
            VoicemailMessage.box_id == box_id, VoicemailMessage.id.in_(set(ids))
        )
        query = query.order_by(VoicemailMessage.id)
        found = (await work.session.scalars(query.with_for_update() if to_change else query)).all()
        there = {one.id for one in found}
        problems = Problems()
        for place, one in enumerate(ids):
            if one not in there:
                code = ErrorCode.RESOURCE_NOT_FOUND
                problems.add(code, f"messages[{place}]", kind="voicemail message", id=one)
        problems.require_none()
        return found

    async def _require(
        self, work: Work, box_id: int, message_id: int, *, to_change: bool = False
    ) -> VoicemailMessage:
        await require(work, self._boxes, box_id)
        query = select(VoicemailMessage).where(
            VoicemailMessage.box_id == box_id, VoicemailMessage.id == message_id
        )
        message = await work.session.scalar(query.with_for_update() if to_change else query)
        if message is None:
            raise NotFound(
                ErrorCode.RESOURCE_NOT_FOUND, "message_id", kind="voicemail message", id=message_id
            )
        return message


def _archive(files: Mapping[str, Path]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, path in files.items():
            with contextlib.suppress(FileNotFoundError):
                archive.write(path, name)
    return content.getvalue()


def _view(row: VoicemailMessage) -> MessageView:
    return MessageView(
        id=row.id,
        media_id=row.id,
        timestamp=int(row.received_at.timestamp()),
        from_=row.caller_number,
        to=row.called_number,
        caller_id_name=row.caller_name,
        caller_id_number=row.caller_number,
        call_id=row.call_id,
        folder=Folder(row.folder),
        length=row.milliseconds,
    )
