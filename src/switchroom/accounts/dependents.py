"""Dependents of accounts: what other parts do, in the same transaction, when an account changes."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.identity.models import Person


class AccountDependents(Protocol):
    """What is told of a change in the transaction that makes it: both are done, or neither."""

    async def organizer_leaves(
        self, session: AsyncSession, organization_id: int, leaver: Person, heir: Person
    ) -> None:
        """Pass on to `heir` what `leaver`, who is still a member, has in the account."""
        ...

    async def account_closes(self, session: AsyncSession, organization_id: int) -> None:
        """End what is on in an account that nobody can get into any more."""
        ...
