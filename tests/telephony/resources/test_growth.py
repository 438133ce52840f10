"""A page of a list takes as much of the database's work however many there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from switchroom.db.database import Database
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.secrets import Passwords
from switchroom.platform.schema import bring_up_to_date
from switchroom.telephony.calls.loader import Loader
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.calls_history import CallHistory, CallRecord, HistoryQuery, RecordPlace
from switchroom.telephony.resources.devices import Device, Devices
from switchroom.telephony.resources.directories import ContactNumber, ContactRow, Directories
from switchroom.telephony.resources.realms import SipRealm
from switchroom.telephony.resources.resource import ListQuery
from switchroom.telephony.resources.service import Resources
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.routing.numbers import ending
from tests.db.work import Ask, Steps, rows_passed
from tests.postgresql import new_database

SMALL, LARGE = 3_000, 18_000
LIMIT = 100
BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


class Filled:
    """An account with so many devices, contacts and calls, beside another with as many; half of the devices
    and of the calls are one user's."""

    def __init__(self, database: Database, account: int, user: int, number: int, first: int) -> None:
        kinds = (Devices(), Directories())
        vault = Vault(b"secret")
        resources = Resources(database, Passwords(), vault, kinds, "example.org")
        loader = Loader(database, vault, resources.kinds)
        history = CallHistory(database)
        admin, person = Actor(account, Level.ADMIN), Actor(account, Level.USER, user)
        middle = first + number // 2
        moment = BEGUN + timedelta(seconds=number // 2)
        records = {
            "calls": HistoryQuery(limit=LIMIT),
            "calls after": HistoryQuery(limit=LIMIT, after=RecordPlace(moment, 0)),
            "calls of a day": HistoryQuery(limit=LIMIT, since=moment, until=moment + timedelta(days=1)),
            "incoming calls": HistoryQuery(limit=LIMIT, direction="incoming", after=RecordPlace(moment, 0)),
            "calls of a user": HistoryQuery(limit=LIMIT, owner_id=user, after=RecordPlace(moment, 0)),
        }
        self.database = database
        self.asks: dict[str, Ask] = {
            name: partial(history.page, admin, query) for name, query in records.items()
        }
        self.asks["a user's own calls"] = partial(history.page, person, HistoryQuery(limit=LIMIT))
        for kind in kinds:
            for name, query in (
                ("first", ListQuery(limit=LIMIT)),
                ("middle", ListQuery(limit=LIMIT, after=middle)),
            ):
                self.asks[f"{name} {kind.name}"] = partial(resources.list, admin, kind, query)
        own = ListQuery(limit=LIMIT, filters={"owner_id": user})
        self.asks["devices of a user"] = partial(resources.list, admin, kinds[0], own)
        self.asks["a user's own devices"] = partial(resources.list, person, kinds[0], ListQuery(limit=LIMIT))
        for name, caller in (("known", _number(number)), ("known to others", _OF_THE_OTHERS)):
            self.asks[f"a caller {name}"] = partial(loader.contact_name, account, caller, "DE")


async def _account(database: Database) -> tuple[int, int]:
    """An account, and a user of it."""
    async with database.write(None) as session:
        organization = Organization(ulid="0" * 26, display_name="Acme")
        person = Person(username="a@example.org", password_hash="")
        session.add_all([organization, person])
        await session.flush()
        membership = Membership(organization_id=organization.id, person_id=person.id, standing="participant")
        session.add(membership)
        await session.flush()
        return organization.id, membership.id


async def filled(database: Database, number: int) -> Filled:
    await bring_up_to_date(database)
    async with database.write(None) as session:
        organizations = [Organization(ulid=f"{n:026d}", display_name="Acme") for n in range(2)]
        person = Person(username="a@example.org", password_hash="")
        session.add_all([*organizations, person])
        await session.flush()
        membership = Membership(
            organization_id=organizations[0].id, person_id=person.id, standing="participant"
        )
        session.add(membership)
        await session.flush()
        for organization in organizations:
            user = membership.id if organization is organizations[0] else None
            session.add(SipRealm(organization_id=organization.id, realm=f"{organization.id}.example.org"))
            await session.flush()
            await session.execute(insert(Device), _devices(organization.id, user, number))
            await session.execute(insert(ContactRow), _contacts(organization.id, number))
            contacts = select(ContactRow.id).where(ContactRow.organization_id == organization.id)
            ids = (await session.scalars(contacts.order_by(ContactRow.id))).all()
            numbers = _contact_numbers(organization.id, ids, of_all="" if user else _OF_THE_OTHERS)
            await session.execute(insert(ContactNumber), numbers)
            await session.execute(insert(CallRecord), _calls(organization.id, user, number))
    return Filled(database, organizations[0].id, membership.id, number, 1)


def _devices(account: int, user: int | None, number: int) -> list[dict[str, object]]:
    return [
        {
            "organization_id": account,
            "owner_id": user if n % 2 else None,
            "username": f"{account}-{n}",
            "realm": f"{account}.example.org",
        }
        for n in range(number)
    ]


_OF_THE_OTHERS = "+49305550100"
"""A number that all contacts of the other account have."""


def _number(n: int) -> str:
    """The number of the contact that is made so late."""
    return f"+4930{n:07d}"


def _contacts(account: int, number: int) -> list[dict[str, object]]:
    return [
        {
            "organization_id": account,
            "name": str(n),
            "search_text": "",
            "details": {"details": {"phone_numbers": {"mobiles": [_number(n)]}}},
        }
        for n in range(1, number + 1)
    ]


def _contact_numbers(account: int, ids: Sequence[int], of_all: str) -> list[dict[str, object]]:
    return [
        {"organization_id": account, "contact_id": one, "ending": ending(of_all or _number(n))}
        for n, one in enumerate(ids, 1)
    ]


def _calls(account: int, user: int | None, number: int) -> list[dict[str, object]]:
    return [
        {
            "organization_id": account,
            "owner_id": user if n % 2 else None,
            "direction": ("incoming", "outgoing", "internal")[n % 3],
            "started_at": BEGUN + timedelta(seconds=n),
        }
        for n in range(number)
    ]


async def test_on_sqlite(tmp_path: Path) -> None:
    counts: list[Mapping[str, int]] = []
    for number in (SMALL, LARGE):
        database = Database(f"sqlite+aiosqlite:///{tmp_path / str(number)}.db")
        found = await filled(database, number)
        steps = Steps(database.engine)
        await database.engine.dispose()
        for ask in found.asks.values():
            await ask()
        counts.append({name: await steps.of(ask) for name, ask in found.asks.items()})
        await database.close()
    small, large = counts
    assert all(small.values())
    grown = {name: (small[name], large[name]) for name in small if large[name] > 1.2 * small[name] + 200}
    assert not grown


_MILLION = text(
    """
    WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :last)
    INSERT INTO call_records (
        organization_id, direction, started_at, is_live, owner_id, caller_user_id,
        caller_id_name, caller_id_number, callee_id_name, callee_id_number, caller_callid, callee_callid,
        duration_seconds, billing_seconds, ringing_seconds, hangup_cause, details
    )
    SELECT
        :account, iif(n % 3, 'incoming', 'internal'), n * 1000000, n % 1000 = 0,
        iif(n % 2, :user, NULL), iif(n % 2, NULL, :user),
        '', '', '', '', '', '', 0, 0, 0, 'NORMAL_CLEARING', '{}'
    FROM numbers
    """
)
"""Calls, half of them to a user and half by the user, of which some are still up."""


@pytest.mark.slow
async def test_a_page_of_a_million_calls(tmp_path: Path) -> None:
    counts: list[Mapping[str, int]] = []
    for number in (1_000, 1_000_000):
        database = Database(f"sqlite+aiosqlite:///{tmp_path / str(number)}.db")
        await bring_up_to_date(database)
        account, user = await _account(database)
        async with database.write(None) as session:
            await session.execute(_MILLION, {"last": number - 1, "account": account, "user": user})
        steps = Steps(database.engine)
        await database.engine.dispose()
        history = CallHistory(database)
        admin, person = Actor(account, Level.ADMIN), Actor(account, Level.USER, user)
        late = RecordPlace(datetime.fromtimestamp(number - 500, UTC), 0)
        asks: dict[str, Ask] = {
            "all": partial(history.page, admin, HistoryQuery(limit=LIMIT)),
            "later": partial(history.page, admin, HistoryQuery(limit=LIMIT, after=late)),
            "incoming": partial(
                history.page, admin, HistoryQuery(limit=LIMIT, direction="incoming", after=late)
            ),
            "own": partial(history.page, person, HistoryQuery(limit=LIMIT, after=late)),
        }
        for ask in asks.values():
            assert len((await ask()).records) == LIMIT
        counts.append({name: await steps.of(ask) for name, ask in asks.items()})
        await database.close()
    small, large = counts
    assert all(small.values())
    assert not {name: (small[name], large[name]) for name in small if large[name] > 1.2 * small[name]}


async def test_on_postgresql(postgresql_url: str) -> None:
    database = Database(await new_database(postgresql_url))
    found = await filled(database, LARGE)
    passed = {name: await rows_passed(database.engine, ask) for name, ask in found.asks.items()}
    await database.close()
    assert not {name: one for name, one in passed.items() if one[0] > 4 * LIMIT}
