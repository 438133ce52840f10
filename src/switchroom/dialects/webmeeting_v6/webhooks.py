"""The instance's web hooks: what they are called, what they are sent, and the operations that set them."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, structs

from switchroom.db.base import time_of
from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.services import Services
from switchroom.dialects.webmeeting_v6.callers import Context, require_instance
from switchroom.dialects.webmeeting_v6.meeting_messages import MeetingWriter
from switchroom.dialects.webmeeting_v6.messages import webhooks as messages
from switchroom.dialects.webmeeting_v6.messages.meetings import MeetingMessage, ParticipantMessage
from switchroom.errors import ErrorCode, Invalid
from switchroom.events.log import LoggedEvent
from switchroom.events.webhooks.hooks import MOST_LISTED, WebHookDraft
from switchroom.events.webhooks.models import DeliveryState, Verb, WebHook
from switchroom.meetings.event_view import MeetingEventView
from switchroom.meetings.invitations import spaced

VIEW = "webmeeting_v6"
"""The name under which the bodies of these hooks are made."""

_TYPES = {
    "onMeetingScheduled": ["meeting.created"],
    "onMeetingUpdated": ["meeting.updated"],
    "onMeetingClosed": ["meeting.closed"],
    "onMeetingDeleted": ["meeting.canceled", "meeting.deleted"],
    "onMeetingSummaryCreated": ["meeting.summary_created"],
    "onMeetingRecordingCreated": ["meeting.recording_created"],
    "onMeetingJoined": ["meeting.joined"],
    "onMeetingLeft": ["meeting.left"],
}


class WebHookOperations:
    def __init__(self, services: Services) -> None:
        self._hooks = services.webhooks

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/webhook",
                summary="The instance's web hooks.",
                reply=messages.HooksMessage,
                access="meeting",
                handler=self.get,
            ),
            Operation(
                method="PUT",
                path="/webhook",
                summary="Set the instance's web hooks.",
                request=messages.HookUpdate,
                reply=messages.HooksMessage,
                access="meeting",
                handler=self.put,
            ),
            Operation(
                method="GET",
                path="/webhook/deliveries",
                summary="What was told, waits to be told, and was given up, newest first.",
                parameters=(
                    Parameter("state", "Only those in this state: waiting, delivered or dead."),
                    Parameter("before", "Only those with a smaller id: the last one's of the page before."),
                    Parameter("limit", "How many at most, 100 unless said, 1000 at most."),
                ),
                reply=list[messages.DeliveryMessage],
                access="meeting",
                handler=self.deliveries,
            ),
        ]

    async def get(self, context: Context, _: Nothing) -> messages.HooksMessage:
        require_instance(context.caller)
        return await self._all()

    async def put(self, context: Context, request: messages.HookUpdate) -> messages.HooksMessage:
        require_instance(context.caller)
        said = {
            field.encode_name: getattr(request, field.name) for field in structs.fields(messages.HookUpdate)
        }
        drafts = {name: _draft(name, hook) for name, hook in said.items() if isinstance(hook, messages.Hook)}
        put = await self._hooks.put(
            list(drafts.values()), remove=[name for name, hook in said.items() if hook is None]
        )
        return await self._all({one.hook.name: one.hook.secret for one in put if one.is_new})

    async def deliveries(self, context: Context, _: Nothing) -> list[messages.DeliveryMessage]:
        require_instance(context.caller)
        with context.reading_query() as query:
            state = query.value("state", _state, None)
            before = query.number("before", 0, least=1, most=(1 << 63) - 1) or None
            limit = query.number("limit", 100, least=1, most=MOST_LISTED)
        names = {hook.id: name for name, hook in (await self._by_name()).items()}
        found = await self._hooks.deliveries(None, state=state, before=before, limit=limit)
        return [
            messages.DeliveryMessage(
                id=one.id,
                hook=names[one.hook_id],
                event_id=one.event_id,
                type=one.event_type,
                state=one.state,
                attempts=one.attempts,
                last_status=one.last_status,
                last_error=one.last_error,
                created_at=time_of(one.created_at),
                next_attempt_at=time_of(one.next_attempt_at) if one.state == DeliveryState.WAITING else None,
            )
            for one in found
            if one.hook_id in names
        ]

    async def _by_name(self) -> dict[str, WebHook]:
        return {hook.name: hook for hook in await self._hooks.list(None) if hook.view == VIEW}

    async def _all(self, secrets: Mapping[str, str] | None = None) -> messages.HooksMessage:
        present = await self._by_name()
        return messages.HooksMessage(
            **{
                field.name: messages.HookMessage(
                    url=hook.url,
                    method="PUT" if hook.verb == Verb.PUT else "POST",
                    api_key=hook.api_key,
                    secret=(secrets or {}).get(hook.name, UNSET),
                )
                for field in structs.fields(messages.HooksMessage)
                if (hook := present.get(field.encode_name)) is not None
            }
        )


class MeetingPayloads:
    """Makes what the hooks are sent of an event: the meeting, and who joined or left it."""

    def __init__(self, event_view: MeetingEventView, writer: MeetingWriter) -> None:
        self._event_view = event_view
        self._writer = writer

    async def render(
        self, event: LoggedEvent
    ) -> MeetingMessage | messages.PresenceMessage | messages.DeletedMeeting | None:
        """None for a meeting that is gone, unless it is its going that is told."""
        if not event.type.startswith("meeting."):
            return None
        shown = await self._event_view.meeting(event.object_id, event.data)
        if shown is None:
            return _deleted(event) if event.type == "meeting.deleted" else None
        meeting = self._writer.message(shown)
        if event.type not in ("meeting.joined", "meeting.left"):
            return meeting
        left = event.type == "meeting.left"
        moment = time_of(event.occurred_at)
        person = await self._event_view.person(event.object_id, str(event.data.get("user_id", "")))
        return messages.PresenceMessage(
            participant=ParticipantMessage(
                participant_id=str(event.data.get("participant_id", "")),
                user_id=person.user_id,
                email=person.email,
                name=str(event.data.get("display_name", "")),
                is_guest=bool(event.data.get("is_guest", True)),
                joined_at=str(event.data.get("joined_at", moment)),
                left_at=moment if left else None,
            ),
            meeting=meeting,
        )


def _draft(name: str, said: messages.Hook) -> WebHookDraft:
    return WebHookDraft(
        name=name,
        url=said.url,
        verb=Verb(said.method.lower()),
        types=_TYPES[name],
        api_key=said.api_key,
        view=VIEW,
    )


def _deleted(event: LoggedEvent) -> messages.DeletedMeeting:
    return messages.DeletedMeeting(
        id=str(event.data["id"]),
        meeting_id=spaced(str(event.data["number"]), "-"),
        topic=str(event.data["topic"]),
        start_time=str(event.data["start"]),
        end_time=str(event.data["end"]),
    )


def _state(text: str) -> DeliveryState:
    try:
        return DeliveryState(text)
    except ValueError:
        raise Invalid(ErrorCode.DELIVERY_STATE_UNKNOWN) from None
