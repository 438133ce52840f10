"""Statements prepared once write and read what the models say, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import bindparam, select

from switchroom.db.base import now
from switchroom.db.database import Database, columns_of, insert_at_once, insert_values
from switchroom.events.models import Event
from switchroom.events.webhooks.models import Verb, WebHook
from switchroom.identity.models import Organization

MOMENT = datetime(2026, 3, 29, 1, 59, 59, 999_999, tzinfo=UTC)
_EVENTS = select(Event.type, Event.occurred_at, Event.data).where(
    Event.object_id == bindparam("object_id"), Event.occurred_at >= bindparam("since")
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database with the organizations 1 and 2."""
    opened = Database(database_url)
    async with opened.write(None) as session:
        session.add_all(
            Organization(id=number, ulid=str(number) * 26, display_name="Säge AG") for number in (1, 2)
        )
    yield opened
    await opened.close()


def _event(organization_id: int, **values: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"type": "room.created", "object_id": "lounge", "occurred_at": MOMENT}
    return {"organization_id": organization_id, **row, "data": {"näme": ["Ü", None, 1.5]}, **values}


async def test_moments_and_json_come_back_as_they_were_written(database: Database) -> None:
    async with database.write(1) as session:
        await insert_values(session, Event, [_event(1)])
        found = await columns_of(session, _EVENTS, {"object_id": "lounge", "since": MOMENT})
    assert [tuple(row) for row in found] == [("room.created", MOMENT, {"näme": ["Ü", None, 1.5]})]

    async with database.read(1) as session:
        later = {"object_id": "lounge", "since": MOMENT + timedelta(microseconds=1)}
        assert not await columns_of(session, _EVENTS, later)
        (row,) = (await session.scalars(select(Event))).all()
        assert (row.occurred_at, row.data) == (MOMENT, {"näme": ["Ü", None, 1.5]})


async def test_rows_of_another_organization_are_not_seen(database: Database) -> None:
    async with database.write(None) as session:
        await insert_values(session, Event, [_event(1), _event(2, type="room.updated")])
    for organization_id, types in (
        (1, ["room.created"]),
        (2, ["room.updated"]),
        (None, ["room.created", "room.updated"]),
    ):
        async with database.read(organization_id) as session:
            found = await columns_of(session, _EVENTS, {"object_id": "lounge", "since": MOMENT})
            assert sorted(row[0] for row in found) == types


async def test_what_is_left_out_gets_what_the_model_defaults_to(database: Database) -> None:
    before = now()
    hook = WebHook(
        organization_id=1, name="Kasse", url="https://example.org/", secret="s" * 32, after_event=0
    )
    async with database.write(1) as session:
        await insert_at_once(session, [hook])
    async with database.read(1) as session:
        (row,) = (await session.scalars(select(WebHook))).all()
    assert (row.verb, row.types, row.custom_data, row.enabled, row.retries) == (Verb.POST, [], {}, True, None)
    assert before <= row.created_at <= now()
    assert row.id


async def test_nothing_is_written_by_a_transaction_that_fails(database: Database) -> None:
    async def fail() -> None:
        async with database.write(1) as session:
            await insert_values(session, Event, [_event(1), _event(1)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with database.read(None) as session:
        assert not (await session.scalars(select(Event))).all()


async def test_a_parameter_that_is_missing_is_an_error(database: Database) -> None:
    async with database.read(1) as session:
        with pytest.raises(Exception, match="since"):
            await columns_of(session, _EVENTS, {"object_id": "lounge"})
