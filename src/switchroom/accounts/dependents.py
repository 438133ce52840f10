"""Dependents of accounts: what other parts do, in the same transaction, when an account changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.identity.models import Person


class AccountDependents(Protocol):
    """Listeners that are told of a change in the transaction that makes it: both are done, or neither."""

    async def organizer_leaves(
        self, session: AsyncSession, organization_id: int, leaver: Person, heir: Person
    ) -> None:
        """Pass on to `heir` what `leaver`, who is still a member, has in the account. Raises Conflict for
        somebody without whom something in it would not be whole."""
        ...

    async def account_closes(self, session: AsyncSession, organization_id: int) -> None:
        """End what is on in an account that nobody can get into any more."""
        ...


class AllDependents:
    """Several dependents as one, told in their order."""

    def __init__(self, dependents: Sequence[AccountDependents]) -> None:
        self._dependents = dependents

    async def organizer_leaves(
        self, session: AsyncSession, organization_id: int, leaver: Person, heir: Person
    ) -> None:
        for one in self._dependents:
            await one.organizer_leaves(session, organization_id, leaver, heir)

    async def account_closes(self, session: AsyncSession, organization_id: int) -> None:
        for one in self._dependents:
            await one.account_closes(session, organization_id)
