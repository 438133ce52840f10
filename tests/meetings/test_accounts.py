"""Accounts: limits that hold for several at once, and finding people among many."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, update

from switchroom.accounts.accounts import Accounts
from switchroom.accounts.organizers import Organizer
from switchroom.accounts.validation import OrganizerDraft
from switchroom.errors import Exhausted, Forbidden, NotFound
from switchroom.identity.models import Membership
from switchroom.identity.password_links import PasswordLinks
from switchroom.identity.permissions import Standing
from switchroom.mail.password_requests import PasswordRequests
from switchroom.meetings.account_changes import AccountMeetings
from switchroom.meetings.models import Meeting
from tests.meetings.own_tenant import OwnTenant, own_tenant


@pytest.fixture
async def acme(database_url: str) -> AsyncGenerator[OwnTenant]:
    async with own_tenant(database_url) as opened:
        yield opened


async def test_limits_hold_for_several_at_once(acme: OwnTenant) -> None:
    await acme.agree(most_meetings=2, most_organizers=3)
    accounts = _accounts(acme)

    planned = await asyncio.gather(*(acme.plan() for _ in range(6)), return_exceptions=True)
    assert [type(one) for one in planned].count(Exhausted) == 4
    assert await acme.count(Meeting) == 2
    added = await asyncio.gather(*(_add(accounts, acme) for _ in range(6)), return_exceptions=True)
    assert [type(one) for one in added].count(Exhausted) == 4
    assert await acme.count(Membership) == 3


async def test_two_admins_do_not_remove_each_other(acme: OwnTenant) -> None:
    accounts = _accounts(acme)
    for _ in range(4):
        await _add(accounts, acme)
    async with acme.database.write(None) as session:
        await session.execute(update(Membership).values(standing=Standing.ADMINISTRATOR))
    admins = [one.person.hex_id for one in await accounts.admins(acme.organization.id)]
    removed = await asyncio.gather(
        *(accounts.remove_organizer(acme.organization.id, admin) for admin in admins), return_exceptions=True
    )

    assert [type(one) for one in removed].count(Forbidden) == 1
    assert await acme.count(Membership) == 1


async def test_an_address_is_looked_up_in_an_index(tmp_path: Path) -> None:
    """However many people there are."""
    asked: list[tuple[str, Any]] = []
    async with own_tenant(f"sqlite+aiosqlite:///{tmp_path / 'own.db'}") as acme:
        accounts = _accounts(acme)

        @event.listens_for(acme.database.engine.sync_engine, "before_cursor_execute")
        def note(  # pyright: ignore[reportUnusedFunction]
            _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool
        ) -> None:
            asked.append((statement, values))

        for email, known in (("ada@example.org", True), ("nobody@example.org", False)):
            asked.clear()
            if known:
                assert (await accounts.actor(None, email=email)).person_id == acme.actor.person_id
            else:
                with pytest.raises(NotFound):
                    await accounts.actor(None, email=email)
            statement, values = next(one for one in asked if "lower(people.email)" in one[0])
            async with acme.database.engine.connect() as connection:
                plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)).all()
            assert not [row for row in plan if "SCAN people" in row[-1]]


def _accounts(acme: OwnTenant) -> Accounts:
    nothing: Any = None  # no password is set here
    links = PasswordLinks(acme.database, nothing, nothing)
    return Accounts(acme.database, PasswordRequests(links, "https://meet.example.org"), AccountMeetings())


async def _add(accounts: Accounts, acme: OwnTenant) -> Organizer:
    email = f"{secrets.token_hex(6)}@example.org"
    return await accounts.add_organizer(acme.organization.id, OrganizerDraft(email=email))
