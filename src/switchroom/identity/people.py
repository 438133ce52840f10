"""The people of an organization, for callers who may know them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Invalid
from switchroom.identity.models import MemberInvitation, Membership, Person
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, SubjectKind

MOST_PEOPLE = 1000
"""Named or listed at once."""


class People:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(
        self, token: AccessToken, person_ids: Sequence[str]
    ) -> Sequence[tuple[Person, Membership]]:
        """The named people of the organization, when none is named the 1000 who have belonged to it for
        longest, in order of name.

        Without the permission to list people one may ask for oneself only. Unknown ids are left out.
        """
        if len(person_ids) > MOST_PEOPLE:
            raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "person_ids", most=MOST_PEOPLE)
        query = select(Person, Membership).join(Membership, Membership.person_id == Person.id)
        if token.may(Administration.USER_LIST):
            if person_ids:
                query = query.where(Person.id.in_(person_ids))
            else:
                query = query.order_by(Membership.id).limit(MOST_PEOPLE)
        elif token.kind is SubjectKind.PERSON and list(person_ids) == [token.subject_id]:
            query = query.where(Person.id == token.subject_id)
        else:
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="USER_LIST")
        async with self._database.read(token.organization_id) as session:
            found = [(person, membership) for person, membership in await session.execute(query)]
            await as_invited(session, found)
        return sorted(found, key=lambda one: (one[0].last_name, one[0].first_name, one[0].id))


async def as_invited(session: AsyncSession, found: Sequence[tuple[Person, Membership]]) -> None:
    """Show invitees who have not accepted yet as their invitation says. What another organization knows of
    them is not this one's to see."""
    invited = {person.id: person for person, membership in found if membership.invited_at is not None}
    if not invited:
        return
    query = select(MemberInvitation).where(MemberInvitation.person_id.in_(invited))
    with session.no_autoflush:
        for invitation in await session.scalars(query):
            person = invited[invitation.person_id]
            person.email, person.title = invitation.email, invitation.title
            person.first_name, person.last_name = invitation.first_name, invitation.last_name
            person.locale, person.spoken_languages = invitation.language, invitation.spoken_languages
