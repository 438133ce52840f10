"""Builders for the tests of mail: what it says, and a database with an organization that sends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace
from sqlalchemy import select

from switchroom.bus import Bus
from switchroom.db.database import Database
from switchroom.identity.models import Organization
from switchroom.mail.invitations import Invitation
from switchroom.mail.meeting_mails import MeetingMail, MeetingMailing, MeetingMailKind, MeetingRecipient
from switchroom.mail.models import QueuedMail
from switchroom.mail.queue import distribute, enqueue_invitations, enqueue_meeting_mails
from tests.databases import with_tables

ACCESS_KEY = "Xq3vLr8TzPw1NcYb5KdHs7MgJf2RaVe4"
JOIN_LINK = (
    "https://meet.example.org/#/join/01FHHEX2VQQ378MV7Z5NAGHESK/"
    f"4173dafb-5cde-4c85-9d1f-2f0f6c3f8a11/{ACCESS_KEY}/v2"
)
LIMIT = 60
"""Seconds that a test waits for what must happen."""

_INVITATION = Invitation(
    uid="5f0f4a52-70a5-4d6d-8c53-0c9b52f2f0be",
    sequence=0,
    to="juergen@example.org",
    guest_name="Jürgen Groß",
    organization_name="Universität Köln",
    room_name="Übungsraum Öst",
    inviter_name="Zoë Weiß",
    join_link=JOIN_LINK,
    valid_from=datetime(2025, 7, 21, 12, 0, tzinfo=UTC),
    valid_until=datetime(2025, 7, 21, 13, 30, tzinfo=UTC),
    locale="de",
    timezone="Europe/Berlin",
)


def invitation(**changes: Any) -> Invitation:
    return replace(_INVITATION, **changes)


_MEETING_MAIL = MeetingMail(
    kind=MeetingMailKind.INVITATION,
    uid="5e945c36b863b82cefdddf54@meet.example.org",
    sequence=0,
    to="juergen@example.org",
    to_name="Jürgen Groß",
    organizer_name="Zoë Weiß",
    organizer_email="zoe@example.org",
    organization_name="Universität Köln",
    topic="Übung; Öst, Teil 1",
    agenda="1. Begrüßung\n2. Fragen, Antworten; mehr",
    start=datetime(2026, 3, 24, 8, 0, tzinfo=UTC),
    end=datetime(2026, 3, 24, 9, 30, tzinfo=UTC),
    timezone="Europe/Berlin",
    join_link="https://meet.example.org/#/meeting/9974-7653-8886-0485",
    meeting_number="9974-7653-8886-0485",
    dial_in_numbers=("+49 221 1234567", "+41 44 1234567"),
    dial_in_pin="471193",
    locale="de",
)


def meeting_mail(**changes: Any) -> MeetingMail:
    return replace(_MEETING_MAIL, **changes)


def meeting_mailing(*to: str, **changes: Any) -> MeetingMailing:
    """What `meeting_mail` says, to several people."""
    mail = meeting_mail(**changes)
    of_one = {"to", "to_name", "role"}
    return MeetingMailing(
        **{name: getattr(mail, name) for name in mail.__struct_fields__ if name not in of_one},
        recipients=tuple(
            MeetingRecipient(
                to=one, to_name=mail.to_name, role=mail.role, join_link=mail.join_link, locale=mail.locale
            )
            for one in to
        ),
    )


class Sender:
    """An organization, and the queue it puts its mail into."""

    def __init__(self, database: Database, bus: Bus, organization_id: int) -> None:
        self.database = database
        self.bus = bus
        self.organization_id = organization_id

    async def invite(self, **changes: Any) -> str:
        async with self.database.write(self.organization_id) as session:
            mails = [invitation(**changes)]
            return (await enqueue_invitations(session, self.organization_id, mails))[0]

    async def tell(self, **changes: Any) -> str:
        """Queue a mail about a meeting, to one person. Returns its id."""
        mail = meeting_mail(**changes)
        await self.tell_all(mail.to, **{name: value for name, value in changes.items() if name != "to"})
        await self.distribute()
        async with self.database.read(self.organization_id) as session:
            ids = await session.scalars(select(QueuedMail.id).where(QueuedMail.recipient == mail.to))
            return max(ids)

    async def tell_all(self, *to: str, **changes: Any) -> None:
        """Queue the same to several people, whose mails nobody has come upon yet."""
        async with self.database.write(self.organization_id) as session:
            await enqueue_meeting_mails(session, self.organization_id, meeting_mailing(*to, **changes))

    async def distribute(self) -> None:
        """Do what delivery does when it comes upon a mail to several."""
        async with self.database.write(self.organization_id) as session:
            together = await session.scalars(select(QueuedMail).where(QueuedMail.recipient == ""))
            for one in together.all():
                await distribute(session, one)

    async def mail(self, mail_id: str) -> QueuedMail:
        async with self.database.read(self.organization_id) as session:
            return (await session.scalars(select(QueuedMail).where(QueuedMail.id == mail_id))).one()

    async def state(self, mail_id: str) -> str:
        return (await self.mail(mail_id)).state

    async def until(self, mail_id: str, state: str) -> QueuedMail:
        async def reached() -> bool:
            return await self.state(mail_id) == state

        await eventually(reached)
        return await self.mail(mail_id)


@asynccontextmanager
async def sender(database_url: str) -> AsyncGenerator[Sender]:
    async with with_tables(database_url) as (database, bus):
        async with database.write(None) as session:
            organization = Organization(ulid="01FHHEX2VQQ378MV7Z5NAGHESK", display_name="Universität Köln")
            session.add(organization)
            await session.flush()
        yield Sender(database, bus, organization.id)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Look until it is so. Raises TimeoutError."""
    async with asyncio.timeout(LIMIT):
        while not await condition():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
