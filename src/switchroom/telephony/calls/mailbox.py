"""Voicemail in a call: what the menus of a box decide (`routing.voicemail`), carried out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from msgspec import structs

from switchroom.errors import Unavailable
from switchroom.jobs.retry import written
from switchroom.telephony.calls.box_listening import BoxListening
from switchroom.telephony.calls.live_call import LiveCall, Performer, Rerouted, Route
from switchroom.telephony.calls.transfers import may_be_called_back, route_to
from switchroom.telephony.routing.actions import (
    Action,
    CheckVoicemail,
    Collect,
    Digits,
    Event,
    Failed,
    Finished,
    HungUp,
    LeaveVoicemail,
    Play,
)
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.caller_id import Identity
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.interpreter import start
from switchroom.telephony.routing.prompts import Message, Prompt
from switchroom.telephony.routing.voicemail import checking, leaving
from switchroom.telephony.routing.voicemail.box import (
    Box,
    BoxAction,
    BoxEvent,
    CallBack,
    CheckBoxPin,
    DeleteTemporaryGreeting,
    Exit,
    ForwardMessage,
    GoTo,
    LoggedIn,
    MoveMessage,
    Onward,
    Record,
    SaveMessage,
    SaveRecording,
    Seek,
    SetAnnouncementOnly,
    SetPin,
    SetUp,
)
from switchroom.telephony.voicemail.mailboxes import BoxFull, LeftMessage, Mailboxes, NoSuchBox
from switchroom.telephony.voicemail.unsaved import UnsavedMessage, directory_prefix

_NO_BOX = Failed(HangupCause.NO_ROUTE_DESTINATION, 404)
_NOT_DONE = Failed(HangupCause.NORMAL_TEMPORARY_FAILURE)
_DATABASE_MAY_BE_AWAY = timedelta(seconds=30)
"""For so long a message that was left is tried to be kept."""

log = structlog.stdlib.get_logger(__name__)


class Voicemail:
    """Performers of the actions on voicemail boxes."""

    def __init__(self, mailboxes: Mailboxes, directory: Path, worker: int) -> None:
        """`directory` is for files that are being recorded; `worker` is the number of the worker."""
        self._mailboxes = mailboxes
        self._directory = directory
        self._prefix = directory_prefix(worker)

    def performers(self) -> Mapping[type[Action], Performer]:
        return {LeaveVoicemail: self.leave, CheckVoicemail: self.check}

    async def leave(self, call: LiveCall, action: LeaveVoicemail) -> Event:
        """Let a caller leave a message. Raises CallOver, Rerouted once what was said is kept."""
        box = await self._box(call, action.vmbox_id, action.mailbox)
        if box is None:
            return _NO_BOX
        await call.answer()
        await call.end_transfer(200)
        async with BoxListening(call, self._directory, self._prefix) as listening:
            visit = _Visit(call, self._mailboxes, listening, box)
            place = await visit.leave()
            if place is Onward.LOGIN:
                await visit.check(box, is_own=False)
        if listening.gone is not None:
            raise listening.gone
        return Digits("0") if place is Onward.OPERATOR else Finished()

    async def check(self, call: LiveCall, action: CheckVoicemail) -> Event:
        """Let somebody listen to a box; it is an own one to its owner alone, not to whom the owner has
        transferred. Raises CallOver, Rerouted."""
        box = await self._box(call, action.vmbox_id, action.mailbox)
        if box is None and (action.vmbox_id is not None or action.mailbox):
            return _NO_BOX
        user_id = call.routed.party.user_id
        if box is None and action.is_own and user_id is not None:
            box = await self._mailboxes.box_of_owner(call.organization_id, user_id)
        is_own = action.is_own and box is not None and user_id is not None and box.owner_id == user_id
        await call.answer()
        async with BoxListening(call, self._directory, self._prefix) as listening:
            await _Visit(call, self._mailboxes, listening, box).check(box, is_own=is_own)
        if listening.gone is not None:
            raise listening.gone
        return Finished()

    async def _box(self, call: LiveCall, box_id: int | None, number: str) -> Box | None:
        if box_id is not None:
            return await self._mailboxes.box(call.organization_id, box_id)
        if number:
            return await self._mailboxes.box_of_number(call.organization_id, number)
        return None


class _Visit:
    """A caller at a box, or at none yet."""

    def __init__(
        self, call: LiveCall, mailboxes: Mailboxes, listening: BoxListening, box: Box | None
    ) -> None:
        self._call = call
        self._mailboxes = mailboxes
        self._listening = listening
        self._box = box

    async def leave(self) -> Onward | None:
        """Let the caller leave a message. Returns where the caller goes on, None for nowhere."""
        box = self._box
        assert box is not None
        self._listening.unsaved = UnsavedMessage(
            organization_id=self._call.organization_id,
            box_id=box.id,
            shortest=box.shortest_message,
            message=self._left(),
        )
        state, action = leaving.begin(box)
        while action is not None and not isinstance(action, Exit):
            if isinstance(action, GoTo):
                self._listening.unsaved = None
                return action.place
            for event in await self._events(action):
                state, action = leaving.step(box, state, event)
        return None

    async def check(self, box: Box | None, *, is_own: bool) -> None:
        state, action = checking.begin(box, is_own=is_own)
        while action is not None and not isinstance(action, Exit):
            if isinstance(action, CallBack):
                await self._call_back(action.number)
                return
            for event in await self._events(action):
                state, action = checking.step(self._box, state, event)

    async def _events(self, action: BoxAction) -> list[BoxEvent]:
        """Carry out an action. What comes of it, in order."""
        was_there = self._listening.gone is None
        event = await self._perform(action)
        if was_there and self._listening.gone is not None and not isinstance(event, HungUp):
            return [HungUp(), event]
        return [event]

    async def _perform(self, action: BoxAction) -> BoxEvent:
        listening = self._listening
        match action:
            case Play():
                is_there = await listening.play(action, self._box)
                return Finished() if is_there else HungUp()
            case Collect():
                return await listening.collect(action, self._box, await self._messages(action.prompts))
            case Seek():
                return await listening.seek(action, self._box)
            case Record():
                return await self._record(action)
            case CheckBoxPin(mailbox, digits):
                return await self._log_in(mailbox, digits)
            case _:
                return await self._changed(action)

    async def _record(self, action: Record) -> BoxEvent:
        try:
            return await self._listening.record(action)
        except OSError as error:
            log.error("caller not recorded", call=self._call.id, reason=str(error))
            return _NOT_DONE

    async def _changed(self, action: BoxAction) -> BoxEvent:
        """Change the box, and look at it anew."""
        assert self._box is not None
        try:
            await self._change(self._box.id, action)
        except (NoSuchBox, BoxFull, OSError, Unavailable) as error:
            log.warning(
                "voicemail not kept",
                call=self._call.id,
                box=self._box.id,
                action=type(action).__name__,
                reason=str(error) or type(error).__name__,
            )
            return _NOT_DONE
        self._box = await self._mailboxes.box(self._call.organization_id, self._box.id) or self._box
        return Finished()

    async def _change(self, box_id: int, action: BoxAction) -> None:
        """Raises NoSuchBox, BoxFull, OSError, Unavailable."""
        account, mailboxes, recorded = self._call.organization_id, self._mailboxes, self._listening.recorded
        match action:
            case SaveMessage():
                if recorded is not None:
                    save = partial(mailboxes.save_message, account, box_id, recorded, self._left())
                    await written(save, "voicemail message", _DATABASE_MAY_BE_AWAY)
                    await self._listening.forget_unsaved()
            case SaveRecording(_, what):
                if recorded is not None:
                    length = self._listening.milliseconds
                    await mailboxes.save_recording(account, box_id, what, recorded, length)
            case DeleteTemporaryGreeting():
                await mailboxes.delete_temporary_greeting(account, box_id)
            case SetAnnouncementOnly(_, is_on):
                await mailboxes.set_announcement_only(account, box_id, is_on=is_on)
            case SetPin(_, digits):
                await mailboxes.set_pin(account, box_id, digits)
            case SetUp():
                await mailboxes.set_up(account, box_id)
            case MoveMessage(message_id, folder):
                await mailboxes.move_message(account, box_id, int(message_id), folder)
            case ForwardMessage(message_id, mailbox):
                await mailboxes.forward_message(account, box_id, int(message_id), mailbox)
            case _:
                raise TypeError(type(action).__name__)

    async def _log_in(self, mailbox: str, digits: str) -> BoxEvent:
        place = self._call.routed.party.place
        box = await self._mailboxes.log_in(self._call.organization_id, mailbox, digits, place)
        if box is None:
            return Failed(HangupCause.CALL_REJECTED)
        self._box = box
        return LoggedIn()

    def _left(self) -> LeftMessage:
        call = self._call
        assert call.state is not None
        caller = call.state.call.caller
        shown = Identity() if caller.is_anonymous else caller
        return LeftMessage(
            caller_name=shown.name_inside,
            caller_number=shown.number,
            called_number=call.dialled,
            call_id=call.id,
            milliseconds=self._listening.milliseconds,
        )

    async def _messages(self, prompts: Sequence[Prompt]) -> Mapping[str, Path]:
        """The files of the box's messages, by their ids, where the prompts have one of them."""
        if self._box is None or not any(isinstance(one, Message) and one.message_id for one in prompts):
            return {}
        return await self._mailboxes.sounds_of(self._call.organization_id, self._box.id)

    async def _call_back(self, number: str) -> None:
        """Send the caller on to the number that a message was left from, at the cost of the box's owner.
        Raises Rerouted."""
        call, box = self._call, self._box
        assert box is not None
        routed = call.routed
        route: Route | None = None
        if routed.party.device_id is not None and routed.party.user_id == box.owner_id is not None:
            route = await route_to(call, routed, routed, number, is_call_back=True)
        elif box.owner_id is not None:
            route = await self._route_of_owner(box.owner_id, number)
        if route is not None:
            call.codecs = [routed.media.state.codec] if routed.media.state.codec is not None else []
            raise Rerouted(route)
        log.info("call back leads nowhere", call=call.id, box=box.id)

    async def _route_of_owner(self, owner_id: int, number: str) -> Route | None:
        """Route to a number that the owner of the box dials at another phone than their own; None where it
        leads nowhere, or must not be called back."""
        call = self._call
        assert call.state is not None
        assert call.loaded is not None
        country = call.loaded.flow.account.country
        to = await call.board.loader.destination(call.organization_id, number, country)
        onward = Call(caller=call.state.call.caller, user_id=owner_id, dialled=number)
        loaded = await call.board.loader.flow_to(call.organization_id, to, onward)
        if loaded is None or not may_be_called_back(to, loaded):
            return None
        return Route(loaded, structs.replace(start(loaded.flow, onward), is_answered=True))
