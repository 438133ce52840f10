"""States of trunks: where their carriers are, whether they are registered there; Kamailio's view of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import DDL, ForeignKey, Index, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now

LONGEST_REASON = 200


class TrunkCondition(StrEnum):
    """Condition of a trunk: whether calls can come and go over it."""

    BY_ADDRESS = "by_address"
    """The trunk does not register; its server has an address."""

    REGISTERED = "registered"
    REFUSED = "refused"
    """The carrier refuses the registration."""

    UNANSWERED = "unanswered"
    """The carrier does not answer the registration."""

    UNRESOLVED = "unresolved"
    """The name of the server has no address."""

    FORBIDDEN = "forbidden"
    """The server has an address that the operator does not allow for trunks, or another account's, or shows
    another's certificate."""


class TrunkState(OfOrganization, Base):
    """State of an enabled trunk with a server. `token` is the user of the contact that is registered, `code`
    the SIP status of the last registration (0 for none), `changed_at` when `condition` last changed.
    `call_id` and `sequence` are those of its REGISTER requests. The last three are the rules for numbers of
    incoming calls, with the calling code of the trunk's country (`+32`)."""

    __tablename__ = "trunk_states"
    __table_args__ = (UniqueConstraint("token"),)

    trunk_id: Mapped[int] = mapped_column(ForeignKey("trunks.id", ondelete="CASCADE"), primary_key=True)
    token: Mapped[str] = mapped_column(String(33))
    condition: Mapped[str] = mapped_column(String(16))
    code: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON), default="")
    changed_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    call_id: Mapped[str] = mapped_column(String(64))
    sequence: Mapped[int] = mapped_column(default=1)
    digits_stripped: Mapped[int] = mapped_column(default=0)
    digits_prepended: Mapped[str] = mapped_column(String(20), default="")
    country_prefix: Mapped[str] = mapped_column(String(8), default="")


class TrunkAddress(OfOrganization, Base):
    """Address and port that calls of a trunk come from, as Kamailio writes addresses."""

    __tablename__ = "trunk_addresses"
    __table_args__ = (
        UniqueConstraint("trunk_id", "address", "port"),
        Index("ix_trunk_addresses_by_address", "address"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The constraint begins with it.
    trunk_id: Mapped[int] = mapped_column(ForeignKey("trunks.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(45))
    port: Mapped[int]


class TrunkClaim(OfOrganization, Base):
    """Claim of a carrier: an address that the `server` of a trunk has had when it was last looked up, enabled
    or not. Lower ids were there before; `by_address` is whether the trunk has no username."""

    __tablename__ = "trunk_claims"
    __table_args__ = (
        UniqueConstraint("trunk_id", "address", "port"),
        Index("ix_trunk_claims_by_address", "address"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The constraint begins with it.
    trunk_id: Mapped[int] = mapped_column(ForeignKey("trunks.id", ondelete="CASCADE"))
    address: Mapped[str] = mapped_column(String(45))
    port: Mapped[int]
    server: Mapped[str] = mapped_column(String(253))
    by_address: Mapped[bool]


CREATE_TRUNKS_VIEW = (
    "CREATE VIEW sip_trunks AS "
    "SELECT a.trunk_id, a.organization_id, a.address, a.port, s.token, t.trunk_order, "
    "s.digits_stripped, s.digits_prepended, s.country_prefix "
    "FROM trunk_addresses a JOIN trunk_states s ON s.trunk_id = a.trunk_id "
    "JOIN trunks t ON t.id = a.trunk_id WHERE t.enabled"
)
CREATE_NUMBERS_VIEW = "CREATE VIEW sip_numbers AS SELECT number, organization_id, trunk_id FROM phone_numbers"
"""For a new database; the migrations make them in others."""

event.listen(Base.metadata, "after_create", DDL(CREATE_TRUNKS_VIEW))
event.listen(Base.metadata, "after_create", DDL(CREATE_NUMBERS_VIEW))
