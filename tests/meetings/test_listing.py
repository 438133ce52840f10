"""The list of an organizer's meetings beside all their occurrences, made one meeting after the other."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from switchroom.meetings import occurrences
from switchroom.meetings.drafts import MeetingDraft
from switchroom.meetings.listing import expanded
from switchroom.meetings.models import Meeting
from switchroom.meetings.recurrence import (
    EndsType,
    FrequencyType,
    MonthlyPattern,
    Recurrence,
    not_before,
    occurrence_starts,
)
from switchroom.meetings.views import changes_of
from tests.meetings.own_tenant import OwnTenant, own_tenant

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC")
BEGIN = datetime(2031, 3, 1, 1, 30, tzinfo=UTC)
"""Clocks are put forward in the weeks after it."""


def _recurrence(chance: random.Random) -> Recurrence:
    ends = chance.choice((EndsType.NEVER, EndsType.AFTER))
    return Recurrence(
        frequency_type=chance.choice(list(FrequencyType)),
        frequency=chance.choice((1, 1, 2, 5)),
        monthly_pattern=chance.choice(list(MonthlyPattern)),
        ends_type=ends,
        ends_after=chance.randint(2, 30) if ends is EndsType.AFTER else 0,
    )


def test_no_occurrence_begins_before_it_is_said_to() -> None:
    chance = random.Random(11)
    for _ in range(2000):
        recurrence, zone = _recurrence(chance), chance.choice(ZONES)
        start = BEGIN + timedelta(minutes=chance.randrange(0, 60 * 24 * 40, 15))
        moment = start + timedelta(minutes=chance.randrange(-100_000, 400_000))

        first = occurrence_starts(recurrence, start, zone, from_=moment, limit=1)

        if first:
            assert not_before(recurrence, start, zone, moment) <= first[0], (recurrence, zone, start, moment)


@pytest.mark.parametrize("seed", range(4))
async def test_the_list_is_what_all_meetings_together_have(database_url: str, seed: int) -> None:
    chance = random.Random(seed)
    async with own_tenant(database_url) as acme:
        for number in range(25):
            start = BEGIN + timedelta(minutes=chance.randrange(0, 60 * 24 * 60, 30))
            end = start + timedelta(minutes=chance.choice((30, 60, 1440)))
            recurrence = _recurrence(chance) if number % 3 else None
            planned = await acme.plan(f"{number}", start=start, end=end, recurrence=recurrence)
            if recurrence is not None and number % 2:
                await _move_one(acme, planned.meeting, chance)

        for _ in range(12):
            from_ = BEGIN + timedelta(hours=chance.randrange(-100, 3000)) if chance.random() < 0.8 else None
            to = (from_ or BEGIN) + timedelta(hours=chance.randrange(1, 2000))
            most = chance.choice((1, 7, 60))
            until = to if from_ is None or chance.random() < 0.7 else None

            listed = await _listed(acme, from_, until, most)

            assert listed == await _one_after_the_other(acme, from_, until, most)


async def _move_one(acme: OwnTenant, meeting: Meeting, chance: random.Random) -> None:
    """Somewhere else, perhaps far from the others of its series; and cancel another."""
    some = occurrences.occurrences(meeting, {}, limit=3)
    moved = occurrences.id_of(meeting, some[1])
    start = some[1].start + timedelta(hours=chance.randrange(-600, 1500))
    draft = MeetingDraft(start=start, end=start + timedelta(hours=chance.choice((1, 30))))
    await acme.meetings.update(acme.actor, moved, draft, series=False)
    if len(some) > 2:
        await acme.meetings.cancel(acme.actor, occurrences.id_of(meeting, some[2]), series=False)


async def _listed(
    acme: OwnTenant, from_: datetime | None, until: datetime | None, most: int
) -> list[tuple[datetime, str]]:
    async with acme.database.read(acme.organization.id) as session:
        found = await expanded(session, acme.actor.person_id, from_, until, most)
    return [(one.start, meeting.id) for meeting, one in found]


async def _one_after_the_other(
    acme: OwnTenant, from_: datetime | None, until: datetime | None, most: int
) -> list[tuple[datetime, str]]:
    async with acme.database.read(acme.organization.id) as session:
        meetings = (await session.scalars(select(Meeting))).all()
        changes = await changes_of(session, meetings)
    found = [
        (one.start, meeting.id)
        for meeting in meetings
        for one in occurrences.occurrences(
            meeting, changes.get(meeting.id, {}), from_=from_, until=until, limit=most
        )
    ]
    return sorted(found)[:most]
