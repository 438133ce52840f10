"""Web hooks on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.dialects.webmeeting_v6.messages.accounts import Time
from switchroom.dialects.webmeeting_v6.messages.meetings import MeetingMessage, ParticipantMessage

Method = Literal["POST", "PUT"]


class Hook(Struct, rename="camel", kw_only=True):
    """Web hook of one kind of event. `apiKey` is sent along as `X-API-KEY`."""

    url: str
    method: Method = "POST"
    api_key: str = ""


class HookMessage(Hook, rename="camel", kw_only=True):
    """Web hook of one kind of event. `secret` is in the reply to the request that makes the hook, and in no
    other: deliveries are signed with it."""

    secret: str | UnsetType = UNSET


class HookUpdate(Struct, rename="camel", kw_only=True):
    """Change of the web hooks, by the kind of event; null removes one, and one left out stays as it is."""

    on_meeting_scheduled: Hook | UnsetType | None = UNSET
    on_meeting_updated: Hook | UnsetType | None = UNSET
    on_meeting_closed: Hook | UnsetType | None = UNSET
    on_meeting_deleted: Hook | UnsetType | None = UNSET
    on_meeting_summary_created: Hook | UnsetType | None = UNSET
    on_meeting_recording_created: Hook | UnsetType | None = UNSET
    on_meeting_joined: Hook | UnsetType | None = UNSET
    on_meeting_left: Hook | UnsetType | None = UNSET


class HooksMessage(Struct, rename="camel", kw_only=True):
    """Web hooks by the kind of event; null where there is none."""

    on_meeting_scheduled: HookMessage | None = None
    on_meeting_updated: HookMessage | None = None
    on_meeting_closed: HookMessage | None = None
    on_meeting_deleted: HookMessage | None = None
    on_meeting_summary_created: HookMessage | None = None
    on_meeting_recording_created: HookMessage | None = None
    on_meeting_joined: HookMessage | None = None
    on_meeting_left: HookMessage | None = None


class DeliveryMessage(Struct, rename="camel", kw_only=True):
    """Delivery of an event to a web hook. `state` is waiting, delivered or dead: given up."""

    id: int
    hook: str
    event_id: int
    type: str
    state: str
    attempts: int
    last_status: int
    last_error: str
    created_at: Time
    next_attempt_at: Annotated[Time | None, Meta(description="While it waits.")]


class PresenceMessage(Struct, rename="camel", kw_only=True):
    """Payload of `onMeetingJoined` and `onMeetingLeft`."""

    participant: ParticipantMessage
    meeting: MeetingMessage


class DeletedMeeting(Struct, rename="camel", kw_only=True):
    """Payload of `onMeetingDeleted` for a meeting that was deleted by itself, long after its end."""

    id: str
    meeting_id: str
    topic: str
    start_time: Time
    end_time: Time
