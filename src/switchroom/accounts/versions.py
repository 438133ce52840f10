"""Versions of people as an administrator sees them: another one when anything of what is seen has changed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.errors import Conflict, ErrorCode
from switchroom.identity.models import MemberInvitation, Membership, Person
from switchroom.identity.secrets import digest

_LENGTH = 16


def version_of(person: Person, membership: Membership, invitation: MemberInvitation | None) -> str:
    """16 characters that tell nothing. `invitation` counts while it has not been accepted."""
    if membership.invited_at is None or invitation is None:
        said = (person.username, person.email, person.title, person.first_name, person.last_name)
        said = (*said, person.locale)
    else:
        said = (invitation.email, invitation.title, invitation.first_name, invitation.last_name)
        said = (*said, invitation.language, invitation.mailed_at.isoformat())
    place = (membership.administration, membership.standing, membership.disabled_at, membership.invited_at)
    return digest(repr((said, place)))[:_LENGTH]


async def require_version(
    session: AsyncSession, person: Person, membership: Membership, version: str
) -> None:
    """Raises Conflict when somebody else has changed the person since this version was seen."""
    query = select(MemberInvitation).where(
        MemberInvitation.person_id == person.id,
        MemberInvitation.organization_id == membership.organization_id,
    )
    if version_of(person, membership, await session.scalar(query)) != version:
        raise Conflict(ErrorCode.CHANGED_MEANWHILE)
