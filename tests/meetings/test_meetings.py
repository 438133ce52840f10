"""Scheduling and changing meetings: who is told what, and what becomes of who was invited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from switchroom.errors import Invalid
from switchroom.identity.models import Revocation
from switchroom.mail.meeting_mails import MeetingMail, MeetingRole
from switchroom.mail.models import MailState, QueuedMail
from switchroom.mail.queue import distribute, read_payload
from switchroom.meetings.drafts import InviteeDraft, MeetingDraft
from switchroom.meetings.models import Invitee, Meeting
from switchroom.meetings.recurrence import FrequencyType, Recurrence
from switchroom.meetings.views import MeetingView
from switchroom.rooms.models import Room
from tests.meetings.own_tenant import OwnTenant, own_tenant

ANNE = InviteeDraft(email="anne@example.org", first_name="Änne", last_name="Weiß", locale="de")
BERT = InviteeDraft(email="bert@example.org", role=MeetingRole.MODERATOR)
CARL = InviteeDraft(email="carl@münchen.example", first_name="Çarl", last_name="Ørsted 🎉")
DAILY = Recurrence(frequency_type=FrequencyType.DAILY)
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


@pytest.fixture
async def acme(database_url: str) -> AsyncGenerator[OwnTenant]:
    async with own_tenant(database_url) as opened:
        yield opened


async def test_those_invited_get_an_invitation(acme: OwnTenant) -> None:
    planned = await acme.plan("Übung", start=TOMORROW, invitees=[ANNE, BERT, CARL])

    mails = await _waiting(acme)
    assert [(mail.to, mail.to_name, mail.kind, mail.locale) for mail in mails] == [
        ("anne@example.org", "Änne Weiß", "invitation", "de"),
        ("bert@example.org", "", "invitation", "en"),
        ("carl@münchen.example", "Çarl Ørsted 🎉", "invitation", "en"),
    ]
    assert {mail.uid for mail in mails} == {f"{planned.meeting.hex_id}@meet.example.org"}
    assert len({mail.join_link for mail in mails}) == 3
    assert [mail.join_link.rpartition("/")[2] for mail in mails] == [
        one.access_key for one in planned.invitees
    ]


async def test_who_hears_what_of_a_change(acme: OwnTenant) -> None:
    planned = await acme.plan(start=TOMORROW, invitees=[ANNE, BERT])
    keys = _keys(planned)
    changed = await _update(acme, planned, invitees=[CARL, BERT])

    assert await _told(acme) == {
        # Anne's invitation had not left yet, and gives way.
        "anne@example.org": ("cancellation", 1),
        "bert@example.org": ("update", 1),
        "carl@münchen.example": ("invitation", 1),
    }
    assert [one.email for one in changed.invitees] == ["bert@example.org", "carl@münchen.example"]
    assert _keys(changed)["bert@example.org"] == keys["bert@example.org"]
    assert await acme.count(Invitee) == 2


async def test_a_withdrawn_invitee_s_tokens_are_void(acme: OwnTenant) -> None:
    planned = await acme.plan(start=TOMORROW, invitees=[ANNE, BERT])
    withdrawn = planned.invitees[0].id
    await _update(acme, planned, invitees=[BERT])

    async with acme.database.read(None) as session:
        assert [row.subject_id for row in await session.scalars(select(Revocation))] == [withdrawn]


async def test_without_a_list_everybody_stays(acme: OwnTenant) -> None:
    planned = await acme.plan(start=TOMORROW, invitees=[ANNE, BERT])
    changed = await _update(acme, planned, topic="Other")

    assert _keys(changed) == _keys(planned)
    assert await _told(acme) == {"anne@example.org": ("update", 1), "bert@example.org": ("update", 1)}
    assert (await _update(acme, planned, invitees=[])).invitees == []
    assert await _told(acme) == {
        "anne@example.org": ("cancellation", 2),
        "bert@example.org": ("cancellation", 2),
    }


async def test_somebody_named_twice_counts_as_named_last(acme: OwnTenant) -> None:
    again = InviteeDraft(email="ANNE@Example.ORG", first_name="Anna", role=MeetingRole.MODERATOR)
    planned = await acme.plan(start=TOMORROW, invitees=[ANNE, BERT, again])

    assert [(one.email, one.first_name, one.role) for one in planned.invitees] == [
        ("anne@example.org", "Anna", "moderator"),
        ("bert@example.org", "", "moderator"),
    ]
    assert len(await _waiting(acme)) == 2


async def test_a_change_that_is_refused_leaves_nothing(acme: OwnTenant) -> None:
    planned = await acme.plan("As it was", start=TOMORROW, invitees=[ANNE, BERT])
    before = await _told(acme)
    for draft in (
        MeetingDraft(topic="New", invitees=[CARL], end=TOMORROW - timedelta(hours=1)),
        MeetingDraft(topic="New", invitees=[CARL, InviteeDraft(email="bad")]),
        MeetingDraft(topic="New", invitees=[CARL], permission_group_id="nothing"),
        MeetingDraft(topic="New", invitees=[CARL], timezone="Mars"),
    ):
        with pytest.raises(Invalid):
            await acme.meetings.update(acme.actor, planned.hex_id, draft, series=True)
    shown = await acme.shown(planned)

    assert (shown.meeting.topic, shown.meeting.sequence) == ("As it was", 0)
    assert _keys(shown) == _keys(planned)
    assert await _told(acme) == before
    assert await acme.events("meeting.updated") == []


async def test_a_meeting_that_is_refused_leaves_nothing(acme: OwnTenant) -> None:
    for draft in (
        MeetingDraft(topic="x", invitees=[ANNE, InviteeDraft(email="bad")]),
        MeetingDraft(topic="x", invitees=[ANNE], permission_group_id="nothing"),
        MeetingDraft(topic="x", invitees=[ANNE] * 1001),
        MeetingDraft(invitees=[ANNE]),
    ):
        with pytest.raises(Invalid):
            await acme.meetings.schedule(acme.actor, draft)

    counts = [await acme.count(table) for table in (Meeting, Room, Invitee, QueuedMail)]
    assert counts == [0, 0, 0, 0]
    assert await acme.events("meeting.created") == []


async def test_changes_at_once(acme: OwnTenant) -> None:
    """Each exchanges everybody invited: in the end it is one list, and everyone was told what holds."""
    planned = await acme.plan(start=TOMORROW, invitees=[ANNE])
    lists = [[ANNE, BERT], [BERT, CARL], [CARL], [ANNE, CARL], [BERT]]
    await asyncio.gather(*(_update(acme, planned, invitees=one) for one in lists))
    shown = await acme.shown(planned)

    assert shown.meeting.sequence == len(lists)
    invited = {one.email for one in shown.invitees}
    assert invited in [{one.email for one in wanted} for wanted in lists]
    told = await _told(acme)
    assert {email for email, (kind, _) in told.items() if kind != "cancellation"} == invited
    assert await acme.count(Invitee) == len(invited)


async def test_changing_and_canceling_at_once(acme: OwnTenant) -> None:
    """Whatever comes first, the last that people hear is that it does not take place."""
    planned = await acme.plan(start=TOMORROW, invitees=[ANNE])
    cancel = acme.meetings.cancel(acme.actor, planned.hex_id, series=True)
    await asyncio.gather(_update(acme, planned, topic="New"), cancel, return_exceptions=True)

    told = await _told(acme)
    assert told["anne@example.org"][0] == "cancellation"
    assert await acme.meetings.list(acme.actor) == []


async def test_a_series_and_one_of_it_are_told_apart(acme: OwnTenant) -> None:
    planned = await acme.plan(start=TOMORROW, invitees=[ANNE], recurrence=DAILY)
    second = (await acme.meetings.list(acme.actor, from_=TOMORROW, limit=2))[1]
    await acme.meetings.update(acme.actor, second.hex_id, MeetingDraft(topic="Special"), series=False)
    await acme.meetings.cancel(acme.actor, planned.hex_id, series=False)

    mails = await _waiting(acme)
    first_start, second_start = TOMORROW, TOMORROW + timedelta(days=1)
    assert [(mail.kind, mail.sequence, mail.recurrence_id, bool(mail.recurrence)) for mail in mails] == [
        ("invitation", 0, None, True),
        ("update", 1, second_start, False),
        ("cancellation", 2, first_start, False),
    ]
    await acme.meetings.cancel(acme.actor, second.hex_id, series=True)
    (last,) = await _waiting(acme)
    assert (last.kind, last.sequence, last.recurrence_id) == ("cancellation", 3, None)


async def test_closing_and_canceling_puts_people_out(acme: OwnTenant) -> None:
    on = await acme.plan("On")
    to_come = await acme.plan("To come", start=TOMORROW, recurrence=DAILY)
    await acme.meetings.close(acme.actor, on.hex_id)
    assert acme.over == [on.meeting.room_id]
    await acme.meetings.cancel(acme.actor, to_come.hex_id, series=False)
    assert acme.over == [on.meeting.room_id]
    following = await acme.shown(to_come)
    await acme.meetings.cancel(acme.actor, following.hex_id, series=True)
    assert acme.over == [on.meeting.room_id, to_come.meeting.room_id]


async def test_what_is_in_the_log(acme: OwnTenant) -> None:
    planned = await acme.plan("Geheim", start=TOMORROW, invitees=[ANNE])
    await _update(acme, planned, topic="Offen")
    await acme.meetings.cancel(acme.actor, planned.hex_id, series=True)

    for kind, topic, sequence in (
        ("meeting.created", "Geheim", 0),
        ("meeting.updated", "Offen", 1),
        ("meeting.canceled", "Offen", 2),
    ):
        (event,) = await acme.events(kind)
        assert event.object_id == planned.meeting.id
        assert (event.data["topic"], event.data["sequence"], event.data["invited"]) == (topic, sequence, 1)
        said = str(event.data)
        assert planned.meeting.organizer_key not in said
        assert planned.invitees[0].access_key not in said


async def _update(acme: OwnTenant, planned: MeetingView, **draft: Any) -> MeetingView:
    return await acme.meetings.update(acme.actor, planned.meeting.hex_id, MeetingDraft(**draft), series=True)


async def _waiting(acme: OwnTenant) -> list[MeetingMail]:
    """The mails that wait to leave, in the order in which they were queued, by address."""
    async with acme.database.write(None) as session:
        for together in (await session.scalars(select(QueuedMail).where(QueuedMail.recipient == ""))).all():
            await distribute(session, together)
        rows = await session.scalars(
            select(QueuedMail).where(QueuedMail.state == MailState.QUEUED).order_by(QueuedMail.created_at)
        )
        found = [read_payload(row.payload) for row in rows]
    mails = [mail for mail in found if isinstance(mail, MeetingMail)]
    return sorted(mails, key=lambda mail: (mail.sequence, mail.to))


async def _told(acme: OwnTenant) -> dict[str, tuple[str, int]]:
    """The last that each hears."""
    return {mail.to: (str(mail.kind), mail.sequence) for mail in await _waiting(acme)}


def _keys(shown: MeetingView) -> dict[str, str]:
    return {one.email: one.access_key for one in shown.invitees}
