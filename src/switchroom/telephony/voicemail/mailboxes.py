"""Mailboxes: voicemail boxes as calls use them, and what callers and owners do to them by telephone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Exhausted
from switchroom.events.append import append
from switchroom.events.types import (
    ResourceCreated,
    ResourceDeleted,
    ResourceUpdated,
    VoicemailLeft,
    resource_event,
)
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.telephony.resources.callflows import CallflowNumber, CallflowRow
from switchroom.telephony.resources.medias import MediaRow
from switchroom.telephony.resources.sounds import SoundFiles
from switchroom.telephony.resources.vmboxes import VoicemailBoxRow
from switchroom.telephony.routing.voicemail.box import (
    MOST_MESSAGES,
    Box,
    Folder,
    Recording,
    StoredMessage,
)
from switchroom.telephony.voicemail.files import MessageFiles
from switchroom.telephony.voicemail.models import VoicemailMessage
from switchroom.telephony.voicemail.moving import move
from switchroom.telephony.voicemail.notification import notify_owner

_BY_TELEPHONE = "telephone"
"""Name in the log of callers who change a box by telephone."""

_COLUMNS = {
    Recording.GREETING: "greeting_id",
    Recording.TEMPORARY_GREETING: "temporary_greeting_id",
    Recording.NAME: "name_id",
}


class BoxFull(Exception):
    """The box, or what its account may store, has no room for another message."""


class NoSuchBox(Exception):
    """There is no such box, or message, in the account."""


class LeftMessage(Struct, frozen=True, kw_only=True):
    """Message that a caller has left: the caller's name and number, empty where they are withheld, the number
    that was dialled, the id of the call, and the length of the message in milliseconds."""

    caller_name: str = ""
    caller_number: str = ""
    called_number: str = ""
    call_id: str = ""
    milliseconds: int


class Mailboxes:
    """Boxes of all accounts. Those of others are not there for an account. What fails because the database is
    away raises Unavailable."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        throttle: Throttle,
        files: MessageFiles,
        sounds: SoundFiles,
        *,
        most_bytes: int,
    ) -> None:
        """`most_bytes` is how much voicemail an account may keep before its boxes are full."""
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._files = files
        self._sounds = sounds
        self._most_bytes = most_bytes

    async def box(self, organization_id: int, box_id: int) -> Box | None:
        """The box as it is now, without its deleted messages."""
        async with self._database.read(organization_id) as session:
            row = await _row(session, organization_id, box_id)
            return None if row is None else await self._box(session, row)

    async def box_of_number(self, organization_id: int, number: str) -> Box | None:
        """The box with that number, or the one behind that extension: of the user, or the box, that the
        callflow begins with."""
        async with self._database.read(organization_id) as session:
            row = await _row_of_number(session, organization_id, number)
            return None if row is None else await self._box(session, row)

    async def box_of_owner(self, organization_id: int, user_id: int) -> Box | None:
        """The oldest box of a user."""
        async with self._database.read(organization_id) as session:
            row = await _row_of_owner(session, organization_id, user_id)
            return None if row is None else await self._box(session, row)

    async def log_in(self, organization_id: int, mailbox: str, pin: str, place: str) -> Box | None:
        """The box with that number, if the PIN is its own. `place` is where the caller calls from, as a
        device or a number: a caller after too many failures from there, or for this box, is refused for a
        while whatever they enter, as `Throttle` has it."""
        account, place = f"voicemail {organization_id} {mailbox}", f"voicemail {organization_id} {place}"
        async with self._throttle.few_at_a_time(account, place):
            try:
                await self._throttle.check(account, place)
            except Exhausted:
                return None
            async with self._database.read(organization_id) as session:
                row = await _row_of_mailbox(session, organization_id, mailbox)
                box = None if row is None else await self._box(session, row)
            hashed = row.pin_hash or None if row is not None else None
            if not await self._passwords.verify(hashed, pin):
                await self._throttle.failed(account, place)
                return None
            await self._throttle.succeeded(account, place)
            return box

    async def save_message(
        self, organization_id: int, box_id: int, recorded: Path, message: LeftMessage
    ) -> StoredMessage:
        """Keep a WAV file as a new message, which its owner is told of. The file itself stays where it is.
        Raises BoxFull, NoSuchBox, OSError."""
        stored = await self._files.store(box_id, recorded)
        row = VoicemailMessage(
            organization_id=organization_id,
            box_id=box_id,
            folder=Folder.NEW,
            caller_name=message.caller_name[:200],
            caller_number=message.caller_number[:64],
            called_number=message.called_number[:64],
            call_id=message.call_id[:255],
            milliseconds=message.milliseconds,
            file=stored.name,
            size=stored.size,
            received_at=now(),
        )
        try:
            await self._add(row)
        except BaseException:
            await self._files.remove(box_id, [stored.name])
            raise
        return _stored(row)

    async def forward_message(
        self, organization_id: int, box_id: int, message_id: int, mailbox: str
    ) -> StoredMessage:
        """Copy a message into the box with that number. Raises NoSuchBox, BoxFull, OSError."""
        async with self._database.read(organization_id) as session:
            target = await _row_of_number(session, organization_id, mailbox)
            message = await _message(session, box_id, message_id)
            if target is None or message is None:
                raise NoSuchBox
        copied = LeftMessage(
            caller_name=message.caller_name,
            caller_number=message.caller_number,
            called_number=message.called_number,
            call_id=message.call_id,
            milliseconds=message.milliseconds,
        )
        return await self.save_message(
            organization_id, target.id, self._files.path(box_id, message.file), copied
        )

    async def move_message(self, organization_id: int, box_id: int, message_id: int, folder: Folder) -> None:
        """Raises NoSuchBox."""
        async with self._database.write(organization_id) as session:
            message = await _message(session, box_id, message_id, to_change=True)
            if message is None:
                raise NoSuchBox
            move(session, message, folder)

    async def sounds_of(self, organization_id: int, box_id: int) -> Mapping[str, Path]:
        """The WAV files of the messages in a box, by their ids."""
        query = select(VoicemailMessage.id, VoicemailMessage.file).where(
            VoicemailMessage.organization_id == organization_id,
            VoicemailMessage.box_id == box_id,
            VoicemailMessage.folder != Folder.DELETED,
        )
        async with self._database.read(organization_id) as session:
            return {str(id_): self._files.path(box_id, file) for id_, file in await session.execute(query)}

    async def save_recording(
        self, organization_id: int, box_id: int, what: Recording, recorded: Path, milliseconds: int
    ) -> None:
        """Make a WAV file the greeting or name of a box, as a media of the account in the place of the one
        before. Raises NoSuchBox, OSError."""
        stored = await self._sounds.adopt(recorded, milliseconds)
        try:
            async with self._database.write(organization_id) as session:
                box = await _locked(session, organization_id, box_id)
                media = MediaRow(
                    organization_id=organization_id,
                    name=f"{box.name}: {what.value.replace('_', ' ')}"[:200],
                    details={"content_type": stored.content_type, "file_name": ""},
                    version=stored.version,
                    size=stored.size,
                    milliseconds=milliseconds,
                )
                media.search_text = media.name.casefold()
                session.add(media)
                await session.flush()
                event = resource_event(ResourceCreated, "media")(name=media.name, by=_BY_TELEPHONE)
                append(session, organization_id, event, str(media.id))
                unused = await _replace(session, box, _COLUMNS[what], media.id)
                _log_change(session, box)
        except BaseException:
            await self._sounds.remove(stored.version)
            raise
        await self._sounds.remove(unused)

    async def delete_temporary_greeting(self, organization_id: int, box_id: int) -> None:
        """Delete the temporary greeting, if there is one. Raises NoSuchBox."""
        async with self._database.write(organization_id) as session:
            box = await _locked(session, organization_id, box_id)
            if box.temporary_greeting_id is None:
                return
            unused = await _replace(session, box, _COLUMNS[Recording.TEMPORARY_GREETING], None)
            _log_change(session, box)
        await self._sounds.remove(unused)

    async def set_announcement_only(self, organization_id: int, box_id: int, *, is_on: bool) -> None:
        """Raises NoSuchBox."""
        async with self._database.write(organization_id) as session:
            box = await _locked(session, organization_id, box_id)
            box.is_announcement_only = is_on
            _log_change(session, box)

    async def set_up(self, organization_id: int, box_id: int) -> None:
        """Note that the owner has been led through the setup. Raises NoSuchBox."""
        async with self._database.write(organization_id) as session:
            box = await _locked(session, organization_id, box_id)
            box.is_set_up = True
            _log_change(session, box)

    async def set_pin(self, organization_id: int, box_id: int, pin: str) -> None:
        """Raises NoSuchBox."""
        hashed = await self._passwords.hash(pin)
        async with self._database.write(organization_id) as session:
            box = await _locked(session, organization_id, box_id)
            box.pin_hash = hashed
            _log_change(session, box)

    async def _add(self, row: VoicemailMessage) -> None:
        """Write a message, unless the box is full."""
        async with self._database.write(row.organization_id) as session:
            box = await _locked(session, row.organization_id, row.box_id)
            kept = await session.scalar(
                select(func.count())
                .select_from(VoicemailMessage)
                .where(VoicemailMessage.box_id == box.id, VoicemailMessage.folder != Folder.DELETED)
            )
            if (kept or 0) >= MOST_MESSAGES or await self._is_over_quota(session, box.organization_id):
                raise BoxFull
            session.add(row)
            await session.flush()
            left = VoicemailLeft(
                message_id=row.id,
                mailbox=box.mailbox,
                call_id=row.call_id,
                caller_id_name=row.caller_name,
                caller_id_number=row.caller_number,
                length=row.milliseconds,
            )
            append(session, row.organization_id, left, str(box.id))
            await notify_owner(session, box, row, self._files.path(box.id, row.file))

    async def _box(self, session: AsyncSession, row: VoicemailBoxRow) -> Box:
        messages = await session.scalars(
            select(VoicemailMessage)
            .where(VoicemailMessage.box_id == row.id, VoicemailMessage.folder != Folder.DELETED)
            .order_by(VoicemailMessage.id)
        )
        medias = select(MediaRow.id).where(
            MediaRow.organization_id == row.organization_id, MediaRow.id.in_(row.recorded)
        )
        there = set(await session.scalars(medias)) if row.recorded else set[int]()
        is_full = await self._is_over_quota(session, row.organization_id)
        return Box(
            id=row.id,
            mailbox=row.mailbox,
            owner_id=row.owner_id,
            time_zone=str(row.details.get("time_zone") or ""),
            messages=tuple(_stored(one) for one in messages),
            most_messages=0 if is_full else MOST_MESSAGES,
            greeting_id=row.greeting_id if row.greeting_id in there else None,
            temporary_greeting_id=row.temporary_greeting_id if row.temporary_greeting_id in there else None,
            is_announcement_only=row.is_announcement_only,
            is_set_up=row.is_set_up,
            has_pin=bool(row.pin_hash),
            require_pin=bool(row.details.get("require_pin")),
        )

    async def _is_over_quota(self, session: AsyncSession, organization_id: int) -> bool:
        stored = select(func.sum(VoicemailMessage.size)).where(
            VoicemailMessage.organization_id == organization_id
        )
        return (await session.scalar(stored) or 0) >= self._most_bytes


async def _row(session: AsyncSession, organization_id: int, box_id: int) -> VoicemailBoxRow | None:
    query = _boxes(organization_id).where(VoicemailBoxRow.id == box_id)
    return await session.scalar(query)


async def _row_of_mailbox(
    session: AsyncSession, organization_id: int, mailbox: str
) -> VoicemailBoxRow | None:
    return await session.scalar(_boxes(organization_id).where(VoicemailBoxRow.mailbox == mailbox))


async def _row_of_owner(session: AsyncSession, organization_id: int, user_id: int) -> VoicemailBoxRow | None:
    query = _boxes(organization_id).where(VoicemailBoxRow.owner_id == user_id)
    return await session.scalar(query.order_by(VoicemailBoxRow.id).limit(1))


async def _row_of_number(session: AsyncSession, organization_id: int, number: str) -> VoicemailBoxRow | None:
    """By the box's own number, else by the callflow of that number."""
    row = await _row_of_mailbox(session, organization_id, number)
    if row is not None:
        return row
    flow = await session.scalar(
        select(CallflowRow.details["flow"])
        .join(CallflowNumber, CallflowNumber.callflow_id == CallflowRow.id)
        .where(CallflowNumber.organization_id == organization_id, CallflowNumber.number == number)
    )
    match flow:
        case {"module": "user", "data": {"id": int(user_id)}}:
            return await _row_of_owner(session, organization_id, user_id)
        case {"module": "voicemail", "data": {"id": int(box_id)}}:
            return await _row(session, organization_id, box_id)
        case _:
            return None


async def _locked(session: AsyncSession, organization_id: int, box_id: int) -> VoicemailBoxRow:
    """The box, which nobody else changes until the session's transaction has ended. Raises NoSuchBox."""
    query = _boxes(organization_id).where(VoicemailBoxRow.id == box_id).with_for_update()
    row = await session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise NoSuchBox
    return row


def _boxes(organization_id: int) -> Select[VoicemailBoxRow]:
    return select(VoicemailBoxRow).where(VoicemailBoxRow.organization_id == organization_id)


async def _message(
    session: AsyncSession, box_id: int, message_id: int, *, to_change: bool = False
) -> VoicemailMessage | None:
    query = select(VoicemailMessage).where(
        VoicemailMessage.box_id == box_id, VoicemailMessage.id == message_id
    )
    return await session.scalar(query.with_for_update() if to_change else query)


async def _replace(session: AsyncSession, box: VoicemailBoxRow, column: str, media_id: int | None) -> str:
    """Put a media in the place of another, which is deleted. Returns what its files are called."""
    before: int | None = getattr(box, column)
    setattr(box, column, media_id)
    if before is None:
        return ""
    media = await session.scalar(
        select(MediaRow).where(MediaRow.organization_id == box.organization_id, MediaRow.id == before)
    )
    if media is None:
        return ""
    event = resource_event(ResourceDeleted, "media")(name=media.name, by=_BY_TELEPHONE)
    append(session, box.organization_id, event, str(media.id))
    await session.delete(media)
    return media.version


def _log_change(session: AsyncSession, box: VoicemailBoxRow) -> None:
    event = resource_event(ResourceUpdated, "vmbox")(name=box.name, by=_BY_TELEPHONE)
    append(session, box.organization_id, event, str(box.id))


def _stored(row: VoicemailMessage) -> StoredMessage:
    return StoredMessage(
        id=str(row.id),
        folder=Folder(row.folder),
        timestamp=row.received_at,
        number=row.caller_number,
        length=row.milliseconds,
    )
