"""Operations on meetings."""

from __future__ import annotations

from switchroom.accounts.organizers import Actor
from switchroom.db.base import now, time_of
from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.services import Services
from switchroom.dialects.webmeeting_v6.callers import Callers, Context
from switchroom.dialects.webmeeting_v6.drafts import meeting_draft
from switchroom.dialects.webmeeting_v6.meeting_messages import MeetingWriter
from switchroom.dialects.webmeeting_v6.messages import meetings as messages
from switchroom.dialects.webmeeting_v6.messages.accounts import Deleted
from switchroom.dialects.webmeeting_v6.times import text_or_none
from switchroom.errors import ErrorCode, Invalid, Problems
from switchroom.meetings.attendance import Attendance
from switchroom.meetings.drafts import MeetingDraft
from switchroom.meetings.invitations import spaced
from switchroom.meetings.meetings import MOST_LISTED
from switchroom.meetings.recordings.archive import content_type
from switchroom.meetings.recordings.models import MeetingRecording, RecordingState

_ID = "/meeting/{meeting_id}"
_SERIES = "/meeting/{meeting_id}/{series}"


class MeetingOperations:
    def __init__(self, services: Services, callers: Callers, writer: MeetingWriter) -> None:
        self._meetings = services.meetings
        self._attendances = services.attendances
        self._recordings = services.recordings
        self._timezone = services.user_timezone
        self._callers = callers
        self._writer = writer

    def operations(self) -> list[Operation]:
        meeting = messages.MeetingMessage
        return [
            Operation(
                method="POST",
                path="/meeting",
                summary="Schedule a meeting.",
                request=messages.MeetingCreation,
                reply=meeting,
                access="meeting",
                handler=self.create,
                validate=self._check_new,
            ),
            Operation(
                method="GET",
                path="/meeting",
                summary="List the user's meetings; with `from` or `to` every occurrence of those that recur.",
                parameters=(
                    Parameter("from", "Only what ends after this time (RFC 3339)."),
                    Parameter("to", "Only what begins before this time (RFC 3339)."),
                    Parameter("limit", "How many at most, 100 unless said, 1000 at most."),
                    Parameter("offset", "How many to pass over."),
                ),
                reply=list[meeting],
                access="meeting",
                handler=self.list,
            ),
            Operation(
                method="GET",
                path=_ID,
                summary="Read a meeting, by `id` or `meetingId`.",
                reply=meeting,
                access="meeting",
                handler=self.get,
            ),
            Operation(
                method="PUT",
                path=_SERIES,
                summary="Change a meeting, of a recurring one the series (`true`) or this one (`false`).",
                request=messages.MeetingUpdate,
                reply=meeting,
                access="meeting",
                handler=self.update,
                validate=self._check_change,
            ),
            Operation(
                method="DELETE",
                path=_SERIES,
                summary="Cancel a meeting, of a recurring one the series (`true`) or this one (`false`).",
                reply=Deleted,
                access="meeting",
                handler=self.cancel,
            ),
            Operation(
                method="POST",
                path="/meeting/close/{meeting_id}",
                summary="Close an open meeting: everyone in it is told and leaves.",
                reply=meeting,
                access="meeting",
                handler=self.close,
            ),
            Operation(
                method="GET",
                path="/meeting/{meeting_id}/participants",
                summary="Who was in a meeting and when.",
                reply=list[messages.ParticipantMessage],
                access="meeting",
                handler=self.participants,
            ),
            Operation(
                method="GET",
                path="/meeting/{meeting_id}/summary",
                summary="What is left of a meeting: topic, times, participants, chat and recordings.",
                reply=messages.SummaryMessage,
                access="meeting",
                handler=self.summary,
            ),
        ]

    async def create(self, context: Context, request: messages.MeetingCreation) -> messages.MeetingMessage:
        actor, draft = await self._new(context, request)
        return self._writer.message(await self._meetings.schedule(actor, draft))

    async def list(self, context: Context, _: Nothing) -> list[messages.MeetingMessage]:
        actor = await self._callers.actor(context.caller)
        with context.reading_query() as query:
            from_, to = query.moment("from"), query.moment("to")
            limit, offset = query.number("limit", 100, least=1, most=MOST_LISTED), query.number("offset", 0)
        found = await self._meetings.list(actor, from_=from_, to=to, limit=limit, offset=offset)
        return self._writer.messages(found)

    async def get(self, context: Context, _: Nothing) -> messages.MeetingMessage:
        actor = await self._callers.actor(context.caller)
        return self._writer.message(await self._meetings.get(actor, context.path["meeting_id"]))

    async def update(self, context: Context, request: messages.MeetingUpdate) -> messages.MeetingMessage:
        actor = await self._callers.actor(context.caller)
        meeting_id, series = context.path["meeting_id"], _series(context)
        draft = await self._change(actor, meeting_id, request)
        return self._writer.message(await self._meetings.update(actor, meeting_id, draft, series=series))

    async def cancel(self, context: Context, _: Nothing) -> Deleted:
        actor = await self._callers.actor(context.caller)
        meeting_id = context.path["meeting_id"]
        await self._meetings.cancel(actor, meeting_id, series=_series(context))
        return Deleted(meeting_id)

    async def close(self, context: Context, _: Nothing) -> messages.MeetingMessage:
        actor = await self._callers.actor(context.caller)
        return self._writer.message(await self._meetings.close(actor, context.path["meeting_id"]))

    async def participants(self, context: Context, _: Nothing) -> list[messages.ParticipantMessage]:
        actor = await self._callers.actor(context.caller)
        stays = await self._attendances.participants(actor, context.path["meeting_id"])
        return [_participant(stay) for stay in stays]

    async def summary(self, context: Context, _: Nothing) -> messages.SummaryMessage:
        actor = await self._callers.actor(context.caller)
        summary = await self._attendances.summary(actor, context.path["meeting_id"])
        shown = summary.shown
        over = shown.is_over(now())
        return messages.SummaryMessage(
            id=shown.hex_id,
            meeting_id=spaced(shown.meeting.number, "-"),
            topic=shown.occurrence.topic,
            agenda=shown.occurrence.agenda,
            start_time=time_of(shown.occurrence.start),
            end_time=time_of(shown.occurrence.end),
            closed_at=text_or_none(shown.occurrence.closed_at or (shown.occurrence.end if over else None)),
            participants=[_participant(stay) for stay in summary.participants],
            chat=[
                messages.ChatLine(sent_at=time_of(line.sent_at), name=line.sender_name, text=line.text)
                for line in summary.chat
            ],
            recordings=[self._recording(one) for one in summary.recordings],
        )

    async def _new(self, context: Context, request: messages.MeetingCreation) -> tuple[Actor, MeetingDraft]:
        actor = await self._callers.actor(context.caller)
        timezone = actor.timezone or self._timezone
        return actor, await self._draft(actor, request, is_new=True, timezone=timezone)

    async def _change(self, actor: Actor, meeting_id: str, request: messages.MeetingUpdate) -> MeetingDraft:
        timezone = (await self._meetings.get(actor, meeting_id)).meeting.timezone
        return await self._draft(actor, request, is_new=False, timezone=timezone)

    async def _draft(
        self,
        actor: Actor,
        request: messages.MeetingCreation | messages.MeetingUpdate,
        *,
        is_new: bool,
        timezone: str,
    ) -> MeetingDraft:
        """Draft of the meeting that the request describes. Raises Invalid with all that is wrong, for the
        domain too, when the request cannot be put into the words of the domain; otherwise the domain has
        not checked the draft yet."""
        problems = Problems()
        draft = meeting_draft(request, problems, is_new=is_new, timezone=timezone)
        if problems:
            with problems:
                await self._meetings.check(actor, draft)
        problems.require_none()
        return draft

    async def _check_new(self, context: Context, request: messages.MeetingCreation) -> None:
        await self._meetings.check(*await self._new(context, request))

    async def _check_change(self, context: Context, request: messages.MeetingUpdate) -> None:
        actor = await self._callers.actor(context.caller)
        draft = await self._change(actor, context.path["meeting_id"], request)
        await self._meetings.check(actor, draft)

    def _recording(self, one: MeetingRecording) -> messages.RecordingMessage:
        ready = one.state == RecordingState.READY
        return messages.RecordingMessage(
            id=one.id,
            state=RecordingState(one.state).value,
            start_time=time_of(one.started_at),
            end_time=text_or_none(one.ended_at),
            duration=round(one.duration / 1000) if ready else None,
            size=one.size if ready else None,
            content_type=content_type(one) if ready else None,
            url=self._recordings.url(one) if ready else None,
        )


def _series(context: Context) -> bool:
    """Raises Invalid for anything but `true` and `false`."""
    text = context.path["series"].lower()
    if text not in ("true", "false"):
        raise Invalid(ErrorCode.NOT_A_BOOLEAN, "series")
    return text == "true"


def _participant(stay: Attendance) -> messages.ParticipantMessage:
    return messages.ParticipantMessage(
        participant_id=stay.participant_id,
        user_id=stay.user_id,
        email=stay.email,
        name=stay.display_name,
        is_guest=stay.is_guest,
        joined_at=time_of(stay.joined_at),
        left_at=text_or_none(stay.left_at),
    )
