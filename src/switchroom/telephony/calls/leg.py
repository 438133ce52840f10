"""Leg: one phone or carrier in a call, its SIP session and its media together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from uuid import uuid4

import structlog
from msgspec import Struct, structs

from switchroom.engines.rtpengine.client import NgError, NgRefused, NgUnknownCall
from switchroom.engines.sip.abandoned import ReceivedInvite, SentInvite
from switchroom.engines.sip.dialog import DialogState, new_tag
from switchroom.engines.sip.errors import SipError
from switchroom.engines.sip.events import Changed, Digit, SessionEvent
from switchroom.engines.sip.headers import field_name
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.outgoing import OutgoingCall
from switchroom.engines.sip.session import Session, SessionState
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.snapshot import LegDirection, LegSnapshot, LegStatus
from switchroom.telephony.media import sdp as descriptions
from switchroom.telephony.media.keys import KEYS, Key
from switchroom.telephony.media.keys import Digit as PressedKey
from switchroom.telephony.media.leg import LegMedia
from switchroom.telephony.media.playback import Playback
from switchroom.telephony.media.sdp import SdpError
from switchroom.telephony.media.silence import MediaLoss
from switchroom.telephony.media.sources import BrowserSources
from switchroom.telephony.media.state import LegKind, LegState, Target
from switchroom.telephony.routing.caller_id import Identity
from switchroom.telephony.routing.hangup_causes import HangupCause

log = structlog.stdlib.get_logger(__name__)

DEVICE = field_name("X-SR-Device")
"""Field with the device of a leg: the SIP server sets it for a caller, and is told by it whom to call."""

ELSEWHERE = 'SIP;cause=200;text="Call completed elsewhere"'
"""Reason (RFC 3326) with which phones do not count a call as missed."""

_Q850 = {
    HangupCause.NORMAL_CLEARING: 16,
    HangupCause.USER_BUSY: 17,
    HangupCause.NO_USER_RESPONSE: 18,
    HangupCause.NO_ANSWER: 19,
    HangupCause.CALL_REJECTED: 21,
    HangupCause.MEDIA_TIMEOUT: 102,
    HangupCause.NORMAL_TEMPORARY_FAILURE: 41,
}
_WARNINGS = {
    HangupCause.INCOMPATIBLE_DESTINATION: '305 switchroom "No codec or encryption that both sides have"',
}
"""Warnings that a refused caller is told in words, by the cause (RFC 3261 section 20.43)."""

_LOST = (NgError, SdpError)


class LegOwner(Protocol):
    """Owner of a leg, which is told what happens to it: a call, or the ringing of the leg. No method may
    block or raise."""

    def signalled(self, leg: Leg, event: SessionEvent) -> None:
        """An event of the SIP session."""
        ...

    def pressed(self, leg: Leg, key: Key) -> None:
        """A key, by RFC 4733 or INFO."""
        ...

    def played(self, leg: Leg, playback: str) -> None:
        """The playback that `Playback.play` gave this id to is over."""
        ...

    def lost(self, leg: Leg, loss: MediaLoss) -> None:
        """The phone is silent, or the relay has been started anew."""
        ...


class Party(Struct, frozen=True):
    """Party at a leg: a device with the user who has it, or a trunk; and what is shown of them, as an
    `Identity` has it. With `is_forward` the call has been forwarded to them; a phone that does not
    `log_missed` is told, when it has rung, that the call was taken elsewhere (RFC 3326), which none shows as
    missed."""

    device_id: int | None = None
    user_id: int | None = None
    trunk_id: int | None = None
    name: str = ""
    number: str = ""
    language: str = ""
    is_forward: bool = False
    log_missed: bool = True
    known_as: str = ""

    @property
    def identity(self) -> Identity:
        """Identity under which the party comes to whoever is called for it."""
        return Identity(name=self.name, number=self.number, known_as=self.known_as)

    @property
    def name_inside(self) -> str:
        """The name that people of the account are shown."""
        return self.identity.name_inside

    @property
    def place(self) -> str:
        """Place that guesses of a PIN are counted for: a device, or the number of a caller from outside."""
        return f"number {self.number}" if self.device_id is None else f"device {self.device_id}"


class SavedLeg(Struct, frozen=True):
    """State from which another process takes a leg up."""

    uuid: str
    party: Party
    direction: LegDirection
    dialog: DialogState
    media: LegState
    started_at: datetime
    answered_at: datetime | None
    other: str = ""
    status: LegStatus = LegStatus.ANSWERED


class AbandonedLeg(Struct, frozen=True):
    """State by which another process ends a leg that it does not go on with: one that had not been answered,
    or that nobody talked to. `media` is its id at the relay."""

    media: str
    sent: SentInvite | None = None
    received: ReceivedInvite | None = None
    dialog: DialogState | None = None


class Leg:
    """A leg. Its owner may be exchanged.

    Methods that speak to the relay raise NgError or SdpError where that cannot do it.
    """

    def __init__(
        self,
        services: MediaServices,
        owner: LegOwner,
        party: Party,
        direction: LegDirection,
        media: LegMedia | None = None,
        uuid: str = "",
    ) -> None:
        self.uuid = uuid or str(uuid4())
        self.party = party
        self.direction = direction
        self.owner = owner
        self.media = media or LegMedia(services.ng)
        self.playback = Playback(services.ng, self.media, self._played)
        self.session: Session | None = None
        self.on_changed: Callable[[], None] = _nothing
        self.status = LegStatus.RINGING
        self.other = ""
        self.started_at = datetime.now(UTC)
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.cause: HangupCause | None = None
        self.sip_code = 0
        self._sources: BrowserSources | None = None
        self._services = services
        services.keys.listen(self.media.state.id, self._pressed)

    @classmethod
    def restored(cls, services: MediaServices, owner: LegOwner, saved: SavedLeg) -> Leg:
        """The leg that another process has had. Raises MalformedValue."""
        leg = cls(
            services, owner, saved.party, saved.direction, LegMedia(services.ng, saved.media), saved.uuid
        )
        leg.session = services.agent.restore(saved.dialog, leg.listen)
        leg.started_at, leg.answered_at, leg.other = saved.started_at, saved.answered_at, saved.other
        leg.status = saved.status
        leg.playback.resume()
        services.watch(leg.media, leg.lose_media)
        leg._follow_sources()
        return leg

    @property
    def is_up(self) -> bool:
        """Whether it is answered and has not ended."""
        return self.session is not None and self.session.state is SessionState.CONFIRMED

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    def listen(self, session: Session, event: SessionEvent) -> None:
        """Listener of the session."""
        if isinstance(event, Changed):
            self.on_changed()
        elif isinstance(event, Digit):
            if event.digit in KEYS:
                self._pressed(PressedKey(event.digit, event.duration))  # pyright: ignore[reportArgumentType]
                self.owner.signalled(self, event)
        else:
            self.owner.signalled(self, event)

    def lose_media(self, loss: MediaLoss) -> None:
        """Take in that the phone is silent, or the relay has been started anew."""
        self.owner.lost(self, loss)

    async def answer(self, target: Target | None = None) -> None:
        """Answer the caller: what it says goes to the target, to nobody for none. A caller without an offer
        gets one; what it answers comes with its ACK."""
        call = self._incoming
        if call.state is not SessionState.EARLY:
            return
        if call.offer is None:
            kind = LegKind.SDES if self.media.state.must_encrypt else LegKind.PLAIN
            described = await self.media.offer_phone(kind, target)
        else:
            described = await self.media.answer_phone(target)
        if call.state is not SessionState.EARLY:
            return  # it has hung up meanwhile, which is in the inbox
        self.up()
        call.answer(described.encode())

    async def early(self, target: Target) -> None:
        """Let the caller hear something before it is answered (183)."""
        call = self._incoming
        if call.state is SessionState.EARLY and call.offer is not None:
            described = await self.media.answer_phone(target)
            if call.state is SessionState.EARLY:
                call.progress(183, described.encode())

    def ring(self) -> None:
        """Tell the caller that it rings."""
        call = self._incoming
        if call.state is SessionState.EARLY:
            call.progress(180)

    def up(self) -> None:
        """Take in that the leg is answered."""
        if self.answered_at is None:
            self.answered_at = datetime.now(UTC)
        self.status = LegStatus.ANSWERED
        self._services.watch(self.media, self.lose_media)
        self._follow_sources()

    async def offered(self, sdp: bytes | None, target: Target) -> None:
        """Answer a new offer of the phone (re-INVITE, UPDATE), or its wish for one; refuse what cannot be."""
        session = self._session
        try:
            if sdp is None:
                described = descriptions.next_version(self.media.state.sent_sdp)
                self.media.state.sent_sdp = described
            else:
                await self.media.phone_offered(sdp.decode("utf-8", "replace"))
                described = await self.media.answer_phone(target)
        except _LOST as error:
            log.warning("offer refused", leg=self.uuid, reason=str(error))
            _quietly(lambda: session.refuse_offer(488))
        else:
            _quietly(lambda: session.answer_offer(described.encode()))

    async def acknowledged(self, sdp: bytes | None) -> None:
        """Take in the phone's answer in its ACK to an offer of ours."""
        if sdp is not None:
            await self.media.phone_answered(sdp.decode("utf-8", "replace"))

    async def play(self, files: Sequence[Path], *, times: int = 1) -> str:
        """Point the leg at nobody and play it files; the owner is told their end with the id."""
        await self.playback.stop()
        if not self.media.state.target.is_sink:
            await self.media.let_nobody_hear()
        try:
            return await self.playback.play(files, times=times)
        except NgUnknownCall:
            raise
        except NgRefused as error:
            log.warning("sound not played", leg=self.uuid, reason=error.reason)
            refused = new_tag()
            self.owner.played(self, refused)
            return refused

    async def end(self, cause: HangupCause, code: int = 0, reason: str = "") -> None:
        """End the leg in whatever state it is, and forget its media. A second time does nothing."""
        if self.ended_at is None:
            self._hang_up(cause, code, reason)
            self.over(cause, code)
        await self.forget()

    def over(self, cause: HangupCause, code: int = 0) -> None:
        """Take in that the leg has ended."""
        if self.ended_at is None:
            self.ended_at = datetime.now(UTC)
            self.cause = cause
            self.sip_code = code if self.answered_at is None else 0

    async def forget(self) -> None:
        """Forget the media of the leg, also where the relay cannot be reached."""
        self._services.forget(self.media)
        await self.playback.close()
        if self._sources is not None:
            await self._sources.stop()
        try:
            await self.media.close()
        except NgError as error:
            log.warning("media not ended", leg=self.uuid, reason=str(error))

    def snapshot(self) -> LegSnapshot:
        return LegSnapshot(
            uuid=self.uuid,
            direction=self.direction,
            sip_call_id=self.session.call_id if self.session is not None else "",
            device_id=self.party.device_id,
            user_id=self.party.user_id,
            trunk_id=self.party.trunk_id,
            name=self.party.name_inside,
            number=self.party.number,
            state=self.status,
            muted=self.media.state.muted,
            other_leg=self.other,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            hangup_cause=self.cause.value if self.cause is not None else "",
            sip_code=self.sip_code,
        )

    def save(self) -> SavedLeg | None:
        """State from which another process takes the leg up, None before it is answered and after its end."""
        if not self.is_up or self.session is None or self.has_ended:
            return None
        return SavedLeg(
            self.uuid,
            self.party,
            self.direction,
            self.session.save(),
            structs.replace(self.media.state),
            self.started_at,
            self.answered_at,
            self.other,
            self.status,
        )

    def save_for_end(self) -> AbandonedLeg | None:
        """State by which another process ends the leg, None where there is nothing to end."""
        session, media = self.session, self.media.state.id
        if self.has_ended:
            return None
        if session is not None and session.state is SessionState.CONFIRMED:
            return AbandonedLeg(media, dialog=session.save())
        if isinstance(session, IncomingCall):
            return AbandonedLeg(media, received=session.save_invite())
        if isinstance(session, OutgoingCall):
            return AbandonedLeg(media, sent=session.save_invite())
        return None

    @property
    def _session(self) -> Session:
        assert self.session is not None
        return self.session

    @property
    def _incoming(self) -> IncomingCall:
        assert isinstance(self.session, IncomingCall)
        return self.session

    def _hang_up(self, cause: HangupCause, code: int, reason: str) -> None:
        session = self.session
        if session is None or session.state is SessionState.ENDED:
            return
        number = _Q850.get(cause)
        warning = [("Warning", _WARNINGS[cause])] if cause in _WARNINGS else []
        reason = reason or (f"Q.850;cause={number}" if number is not None else "")
        if session.state is SessionState.CONFIRMED:
            _quietly(lambda: session.bye(reason))
        elif isinstance(session, IncomingCall):
            headers = [("Reason", reason), *warning] if reason else warning
            status = code if 300 <= code < 700 else 480
            _quietly(lambda: session.refuse(status, headers=headers))
        elif isinstance(session, OutgoingCall):
            told = reason if self.party.log_missed else ELSEWHERE
            _quietly(lambda: session.cancel(told))

    def _follow_sources(self) -> None:
        """Have a browser hear again what it has heard before, which takes offers of ours."""
        if self.media.state.kind is LegKind.BROWSER and self._sources is None:
            self._sources = BrowserSources(self.media, self._reoffer)
            self._sources.start()

    async def _reoffer(self, described: str) -> None:
        if not self.is_up or self.session is None:
            return
        try:
            await self.session.reinvite(described.encode())
        except SipError as error:
            log.info("offer not answered", leg=self.uuid, reason=str(error))

    def _played(self, playback: str) -> None:
        self.owner.played(self, playback)

    def _pressed(self, digit: PressedKey) -> None:
        self.owner.pressed(self, digit.key)


def _nothing() -> None:
    """Do nothing: the default of a callback."""


def _quietly(act: Callable[[], None]) -> None:
    """Do it, unless the peer's message that crosses it has made it void."""
    try:
        act()
    except SipError as error:
        log.info("crossed", reason=str(error))
