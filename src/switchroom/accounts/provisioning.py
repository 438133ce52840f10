"""Provisioning of organizations, with all that one starts with."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import MeetingTerms
from switchroom.identity.models import Organization
from switchroom.identity.organizations import found
from switchroom.rooms.quotas import add_first_sets


async def found_organization(session: AsyncSession, display_name: str) -> tuple[Organization, MeetingTerms]:
    """Add an organization with its permission groups, quota sets and terms, all of them the standard ones.

    Raises Invalid without a name.
    """
    organization = await found(session, display_name)
    add_first_sets(session, organization)
    terms = MeetingTerms(organization_id=organization.id)
    session.add(terms)
    await session.flush()
    return organization, terms
