"""Medias: sounds for greetings, announcements and music on hold."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.errors import ErrorCode, Exhausted, NotFound
from switchroom.events.types import ResourceUpdated
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.fields import Name
from switchroom.telephony.resources.resource import Resource, Work
from switchroom.telephony.resources.rows import ResourceRow, resource_table
from switchroom.telephony.resources.service import Resources, require
from switchroom.telephony.resources.sounds import SoundFiles, bytes_played


class Media(Struct, frozen=True, kw_only=True):
    """A sound, which is uploaded apart from it."""

    name: Name
    content_type: Annotated[str, Meta(max_length=100)] = ""
    file_name: Annotated[str, Meta(max_length=255)] = ""
    available_as_moh: bool = False


class MediaRow(ResourceRow):
    """A sound. `version` is what its files are called, empty while there are none; `size` is in bytes, as it
    was uploaded, and `milliseconds` how long it plays."""

    __tablename__ = "medias"
    __table_args__ = resource_table("medias")

    available_as_moh: Mapped[bool] = mapped_column(default=False)
    version: Mapped[str] = mapped_column(String(32), default="")
    size: Mapped[int] = mapped_column(default=0)
    milliseconds: Mapped[int] = mapped_column(default=0)


class Medias(Resource[Media, MediaRow]):
    name, singular = "medias", "media"
    draft, table = Media, MediaRow
    searched = ("name", "file_name")
    filters = (("available_as_moh", bool),)
    read_only = (
        ("size", int),
        ("duration", float),
    )

    def __init__(self, files: SoundFiles) -> None:
        self._files = files

    def view(self, row: MediaRow) -> dict[str, object]:
        return {**super().view(row), "size": row.size or 0, "duration": (row.milliseconds or 0) / 1000}

    async def deleted(self, row: MediaRow) -> None:
        await self._files.remove(row.version)


class Sounds:
    """The files of medias."""

    def __init__(self, resources: Resources, medias: Medias, files: SoundFiles) -> None:
        self._resources = resources
        self._medias = medias
        self._files = files

    async def upload(self, actor: Actor, media_id: int, content: bytes) -> dict[str, object]:
        """Put a sound in the place of the one before. Returns the media. Raises NotFound, Invalid for what is
        not a sound or too large, Exhausted where the account has no room for it."""
        async with self._resources.reading(actor) as work:
            await require(work, self._medias, media_id)
            await self._require_room(work, media_id, len(content))
        stored = await self._files.store(content)
        try:
            async with self._resources.changing(actor) as work:
                row = await require(work, self._medias, media_id, to_change=True)
                await self._require_room(work, media_id, len(content) + bytes_played(stored.milliseconds))
                before = row.version
                row.version, row.size, row.milliseconds = stored.version, stored.size, stored.milliseconds
                row.details = {**row.details, "content_type": stored.content_type}
                self._medias.log(work, row, ResourceUpdated)
        except BaseException:
            await self._files.remove(stored.version)
            raise
        await self._files.remove(before)
        return self._medias.view(row)

    async def _require_room(self, work: Work, media_id: int, size: int) -> None:
        """Raises Exhausted for a sound of so many bytes that the account's others leave no room for."""
        others = select(MediaRow.size, MediaRow.milliseconds).where(
            MediaRow.organization_id == work.organization_id, MediaRow.id != media_id, MediaRow.version != ""
        )
        stored = (await work.session.execute(others)).all()
        if size + sum(row[0] + bytes_played(row[1]) for row in stored) > self._files.quota:
            raise Exhausted(ErrorCode.SOUNDS_FULL, "file", most=self._files.quota >> 20)

    async def download(self, actor: Actor, media_id: int) -> tuple[str, bytes]:
        """The type of the sound, and the sound as it was uploaded. Raises NotFound."""
        async with self._resources.reading(actor) as work:
            row = await require(work, self._medias, media_id)
        try:
            content = await self._files.read(row.version) if row.version else b""
        except OSError:
            content = b""
        if not content:
            raise NotFound(ErrorCode.SOUND_MISSING, "id")
        return str(row.details.get("content_type", "")), content
