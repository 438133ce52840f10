"""What is written in meetings is kept, whatever somebody manages to write beside it."""

from __future__ import annotations

from sqlalchemy import select

from switchroom.meetings.models import MeetingChatMessage
from switchroom.meetings.transcript import MeetingTranscript
from tests.meetings.own_tenant import own_tenant


async def test_a_line_that_cannot_be_kept_holds_up_no_others(database_url: str) -> None:
    async with own_tenant(database_url) as acme:
        meeting, another = (await acme.plan("One")).meeting, (await acme.plan("Another")).meeting
        transcript = MeetingTranscript(acme.database)
        transcript.note(acme.organization.id, meeting.id, "Grace", "bad\0text")
        transcript.note(acme.organization.id, another.id, "Grace", "fine")
        transcript.note(acme.organization.id, another.id, "N" * 500, "long")
        await transcript.finish()
        async with acme.database.read(None) as session:
            query = select(MeetingChatMessage).where(MeetingChatMessage.meeting_id == another.id)
            lines = (await session.scalars(query.order_by(MeetingChatMessage.id))).all()
    assert [(line.sender_name, line.text) for line in lines] == [("Grace", "fine"), ("N" * 200, "long")]
