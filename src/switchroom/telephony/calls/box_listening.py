"""Dialogue of a caller with a voicemail box: prompts, keys, recordings, a place in a message."""

from __future__ import annotations

import asyncio
import tempfile
import time
import wave
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import structlog
from msgspec import structs

from switchroom.engines.rtpengine.client import NgError
from switchroom.telephony.calls.inbox import Happening, KeyPressed, Woken
from switchroom.telephony.calls.listening import collect, play
from switchroom.telephony.calls.live_call import CallOver, LiveCall, Rerouted
from switchroom.telephony.media.recorder import Recorder
from switchroom.telephony.media.sdp import SdpError
from switchroom.telephony.prompts.texts import TONE
from switchroom.telephony.routing.actions import Collect, Digits, HungUp, Play, Timeout
from switchroom.telephony.routing.prompts import Message
from switchroom.telephony.routing.voicemail.box import Box, Record, Recorded, Seek
from switchroom.telephony.voicemail import unsaved
from switchroom.telephony.voicemail.unsaved import UnsavedMessage

log = structlog.stdlib.get_logger(__name__)


class BoxListening:
    """One caller at a box. `recorded` is the file of what was recorded last, until the block ends.

    A caller who hangs up, or is sent elsewhere, is an event: `gone` is then what is to be raised once the
    visit is over.
    """

    def __init__(self, call: LiveCall, directory: Path, prefix: str) -> None:
        """`directory` is for files that are being recorded, each call's in one whose name has the prefix."""
        self._call = call
        self._directory = directory
        self._prefix = prefix
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._number = 0
        self._message: Path | None = None
        self._offset = 0.0
        self._place = 0.0
        self.recorded: Path | None = None
        self.milliseconds = 0
        self.unsaved: UnsavedMessage | None = None
        """Message that is recorded, where it is one: a process that is killed leaves it to the next."""

        self.gone: CallOver | Rerouted | None = None

    async def __aenter__(self) -> BoxListening:
        self._temporary = await asyncio.to_thread(self._make_directory)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._temporary is not None:
            await asyncio.to_thread(self._temporary.cleanup)

    async def play(self, action: Play, box: Box | None) -> bool:
        """Whether the caller is still there at its end."""
        try:
            files = await self._files(action, box, {})
            await play(self._call.routed, files, self._call.next, digits_stop=action.digits_stop)
        except (CallOver, Rerouted) as gone:
            self.gone = gone
        return self.gone is None

    async def collect(
        self, action: Collect, box: Box | None, messages: Mapping[str, Path]
    ) -> Digits | Timeout | HungUp:
        """Play the prompts and return the keys that are pressed. `seek` works afterwards in the last message
        that is among the prompts."""
        heard = [one for one in action.prompts if isinstance(one, Message)]
        if heard:
            self._message = self._file_of(heard[-1], messages)
            self._offset = self._place = 0.0
        return await self._collect(action, await self._files(action, box, messages), self._message)

    async def seek(self, action: Seek, box: Box | None) -> Digits | Timeout | HungUp:
        """Go on elsewhere in the message that was heard last."""
        files = await self._files(action.collect, box, {})
        rest: Path | None = None
        if self._message is not None:
            self._offset = max(self._place + action.seconds, 0.0)
            self._place = self._offset
            rest = await asyncio.to_thread(_rest_of, self._message, self._offset, self._new_file())
        return await self._collect(action.collect, [rest, *files] if rest is not None else files, rest)

    async def record(self, action: Record) -> Recorded:
        """Record after a tone; the recording is in `recorded`, also of a caller who has hung up meanwhile.
        Raises OSError."""
        call, file = self._call, self._new_file()
        self.recorded, self.milliseconds = None, 0
        try:
            await play(call.routed, call.board.prompts.named(TONE, call.ear), call.next)
        except (CallOver, Rerouted) as gone:
            self.gone = gone
            return Recorded(0)
        is_full = False

        def full() -> None:
            nonlocal is_full
            is_full = True
            call.inbox.put(Woken())

        if self.unsaved is not None:
            await asyncio.to_thread(unsaved.note, file, self.unsaved)
        media = call.routed.media
        recorder = await Recorder.open(
            file, media.state.core_port, longest=float(action.longest), on_full=full
        )
        try:
            await media.point_at(recorder.target)
            while not is_full:
                if isinstance(await call.next(), KeyPressed):
                    break
        except (CallOver, Rerouted) as gone:
            self.gone = gone
        finally:
            if self.gone is None:
                await self._let_nobody_hear()
            self.milliseconds = await recorder.stop()
        self.recorded = file
        return Recorded(self.milliseconds)

    async def forget_unsaved(self) -> None:
        """Remove the note of the unsaved recording, which is saved now."""
        if self.recorded is not None:
            await asyncio.to_thread(unsaved.forget, self.recorded.parent)

    async def _let_nobody_hear(self) -> None:
        try:
            await self._call.routed.media.let_nobody_hear()
        except (NgError, SdpError) as error:
            log.warning("leg not parted from its recording", call=self._call.id, reason=str(error))

    async def _collect(
        self, action: Collect, files: list[Path], message: Path | None
    ) -> Digits | Timeout | HungUp:
        async def following(deadline: float | None) -> Happening | None:
            happening = await self._call.next(deadline)
            if isinstance(happening, KeyPressed) and message is not None:
                self._note_place(message)
            return happening

        try:
            digits = await collect(
                self._call.routed,
                files,
                following,
                most=action.most,
                first=action.first,
                between=action.between,
            )
        except (CallOver, Rerouted) as gone:
            self.gone = gone
            return HungUp()
        return Timeout() if digits is None else Digits(digits)

    def _note_place(self, message: Path) -> None:
        """Note how far into the message somebody has heard, in seconds."""
        playing = self._call.routed.media.state.playing
        length = _length_of(message)
        files = [Path(one) for one in playing.files] if playing is not None else []
        if playing is None or message not in files[: playing.place + 1]:
            if playing is None:
                self._place = self._offset + length
            return
        passed = length
        if files[playing.place % len(files)] == message:
            passed = length - max(playing.until - time.time(), 0.0)
        self._place = self._offset + min(max(passed, 0.0), length)

    async def _files(
        self, action: Play | Collect, box: Box | None, messages: Mapping[str, Path]
    ) -> list[Path]:
        ear = self._call.ear
        if box is not None and box.time_zone:
            ear = structs.replace(ear, time_zone=box.time_zone)
        known = {**messages, "": self.recorded} if self.recorded is not None else messages
        return await self._call.board.prompts.files(self._call.organization_id, action.prompts, ear, known)

    def _file_of(self, message: Message, messages: Mapping[str, Path]) -> Path | None:
        return messages.get(message.message_id) if message.message_id else self.recorded

    def _make_directory(self) -> tempfile.TemporaryDirectory[str]:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=self._directory, prefix=self._prefix)

    def _new_file(self) -> Path:
        assert self._temporary is not None
        self._number += 1
        return Path(self._temporary.name) / f"{self._number}.wav"


def _length_of(file: Path) -> float:
    """Seconds."""
    try:
        with wave.open(str(file), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (OSError, EOFError, wave.Error):
        return 0.0


def _rest_of(message: Path, begin: float, target: Path) -> Path | None:
    """A file with the message from so many seconds on, None where nothing is left."""
    try:
        with wave.open(str(message), "rb") as sound:
            place = round(begin * sound.getframerate())
            if place >= sound.getnframes():
                return None
            sound.setpos(place)
            with wave.open(str(target), "wb") as rest:
                rest.setparams(sound.getparams())
                rest.writeframes(sound.readframes(sound.getnframes() - place))
    except (OSError, EOFError, wave.Error) as error:
        log.warning("message cannot be sought in", reason=str(error))
        return None
    return target
