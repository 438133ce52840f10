"""The review of a large meeting: 1,000 people inside and as many invited, on SQLite."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from itertools import cycle
from pathlib import Path

from sqlalchemy import update

from benchmarks.figures import Direction, Result, Series, Target
from switchroom.accounts.organizers import Actor
from switchroom.conference.messages import Join
from switchroom.conference.signalling.connection import QueuedConnection
from switchroom.db.database import Database
from switchroom.identity.models import PermissionGroup
from switchroom.identity.permissions import PARTICIPANT, Permission, Role, Standing
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.mail.meeting_mails import MeetingRole
from switchroom.meetings.drafts import MeetingDraft
from switchroom.meetings.models import Invitee, Meeting
from switchroom.platform.build import Platform
from switchroom.rooms.models import Room
from switchroom.settings import Settings

PEOPLE = 1000
NOTHING_AT_MOST = 6.0
EVERYBODY_AT_MOST = 30.0
_LIMIT = 60.0


async def measure(directory: Path, *, rounds: int) -> Result:
    lookups: list[float] = []
    nothing: list[float] = []
    everybody: list[float] = []
    platform = Platform(Settings(data=str(directory)))
    database = platform.storage.database
    async with platform.running():
        meeting = await _meeting(platform)
        groups = cycle([await _group(database, meeting), None])
        await platform.live.start()
        async with _filled(platform, meeting):
            await _review(platform, meeting)
            for _ in range(rounds):
                lookups.append(await asyncio.to_thread(_lookups, directory / "switchroom.db"))
                nothing.append(await _review(platform, meeting))
                await _give(database, meeting, next(groups))
                everybody.append(await _review(platform, meeting))
        await platform.live.stop()
    yardstick = Series(
        name=f"{PEOPLE:,} people invited, each looked up in bare sqlite3",
        unit="s",
        values=lookups,
        is_yardstick=True,
    )
    still = Series(name="a review that finds nothing new", unit="s", values=nothing)
    changed = Series(name="a review after which everybody may do less, or more", unit="s", values=everybody)
    over = [one.over(yardstick, f"{one.name}, over the yardstick") for one in (still, changed)]
    return Result(
        title="Review of a large meeting",
        series=[yardstick, still, changed, *over],
        targets=[
            Target(one, Direction.AT_MOST, bound)
            for one, bound in zip(over, (NOTHING_AT_MOST, EVERYBODY_AT_MOST), strict=True)
        ],
        notes=[
            f"Processor time of the process that has the room. {PEOPLE:,} people are inside, each of them "
            "invited; the sockets that they are told over take everything at once.",
        ],
    )


async def _meeting(platform: Platform) -> Meeting:
    """A meeting with as many places, and people invited, as come."""
    organization = await platform.found_organization("Large")
    organizer = await platform.identity.organizations.add_person(
        organization,
        username="organizer@bench.example",
        password=secrets.token_hex(16),
        standing=Standing.ADMINISTRATOR,
    )
    actor = Actor(organization.id, organizer.id, administers=True)
    shown = await platform.meetings.meetings.schedule(actor, MeetingDraft(topic="Everybody"))
    async with platform.storage.database.write(organization.id) as session:
        await session.execute(
            update(Room).where(Room.id == shown.meeting.room_id).values(active_limit=PEOPLE)
        )
        session.add_all(
            Invitee(
                organization_id=organization.id,
                id=_invitee_id(number),
                meeting_id=shown.meeting.id,
                email=f"person{number}@bench.example",
                role=MeetingRole.MODERATOR if number < 3 else MeetingRole.PARTICIPANT,
                access_key=f"{number:032}",
                position=number,
            )
            for number in range(PEOPLE)
        )
    return shown.meeting


async def _group(database: Database, meeting: Meeting) -> str:
    """The id of a group of permissions without the one to chat."""
    async with database.write(meeting.organization_id) as session:
        group = PermissionGroup(
            organization_id=meeting.organization_id,
            name="Silent",
            position=100,
            role=int(Role.PARTICIPANT),
            permissions=int(PARTICIPANT & ~Permission.CHAT),
        )
        session.add(group)
        await session.flush()
        return group.id


async def _give(database: Database, meeting: Meeting, group: str | None) -> None:
    async with database.write(meeting.organization_id) as session:
        await session.execute(
            update(Meeting).where(Meeting.id == meeting.id).values(permission_group_id=group)
        )


@asynccontextmanager
async def _filled(platform: Platform, meeting: Meeting) -> AsyncGenerator[None]:
    """Everybody invited is inside while the block runs."""
    connections = [QueuedConnection(_Sink()) for _ in range(PEOPLE)]
    writers = [asyncio.create_task(one.write()) for one in connections]
    for number, connection in enumerate(connections):
        token = platform.identity.signer.sign(_claims(meeting, number))
        await platform.live.service.join(Join(token=token, room_id=meeting.room_id), connection)
    yield
    for writer in writers:
        writer.cancel()
    await asyncio.gather(*writers, return_exceptions=True)


class _Sink:
    """A browser's socket that takes everything at once."""

    async def send_text(self, data: str, /) -> None:
        pass


def _claims(meeting: Meeting, number: int) -> AccessToken:
    moment = time.time()
    return AccessToken(
        organization_id=meeting.organization_id,
        company_id="",
        subject_id=_invitee_id(number),
        kind=SubjectKind.GUEST,
        issued_at=moment,
        expires_at=int(moment) + 3600,
        administration=0,
        display_name=f"Person {number}",
        room_id=meeting.room_id,
        link_id=_invitee_id(number),
    )


def _invitee_id(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


async def _review(platform: Platform, meeting: Meeting) -> float:
    """The seconds of processor time until a review is done, and everybody has been told."""
    done = asyncio.Event()
    service = platform.live.service
    service.on_change = lambda room_id: done.set()
    started = time.process_time()
    service.review(meeting.room_id)
    async with asyncio.timeout(_LIMIT):
        await done.wait()
    await asyncio.sleep(0)
    return time.process_time() - started


def _lookups(database: Path) -> float:
    with closing(sqlite3.connect(database)) as connection:
        started = time.thread_time()
        for number in range(PEOPLE):
            row = connection.execute(
                "SELECT * FROM meeting_invitees WHERE id = ?", (_invitee_id(number),)
            ).fetchone()
            assert row is not None
        return time.thread_time() - started
