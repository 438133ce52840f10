"""Conferences of one worker: who is in them, what they hear, and what they may do with their keys.

Each member's call has a loop of its own, which hears of others by being woken, and then does what is wanted
of its leg by now: the mixer, or music as long as nobody else is there. So whatever has changed meanwhile, in
whatever order, a leg comes to hear what it should.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import structlog
from msgspec import structs

from switchroom.engines.ffmpeg.command import ProgramFailed, ProgramMissing
from switchroom.errors import ErrorCode, NotFound
from switchroom.events.types import ConferenceJoined, ConferenceLeft, DomainEvent
from switchroom.telephony.calls.conference_pins import Role
from switchroom.telephony.calls.conference_rooms import Member, Room
from switchroom.telephony.calls.inbox import KeyPressed, Woken
from switchroom.telephony.calls.listening import play
from switchroom.telephony.calls.live_call import LiveCall, Performer
from switchroom.telephony.calls.prompt_files import Ear
from switchroom.telephony.calls.routes import Rerouted
from switchroom.telephony.control.messages import Participant, ParticipantAction
from switchroom.telephony.media.announcements import Announcements
from switchroom.telephony.media.mixer import Mixer, MixerUnavailable
from switchroom.telephony.media.playback import FOREVER
from switchroom.telephony.routing.actions import (
    Action,
    CheckPin,
    Event,
    Failed,
    Finished,
    JoinConference,
    PinChecked,
)
from switchroom.telephony.routing.configuration import Conference
from switchroom.telephony.routing.hangup_causes import HangupCause

BETWEEN_KEYS = 3.0
"""Seconds after `*` in which the key comes that says what is wanted."""

log = structlog.stdlib.get_logger(__name__)


class Pins(Protocol):
    """Check of the PINs of conferences."""

    async def role(self, organization_id: int, conference_id: int, pin: str, place: str) -> Role | None:
        """Role that a PIN gives a caller, None for a wrong one; `place` is where the caller calls from."""
        ...


class EventSink(Protocol):
    """Takes events of what happens in conferences."""

    def add(self, organization_id: int, event: DomainEvent, object_id: str) -> None: ...


class Conferences:
    """The conferences. A participant is named by the uuid of its channel."""

    def __init__(self, mixer: Mixer, announcements: Announcements, pins: Pins, events: EventSink) -> None:
        self._mixer = mixer
        self._announcements = announcements
        self._pins = pins
        self._events = events
        self._rooms: dict[str, Room] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def performers(self) -> Mapping[type[Action], Performer]:
        """Performers of the actions that are about conferences."""
        return {JoinConference: self.join, CheckPin: self.check_pin}

    async def check_pin(self, call: LiveCall, action: CheckPin) -> Event:
        """Perform `CheckPin`."""
        place = call.routed.party.place
        role = await self._pins.role(call.organization_id, action.conference_id, action.digits, place)
        return PinChecked(role is not None, is_moderator=role is Role.MODERATOR)

    async def join(self, call: LiveCall, action: JoinConference) -> Event:
        """Perform `JoinConference`: the caller is in it until `#`, or until somebody puts them out."""
        room = self._room(call.organization_id, action.conference_id)
        conference = call.loaded.flow.conferences.get(action.conference_id) if call.loaded else None
        is_moderator = action.is_moderator or _is_owner(call, conference)
        before = call.seat  # another process had them in here
        if before is not None:
            room.restore(before)
        refused = _refused(room, conference, is_moderator=is_moderator, was_here=before is not None)
        if refused is not None:
            call.seat = None
            self._forget_empty(room)
            return refused
        room.waits = conference is not None and conference.wait_for_moderator
        room.coming += 1
        try:
            await call.answer()
            ear = structs.replace(call.ear, language=action.language or call.ear.language)
            muted = (action.muted or room.is_muted) and not is_moderator
            if before is not None:
                muted = before.muted
            else:
                await _say(call, ear, "conference-welcome", *(["conference-muted"] if muted else []))
            member = await self._seat(room, call, action, ear, muted=muted, is_moderator=is_moderator)
            await call.end_transfer(200)
        except MixerUnavailable as error:
            log.error("conference not joined", conference=room.conference_id, reason=str(error))
            call.seat = None
            return Failed(HangupCause.NORMAL_TEMPORARY_FAILURE, 503)
        except Rerouted:
            call.seat = None
            raise
        finally:
            room.coming -= 1
            self._forget_empty(room)
        try:
            await self._attend(room, member)
        except asyncio.CancelledError:
            raise  # the process ends, and another takes the call up where it is
        except BaseException:
            await self._leave(room, member, action)
            raise
        await self._leave(room, member, action)
        await call.routed.media.let_nobody_hear()
        if call.routed.media.state.deaf:
            await call.routed.media.undeafen()
        if member.is_removed:
            await _say(call, ear, "conference-removed")
        return Finished()

    async def participants(self, organization_id: int, conference_id: int) -> Sequence[Participant]:
        """Participants of a conference, in the order in which they came."""
        room = self._rooms.get(f"{organization_id}.{conference_id}")
        return [_participant(one) for one in room.members] if room is not None else []

    async def act(
        self, organization_id: int, conference_id: int, participant: str, action: ParticipantAction
    ) -> None:
        """Mute, unmute or put out somebody. Raises NotFound."""
        room = self._rooms.get(f"{organization_id}.{conference_id}")
        found = [one for one in room.members if one.leg.uuid == participant] if room is not None else []
        if room is None or not found:
            raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, "participant")
        (member,) = found
        if action == "kick":
            member.is_removed = True
            member.wake()
        else:
            await self._mute(room, member, muted=action == "mute")

    async def close(self) -> None:
        """Wait for nothing any more that is announced."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # Coming and going.

    async def _seat(
        self,
        room: Room,
        call: LiveCall,
        action: JoinConference,
        ear: Ear,
        *,
        muted: bool,
        is_moderator: bool,
    ) -> Member:
        seat = await self._mixer.join(
            room.name, call.routed.media.state, muted=muted, on_moved=lambda _: call.inbox.put(Woken())
        )
        member = Member(call, seat, ear, muted=muted, is_moderator=is_moderator)
        room.members.append(member)
        room.has_begun = room.has_begun or is_moderator
        room.save()
        party = member.leg.party
        joined = ConferenceJoined(
            channel=member.leg.uuid,
            call_id=call.id,
            name=party.name_inside,
            number=party.number,
            user_id=party.user_id,
            device_id=party.device_id,
            muted=member.muted,
        )
        self._events.add(room.organization_id, joined, str(room.conference_id))
        self._others_change(room, action, member, "conference-someone-joined")
        return member

    async def _leave(self, room: Room, member: Member, action: JoinConference) -> None:
        room.members.remove(member)
        member.call.seat = None
        member.call.tell_change()
        self._forget_empty(room)
        await self._mixer.leave(room.name, member.seat)
        party = member.leg.party
        left = ConferenceLeft(
            channel=member.leg.uuid,
            call_id=member.call.id,
            name=party.name_inside,
            number=party.number,
            user_id=party.user_id,
            device_id=party.device_id,
        )
        self._events.add(room.organization_id, left, str(room.conference_id))
        self._others_change(room, action, member, "conference-someone-left")

    def _others_change(self, room: Room, action: JoinConference, member: Member, notice: str) -> None:
        """Let everybody look again, and tell them if there are some who hear each other."""
        for one in room.members:
            one.wake()
        if action.announce and len(room.members) > 1 and not room.why_alone:
            ear = structs.replace(member.ear, rate=16000)
            files = member.call.board.prompts.named(notice, ear)
            if files:
                self._start(self._announce(room.name, files[0]))

    async def _announce(self, room: str, sound: Path) -> None:
        try:
            await self._mixer.play(room, await self._announcements.opus(sound))
        except (OSError, ProgramFailed, ProgramMissing) as error:
            log.warning("announcement not made", sound=str(sound), reason=str(error))

    # Being there.

    async def _attend(self, room: Room, member: Member) -> None:
        """Have a member in the conference until it wants to leave or is put out."""
        loop = asyncio.get_running_loop()
        deadline: float | None = None
        """Until when the key after `*` may come."""
        while not member.is_removed:
            await self._settle(room, member)
            match await member.call.next(deadline):
                case KeyPressed(leg, key) if leg is member.leg:
                    if deadline is not None:
                        await self._command(room, member, key)
                    elif key == "#":
                        return
                    deadline = loop.time() + BETWEEN_KEYS if key == "*" and deadline is None else None
                case None:
                    deadline = None
                case _:
                    pass

    async def _settle(self, room: Room, member: Member) -> None:
        """Let a member hear what it should by now, unless it is being told something."""
        state, target = member.leg.media.state, member.seat.target
        if state.playing is not None and state.playing.id != member.music:
            return
        why_alone, notice = room.why_alone, member.notice
        member.notice = ""
        if notice:
            await self._tell(member, notice)
        elif why_alone and member.told != why_alone:
            member.told = why_alone
            await self._tell(member, why_alone)
        elif why_alone or target is None:
            if not member.music:
                await self._play_music(member)
        elif member.music or state.target != target:
            member.told, member.music = "", ""
            await member.leg.playback.stop()
            await member.leg.media.point_at(target)

    async def _play_music(self, member: Member) -> None:
        """Music until somebody comes, or the mixer is there again."""
        call = member.call
        account = call.loaded.flow.account if call.loaded is not None else None
        own = account.music_on_hold_id if account is not None else None
        music = await call.board.prompts.music(call.organization_id, own, member.ear)
        if music:
            member.music = await member.leg.play(music, times=FOREVER)
        elif not member.leg.media.state.target.is_sink:
            await member.leg.media.let_nobody_hear()

    async def _tell(self, member: Member, name: str) -> None:
        """Tell one member something; it does not hear the others meanwhile, nor they it."""
        member.music = ""
        files = member.call.board.prompts.named(name, member.ear)
        if files:
            await member.leg.play(files)

    async def _command(self, room: Room, member: Member, key: str) -> None:
        match key:
            case "1" | "2" | "3":
                muted = key == "2" or (key == "1" and not member.muted)
                await self._mute(room, member, muted=muted)
                await self._tell(member, "conference-muted" if muted else "conference-unmuted")
            case "4" | "5" | "6":
                media = member.leg.media
                is_deaf = key == "5" or (key == "4" and not media.state.deaf)
                await (media.deafen() if is_deaf else media.undeafen())
            case "7" if member.is_moderator:
                room.is_locked = not room.is_locked
                room.save()
                await self._tell(member, "conference-locked" if room.is_locked else "conference-unlocked")
            case "8" if member.is_moderator:
                await self._mute_all(room, muted=not room.is_muted)
                await self._tell(
                    member, "conference-all-muted" if room.is_muted else "conference-all-unmuted"
                )
            case _:
                pass

    async def _mute_all(self, room: Room, *, muted: bool) -> None:
        """Mute or unmute all who are no moderators; each is told by its own call."""
        room.is_muted = muted
        room.save()
        for one in [one for one in room.members if not one.is_moderator and one.muted is not muted]:
            await self._mute(room, one, muted=muted)
            one.notice = "conference-muted" if muted else "conference-unmuted"
            one.wake()

    async def _mute(self, room: Room, member: Member, *, muted: bool) -> None:
        member.muted = muted
        room.save()
        if muted:
            await self._mixer.mute(room.name, member.seat)
        else:
            await self._mixer.unmute(room.name, member.seat)

    # Parts of the above.

    def _room(self, organization_id: int, conference_id: int) -> Room:
        room = Room(organization_id, conference_id)
        return self._rooms.setdefault(room.name, room)

    def _forget_empty(self, room: Room) -> None:
        if not room.members and not room.coming:
            self._rooms.pop(room.name, None)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _say(call: LiveCall, ear: Ear, *names: str) -> None:
    files = [file for name in names for file in call.board.prompts.named(name, ear)]
    await play(call.routed, files, call.next)


def _is_owner(call: LiveCall, conference: Conference | None) -> bool:
    """Whether the owner is at the phone: not whom the owner has transferred."""
    owner_id = conference.owner_id if conference is not None else None
    return owner_id is not None and call.routed.party.user_id == owner_id


def _refused(
    room: Room, conference: Conference | None, *, is_moderator: bool, was_here: bool
) -> Failed | None:
    """Failure of a caller who is not let in, None for one who is."""
    if room.is_locked and not is_moderator and not was_here:
        return Failed(HangupCause.CALL_REJECTED, 403)
    most = conference.members_maximum if conference is not None else 0
    return Failed(HangupCause.USER_BUSY, 486) if most and len(room.members) + room.coming >= most else None


def _participant(member: Member) -> Participant:
    leg = member.leg
    return Participant(
        id=leg.uuid,
        name=leg.party.name_inside,
        number=leg.party.number,
        owner_id=leg.party.user_id,
        muted=member.muted,
        is_moderator=member.is_moderator,
        timestamp=int(member.joined_at.timestamp()),
    )
