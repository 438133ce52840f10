"""Operations on the sounds of medias and recordings: the files themselves."""

from __future__ import annotations

import base64
from typing import cast

import msgspec

from switchroom.dialects.answer import Answer
from switchroom.dialects.operation import Nothing, Operation
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages import resources as messages
from switchroom.dialects.telephony_v3.sounds import ANY_BYTES, sound_answer
from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.resources.medias import Medias, Sounds
from switchroom.telephony.resources.recordings import RecordingFiles, Recordings
from switchroom.telephony.resources.service import Resources, View
from switchroom.telephony.resources.sounds import LARGEST_SOUND, SoundFiles

_LARGEST_BODY = 2 * LARGEST_SOUND
"""Bytes: in base64, with what goes around it, or too many to tell so."""


class SoundOperations:
    def __init__(self, resources: Resources, actors: Actors, files: SoundFiles) -> None:
        self._actors = actors
        self._medias = cast("Medias", resources.kinds["medias"])
        self._sounds = Sounds(resources, self._medias, files)
        self._recordings = RecordingFiles(resources, cast("Recordings", resources.kinds["recordings"]))

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/medias/{id}/raw",
                summary="The sound, as it was uploaded; as JSON for who accepts only that.",
                parameters=(ACCOUNT,),
                reply=bytes,
                raw=ANY_BYTES,
                access="admin",
                handler=self.download,
            ),
            *(
                Operation(
                    method=method,
                    path="/medias/{id}/raw",
                    summary="Upload the sound: WAV, MP3 or Ogg, 8 MB at most.",
                    parameters=(ACCOUNT,),
                    request=bytes,
                    reply=messages.view_of(self._medias),
                    access="admin",
                    handler=self.upload,
                    largest_body=_LARGEST_BODY,
                )
                for method in ("PUT", "POST")
            ),
            Operation(
                method="GET",
                path="/recordings/{id}/raw",
                summary="The recording's sound; as JSON for who accepts only that.",
                parameters=(ACCOUNT,),
                reply=bytes,
                raw=ANY_BYTES,
                access="user",
                handler=self.recording,
            ),
        ]

    async def upload(self, context: Context, body: bytes) -> View:
        actor = await self._actors.of(context)
        return await self._sounds.upload(actor, id_in_path(context, "media"), _content_of(body))

    async def download(self, context: Context, _: Nothing) -> Answer:
        actor = await self._actors.of(context)
        return sound_answer(context, *await self._sounds.download(actor, id_in_path(context, "media")))

    async def recording(self, context: Context, _: Nothing) -> Answer:
        actor = await self._actors.of(context)
        return sound_answer(
            context, *await self._recordings.download(actor, id_in_path(context, "recording"))
        )


def _content_of(body: bytes) -> bytes:
    """The file: the body itself or, of JSON, what it holds in base64. Raises Invalid."""
    if not body.startswith(b"{"):
        return body
    try:
        raw = msgspec.json.decode(body, type=dict[str, messages.RawUpload])["data"]
        return base64.b64decode(raw.content, validate=True)
    except (msgspec.MsgspecError, KeyError, ValueError, RecursionError):
        raise Invalid(ErrorCode.SOUND_INVALID, "file") from None
