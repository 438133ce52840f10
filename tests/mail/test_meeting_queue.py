"""Which mails about meetings are sent, and which are overtaken by newer ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select, update

from switchroom.mail.meeting_mails import DifferentOccurrence, MeetingMailKind
from switchroom.mail.models import QueuedMail
from switchroom.mail.queue import read_payload
from tests.mail.delivering import delivering
from tests.mail.mail_server import MailServer
from tests.mail.post import Sender, invitation, meeting_mail

INVITATION, UPDATE, CANCELLATION = MeetingMailKind
OCCURRENCE = datetime(2026, 4, 7, 7, tzinfo=UTC)
ANNA, BEN = "anna@example.org", "ben@example.org"


async def test_everyone_gets_a_mail_of_their_own(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    await organization.tell_all(ANNA, BEN)
    guest = await organization.invite()

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        await post.accepts(3)
        await organization.until(guest, "sent")

    assert len(set(post.ids)) == 3
    assert sorted(post.recipients) == [ANNA, BEN, "juergen@example.org"]


async def test_a_mail_to_several_that_cannot_be_read_stops_nobody(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    await organization.tell_all(ANNA, BEN)
    async with organization.database.write(organization.organization_id) as session:
        await session.execute(update(QueuedMail).values(payload="{}"))
    guest = await organization.invite()

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        await organization.until(guest, "sent")

    async with organization.database.read(organization.organization_id) as session:
        broken = (await session.scalars(select(QueuedMail).where(QueuedMail.recipient == ""))).one()
    assert (broken.state, broken.payload) == ("failed", "")


async def test_a_newer_mail_takes_the_place_of_one_to_several(organization: Sender) -> None:
    """Nobody has come upon the first yet: of it only Ben's mail is left."""
    await organization.tell_all(ANNA, BEN)
    await organization.tell_all(ANNA, kind=UPDATE, sequence=1)
    await organization.distribute()

    async with organization.database.read(organization.organization_id) as session:
        mails = await session.scalars(
            select(QueuedMail).where(QueuedMail.state == "queued").order_by(QueuedMail.recipient)
        )
        waiting = [(mail.recipient, json.loads(mail.payload)["sequence"]) for mail in mails]
    assert waiting == [(ANNA, 1), (BEN, 0)]


async def test_a_newer_mail_takes_the_place_of_the_recipients_older_one(organization: Sender) -> None:
    anna, ben = await organization.tell(to=ANNA), await organization.tell(to=BEN)
    other = await organization.tell(to=ANNA, uid="another")

    newer = await organization.tell(to=ANNA, kind=UPDATE, sequence=1)

    assert await organization.state(anna) == "failed"
    assert (await organization.mail(anna)).payload == ""
    assert [await organization.state(mail) for mail in (ben, other, newer)] == ["queued"] * 3


async def test_a_host_may_have_a_long_name(organization: Sender) -> None:
    """The column holds the beginning of what names the meeting, which is enough to find it by."""
    uid = f"{'a' * 24}@{'.'.join(['h' * 60] * 4)}"
    older = await organization.tell(uid=uid)
    newer = await organization.tell(uid=uid, kind=UPDATE, sequence=1)

    assert [await organization.state(mail) for mail in (older, newer)] == ["failed", "queued"]
    assert len((await organization.mail(older)).calendar_uid) == 100


async def test_an_occurrence_and_its_series_leave_each_other_be(organization: Sender) -> None:
    series = await organization.tell(sequence=0)
    first = await organization.tell(kind=UPDATE, sequence=1, recurrence_id=OCCURRENCE)
    other = await organization.tell(kind=UPDATE, sequence=1, recurrence_id=OCCURRENCE + timedelta(days=7))
    again = await organization.tell(kind=CANCELLATION, sequence=2, recurrence_id=OCCURRENCE)
    changed = await organization.tell(kind=UPDATE, sequence=3)

    states = [await organization.state(mail) for mail in (series, first, other, again, changed)]
    assert states == ["failed", "failed", "queued", "queued", "queued"]


async def test_a_canceled_series_takes_everything_with_it(organization: Sender) -> None:
    series = await organization.tell(sequence=0)
    occurrence = await organization.tell(kind=UPDATE, sequence=1, recurrence_id=OCCURRENCE)
    of_ben = await organization.tell(to=BEN, kind=UPDATE, sequence=1, recurrence_id=OCCURRENCE)

    canceled = await organization.tell(kind=CANCELLATION, sequence=2)

    states = [await organization.state(mail) for mail in (series, occurrence, of_ben, canceled)]
    assert states == ["failed", "failed", "queued", "queued"]


async def test_an_invitation_queued_before_there_were_meetings_arrives(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    task_id = await organization.invite()
    async with organization.database.write(organization.organization_id) as session:
        payload = await session.scalar(select(QueuedMail.payload))
        assert payload
        untagged = {name: value for name, value in json.loads(payload).items() if name != "type"}
        assert "room_name" in untagged
        await session.execute(update(QueuedMail).values(payload=json.dumps(untagged)))

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        await organization.until(task_id, "sent")

    assert post.accepted[0]["Subject"] == "Einladung: Übungsraum Öst – Universität Köln"


async def test_what_is_queued_is_read_as_it_was(organization: Sender) -> None:
    different = DifferentOccurrence(recurrence_id=OCCURRENCE, start=OCCURRENCE, end=OCCURRENCE, topic="Ü")
    changes = {
        "recurrence": "FREQ=DAILY",
        "excluded": (OCCURRENCE,),
        "different": (different,),
        "recurrence_id": OCCURRENCE,
    }
    about_meeting = await organization.mail(await organization.tell(**changes))
    guest = await organization.mail(await organization.invite())

    assert read_payload(about_meeting.payload) == meeting_mail(**changes)
    assert read_payload(guest.payload) == invitation()


async def test_mail_queued_before_series_told_of_what_is_different_arrives(organization: Sender) -> None:
    mail = await organization.mail(await organization.tell(recurrence="FREQ=DAILY"))
    before = {name: value for name, value in json.loads(mail.payload).items() if name != "different"}

    assert "excluded" in before
    assert read_payload(json.dumps(before)) == meeting_mail(recurrence="FREQ=DAILY")


async def test_a_pin_is_not_repeated_from_the_servers_answer(
    organization: Sender, post: MailServer, tmp_path: Path
) -> None:
    post.answers = ["554 5.7.1 the text PIN: 471193 is not wanted"]

    async with delivering(organization, f"smtp://127.0.0.1:{post.port}", tmp_path):
        mail = await organization.until(await organization.tell(), "failed")

    assert "is not wanted" in mail.last_error
    assert "471193" not in mail.last_error
