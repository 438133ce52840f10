"""Terms of an account: what they let it do, and locks for whoever counts against them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.db.base import now
from switchroom.errors import ErrorCode, Forbidden
from switchroom.identity.models import Organization

TRIAL = timedelta(days=14)
"""Time that a trial lasts."""


def require_usable(organization: Organization, terms: MeetingTerms, *, to_change: bool) -> None:
    """Raises Forbidden for an organization that is closed or, `to_change` something, not paid for."""
    if organization.closed_at is not None:
        raise Forbidden(ErrorCode.ACCOUNT_CLOSED)
    if to_change and is_unpaid(terms):
        raise Forbidden(ErrorCode.ACCOUNT_UNPAID)


async def lock_organization(session: AsyncSession, organization_id: int) -> None:
    """Lock the organization: others who lock it wait until the session's transaction has ended. Rows that
    refer to it can still be written."""
    query = select(Organization.id).where(Organization.id == organization_id)
    await session.execute(query.with_for_update(key_share=True))


async def lock_terms(session: AsyncSession, organization_id: int) -> MeetingTerms:
    """The organization's terms as they are now; others who want to count against them wait until the
    session's transaction has ended."""
    query = select(MeetingTerms).where(MeetingTerms.organization_id == organization_id).with_for_update()
    return (await session.scalars(query.execution_options(populate_existing=True))).one()


def is_unpaid(terms: MeetingTerms) -> bool:
    return terms.paid_until is not None and terms.paid_until <= now()
