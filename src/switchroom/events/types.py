"""Catalogue of events: their types, what they happen to, and their data; docs/events.md shows it as a table.

A field's name is its name in JSON, in the order given here; what is UNSET is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar, cast

from msgspec import UNSET, Meta, Struct, UnsetType, convert, defstruct, structs


class DomainEvent(Struct, frozen=True, kw_only=True):
    """Data of an event, of one type each: JSON values, names in snake case, and nothing secret. `by` is the
    id of the person or API key who did it."""

    event_type: ClassVar[str]
    """The type, as readers know it: `room.created`."""

    happens_to: ClassVar[str]
    """Kind of the object of which `object_id` is the id."""

    remark: ClassVar[str] = ""
    """Remark on the event for its readers."""


class OrganizationCreated(DomainEvent, frozen=True, kw_only=True):
    event_type = "organization.created"
    happens_to = "organization (ULID)"
    display_name: str


class OrganizationUpdated(DomainEvent, frozen=True, kw_only=True):
    event_type = "organization.updated"
    happens_to = "organization (ULID)"
    display_name: str
    kept_days: Annotated[int | UnsetType, Meta(description="where that was changed")] = UNSET
    asks_before_recording: Annotated[bool | UnsetType, Meta(description="where that was changed")] = UNSET
    by: Annotated[str | UnsetType, Meta(description="where a person or an API key did it")] = UNSET


class OrganizationDeleted(DomainEvent, frozen=True, kw_only=True):
    event_type = "organization.deleted"
    happens_to = "organization (ULID)"
    display_name: str
    by: Annotated[str | UnsetType, Meta(description="where a person or an API key did it")] = UNSET
    remark = "what was in it is removed soon, this log too"


class _OfPerson(DomainEvent, frozen=True, kw_only=True):
    happens_to = "person"
    username: str


class _ChangeOfPerson(_OfPerson, frozen=True, kw_only=True):
    by: Annotated[str | UnsetType, Meta(description="where a person or an API key did it")] = UNSET


class UserCreated(_ChangeOfPerson, frozen=True, kw_only=True):
    event_type = "user.created"
    standing: Annotated[
        str | UnsetType, Meta(description="unless it is one of those who only organize meetings")
    ] = UNSET


class UserSignedIn(_OfPerson, frozen=True, kw_only=True):
    event_type = "user.signed_in"
    remark = "by password or by changing over from another organization, not by refreshing"


class UserPasswordSet(_OfPerson, frozen=True, kw_only=True):
    event_type = "user.password_set"
    remark = "by a link, or in the place of the one before"


class UserSignedOut(_OfPerson, frozen=True, kw_only=True):
    event_type = "user.signed_out"


class UserUpdated(_ChangeOfPerson, frozen=True, kw_only=True):
    event_type = "user.updated"
    remark = "what is known of them was changed"


class UserDeleted(_ChangeOfPerson, frozen=True, kw_only=True):
    event_type = "user.deleted"
    remark = "they were taken out of the organization"


class UserInvited(_ChangeOfPerson, frozen=True, kw_only=True):
    event_type = "user.invited"
    remark = "also when an invitation is sent again"


class UserInvitationAccepted(_OfPerson, frozen=True, kw_only=True):
    event_type = "user.invitation_accepted"


class UserPermissionsChanged(_ChangeOfPerson, frozen=True, kw_only=True):
    event_type = "user.permissions_changed"
    permissions: Annotated[list[str], Meta(description="in the administration, all of them")]


class UserDisabled(_OfPerson, frozen=True, kw_only=True):
    event_type = "user.disabled"


class UserEnabled(_OfPerson, frozen=True, kw_only=True):
    event_type = "user.enabled"


class UserRoleChanged(_OfPerson, frozen=True, kw_only=True):
    event_type = "user.role_changed"
    standing: str


class _OfApiKey(DomainEvent, frozen=True, kw_only=True):
    happens_to = "API key"
    client_id: str


class ApiKeyCreated(_OfApiKey, frozen=True, kw_only=True):
    event_type = "api_key.created"


class ApiKeySignedIn(_OfApiKey, frozen=True, kw_only=True):
    event_type = "api_key.signed_in"


class ApiKeyRotated(_OfApiKey, frozen=True, kw_only=True):
    event_type = "api_key.rotated"


class ApiKeyRevoked(_OfApiKey, frozen=True, kw_only=True):
    event_type = "api_key.revoked"


class _OfMeetingKey(DomainEvent, frozen=True, kw_only=True):
    happens_to = "key of an account (its number)"
    remark = "those of the instance belong to no organization, and are in no log"
    name: str
    permissions: list[str]


class MeetingKeyCreated(_OfMeetingKey, frozen=True, kw_only=True):
    event_type = "meeting_key.created"


class MeetingKeyDeleted(_OfMeetingKey, frozen=True, kw_only=True):
    event_type = "meeting_key.deleted"


class RoomSnapshot(DomainEvent, frozen=True, kw_only=True):
    """A room as it is when something happens to it."""

    happens_to = "room"
    display_name: str
    type: Annotated[str, Meta(description="department, room, meeting")]
    parent_id: str | None
    by: str


class RoomCreated(RoomSnapshot, frozen=True, kw_only=True):
    event_type = "room.created"


class RoomUpdated(RoomSnapshot, frozen=True, kw_only=True):
    event_type = "room.updated"


class RoomDeleted(RoomSnapshot, frozen=True, kw_only=True):
    event_type = "room.deleted"


class RoomMoved(DomainEvent, frozen=True, kw_only=True):
    event_type = "room.moved"
    happens_to = "room"
    parent_id: str | None
    by: str


class PermissionGroupUpdated(DomainEvent, frozen=True, kw_only=True):
    event_type = "permission_group.updated"
    happens_to = "permission group"
    name: str
    by: str


class LinkSnapshot(DomainEvent, frozen=True, kw_only=True):
    """A link as it is when something happens to it."""

    happens_to = "link"
    kind: Annotated[str, Meta(description="guest, group")]
    room_id: str
    by: str


class LinkCreated(LinkSnapshot, frozen=True, kw_only=True):
    event_type = "link.created"


class LinkUpdated(LinkSnapshot, frozen=True, kw_only=True):
    event_type = "link.updated"


class LinkMailed(LinkSnapshot, frozen=True, kw_only=True):
    event_type = "link.mailed"


class LinkDeleted(LinkSnapshot, frozen=True, kw_only=True):
    event_type = "link.deleted"


class LiveRoomEvent(DomainEvent, frozen=True, kw_only=True):
    """Something that happens in a live room. Of a meeting's room it happens to the meeting: `of_meeting`."""

    happens_to = "room"


class RoomOpened(LiveRoomEvent, frozen=True, kw_only=True):
    event_type = "room.opened"
    remark = "somebody is inside now, and nobody was"
    display_name: str


_DONE_TO_ONE = "mute, stop-video, stop-screen, lower-hand, permissions, promote, demote, remove"
_DONE_TO_ALL = "mute, lower-hand, permissions, lock, unlock, record, stop-recording, end"
_FAILURES = "unreadable, not_made, timed_out, disk_full, disk"


class RoomStay(LiveRoomEvent, frozen=True, kw_only=True):
    """Stay of a participant in a room, who joins and leaves with the same `participant_id`."""

    participant_id: str
    user_id: str
    display_name: str
    is_guest: bool
    is_spectator: bool


class RoomJoined(RoomStay, frozen=True, kw_only=True):
    event_type = "room.joined"
    link_id: str | None
    joined_at: str


class RoomLeft(RoomStay, frozen=True, kw_only=True):
    event_type = "room.left"
    reason: Annotated[str, Meta(description="left, lost, removed, replaced, session_over")]
    joined_at: str


class RoomModerated(RoomStay, frozen=True, kw_only=True):
    event_type = "room.moderated"
    action: Annotated[str, Meta(description=_DONE_TO_ONE)]
    by: str


class RoomModeratedAll(LiveRoomEvent, frozen=True, kw_only=True):
    event_type = "room.moderated_all"
    remark = "a moderator has done something to everybody"
    action: Annotated[str, Meta(description=_DONE_TO_ALL)]
    by: str


class RoomRecordingStarted(LiveRoomEvent, frozen=True, kw_only=True):
    event_type = "room.recording_started"
    remark = "what is heard and seen is recorded from now on"
    recording_id: str


class RoomRecordingStopped(LiveRoomEvent, frozen=True, kw_only=True):
    event_type = "room.recording_stopped"
    remark = "what is heard and seen is recorded no longer"
    recording_id: str


class RoomRecordingAnswered(RoomStay, frozen=True, kw_only=True):
    event_type = "room.recording_answered"
    remark = "who was asked whether they may be recorded has answered; without agreement nothing of them is"
    agrees: bool


class RoomReadmitted(LiveRoomEvent, frozen=True, kw_only=True):
    event_type = "room.readmitted"
    remark = "who was put out may come in again"
    user_id: str
    display_name: str
    by: str


class _RecordingOfRoom(DomainEvent, frozen=True, kw_only=True):
    happens_to = "room"
    display_name: Annotated[str, Meta(description="of the room")]
    recording_id: str


class RoomRecordingCreated(_RecordingOfRoom, frozen=True, kw_only=True):
    event_type = "room.recording_created"
    remark = "the file of a recording is there, for those who moderate the room"
    duration: Annotated[int, Meta(description="seconds")]
    size: Annotated[int, Meta(description="bytes")]


class RoomRecordingFailed(_RecordingOfRoom, frozen=True, kw_only=True):
    event_type = "room.recording_failed"
    remark = "the file of a recording could not be made"
    failure: Annotated[str, Meta(description=_FAILURES)]


class RoomEmptied(LiveRoomEvent, frozen=True, kw_only=True):
    event_type = "room.emptied"
    remark = "nobody is inside any more"


class LiveMeetingEvent(DomainEvent, frozen=True, kw_only=True):
    happens_to = "meeting"
    room_id: str


class MeetingOpened(LiveMeetingEvent, frozen=True, kw_only=True):
    event_type = "meeting.opened"
    remark = RoomOpened.remark
    display_name: str


class MeetingStay(LiveMeetingEvent, frozen=True, kw_only=True):
    """As `RoomStay`."""

    participant_id: str
    user_id: str
    display_name: str
    is_guest: bool
    is_spectator: bool


class MeetingJoined(MeetingStay, frozen=True, kw_only=True):
    event_type = "meeting.joined"
    remark = "who waits to be let in has not joined"
    link_id: str | None
    joined_at: str


class MeetingLeft(MeetingStay, frozen=True, kw_only=True):
    event_type = "meeting.left"
    reason: Annotated[str, Meta(description="left, lost, removed, replaced, meeting_over, session_over")]
    joined_at: str


class MeetingModerated(MeetingStay, frozen=True, kw_only=True):
    event_type = "meeting.moderated"
    action: Annotated[str, Meta(description=_DONE_TO_ONE)]
    by: str


class MeetingModeratedAll(LiveMeetingEvent, frozen=True, kw_only=True):
    event_type = "meeting.moderated_all"
    remark = RoomModeratedAll.remark
    action: Annotated[str, Meta(description=_DONE_TO_ALL)]
    by: str


class MeetingReadmitted(LiveMeetingEvent, frozen=True, kw_only=True):
    event_type = "meeting.readmitted"
    remark = RoomReadmitted.remark
    user_id: str
    display_name: str
    by: str


class MeetingEmptied(LiveMeetingEvent, frozen=True, kw_only=True):
    event_type = "meeting.emptied"
    remark = RoomEmptied.remark


class MeetingRecordingStarted(LiveMeetingEvent, frozen=True, kw_only=True):
    event_type = "meeting.recording_started"
    remark = RoomRecordingStarted.remark
    recording_id: str


class MeetingRecordingStopped(LiveMeetingEvent, frozen=True, kw_only=True):
    event_type = "meeting.recording_stopped"
    remark = RoomRecordingStopped.remark
    recording_id: str


class MeetingRecordingAnswered(MeetingStay, frozen=True, kw_only=True):
    event_type = "meeting.recording_answered"
    remark = RoomRecordingAnswered.remark
    agrees: bool


class MeetingSnapshot(DomainEvent, frozen=True, kw_only=True):
    """A meeting as it is when something happens to it. Times are in RFC 3339, UTC."""

    happens_to = "meeting"
    id: Annotated[str, Meta(description="of the occurrence")]
    number: str
    room_id: str
    topic: str
    agenda: str
    original_start: str | None
    start: str | None
    end: str | None
    timezone: str
    type: str
    recurrence: dict[str, Any] | None
    organizer_id: str
    organizer_email: str | None
    organizer_name: str
    sequence: int
    closed_at: str | None
    invited: Annotated[int, Meta(description="how many")]


class MeetingCreated(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.created"


class MeetingUpdated(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.updated"


class MeetingCanceled(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.canceled"


class MeetingClosed(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.closed"


class MeetingSummaryCreated(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.summary_created"


class MeetingDeleted(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.deleted"
    remark = "it has been over for as long as the organization keeps meetings"


class MeetingRecordingCreated(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.recording_created"
    remark = "the file of a recording is there"
    recording_id: str
    url: Annotated[str, Meta(description="whoever has it may have the file")]
    duration: Annotated[int, Meta(description="seconds")]
    size: Annotated[int, Meta(description="bytes")]


class MeetingRecordingFailed(MeetingSnapshot, frozen=True, kw_only=True):
    event_type = "meeting.recording_failed"
    remark = "the file of a recording could not be made"
    recording_id: str
    failure: Annotated[str, Meta(description=_FAILURES)]


class AccountSnapshot(DomainEvent, frozen=True, kw_only=True):
    """An account as it is when something happens to it."""

    happens_to = "account (24 hexadecimal characters)"
    display_name: str
    account_type: str


class AccountCreated(AccountSnapshot, frozen=True, kw_only=True):
    event_type = "account.created"


class AccountUpdated(AccountSnapshot, frozen=True, kw_only=True):
    event_type = "account.updated"


class AccountClosed(AccountSnapshot, frozen=True, kw_only=True):
    event_type = "account.closed"


class WebhookSnapshot(DomainEvent, frozen=True, kw_only=True):
    """A web hook as it is when something happens to it."""

    happens_to = "web hook"
    name: str
    url: Annotated[str, Meta(description="without path and query")]
    enabled: bool


class WebhookCreated(WebhookSnapshot, frozen=True, kw_only=True):
    event_type = "webhook.created"


class WebhookUpdated(WebhookSnapshot, frozen=True, kw_only=True):
    event_type = "webhook.updated"


class WebhookDeleted(WebhookSnapshot, frozen=True, kw_only=True):
    event_type = "webhook.deleted"


class WebhookTested(WebhookSnapshot, frozen=True, kw_only=True):
    event_type = "webhook.tested"
    remark = "sent to the web hook that is tested, whatever it wants, and to no other"


class ResourceSnapshot(DomainEvent, frozen=True, kw_only=True):
    """A resource of telephony as it is when something happens to it; `resource_event` makes the type of each
    kind."""

    happens_to = "the resource (its number)"
    name: str
    by: str


class ResourceCreated(ResourceSnapshot, frozen=True, kw_only=True):
    """A resource was made."""


class ResourceUpdated(ResourceSnapshot, frozen=True, kw_only=True):
    """A resource was changed."""


class ResourceDeleted(ResourceSnapshot, frozen=True, kw_only=True):
    """A resource was deleted."""


RESOURCES = (
    "device",
    "callflow",
    "group",
    "menu",
    "calendar",
    "media",
    "conference",
    "vmbox",
    "phone_number",
    "trunk",
    "recording",
    "contact",
    "function_key",
    "network",
)
"""Names of one resource of each kind, beside accounts, users and web hooks, whose events are above."""

_HAPPENINGS: Mapping[type[ResourceSnapshot], str] = {
    ResourceCreated: "created",
    ResourceUpdated: "updated",
    ResourceDeleted: "deleted",
}


class _OfDevice(DomainEvent, frozen=True, kw_only=True):
    happens_to = "device"


class DeviceRegistered(_OfDevice, frozen=True, kw_only=True):
    event_type = "device.registered"
    remark = "it can be reached, and could not before"
    contact_ip: str
    contact_port: int
    user_agent: str


class DeviceUnregistered(_OfDevice, frozen=True, kw_only=True):
    event_type = "device.unregistered"
    remark = "by itself, because it is silent, or because it was disabled"


class _OfTrunk(DomainEvent, frozen=True, kw_only=True):
    happens_to = "trunk"


class TrunkRegistered(_OfTrunk, frozen=True, kw_only=True):
    event_type = "trunk.registered"
    remark = "the carrier takes its calls, and did not before"
    server: str


class TrunkUnregistered(_OfTrunk, frozen=True, kw_only=True):
    event_type = "trunk.unregistered"
    remark = "the carrier refuses it or does not answer (`code` 408), or it was disabled (`code` 0)"
    code: int
    reason: str


class _OfCall(DomainEvent, frozen=True, kw_only=True):
    """Something that happens to a call, at one of its legs: a phone or a carrier."""

    happens_to = "call"
    direction: Annotated[str, Meta(description="incoming, outgoing, internal")]
    caller_id_name: str
    caller_id_number: str
    dialled: str
    channel: Annotated[str, Meta(description="uuid of the leg")]
    name: Annotated[str, Meta(description="of who is at the leg")]
    number: str
    user_id: int | None
    device_id: int | None
    trunk_id: int | None


class CallCreated(_OfCall, frozen=True, kw_only=True):
    event_type = "call.created"
    remark = "the leg is the caller's"


class CallRinging(_OfCall, frozen=True, kw_only=True):
    event_type = "call.ringing"
    remark = "the leg rings"


class CallAnswered(_OfCall, frozen=True, kw_only=True):
    event_type = "call.answered"
    remark = "at the leg that rang, or at the caller's where a menu, a mailbox or a conference answers"


class CallHeld(_OfCall, frozen=True, kw_only=True):
    event_type = "call.held"
    remark = "who is at the leg has put the other on hold"


class CallUnheld(_OfCall, frozen=True, kw_only=True):
    event_type = "call.unheld"


class CallTransferred(_OfCall, frozen=True, kw_only=True):
    event_type = "call.transferred"
    remark = "who is at the leg has transferred the other"


class CallEmergency(_OfCall, frozen=True, kw_only=True):
    event_type = "call.emergency"
    remark = "when an emergency service is dialled, and when it was not reached"
    emergency_number: str
    emergency_caller_id: Annotated[
        str, Meta(description="the number that the service is told, empty for none")
    ]
    is_configured: Annotated[
        bool, Meta(description="whether the account has an emergency caller id for who calls")
    ]
    cause: Annotated[
        str, Meta(description="why it was not reached, as `hangup_cause`; empty when it is dialled")
    ]


class CallEnded(DomainEvent, frozen=True, kw_only=True):
    event_type = "call.ended"
    happens_to = "call"
    remark = "records are as `calls_history` has them"
    record: Annotated[
        dict[str, Any], Meta(description="that of who answered last, or of the first that was rung")
    ]
    other_records: Annotated[list[dict[str, Any]], Meta(description="of the others that were rung")]


class _OfConference(DomainEvent, frozen=True, kw_only=True):
    happens_to = "conference (its number)"
    channel: Annotated[str, Meta(description="uuid of the leg, which is the participant's id")]
    call_id: str
    name: Annotated[str, Meta(description="of who is at the leg")]
    number: str
    user_id: int | None
    device_id: int | None


class ConferenceJoined(_OfConference, frozen=True, kw_only=True):
    event_type = "conference.joined"
    remark = "by telephone"
    muted: bool


class ConferenceLeft(_OfConference, frozen=True, kw_only=True):
    event_type = "conference.left"


class _OfMessage(DomainEvent, frozen=True, kw_only=True):
    happens_to = "voicemail box (its number)"
    message_id: int


class VoicemailLeft(_OfMessage, frozen=True, kw_only=True):
    event_type = "voicemail.left"
    remark = "by a caller, or forwarded from another box"
    mailbox: str
    call_id: str
    caller_id_name: str
    caller_id_number: str
    length: Annotated[int, Meta(description="milliseconds")]


class VoicemailMoved(_OfMessage, frozen=True, kw_only=True):
    event_type = "voicemail.moved"
    remark = "by its owner or a program"
    folder: Annotated[str, Meta(description="where it is now: new, saved, deleted")]


class VoicemailDeleted(_OfMessage, frozen=True, kw_only=True):
    event_type = "voicemail.deleted"
    remark = "for good"


@cache
def resource_event(kind: type[ResourceSnapshot], singular: str) -> type[ResourceSnapshot]:
    """The type of what happens to a kind of resource: `menu.created`. Raises ValueError for a kind that is
    not in the catalogue."""
    if singular not in RESOURCES:
        raise ValueError(f"{singular} has no events")
    made = defstruct(
        kind.__name__,
        [],
        bases=(kind,),
        namespace={"event_type": f"{singular}.{_HAPPENINGS[kind]}"},
        frozen=True,
        kw_only=True,
    )
    return cast("type[ResourceSnapshot]", made)


_OF_MEETINGS: Mapping[type[LiveRoomEvent], type[LiveMeetingEvent]] = {
    RoomOpened: MeetingOpened,
    RoomJoined: MeetingJoined,
    RoomLeft: MeetingLeft,
    RoomModerated: MeetingModerated,
    RoomModeratedAll: MeetingModeratedAll,
    RoomRecordingStarted: MeetingRecordingStarted,
    RoomRecordingStopped: MeetingRecordingStopped,
    RoomRecordingAnswered: MeetingRecordingAnswered,
    RoomReadmitted: MeetingReadmitted,
    RoomEmptied: MeetingEmptied,
}


def of_meeting(event: LiveRoomEvent, room_id: str) -> LiveMeetingEvent:
    """Event of a meeting that stands for one of the meeting's room."""
    return convert({"room_id": room_id, **structs.asdict(event)}, _OF_MEETINGS[type(event)])


def catalogue() -> list[type[DomainEvent]]:
    """All types, in the order of this file, then those of resources."""
    known: list[type[DomainEvent]] = []
    for one in globals().values():
        if isinstance(one, type) and issubclass(one, DomainEvent) and "event_type" in vars(one):
            known.append(one)
    return known + [resource_event(kind, one) for one in RESOURCES for kind in _HAPPENINGS]
