"""Operations on meetings for the people who schedule them: everybody with an account."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from switchroom.accounts.models import MeetingKind
from switchroom.accounts.organizers import Actor
from switchroom.db.base import now, time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.drafts import draft_of, repetition_of
from switchroom.dialects.client.messages import scheduling as messages
from switchroom.dialects.client.operations import operation
from switchroom.dialects.client.recordings import recording_entry
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.identity.authentication import require_whole
from switchroom.mail.models import MailState
from switchroom.meetings.agenda import MeetingDetails, actor_of
from switchroom.meetings.attendance import Attendance
from switchroom.meetings.occurrences import explicit_id_of
from switchroom.meetings.recordings.models import MeetingRecording
from switchroom.meetings.views import Invited, MeetingView

_AT_ONCE = 200
"""People and lines of chat told at once."""

_FEED = "/api/v6/meeting/calendar/user/"


class SchedulingOperations:
    def __init__(self, services: Services) -> None:
        self._agenda = services.agenda
        self._attendances = services.attendances
        self._calendars = services.calendars
        self._meetings = services.meetings
        self._recordings = services.recordings
        self._records = services.records
        self._signer = services.signer

    def operations(self) -> list[Operation]:
        return [
            _operation(
                "list",
                "The meetings of a time, one's own or the organization's.",
                messages.AgendaQuery,
                messages.AgendaAnswer,
                self.list,
            ),
            _operation(
                "read",
                "A meeting with all that can be changed about it.",
                messages.MeetingChoice,
                messages.ScheduledMeeting,
                self.read,
            ),
            _operation(
                "create",
                "Schedule a meeting.",
                messages.MeetingCreation,
                messages.ScheduledMeeting,
                self.create,
            ),
            _operation(
                "change",
                "Change a meeting, once or all its times.",
                messages.MeetingChange,
                messages.ScheduledMeeting,
                self.change,
            ),
            _operation(
                "cancel",
                "Call a meeting off, once or all its times.",
                messages.MeetingCancellation,
                messages.MeetingGone,
                self.cancel,
            ),
            _operation(
                "close",
                "End a meeting that is on.",
                messages.MeetingChoice,
                messages.ScheduledMeeting,
                self.close,
            ),
            _operation(
                "summary",
                "Who was in a meeting, what was written and what was recorded.",
                messages.SummaryQuery,
                messages.SummaryAnswer,
                self.summary,
            ),
            _operation(
                "terms",
                "What meetings can be on this server.",
                messages.TermsQuery,
                messages.TermsAnswer,
                self.terms,
            ),
            _operation(
                "feed",
                "The address of one's calendar feed.",
                messages.FeedQuery,
                messages.FeedAnswer,
                self.feed,
            ),
        ]

    async def list(self, _context: Context, request: messages.AgendaQuery) -> messages.AgendaAnswer:
        actor = self._actor(request.access_token)
        page = await self._agenda.between(
            actor,
            request.from_,
            request.to,
            of_everybody=request.of_everybody,
            limit=request.limit,
            offset=request.offset,
        )
        return messages.AgendaAnswer(
            meetings=[self._entry(actor, one) for one in page.meetings], has_more=page.has_more
        )

    async def read(self, _context: Context, request: messages.MeetingChoice) -> messages.ScheduledMeeting:
        return await self._read(self._actor(request.access_token), request.id)

    async def create(self, _context: Context, request: messages.MeetingCreation) -> messages.ScheduledMeeting:
        actor = self._actor(request.access_token)
        shown = await self._meetings.schedule(actor, draft_of(request.meeting, is_new=True))
        return await self._read(actor, _id_of(shown))

    async def change(self, _context: Context, request: messages.MeetingChange) -> messages.ScheduledMeeting:
        actor = self._actor(request.access_token)
        shown = await self._meetings.update(
            actor,
            request.id,
            draft_of(request.meeting, is_new=False),
            series=request.of_series,
            sequence=request.sequence,
        )
        return await self._read(actor, _id_of(shown))

    async def cancel(self, _context: Context, request: messages.MeetingCancellation) -> messages.MeetingGone:
        await self._meetings.cancel(
            self._actor(request.access_token),
            request.id,
            series=request.of_series,
            reason=request.reason,
            sequence=request.sequence,
        )
        return messages.MeetingGone(request.id)

    async def close(self, _context: Context, request: messages.MeetingChoice) -> messages.ScheduledMeeting:
        actor = self._actor(request.access_token)
        await self._meetings.close(actor, request.id)
        return await self._read(actor, request.id)

    async def summary(self, _context: Context, request: messages.SummaryQuery) -> messages.SummaryAnswer:
        found = await self._attendances.summary(self._actor(request.access_token), request.id)
        people, lines = request.people_offset, request.chat_offset
        return messages.SummaryAnswer(
            people=[stay_message(one) for one in found.participants[people : people + _AT_ONCE]],
            people_in_all=len(found.participants),
            chat=[
                messages.ChatLine(sent_at=time_of(line.sent_at), name=line.sender_name, text=line.text)
                for line in found.chat[lines : lines + _AT_ONCE]
            ],
            chat_in_all=len(found.chat),
            recordings=[self._recording(one) for one in found.recordings],
        )

    async def terms(self, _context: Context, request: messages.TermsQuery) -> messages.TermsAnswer:
        self._actor(request.access_token)
        return messages.TermsAnswer(can_record=self._records)

    async def feed(self, _context: Context, request: messages.FeedQuery) -> messages.FeedAnswer:
        claims = self._signer.verify(request.access_token)
        actor = actor_of(claims)
        require_whole(claims)  # the address has the organizer's keys, and stays good
        return messages.FeedAnswer(_FEED + await self._calendars.token_of(actor, renewed=request.is_renewed))

    def _actor(self, access_token: str) -> Actor:
        return actor_of(self._signer.verify(access_token))

    async def _read(self, actor: Actor, meeting_id: str) -> messages.ScheduledMeeting:
        return self._answer(actor, await self._agenda.details(actor, meeting_id))

    def _entry(self, actor: Actor, shown: MeetingView) -> messages.AgendaEntry:
        meeting, one = shown.meeting, shown.occurrence
        return messages.AgendaEntry(
            id=_id_of(shown),
            number=meeting.number,
            link=self._agenda.link(shown),
            topic=one.topic,
            kind=MeetingKind(meeting.kind).value,
            start=time_of(one.start),
            end=time_of(one.end),
            timezone=meeting.timezone,
            is_recurring=meeting.recurrence is not None,
            state=_state(shown),
            organizer_name=shown.organizer.display_name,
            is_own=meeting.organizer_id == actor.person_id,
        )

    def _answer(self, actor: Actor, details: MeetingDetails) -> messages.ScheduledMeeting:
        shown = details.shown
        meeting, one = shown.meeting, shown.occurrence
        local = one.start.astimezone(ZoneInfo(meeting.timezone)).replace(tzinfo=None)
        return messages.ScheduledMeeting(
            id=_id_of(shown),
            number=meeting.number,
            link=self._agenda.link(shown),
            topic=one.topic,
            agenda=one.agenda,
            kind=MeetingKind(meeting.kind).value,
            start=time_of(one.start),
            end=time_of(one.end),
            local_start=local.isoformat(timespec="minutes"),
            minutes=round((one.end - one.start).total_seconds() / 60),
            timezone=meeting.timezone,
            repetition=repetition_of(meeting),
            early_access_minutes=meeting.early_access_minutes,
            is_recorded=meeting.recorded,
            invitees=[self._invitee(shown, one, details) for one in shown.invitees],
            organizer_name=shown.organizer.display_name,
            organizer_email=shown.organizer.email,
            is_own=meeting.organizer_id == actor.person_id,
            sequence=meeting.sequence,
            state=_state(shown),
            dial_in_numbers=self._agenda.dial_in_numbers(shown),
            dial_in_pin=meeting.dial_in_pin or "",
        )

    def _invitee(self, shown: MeetingView, one: Invited, details: MeetingDetails) -> messages.InviteeAnswer:
        mail = details.deliveries.get(one.email)
        return messages.InviteeAnswer(
            email=one.email,
            first_name=one.first_name,
            last_name=one.last_name,
            locale="de" if one.locale == "de" else "en",
            role="moderator" if one.role == "moderator" else "participant",
            link=self._agenda.link(shown, one.access_key),
            mail="none" if mail is None else MailState(mail).value,
        )

    def _recording(self, one: MeetingRecording) -> messages.RecordingEntry:
        return recording_entry(self._recordings, one)


def _operation(name: str, summary: str, request: type, reply: type, handler: Any) -> Operation:
    return operation(
        path=f"/meetings/{name}",
        summary=summary,
        request=request,
        reply=reply,
        handler=handler,
    )


def _id_of(shown: MeetingView) -> str:
    return explicit_id_of(shown.meeting, shown.occurrence)


def _state(shown: MeetingView) -> messages.State:
    moment = now()
    if shown.is_over(moment):
        return "over"
    return "on" if shown.is_open(moment) else "to_come"


def stay_message(stay: Attendance) -> messages.Stay:
    return messages.Stay(
        name=stay.display_name,
        email=stay.email or "",
        is_guest=stay.is_guest,
        joined_at=time_of(stay.joined_at),
        left_at=time_of(stay.left_at) if stay.left_at is not None else None,
    )
