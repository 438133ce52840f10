"""Closing of organizations, of whatever kind of account."""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.dependents import AccountDependents
from switchroom.accounts.models import MeetingTerms
from switchroom.db.base import now
from switchroom.events.append import append
from switchroom.events.types import AccountClosed
from switchroom.identity.models import Organization, RefreshToken
from switchroom.identity.revocation import revoke_all


async def close_organization(
    session: AsyncSession, organization: Organization, terms: MeetingTerms, dependents: AccountDependents
) -> None:
    """Close the organization when the session's transaction commits: nobody can get into it any more, and
    people in its rooms leave."""
    organization.closed_at = now()
    await session.flush()  # who is just signing in goes first, or not at all
    revoke_all(session, organization.id)
    tokens = delete(RefreshToken).where(RefreshToken.organization_id == organization.id)
    await session.execute(tokens.execution_options(synchronize_session=False))
    await dependents.account_closes(session, organization.id)
    event = AccountClosed(display_name=organization.display_name, account_type=terms.account_type)
    append(session, organization.id, event, organization.hex_id)
