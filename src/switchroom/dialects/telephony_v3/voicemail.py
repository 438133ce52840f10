"""Operations on the messages of voicemail boxes."""

from __future__ import annotations

from switchroom.dialects.answer import Answer
from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.dialects.telephony_v3.messages.resources import Deleted
from switchroom.dialects.telephony_v3.messages.voicemail import (
    NewVoicemailMessage,
    VoicemailMessageChange,
    VoicemailMessageDeleted,
    VoicemailMessageIds,
    VoicemailMessages,
    VoicemailMessagesDeletion,
)
from switchroom.dialects.telephony_v3.sounds import ANY_BYTES, sound_answer
from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.resources.sounds import LARGEST_SOUND
from switchroom.telephony.routing.voicemail.box import Folder
from switchroom.telephony.voicemail.messages import MP3, WAV, Messages, MessageView

_LIST = "/vmboxes/{id}/messages"
_ONE = "/vmboxes/{id}/messages/{message_id}"
_STANDARD_LIMIT, _MOST_LISTED = 100, 1000
_LARGEST_ID = (1 << 63) - 1
_LARGEST_BODY = 2 * LARGEST_SOUND
"""Bytes: in base64, with what goes around it, or too many to tell so."""
_FOLDERS = ", ".join(Folder)
_FORMATS = {"wav": WAV, "mp3": MP3}


class VoicemailOperations:
    def __init__(self, messages: Messages, actors: Actors) -> None:
        self._messages = messages
        self._actors = actors

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path=_LIST,
                summary="The messages of a voicemail box, oldest first.",
                parameters=(
                    ACCOUNT,
                    Parameter("folder", f"Only those of this folder: {_FOLDERS}."),
                    Parameter(
                        "limit", f"How many at most, {_STANDARD_LIMIT} unless said, {_MOST_LISTED} at most."
                    ),
                    Parameter("cursor", "Only what comes after: the `cursor` of the part before."),
                ),
                reply=VoicemailMessages,
                access="user",
                handler=self.list,
            ),
            Operation(
                method="PUT",
                path=_LIST,
                summary="Add a message to a voicemail box, as if a caller had left it.",
                parameters=(ACCOUNT,),
                request=NewVoicemailMessage,
                reply=MessageView,
                access="user",
                handler=self.add,
                largest_body=_LARGEST_BODY,
            ),
            Operation(
                method="DELETE",
                path=_LIST,
                summary="Move messages to `deleted`: some, those of a folder, or all. Those there are gone.",
                parameters=(ACCOUNT, Parameter("folder", f"Only those of this folder: {_FOLDERS}.")),
                request=VoicemailMessagesDeletion,
                reply=Deleted,
                access="user",
                handler=self.delete_all,
            ),
            Operation(
                method="POST",
                path=f"{_LIST}/raw",
                summary="The sounds of several voicemail messages, as a ZIP archive of WAV files.",
                parameters=(ACCOUNT,),
                request=VoicemailMessageIds,
                reply=bytes,
                raw="application/zip",
                access="user",
                handler=self.sounds,
            ),
            Operation(
                method="GET",
                path=_ONE,
                summary="Read what is known of a voicemail message.",
                parameters=(ACCOUNT,),
                reply=MessageView,
                access="user",
                handler=self.read,
            ),
            Operation(
                method="POST",
                path=_ONE,
                summary="Move a voicemail message to another folder.",
                parameters=(ACCOUNT, Parameter("folder", f"The folder, in place of the body's: {_FOLDERS}.")),
                request=VoicemailMessageChange,
                reply=MessageView,
                access="user",
                handler=self.move,
            ),
            Operation(
                method="DELETE",
                path=_ONE,
                summary="Move a voicemail message to `deleted`; one that is there is gone.",
                parameters=(ACCOUNT,),
                reply=VoicemailMessageDeleted,
                access="user",
                handler=self.delete,
            ),
            Operation(
                method="GET",
                path=f"{_ONE}/raw",
                summary="The sound of a voicemail message; as JSON for who accepts only that.",
                parameters=(ACCOUNT, Parameter("format", "`wav`, unless said, or `mp3`.")),
                reply=bytes,
                raw=ANY_BYTES,
                access="user",
                handler=self.sound,
            ),
        ]

    async def list(self, context: Context, _: Nothing) -> Page[MessageView]:
        with context.reading_query() as query:
            folder = query.value("folder", _folder, None)
            after = query.number("cursor", 0, most=_LARGEST_ID)
            limit = query.number("limit", _STANDARD_LIMIT, least=1, most=_MOST_LISTED)
        actor = await self._actors.of(context)
        page = await self._messages.page(actor, _box_id(context), folder, after=after, limit=limit)
        return Page(page.messages, "" if page.next_after is None else str(page.next_after))

    async def add(self, context: Context, message: NewVoicemailMessage) -> MessageView:
        actor = await self._actors.of(context)
        return await self._messages.add(actor, _box_id(context), message.content, message)

    async def read(self, context: Context, _: Nothing) -> MessageView:
        actor = await self._actors.of(context)
        return await self._messages.read(actor, _box_id(context), _message_id(context))

    async def move(self, context: Context, change: VoicemailMessageChange) -> MessageView:
        with context.reading_query() as query:
            folder = query.value("folder", _folder, change.folder)
        if folder is None:
            raise Invalid(ErrorCode.REQUIRED, "folder")
        actor = await self._actors.of(context)
        return await self._messages.move(actor, _box_id(context), _message_id(context), folder)

    async def delete(self, context: Context, _: Nothing) -> VoicemailMessageDeleted:
        actor = await self._actors.of(context)
        message_id = _message_id(context)
        await self._messages.delete(actor, _box_id(context), message_id)
        return VoicemailMessageDeleted(message_id)

    async def delete_all(self, context: Context, wanted: VoicemailMessagesDeletion) -> Deleted:
        with context.reading_query() as query:
            folder = query.value("folder", _folder, None)
        actor, box_id = await self._actors.of(context), _box_id(context)
        if wanted.messages is not None:
            return Deleted([*await self._messages.delete_several(actor, box_id, wanted.messages)])
        return Deleted([*await self._messages.delete_all(actor, box_id, folder)])

    async def sounds(self, context: Context, wanted: VoicemailMessageIds) -> bytes:
        actor = await self._actors.of(context)
        return await self._messages.sounds(actor, _box_id(context), wanted.messages)

    async def sound(self, context: Context, _: Nothing) -> Answer:
        with context.reading_query() as query:
            content_type = query.value("format", _format, WAV)
        actor = await self._actors.of(context)
        found = await self._messages.sound(actor, _box_id(context), _message_id(context), content_type)
        return sound_answer(context, *found)


def _box_id(context: Context) -> int:
    return id_in_path(context, "vmbox")


def _message_id(context: Context) -> int:
    return id_in_path(context, "voicemail message", "message_id")


def _folder(text: str) -> Folder:
    try:
        return Folder(text)
    except ValueError:
        raise Invalid(ErrorCode.VALUE_UNKNOWN, value=text[:40]) from None


def _format(text: str) -> str:
    if text not in _FORMATS:
        raise Invalid(ErrorCode.VALUE_UNKNOWN, value=text[:40])
    return _FORMATS[text]
