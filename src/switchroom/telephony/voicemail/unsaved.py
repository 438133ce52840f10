"""Messages that were being recorded by a process that was killed: kept as far as they had come."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import msgspec
import structlog
from msgspec import Struct, structs

from switchroom.errors import Unavailable
from switchroom.jobs.retry import written
from switchroom.telephony.media import recorder
from switchroom.telephony.voicemail.mailboxes import BoxFull, LeftMessage, Mailboxes, NoSuchBox

_NOTE = "message.json"
_DATABASE_MAY_BE_AWAY = timedelta(seconds=30)

log = structlog.stdlib.get_logger(__name__)


class UnsavedMessage(Struct, frozen=True, kw_only=True):
    """Message before it is saved: its box, who leaves it, and `shortest`, the milliseconds that it has to
    have. `file` is the name of the recording, in the directory of the note."""

    organization_id: int
    box_id: int
    shortest: int
    message: LeftMessage
    file: str = ""


def directory_prefix(worker: int) -> str:
    """Prefix of the names of the directories where a worker records."""
    return f"call-{worker}-"


def note(file: Path, unsaved: UnsavedMessage) -> None:
    """Note whose message is about to be recorded into a file. It writes. Raises OSError."""
    whole = structs.replace(unsaved, file=file.name)
    (file.parent / _NOTE).write_bytes(msgspec.json.encode(whole))


def forget(directory: Path) -> None:
    """Remove the note of a message that is saved."""
    (directory / _NOTE).unlink(missing_ok=True)


def left_behind(parts: Path, worker: int) -> list[Path]:
    """The directories that a worker's process has left behind; to be asked for before it records anew."""
    return list(parts.glob(f"{directory_prefix(worker)}*"))


async def keep(mailboxes: Mailboxes, directories: Sequence[Path]) -> None:
    """Save the messages that are in directories which a process has left behind, and remove these."""
    for directory in directories:
        try:
            await _keep(mailboxes, directory)
        except (OSError, msgspec.MsgspecError, NoSuchBox, BoxFull, Unavailable) as error:
            reason = str(error) or type(error).__name__
            log.error("message of a killed process not kept", directory=directory.name, reason=reason)
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


async def _keep(mailboxes: Mailboxes, directory: Path) -> None:
    file = directory / _NOTE
    if not await asyncio.to_thread(file.exists):
        return
    unsaved = msgspec.json.decode(await asyncio.to_thread(file.read_bytes), type=UnsavedMessage)
    recorded = directory / Path(unsaved.file).name
    milliseconds = await asyncio.to_thread(recorder.complete, recorded)
    if milliseconds < unsaved.shortest:
        return
    message = structs.replace(unsaved.message, milliseconds=milliseconds)
    save = partial(mailboxes.save_message, unsaved.organization_id, unsaved.box_id, recorded, message)
    await written(save, "voicemail message", _DATABASE_MAY_BE_AWAY)
    log.info("message of a killed process kept", box=unsaved.box_id, milliseconds=milliseconds)
