"""Users: the people of an account as telephony knows them. The id of a user is that of the membership, so
everybody who belongs to the organization is one."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization


class TelephonyUser(OfOrganization, Base):
    """What telephony keeps of a person of the account. Who has no row is as the defaults say."""

    __tablename__ = "telephony_users"
    __table_args__ = (Index("uq_telephony_users_hotdesk_id", "organization_id", "hotdesk_id", unique=True),)

    # The index above begins with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    membership_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("memberships.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    hotdesk_id: Mapped[str | None] = mapped_column(String(10))
    hotdesk_pin_hash: Mapped[str] = mapped_column(String(255), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
