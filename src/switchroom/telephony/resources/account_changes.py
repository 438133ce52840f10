"""Telephony as a dependent of accounts: nobody leaves whom something of it still uses."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.identity.models import Membership, Person
from switchroom.telephony.resources.references import Source, forget_references
from switchroom.telephony.resources.service import AnyResource, require_unused


class AccountTelephony:
    """The resources of an account, which follow its changes (`accounts.dependents`)."""

    def __init__(self, kinds: Mapping[str, AnyResource]) -> None:
        self._kinds = kinds

    async def organizer_leaves(
        self, session: AsyncSession, organization_id: int, leaver: Person, heir: Person
    ) -> None:
        """Raises Conflict, which names those that use the user. What the user uses is free."""
        own = select(Membership.id).where(
            Membership.organization_id == organization_id, Membership.person_id == leaver.id
        )
        user_id = (await session.scalars(own)).one()
        await require_unused(session, organization_id, self._kinds, self._kinds["users"], user_id)
        await forget_references(session, organization_id, Source("users", user_id))

    async def account_closes(self, session: AsyncSession, organization_id: int) -> None:
        """All stays as it is: an account that is opened again has it still."""
