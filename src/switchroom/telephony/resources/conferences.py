"""Conferences: rooms for telephones."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.telephony.resources.fields import Id, Language, Name, Pin
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import OwnedRow, resource_table


class Conference(Struct, frozen=True, kw_only=True):
    """A conference. Without a PIN everybody who is put through gets in. Moderators are its owner, at an own
    phone, and who enters the `moderators_pin`; with `wait_for_moderator` it begins with the first of them."""

    name: Name
    owner_id: Id | None = None
    members_maximum: Annotated[int, Meta(ge=2, le=1000)] = 20
    members_pin: Pin | None = None
    moderators_pin: Pin | None = None
    wait_for_moderator: bool = False
    members_announce_join_leave: bool = True
    members_join_muted: bool = False
    language: Language = ""


class ConferenceRow(OwnedRow):
    """A conference of telephones. PINs are kept as their hashes, empty for none."""

    __tablename__ = "phone_conferences"
    __table_args__ = resource_table("phone_conferences")

    members_pin_hash: Mapped[str] = mapped_column(String(255), default="")
    moderators_pin_hash: Mapped[str] = mapped_column(String(255), default="")


class Conferences(Resource[Conference, ConferenceRow]):
    name, singular = "conferences", "conference"
    draft, table = Conference, ConferenceRow
    owner = "owner_id"
    own_fields = frozenset(
        (
            "name",
            "members_pin",
            "moderators_pin",
            "wait_for_moderator",
            "members_announce_join_leave",
            "members_join_muted",
            "language",
        )
    )
    hashed = frozenset(("members_pin", "moderators_pin"))
    filters = (("owner_id", int),)
    listed = ("name",)
