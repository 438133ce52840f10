"""Voicemail boxes."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from weakref import WeakKeyDictionary

from msgspec import Meta, Struct
from sqlalchemy import String, UniqueConstraint, delete
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import BigId
from switchroom.telephony.resources.fields import END, Id, Name, Pin, TimeZone
from switchroom.telephony.resources.medias import MediaRow
from switchroom.telephony.resources.resource import Resource, Work
from switchroom.telephony.resources.rows import OwnedRow, resource_table
from switchroom.telephony.resources.sounds import SoundFiles


class VoicemailBox(Struct, frozen=True, kw_only=True):
    """A box for messages, known by its number `mailbox`. Its owner gets in without the PIN from an own phone
    unless `require_pin` says otherwise."""

    name: Name
    mailbox: Annotated[str, Meta(pattern=f"^[0-9]{{1,15}}{END}")]
    owner_id: Id | None = None
    require_pin: bool = False
    pin: Pin | None = None
    delete_after_notify: bool = False
    save_after_notify: bool = False
    time_zone: TimeZone = ""


class VoicemailBoxRow(OwnedRow):
    """A voicemail box. The PIN is kept as its hash, empty for none.

    `greeting_id`, `temporary_greeting_id` and `name_id` are medias that its owner has recorded by telephone.
    `is_set_up` is whether its owner has been led through its setup, or has gone on without it.
    """

    __tablename__ = "voicemail_boxes"
    __table_args__ = resource_table("voicemail_boxes", UniqueConstraint("organization_id", "mailbox"))

    mailbox: Mapped[str] = mapped_column(String(15))
    pin_hash: Mapped[str] = mapped_column(String(255), default="")
    greeting_id: Mapped[int | None] = mapped_column(BigId)
    temporary_greeting_id: Mapped[int | None] = mapped_column(BigId)
    name_id: Mapped[int | None] = mapped_column(BigId)
    is_announcement_only: Mapped[bool] = mapped_column(default=False)
    is_set_up: Mapped[bool] = mapped_column(default=False)

    @property
    def recorded(self) -> Sequence[int]:
        """The medias that were recorded for it."""
        found = (self.greeting_id, self.temporary_greeting_id, self.name_id)
        return [one for one in found if one is not None]


class VoicemailBoxes(Resource[VoicemailBox, VoicemailBoxRow]):
    name, singular = "vmboxes", "vmbox"
    draft, table = VoicemailBox, VoicemailBoxRow
    owner = "owner_id"
    own_fields = frozenset(
        ("name", "require_pin", "pin", "delete_after_notify", "save_after_notify", "time_zone")
    )
    hashed = frozenset(("pin",))
    unique = ("mailbox",)
    searched = ("name", "mailbox")
    filters = (("owner_id", int),)

    def __init__(self, sounds: SoundFiles, messages: Path) -> None:
        """`messages` is the directory of messages' sounds, with one of each box in it."""
        self._sounds = sounds
        self._messages = messages
        self._unused: WeakKeyDictionary[VoicemailBoxRow, Sequence[str]] = WeakKeyDictionary()

    async def remove(self, work: Work, row: VoicemailBoxRow) -> None:
        """With what was recorded for it; its messages go with the row."""
        gone = delete(MediaRow).where(
            MediaRow.organization_id == work.organization_id, MediaRow.id.in_(row.recorded)
        )
        versions = await work.session.scalars(gone.returning(MediaRow.version))
        self._unused[row] = [one for one in versions if one]
        await super().remove(work, row)

    async def deleted(self, row: VoicemailBoxRow) -> None:
        for version in self._unused.pop(row, ()):
            await self._sounds.remove(version)
        await asyncio.to_thread(shutil.rmtree, self._messages / str(row.id), ignore_errors=True)
