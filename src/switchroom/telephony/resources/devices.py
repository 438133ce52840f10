"""Devices: phones that register, and who has them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now
from switchroom.telephony.resources.realms import LONGEST_REALM
from switchroom.telephony.resources.rows import OwnedRow, resource_table


class Device(OwnedRow):
    """A phone. It signs in as `username` or as `<realm prefix>.<username>`, in `realm`: `ha1` and
    `ha1_prefixed` are the digests of its password for the one and the other, both empty without a password.
    Of one that is not `enabled` no registration and no call is taken."""

    __tablename__ = "devices"
    __table_args__ = resource_table(
        "devices",
        UniqueConstraint("organization_id", "username"),
        UniqueConstraint("realm", "username"),
    )

    username: Mapped[str] = mapped_column(String(64))
    realm: Mapped[str] = mapped_column(String(LONGEST_REALM))
    ha1: Mapped[str] = mapped_column(String(32), default="")
    ha1_prefixed: Mapped[str] = mapped_column(String(32), default="")
    external_sip_account: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)


class Registration(OfOrganization, Base):
    """A contact at which a device can be reached until `expires_at`."""

    __tablename__ = "device_registrations"
    __table_args__ = (UniqueConstraint("device_id", "contact"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The constraint begins with it.
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    contact: Mapped[str] = mapped_column(String(400))
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    contact_ip: Mapped[str] = mapped_column(String(45), default="")
    contact_port: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    registered_at: Mapped[datetime] = mapped_column(default=now)
