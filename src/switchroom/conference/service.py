"""All live rooms: coming in, coming back, going."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import secrets
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from prometheus_client import Gauge

from switchroom.bus import Bus
from switchroom.conference import status
from switchroom.conference.close_codes import CloseCode
from switchroom.conference.entrance import Entrance
from switchroom.conference.external_changes import ExternalChanges
from switchroom.conference.live_room import Arrival, LiveRoom, Stay
from switchroom.conference.media.recording import RecordingSessions
from switchroom.conference.media.room_media import RoomMedia
from switchroom.conference.messages import ChatMessage, Join, LeftReason
from switchroom.conference.notifier import Events, Notifier, Transcript
from switchroom.conference.pending_joins import PendingJoins
from switchroom.conference.reviews import Reviewer, Reviews
from switchroom.conference.room.conference import Conference
from switchroom.conference.room.override_records import OverrideRecords, PermissionOverrides
from switchroom.conference.room.participants import Connection, MediaState, Participant
from switchroom.conference.room.permission_overrides import browser_mark
from switchroom.conference.room.reentry import ReentryTokens
from switchroom.conference.room.review import take_in
from switchroom.conference.room.waiting_room import WaitingParticipant, WaitingRooms
from switchroom.conference.welcome import welcome
from switchroom.engines.janus.server import JanusPool
from switchroom.engines.janus.videoroom import RoomOptions
from switchroom.errors import DomainError, ErrorCode, Unavailable
from switchroom.identity.tokens import AccessToken
from switchroom.rooms.admission import Admission, LinkView, RoomFacts
from switchroom.rooms.live import LiveParticipant, LiveRooms
from switchroom.settings import IceSettings
from switchroom.tasks import Tasks

MOST_ADMISSIONS = 5
"""Times that a join is admitted anew because its room has changed meanwhile."""

GRACE = 60.0
"""Seconds that somebody whose connection was lost keeps their place."""

CLOSE_LIMIT = 3.0
"""Seconds in which browsers are told that the server stops."""

ROOMS = Gauge("switchroom_live_rooms", "Rooms with somebody inside.", multiprocess_mode="liveall")


class Admissions(Reviewer, Protocol):
    """Admissions: who may come into a room, and stay (see `MeetingAdmission`)."""

    def admit(self, token: str, room_id: str, display_name: str | None = None) -> Awaitable[Admission]: ...

    def verify(self, token: str) -> AccessToken:
        """The claims of a token that is genuine, in time and not revoked. Raises Unauthenticated."""
        ...

    def look_up_link(self, company_id: str, room_id: str, access_key: str) -> Awaitable[LinkView | None]: ...


class ConferenceService:
    """The rooms that have somebody inside. Also the `LiveRooms` that room status is read from."""

    def __init__(
        self,
        admissions: Admissions,
        pool: JanusPool,
        bus: Bus,
        events: Events,
        *,
        ice: IceSettings,
        room_options: RoomOptions | None = None,
        grace: float = GRACE,
        transcript: Transcript | None = None,
        recording_sessions: RecordingSessions | None = None,
        overrides: OverrideRecords | None = None,
        secret: bytes | None = None,
    ) -> None:
        """`secret` is what all processes that may have the same rooms share. Without `overrides`, what
        moderators grant and revoke goes with the process."""
        self._admissions = admissions
        self._pool = pool
        self._notifier = Notifier(events, transcript)
        self._overrides = PermissionOverrides(overrides)
        self._recording_sessions = recording_sessions
        self._ice = ice
        self._room_options = room_options or RoomOptions()
        self._grace = grace
        self.elsewhere: LiveRooms | None = None
        """The rooms that other processes have."""
        self.on_change: Callable[[str], None] = _ignore
        """Called with a room's id when those inside a room of this process are others, or are otherwise."""
        self._live: dict[str, LiveRoom] = {}
        self.owns: Callable[[str], bool] = _any_room
        """Whether a room is this process' to open; every one, where there is no other."""
        self._waiting_rooms = WaitingRooms()
        self._reentry_tokens = ReentryTokens(secret or secrets.token_bytes(32))
        self._entrance = Entrance(self._live, self._overrides, self._reentry_tokens)
        self._connections: set[Connection] = set()
        self._all_closed = asyncio.Event()
        self._all_closed.set()
        self._stopping = False
        self._tasks = Tasks()
        self._background = Tasks()
        self._joins = PendingJoins()
        self._reviews = Reviews(
            self._live, self._waiting_rooms, admissions, reviewed=lambda room_id: self.on_change(room_id)
        )
        self._external_changes = ExternalChanges(
            self._live, self._waiting_rooms, self._joins, self._reviews, bus
        )

    async def start(self) -> None:
        """Begin to connect to the media servers; rooms work meanwhile, without media."""
        self._pool.start()
        self._background.keep(self._reviews.run, "reviews of rooms")

    async def stop(self) -> None:
        """Close every room, and every socket. Clients reconnect when there is a server again."""
        self._stopping = True
        await self._background.close()
        for room_id in {*self._live, *self._waiting_rooms.room_ids}:
            live = self._live.get(room_id)
            if live is not None:
                for participant in live.conference.participants.values():
                    self._notifier.left(live.conference.room, participant, "lost")
                self._notifier.emptied(live.conference.room)
            self.give_up(room_id)
        for connection in self._connections:
            connection.end(CloseCode.RESTART)
        await self._tasks.finish()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT):
                await self._all_closed.wait()
        await self._pool.stop()

    def give_up(self, room_id: str) -> None:
        """Have a room no longer, whoever is inside or waits. Clients reconnect, to whoever has it then, and
        who that is logs the end of the stays here."""
        self._overrides.release(room_id)
        self._waiting_rooms.give_up(room_id)
        live = self._live.pop(room_id, None)
        if live is None:
            return
        ROOMS.dec()
        for participant in list(live.conference.participants.values()):
            if participant.grace is not None:
                participant.grace.cancel()
            if participant.connection is not None:
                participant.connection.end(CloseCode.RESTART)
                participant.connection = None
        self._tasks.spawn(live.media.close(), f"close {room_id}")
        self.on_change(room_id)

    @contextmanager
    def connected(self, connection: Connection) -> Generator[None]:
        """While the block runs a browser is connected, which is told when the server stops."""
        self._connections.add(connection)
        self._all_closed.clear()
        if self._stopping:
            connection.end(CloseCode.RESTART)
        try:
            yield
        finally:
            self._connections.discard(connection)
            if not self._connections:
                self._all_closed.set()

    def find(self, room_id: str) -> LiveRoom | None:
        """The room, when somebody is inside."""
        return self._live.get(room_id)

    def occupants(self, room_ids: Sequence[str]) -> Mapping[str, Sequence[LiveParticipant]]:
        inside = self.here(room_ids)
        if self.elsewhere is None:
            return inside
        return {**self.elsewhere.occupants([one for one in room_ids if one not in inside]), **inside}

    def here(self, room_ids: Sequence[str]) -> Mapping[str, Sequence[LiveParticipant]]:
        """As `occupants`, of this process' rooms only."""
        return status.occupants(self._conferences(), room_ids)

    @property
    def room_ids(self) -> Collection[str]:
        """The rooms of this process that have somebody inside, or waiting to be let in."""
        return {*self._live, *self._waiting_rooms.room_ids}

    async def look_up_link(self, company_id: str, room_id: str, access_key: str) -> LinkView | None:
        return await self._admissions.look_up_link(company_id, room_id, access_key)

    def is_full(self, link: LinkView) -> bool:
        """Whether there is no place now for somebody who comes by this link."""
        limit = link.passive_limit if link.permissions.is_spectator else link.active_limit
        people = self.occupants([link.room_id]).get(link.room_id, ())
        if any(one.user_id == link.id for one in people):
            return False
        return sum(one.is_spectator is link.permissions.is_spectator for one in people) >= limit

    async def join(self, request: Join, connection: Connection) -> Arrival:
        """Let a person in, or back in, or let them wait until a moderator lets them in.

        Raises the errors of admission, Forbidden (`spectators_not_allowed`, `removed_from_room`,
        `room_locked`), Exhausted (`room_full`, `spectators_full`), Unavailable when the server is stopping.
        """
        self._require_going_on()
        stay = self._resume(request, connection)
        if stay is not None:
            return Arrival(stay)
        admission = await self._admit(request)
        self._require_going_on()
        self._require_owned(request.room_id)
        try:
            self._entrance.require_welcome(admission, request)
        except DomainError:
            self._forget_waiting_room(request.room_id)
            raise
        if self._entrance.has_to_wait(admission, request):
            return self._wait(admission, request, connection)
        return Arrival(self._enter(admission, request, connection))

    async def _admit(self, request: Join) -> Admission:
        """Admit a person by what holds when this returns: nothing may lie between that and entering."""
        for _ in range(MOST_ADMISSIONS):
            with self._joins.pending(request.room_id) as join:
                admission = await self._admissions.admit(request.token, request.room_id, request.display_name)
            is_outdated = join.is_outdated(admission.room.organization_id)
            if self._overrides.are_loaded(request.room_id) and not is_outdated:
                return admission
            await self._overrides.load(request.room_id)
        raise Unavailable(ErrorCode.ROOM_CHANGES_HANDS)

    def disconnected(self, arrival: Arrival, connection: Connection) -> None:
        """A connection is lost. A participant may come back for a while; who waits begins anew."""
        if arrival.stay is None:
            if arrival.waiting is not None:
                arrival.waiting.room.leave(arrival.waiting)
                self._forget_waiting_room(arrival.waiting.admission.room.room_id)
            return
        participant, conference = arrival.stay.participant, arrival.stay.room.conference
        if participant.connection is not connection or participant.id not in conference.participants:
            return
        participant.connection = None
        participant.grace = asyncio.get_running_loop().call_later(
            self._grace, conference.remove, participant, "lost"
        )
        conference.announce(participant)
        self.on_change(conference.room.room_id)

    def _require_going_on(self) -> None:
        if self._stopping:
            raise Unavailable(ErrorCode.SERVER_STOPPING)

    def _require_owned(self, room_id: str) -> None:
        if not self.owns(room_id):
            raise Unavailable(ErrorCode.ROOM_CHANGES_HANDS)

    def _resume(self, request: Join, connection: Connection) -> Stay | None:
        live = self._live.get(request.room_id)
        if not request.resume or live is None:
            return None
        for participant in live.conference.participants.values():
            if not hmac.compare_digest(participant.resume.encode(), request.resume.encode()):
                continue
            # A secret alone lets nobody in whose token would not any more, nor under another's name.
            if not _is_token_of(self._admissions.verify(request.token), participant.admission):
                return None
            participant.token = request.token
            if participant.grace is not None:
                participant.grace.cancel()
                participant.grace = None
            before, participant.connection = participant.connection, connection
            if before is not None:
                before.end(4002)
            participant.resume = secrets.token_urlsafe(24)
            if request.media is not None:
                participant.wish = participant.wish.both(_wish(request))
            self._welcome(live, participant, request, resumed=True)
            live.conference.media_changed(participant)
            live.media.resumed(participant)
            self.on_change(request.room_id)
            return Stay(participant, live)
        return None

    def _wait(self, admission: Admission, request: Join, connection: Connection) -> Arrival:
        arrival = Arrival()

        def enter(admission: Admission) -> None:
            arrival.stay = self._enter(admission, request, connection)

        room = self._waiting_rooms.of(admission.room.room_id)
        arrival.waiting = WaitingParticipant(
            room=room,
            token=request.token,
            request_id=request.id,
            admission=admission,
            connection=connection,
            enter=enter,
        )
        try:
            room.arrive(arrival.waiting)
        finally:
            self._forget_waiting_room(admission.room.room_id)
        return arrival

    def _forget_waiting_room(self, room_id: str) -> None:
        if room_id not in self._live:
            self._waiting_rooms.forget_if_empty(room_id)
            if self._waiting_rooms.find(room_id) is None:
                self._overrides.release(room_id)

    def _enter(self, admission: Admission, request: Join, connection: Connection) -> Stay:
        live = self._live.get(admission.room.room_id) or self._open(admission.room)
        conference = live.conference
        if admission.room != conference.room:
            take_in(conference, admission.room, {})
        overrides = conference.overrides_of(admission.user_id)
        before = conference.of_user(admission.user_id)
        try:
            as_spectator = conference.require_place(admission, before)
        except DomainError:
            if not conference.participants:
                self._close(live)
            raise
        participant = Participant(
            id=secrets.token_hex(8),
            resume=secrets.token_urlsafe(24),
            token=request.token,
            admission=admission,
            overrides=overrides,
            rules=conference.rules,
            consents=conference.consents,
            wish=_wish(request),
            is_spectator=as_spectator,
            browser=browser_mark(conference.room.room_id, request.browser),
        )
        participant.wish = participant.media
        conference.participants[participant.id] = participant
        conference.let_in.add(participant.user_id)
        if before is not None:
            conference.remove(before, "replaced", "replaced")
        participant.connection = connection
        live.media.enter(participant)
        self._welcome(live, participant, request, resumed=False)
        conference.announce_joined(participant)
        live.waiting_room.inside_changed(conference)
        self._notifier.joined(admission.room, participant)
        self.on_change(admission.room.room_id)
        return Stay(participant, live)

    def _open(self, room: RoomFacts) -> LiveRoom:
        self._require_owned(room.room_id)
        follower = _Follower(self)
        conference = Conference(room, follower, self._overrides.of(room.room_id))
        live = LiveRoom(
            conference,
            RoomMedia(conference, self._pool, self._room_options, self._recording_sessions),
            self._waiting_rooms.of(room.room_id),
        )
        follower.live = live
        self._live[room.room_id] = live
        ROOMS.inc()
        self._notifier.opened(room)
        return live

    def _welcome(self, live: LiveRoom, participant: Participant, request: Join, *, resumed: bool) -> None:
        welcome(
            live, participant, request, resumed=resumed, ice=self._ice, reentry_tokens=self._reentry_tokens
        )

    def removed(self, live: LiveRoom, participants: Sequence[Participant], reason: LeftReason) -> None:
        """Called when people are no longer inside; the last one ends the conference."""
        for participant in participants:
            live.media.leave(participant)
            self._notifier.left(live.conference.room, participant, reason)
        live.waiting_room.inside_changed(live.conference)
        room_id = live.conference.room.room_id
        if not live.conference.participants and self._live.get(room_id) is live:
            self._overrides.forget(room_id)
            self._close(live)
        self.on_change(room_id)

    def _close(self, live: LiveRoom) -> None:
        room_id = live.conference.room.room_id
        del self._live[room_id]
        ROOMS.dec()
        live.waiting_room.inside_changed(None)
        self._forget_waiting_room(room_id)
        self._notifier.emptied(live.conference.room)
        self._tasks.spawn(live.media.close(), f"close {room_id}")

    def moderated(self, live: LiveRoom, moderator: Participant, target: Participant, action: str) -> None:
        """Called when a moderator has done something to somebody."""
        room = live.conference.room
        if action in ("promote", "demote"):
            live.waiting_room.moderators_changed()
            self.on_change(room.room_id)
        self._notifier.moderated(room, moderator, target, action)

    def moderated_all(self, live: LiveRoom, moderator: Participant, action: str) -> None:
        """Called when a moderator has done something to everybody."""
        self._notifier.moderated_all(live.conference.room, moderator, action)

    def readmitted(self, live: LiveRoom, moderator: Participant, user_id: str, display_name: str) -> None:
        """Called when a moderator lets somebody back who was put out."""
        self._notifier.readmitted(live.conference.room, moderator, user_id, display_name)

    def in_background(self, work: Coroutine[Any, Any, None], what: str) -> None:
        """Do what takes several turns of the loop; `what` names it in the log."""
        self._tasks.spawn(work, what)

    def written(self, live: LiveRoom, message: ChatMessage) -> None:
        """Called when somebody has written something."""
        self._notifier.written(live.conference.room, message)

    def recording_changed(self, live: LiveRoom, recording_id: str) -> None:
        """Called when what happens in a room begins to be recorded, or is no longer."""
        self._notifier.recording_changed(
            live.conference.room, recording_id, recording=live.conference.recording
        )
        live.waiting_room.recording_changed()
        live.media.wishes_changed()

    def recording_answered(self, live: LiveRoom, participant: Participant, agrees: bool) -> None:
        """Called when somebody agrees to be recorded, or does not."""
        self._notifier.recording_answered(live.conference.room, participant, agrees)

    def review(self, room_id: str) -> None:
        """Have looked at, soon, what a room is now, and who may still be inside or wait."""
        self._reviews.request(room_id)

    def _conferences(self) -> Mapping[str, Conference]:
        return {room_id: live.conference for room_id, live in self._live.items()}


class _Follower:
    """Carries what happens in a conference to its media and to the service."""

    live: LiveRoom

    def __init__(self, service: ConferenceService) -> None:
        self._service = service

    def media_changed(self, participant: Participant) -> None:
        self.live.media.changed(participant)

    def media_of_many_changed(self, participants: Sequence[Participant]) -> None:
        self.live.media.many_changed(participants)

    def room_changed(self) -> None:
        self.live.media.room_changed()

    def removed(self, participants: Sequence[Participant], reason: LeftReason) -> None:
        self._service.removed(self.live, participants, reason)

    def moderated(self, moderator: Participant, target: Participant, action: str) -> None:
        self._service.moderated(self.live, moderator, target, action)

    def moderated_all(self, moderator: Participant, action: str) -> None:
        self._service.moderated_all(self.live, moderator, action)

    def readmitted(self, moderator: Participant, user_id: str, display_name: str) -> None:
        self._service.readmitted(self.live, moderator, user_id, display_name)

    def in_background(self, work: Coroutine[Any, Any, None], what: str) -> None:
        self._service.in_background(work, what)

    def written(self, message: ChatMessage) -> None:
        self._service.written(self.live, message)

    def recording_changed(self, recording_id: str) -> None:
        self._service.recording_changed(self.live, recording_id)

    def recording_wish_changed(self) -> None:
        self.live.media.recording_wish_changed()

    def recording_answered(self, participant: Participant, agrees: bool) -> None:
        self._service.recording_answered(self.live, participant, agrees)


def _ignore(_room_id: str) -> None:
    pass


def _any_room(_room_id: str) -> bool:
    return True


def _is_token_of(claims: AccessToken, admission: Admission) -> bool:
    """Whether the token is of who was admitted, and good for their room: somebody may belong to several
    organizations, and hold guests' tokens for several rooms."""
    room = admission.room
    return (
        claims.subject_id == admission.user_id
        and claims.organization_id == room.organization_id
        and (not claims.is_guest or claims.room_id == room.room_id)
    )


def _wish(request: Join) -> MediaState:
    media = request.media
    return MediaState(media.microphone, media.camera, media.screen) if media is not None else MediaState()
