"""Tables of accounts: what is agreed on with an organization, and its logo."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization, now


class MeetingKind(StrEnum):
    """Kind of a meeting. To a WEBINAR people come to listen and chat; into a BOARDROOM they are let in one by
    one."""

    STANDARD = "standard"
    WEBINAR = "webinar"
    BOARDROOM = "boardroom"


class MeetingTerms(OfOrganization, Base):
    """Terms of an organization's meetings: what is agreed on, and defaults for new meetings.

    Every organization has one. Limits of 0 are none. After `paid_until` its meetings can be looked at, and
    nothing else.
    """

    __tablename__ = "meeting_terms"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    account_type: Mapped[str] = mapped_column(String(32), default="standard")
    paid_until: Mapped[datetime | None]
    most_meetings: Mapped[int] = mapped_column(default=0)
    most_organizers: Mapped[int] = mapped_column(default=0)
    most_rooms: Mapped[int] = mapped_column(default=1)
    ice_candidates_to_filter: Mapped[list[str]] = mapped_column(default=list)
    dial_in_numbers: Mapped[list[str]] = mapped_column(default=list)
    with_standard_numbers: Mapped[bool] = mapped_column(default=True)
    default_permission_group_id: Mapped[str | None] = mapped_column(
        ForeignKey("permission_groups.id", ondelete="SET NULL")
    )
    default_kind: Mapped[str] = mapped_column(String(16), default=MeetingKind.STANDARD)
    default_dial_in: Mapped[bool] = mapped_column(default=False)
    default_recorded: Mapped[bool] = mapped_column(default=False)
    auto_extend: Mapped[bool] = mapped_column(default=False)
    delete_after_days: Mapped[int] = mapped_column(default=360)


class OrganizationLogo(OfOrganization, Base):
    """A logo that has been uploaded: a PNG, JPEG or GIF, and the SHA-256 of it in hexadecimal."""

    __tablename__ = "organization_logos"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    digest: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(default=now)
