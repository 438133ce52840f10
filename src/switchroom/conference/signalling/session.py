"""Session of one connected participant: its requests, and their answers."""

from __future__ import annotations

from datetime import UTC, datetime

from switchroom.conference.close_codes import CloseCode
from switchroom.conference.live_room import Arrival, Stay
from switchroom.conference.messages import (
    Admit,
    AdmitAll,
    AnswerRecording,
    AnyClientMessage,
    Candidate,
    Deny,
    End,
    Hand,
    Join,
    Leave,
    ListRemoved,
    Lock,
    Moderate,
    ModerateAll,
    Ok,
    Permit,
    PermitAll,
    Ping,
    Pong,
    Promote,
    Publish,
    Readmit,
    Removed,
    SendChat,
    SetMedia,
    StartRecording,
    StopRecording,
    SubscribeAnswer,
    SubscribeRestart,
    Want,
)
from switchroom.conference.refusals import refusal
from switchroom.conference.room import chat, moderation, moderation_of_all, recording
from switchroom.conference.room.participants import Connection, MediaState
from switchroom.conference.room.waiting_room import WaitingParticipant
from switchroom.errors import DomainError, ErrorCode, Exhausted, Forbidden, Invalid
from switchroom.http.rate_limit import TokenBucket

CHAT_RATE, CHAT_BURST = 1.0, 10
RECORDING_RATE, RECORDING_BURST = 0.1, 5
"""Recordings that one moderator begins in a second, on average, and at once; and agreements of one person."""


class Session:
    """Serves the requests of a participant that came over one connection."""

    def __init__(self, stay: Stay, connection: Connection) -> None:
        self._participant = stay.participant
        self._conference = stay.room.conference
        self._media = stay.room.media
        self._waiting_room = stay.room.waiting_room
        self._connection = connection
        self._chat_limit = TokenBucket(CHAT_RATE, CHAT_BURST)
        self._recording_limit = TokenBucket(RECORDING_RATE, RECORDING_BURST)
        self._agreement_limit = TokenBucket(RECORDING_RATE, RECORDING_BURST)

    @property
    def is_current(self) -> bool:
        """Whether this connection still is the participant's."""
        return self._participant.connection is self._connection

    async def receive(self, message: AnyClientMessage) -> None:
        """Do what a message asks and answer it. It waits only for what takes long, so that others have their
        turn."""
        request_id = getattr(message, "id", None)
        try:
            await self._do(message)
        except DomainError as error:
            self._connection.send(refusal(error, request_id))
        else:
            if request_id is not None and not isinstance(message, Publish | ListRemoved):
                self._connection.send(Ok(request_id))

    async def _do(self, message: AnyClientMessage) -> None:
        me, conference = self._participant, self._conference
        match message:
            case Ping():
                self._connection.send(Pong())
            case Leave():
                me.connection = None
                conference.remove(me, "left")
                self._connection.end(CloseCode.LEFT)
            case SetMedia():
                self._set_media(MediaState(message.microphone, message.camera, message.screen))
            case SendChat():
                if not self._chat_limit.take():
                    raise Exhausted(ErrorCode.TOO_MANY_CHAT_MESSAGES)
                chat.write(conference, me, message)
            case Hand(raised=raised):
                self._raise_hand(raised)
            case Moderate():
                moderation.moderate(conference, me, message)
            case Permit():
                moderation.permit(conference, me, message)
            case ModerateAll():
                moderation_of_all.moderate_all(conference, me, message)
            case PermitAll():
                moderation_of_all.permit_all(conference, me, message)
            case Promote():
                moderation.promote(conference, me, message)
            case Lock(locked=locked):
                moderation_of_all.lock(conference, me, locked=locked)
            case End():
                moderation_of_all.end(conference, me, self._waiting_room)
            case ListRemoved(id=request_id):
                me.send(Removed(people=moderation.removed(conference, me), id=request_id))
            case Readmit(user_id=user_id):
                moderation.readmit(conference, me, user_id)
            case StartRecording():
                await self._start_recording()
            case StopRecording():
                recording.stop(conference, me)
            case AnswerRecording(agrees=agrees):
                # No is taken each time.
                if agrees and not self._agreement_limit.take():
                    raise Exhausted(ErrorCode.TOO_MANY_REQUESTS)
                recording.answer(conference, me, agrees=agrees)
            case Admit():
                self._waiting_room.admit(me, message.participant_id)
            case AdmitAll():
                await self._waiting_room.admit_all(me)
            case Deny():
                self._waiting_room.deny(me, message.participant_id)
            case Publish():
                self._media.publishing(me).publish(message)
            case Candidate(pc="publish"):
                self._media.publishing(me).trickle(message.candidate)
            case Candidate():
                self._media.subscribing(me).trickle(message)
            case SubscribeAnswer():
                self._media.subscribing(me).answer(message)
            case SubscribeRestart():
                self._media.subscribing(me).restart()
            case Want():
                self._media.subscribing(me).want(message)
            case Join():
                raise Invalid(ErrorCode.ALREADY_JOINED, "type")

    async def _start_recording(self) -> None:
        me, conference = self._participant, self._conference
        moderation.require_moderator(me)
        if not self._recording_limit.take():
            raise Exhausted(ErrorCode.TOO_MANY_REQUESTS)
        await self._media.recording.require_place()
        if me.id in conference.participants:
            recording.start(conference, me)

    def _set_media(self, wish: MediaState) -> None:
        me = self._participant
        if wish.within(me.permissions) != wish:
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="voice, video, screen")
        if wish != me.wish:
            me.wish = wish
            self._conference.media_changed(me)

    def _raise_hand(self, raised: bool) -> None:
        me = self._participant
        if me.is_spectator and raised:
            raise Forbidden(ErrorCode.SPECTATORS_HAVE_NO_HAND)
        if raised == (me.hand_raised_at is not None):
            return
        me.hand_raised_at = datetime.now(UTC) if raised else None
        self._conference.announce(me)


class WaitingSession:
    """Serves the requests of somebody who waits, and of the participant they become once they are let in."""

    def __init__(self, arrival: Arrival, waiting: WaitingParticipant) -> None:
        self._arrival = arrival
        self._waiting = waiting
        self._session: Session | None = None

    @property
    def is_current(self) -> bool:
        session = self._inside()
        return session is None or session.is_current

    async def receive(self, message: AnyClientMessage) -> None:
        """As of `Session`. A person who waits can ping and leave."""
        session = self._inside()
        if session is not None:
            await session.receive(message)
            return
        connection = self._waiting.connection
        match message:
            case Ping():
                connection.send(Pong())
            case Leave():
                self._waiting.room.leave(self._waiting)
                connection.end(CloseCode.LEFT)
            case _:
                request_id = getattr(message, "id", None)
                connection.send(refusal(Forbidden(ErrorCode.NOT_LET_IN_YET), request_id))

    def _inside(self) -> Session | None:
        if self._session is None and self._arrival.stay is not None:
            self._session = Session(self._arrival.stay, self._waiting.connection)
        return self._session


def open_session(arrival: Arrival, connection: Connection) -> Session | WaitingSession:
    """The session of a person who has come over a connection."""
    if arrival.stay is not None:
        return Session(arrival.stay, connection)
    assert arrival.waiting is not None
    return WaitingSession(arrival, arrival.waiting)
