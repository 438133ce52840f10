"""Leaving a message: greeting, tone, recording, and what the caller wants of it.

During the greeting `0` leads to the operator, `*` to the menu of the box, any other key to the tone. After
the recording `1` saves, `2` plays it, `3` records again. A caller who hangs up has left the message, if it is
long enough.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from switchroom.telephony.routing.actions import Collect, Digits, Failed, Finished, HungUp, Play, Timeout
from switchroom.telephony.routing.prompts import Message, Named, Prompt, PromptName, Sound
from switchroom.telephony.routing.voicemail.box import (
    Box,
    BoxAction,
    BoxEvent,
    Exit,
    GoTo,
    Onward,
    Record,
    Recorded,
    Recording,
    SaveMessage,
)

REVIEWS = 5
"""Times that the caller is asked what to do; then the message is saved."""
_REVIEW_SECONDS = 5


class Stage(StrEnum):
    GREETING = "greeting"
    RECORDING = "recording"
    REVIEW = "review"
    SAVING = "saving"
    LEAVING = "leaving"
    ENDED = "ended"


class LeavingState(Struct, frozen=True):
    """`length` is that of what is recorded, in milliseconds, 0 for nothing. `is_gone`: the caller has hung
    up."""

    stage: Stage
    length: int = 0
    reviews: int = REVIEWS
    is_gone: bool = False


Step = tuple[LeavingState, BoxAction | None]


def begin(box: Box) -> Step:
    """The first action of an answered caller who comes to the box."""
    if box.is_full:
        return LeavingState(Stage.LEAVING), Play((Named(PromptName.VM_BOX_FULL),))
    return LeavingState(Stage.GREETING), Collect(_greeting(box), most=1, first=0)


def step(box: Box, state: LeavingState, event: BoxEvent) -> Step:
    """The next state and action. No action means that what was begun goes on, or that it is over."""
    if state.stage is Stage.ENDED:
        return state, None
    if isinstance(event, HungUp):
        return _gone(box, state)
    if isinstance(event, Failed):
        return _exit(state)
    match state.stage, event:
        case Stage.GREETING, Digits("0"):
            return LeavingState(Stage.ENDED), GoTo(Onward.OPERATOR)
        case Stage.GREETING, Digits("*"):
            return LeavingState(Stage.ENDED), GoTo(Onward.LOGIN)
        case Stage.GREETING, Digits() | Timeout():
            return _exit(state) if box.is_announcement_only else _record(box, state.reviews)
        case Stage.RECORDING, Recorded(length):
            return _recorded(box, state, length)
        case Stage.REVIEW, Digits(digits):
            return _reviewed(box, state, digits)
        case Stage.REVIEW, Timeout():
            return _save(box, state)
        case Stage.SAVING, Finished():
            if state.is_gone:
                return _exit(state)
            return LeavingState(Stage.LEAVING), Play((Named(PromptName.VM_THANKS),))
        case Stage.LEAVING, Finished():
            return _exit(state)
        case _:
            return state, None


def _greeting(box: Box) -> tuple[Prompt, ...]:
    """The owner's greeting and what is to be done, or the platform's, which says both."""
    greeting = box.temporary_greeting_id if box.temporary_greeting_id is not None else box.greeting_id
    if box.is_announcement_only:
        return (Named(PromptName.VM_ANNOUNCEMENT_ONLY) if greeting is None else Sound(greeting),)
    if greeting is None:
        return (Named(PromptName.VM_UNAVAILABLE),)
    return Sound(greeting), Named(PromptName.VM_RECORD_MESSAGE)


def _record(box: Box, reviews: int) -> Step:
    return LeavingState(Stage.RECORDING, reviews=reviews), Record(Recording.MESSAGE, box.longest_message)


def _recorded(box: Box, state: LeavingState, length: int) -> Step:
    if state.is_gone:
        kept = LeavingState(Stage.REVIEW, length, is_gone=True)
        return _save(box, kept) if length >= box.shortest_message else _exit(state)
    if length >= box.shortest_message:
        return _review(LeavingState(Stage.REVIEW, length, state.reviews))
    if state.reviews > 1:
        return _review(LeavingState(Stage.REVIEW, 0, state.reviews), Named(PromptName.VM_TOO_SHORT))
    return _exit(state)


def _reviewed(box: Box, state: LeavingState, digits: str) -> Step:
    left = LeavingState(Stage.REVIEW, state.length, state.reviews - 1)
    if digits == "1" or left.reviews <= 0:
        return _save(box, state)
    if digits == "3":
        return _record(box, left.reviews)
    return _review(left, Message()) if digits == "2" and state.length else _review(left)


def _review(state: LeavingState, *first: Prompt) -> Step:
    return state, Collect((*first, Named(PromptName.VM_REVIEW)), most=1, first=_REVIEW_SECONDS)


def _save(box: Box, state: LeavingState) -> Step:
    if not state.length:
        return _exit(state)
    return LeavingState(Stage.SAVING, state.length, is_gone=state.is_gone), SaveMessage(box.id)


def _gone(box: Box, state: LeavingState) -> Step:
    """The caller has hung up: what is recorded is kept; a recording that runs tells its length yet."""
    match state.stage:
        case Stage.RECORDING | Stage.SAVING:
            return LeavingState(state.stage, state.length, is_gone=True), None
        case Stage.REVIEW:
            return _save(box, LeavingState(Stage.REVIEW, state.length, is_gone=True))
        case _:
            return _exit(state)


def _exit(state: LeavingState) -> Step:
    return LeavingState(Stage.ENDED, state.length, is_gone=state.is_gone), Exit()
