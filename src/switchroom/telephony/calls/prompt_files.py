"""Files of what callers are told, in the listener's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
from msgspec import Struct

from switchroom.errors import Unavailable
from switchroom.telephony.prompts import saying
from switchroom.telephony.prompts.library import PromptLibrary, PromptMissing
from switchroom.telephony.prompts.texts import MUSIC
from switchroom.telephony.resources.sounds import SoundFiles
from switchroom.telephony.routing.prompts import (
    Message,
    Named,
    Prompt,
    SayDigits,
    SayNumber,
    SayTime,
    Sound,
)

log = structlog.stdlib.get_logger(__name__)


class Ear(Struct, frozen=True):
    """Ear of a listener: language, time zone, and the sample rate of the leg's codec."""

    language: str = ""
    time_zone: str = "UTC"
    rate: int = 8000


class SoundVersions(Protocol):
    """Source of the versions of an account's sounds, which name their files."""

    async def sound_versions(self, organization_id: int, media_ids: Sequence[int]) -> Mapping[int, str]:
        """The versions by id, without those that there are not."""
        ...


class PromptFiles:
    """Finds the files: of the platform's library, and of an account's own sounds. What is not there is left
    out and logged: a call goes on without it."""

    def __init__(self, library: PromptLibrary, sounds: SoundFiles, versions: SoundVersions) -> None:
        self._library = library
        self._sounds = sounds
        self._versions = versions

    async def files(
        self,
        organization_id: int,
        prompts: Sequence[Prompt],
        ear: Ear,
        recorded: Mapping[str, Path] | None = None,
    ) -> list[Path]:
        """The files in their order. `recorded` are messages of voicemail by their ids."""
        wanted = [one.media_id for one in prompts if isinstance(one, Sound)]
        versions: Mapping[int, str] = {}
        if wanted:
            versions = await self._versions.sound_versions(organization_id, wanted)
        files: list[Path] = []
        for prompt in prompts:
            match prompt:
                case Sound(media_id):
                    version = versions.get(media_id, "")
                    file = self._sounds.played(version) if version else None
                case Message(message_id):
                    file = (recorded or {}).get(message_id)
                case _:
                    files += self._spoken(_names(prompt, ear), ear)
                    continue
            if file is None or not file.is_file():
                log.warning("sound missing", organization=organization_id, prompt=repr(prompt))
            else:
                files.append(file)
        return files

    async def music(self, organization_id: int, media_id: int | None, ear: Ear) -> list[Path]:
        """Music on hold: a sound of the account, or for lack of it the platform's."""
        try:
            own = await self.files(organization_id, [Sound(media_id)], ear) if media_id is not None else []
        except Unavailable as error:
            log.warning("music of an account not found", organization=organization_id, reason=error.code)
            own = []
        return own or self.named(MUSIC, ear)

    def named(self, name: str, ear: Ear) -> list[Path]:
        """A sound of the library, nothing where it is missing."""
        return self._spoken([name], ear)

    def _spoken(self, names: Sequence[str], ear: Ear) -> list[Path]:
        files: list[Path] = []
        for name in names:
            try:
                files.append(self._library.find(name, ear.language, ear.rate))
            except PromptMissing:
                log.warning("prompt missing", name=name, language=ear.language)
        return files


def _names(prompt: Named | SayDigits | SayNumber | SayTime, ear: Ear) -> list[str]:
    match prompt:
        case Named(name):
            return [name.value]
        case SayDigits(digits):
            return saying.digits(digits)
        case SayNumber(number):
            return saying.number(max(number, 0))
        case SayTime(moment):
            zone = _zone(ear.time_zone)
            return saying.moment(moment.astimezone(zone), datetime.now(UTC).astimezone(zone), ear.language)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
