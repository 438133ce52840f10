"""SIP realms of accounts: the domains in which their phones register.

A device keeps the digest (HA1) of its password, which is one for a certain realm. When an account gets
another realm, the one before stays its own for as long as devices have a digest for it: they go on as they
are configured, and move to the new realm with their next password.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from switchroom.db.base import Base, OfOrganization, now
from switchroom.db.database import upsert
from switchroom.identity.models import Organization

LONGEST_REALM = 253
_LONGEST_PREFIX = 40
_LETTERS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "o", "æ": "ae", "ł": "l"})


class SipRealm(OfOrganization, Base):
    """A realm that is an account's, now or from before."""

    __tablename__ = "sip_realms"

    realm: Mapped[str] = mapped_column(String(LONGEST_REALM), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class TelephonyAccount(OfOrganization, Base):
    """Telephony account of an organization. It is made when it is first asked for."""

    __tablename__ = "telephony_accounts"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    realm: Mapped[str] = mapped_column(ForeignKey("sip_realms.realm"), unique=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


async def account_of(session: AsyncSession, organization_id: int, suffix: str) -> TelephonyAccount:
    """Telephony account of the organization, in a transaction that has locked it. A first realm is the
    organization's name before `suffix`."""
    account = await session.get(TelephonyAccount, organization_id)
    if account is not None:
        return account
    organization = await session.get_one(Organization, organization_id)
    first = prefix_for(organization.display_name)
    number = 1
    while not await take_realm(session, organization_id, f"{first}{_ending(number)}.{suffix}"):
        number += 1 if number < 10 else organization_id
    account = TelephonyAccount(
        organization_id=organization_id, realm=f"{first}{_ending(number)}.{suffix}", details={}
    )
    session.add(account)
    await session.flush()
    return account


async def take_realm(session: AsyncSession, organization_id: int, realm: str) -> bool:
    """Make the realm the account's. False where it is another's; true if it was its own before."""
    taken = await session.execute(
        upsert(session, SipRealm)
        .values(realm=realm, organization_id=organization_id, created_at=now())
        .on_conflict_do_nothing(index_elements=["realm"])
        .returning(SipRealm.realm)
    )
    if taken.one_or_none() is not None:
        return True
    own = select(SipRealm.realm).where(SipRealm.realm == realm, SipRealm.organization_id == organization_id)
    return await session.scalar(own) is not None


async def release_unused(
    session: AsyncSession, organization_id: int, in_use: InstrumentedAttribute[str]
) -> None:
    """Let others have those realms of the account that it no longer has, and that no row has in the column
    `in_use`."""
    present = select(TelephonyAccount.realm).where(TelephonyAccount.organization_id == organization_id)
    await session.execute(
        delete(SipRealm)
        .where(
            SipRealm.organization_id == organization_id,
            SipRealm.realm.not_in(present),
            ~select(in_use).where(in_use == SipRealm.realm).exists(),
        )
        .execution_options(synchronize_session=False)
    )


def prefix_for(name: str) -> str:
    """A name as the first label of a realm: letters of ASCII, digits, hyphens."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = folded.encode("ascii", "ignore").decode()
    label = re.sub("[^a-z0-9]+", "-", plain)[:_LONGEST_PREFIX].strip("-")
    return label or "account"


def prefix_of(realm: str) -> str:
    """Prefix of the username of a device as phones are told it: the realm's first label."""
    return realm.partition(".")[0]


def ha1(username: str, realm: str, password: str) -> str:
    """The digest that SIP's authentication keeps in place of a password (RFC 2617, section 3.2.2.2)."""
    return hashlib.md5(f"{username}:{realm}:{password}".encode(), usedforsecurity=False).hexdigest()


def _ending(number: int) -> str:
    return "" if number == 1 else f"-{number}"
