"""Voicemail boxes."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.telephony.resources.fields import END, Id, Name, Pin, TimeZone
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import OwnedRow, resource_table


class VoicemailBox(Struct, frozen=True, kw_only=True):
    """A box for messages, known by its number `mailbox`. Its owner gets in without the PIN from an own phone
    unless `require_pin` says otherwise."""

    name: Name
    mailbox: Annotated[str, Meta(pattern=f"^[0-9]{{1,15}}{END}")]
    owner_id: Id | None = None
    require_pin: bool = False
    pin: Pin | None = None
    delete_after_notify: bool = False
    time_zone: TimeZone = ""


class VoicemailBoxRow(OwnedRow):
    """A voicemail box. The PIN is kept as its hash, empty for none."""

    __tablename__ = "voicemail_boxes"
    __table_args__ = resource_table("voicemail_boxes", UniqueConstraint("organization_id", "mailbox"))

    mailbox: Mapped[str] = mapped_column(String(15))
    pin_hash: Mapped[str] = mapped_column(String(255), default="")


class VoicemailBoxes(Resource[VoicemailBox, VoicemailBoxRow]):
    name, singular = "vmboxes", "vmbox"
    draft, table = VoicemailBox, VoicemailBoxRow
    owner = "owner_id"
    own_fields = frozenset(("name", "require_pin", "pin", "delete_after_notify", "time_zone"))
    hashed = frozenset(("pin",))
    unique = ("mailbox",)
    searched = ("name", "mailbox")
    filters = (("owner_id", int),)
