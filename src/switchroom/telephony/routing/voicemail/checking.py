"""Listening to a voicemail box: login, the main menu, messages, settings.

Main menu: `1` new, `2` saved messages, `5` settings, `#` leaves. A message: `1` keep, `2` again, `3` forward,
`4` the one before, `6` the next, `7` delete, `9` call back, `5` and `8` ten seconds back and forward.
Settings: `1` greeting, `2` name, `3` PIN, `4` temporary greeting, `5` delete it, `6` announcement only, `0`
back.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, structs

from switchroom.telephony.routing.actions import Collect, Digits, Failed, Finished, HungUp, Play, Timeout
from switchroom.telephony.routing.prompts import (
    Message,
    Named,
    Prompt,
    PromptName,
    SayDigits,
    SayNumber,
    SayTime,
)
from switchroom.telephony.routing.voicemail.box import (
    LOGIN_TRIES,
    MAILBOX_DIGITS,
    PIN_LEAST,
    PIN_MOST,
    Box,
    BoxAction,
    BoxEvent,
    CallBack,
    CheckBoxPin,
    DeleteTemporaryGreeting,
    Exit,
    Folder,
    ForwardMessage,
    LoggedIn,
    MoveMessage,
    Record,
    Recorded,
    Recording,
    SaveRecording,
    Seek,
    SetAnnouncementOnly,
    SetPin,
    SetUp,
    StoredMessage,
)

LONGEST_GREETING = 120
SEEK_SECONDS = 10
IDLE_TRIES = 3
"""Times that a menu is said to a caller who presses nothing, or nothing of use."""


class Stage(StrEnum):
    MAILBOX = "mailbox"
    PIN = "pin"
    CHECKING_PIN = "checking_pin"
    MAIN = "main"
    MESSAGE = "message"
    FORWARD = "forward"
    SETTINGS = "settings"
    NEW_PIN = "new_pin"
    RECORDING = "recording"
    CHANGING = "changing"
    SETTING_UP = "setting_up"
    SAYING_GOODBYE = "saying_goodbye"
    ENDED = "ended"


class CheckingState(Struct, frozen=True, kw_only=True):
    """`mailbox` is the number that was entered. `queue` are the messages of the round, by id, and `at` the
    one that is played. `setup` are the recordings of a first visit that are still to come, then comes the
    PIN. `then` are prompts to be said before the next menu; `idle` counts entries of no use."""

    stage: Stage
    mailbox: str = ""
    logins: int = LOGIN_TRIES
    queue: tuple[str, ...] = ()
    at: int = 0
    recording: Recording | None = None
    setup: tuple[Recording, ...] | None = None
    back: Stage = Stage.MAIN
    then: tuple[Prompt, ...] = ()
    idle: int = 0


Step = tuple[CheckingState, BoxAction | None]


def begin(box: Box | None, *, is_own: bool) -> Step:
    """The first action of an answered caller, at a box or at none yet. An owner at an own phone is let in
    without a PIN, unless the box requires it or has none."""
    if box is None:
        return CheckingState(stage=Stage.MAILBOX), _ask_mailbox()
    state = CheckingState(stage=Stage.PIN, mailbox=box.mailbox)
    if is_own and not (box.require_pin and box.has_pin):
        return _let_in(box, state)
    return state, _ask_pin()


def step(box: Box | None, state: CheckingState, event: BoxEvent) -> Step:
    """The next state and action, for the box as it is now; None until somebody is logged in.

    No action means that what was begun goes on, or that it is over.
    """
    if state.stage is Stage.ENDED:
        return state, None
    if isinstance(event, HungUp):
        return _exit(state)
    match state.stage:
        case Stage.MAILBOX | Stage.PIN | Stage.CHECKING_PIN:
            return _log_in(box, state, event)
        case Stage.SAYING_GOODBYE:
            return _exit(state) if isinstance(event, Finished | Failed) else (state, None)
        case _ if box is None:
            return _exit(state)
        case Stage.MAIN:
            return _main(box, state, event)
        case Stage.MESSAGE:
            return _message(box, state, event)
        case Stage.FORWARD:
            return _forward(box, state, event)
        case Stage.SETTINGS:
            return _settings(box, state, event)
        case Stage.NEW_PIN:
            return _new_pin(box, state, event)
        case Stage.RECORDING:
            return _recorded(box, state, event)
        case Stage.CHANGING | Stage.SETTING_UP:
            return _changed(box, state, event)


def _log_in(box: Box | None, state: CheckingState, event: BoxEvent) -> Step:
    match state.stage, event:
        case Stage.MAILBOX, Digits(digits) if digits:
            return structs.replace(state, stage=Stage.PIN, mailbox=digits), _ask_pin()
        case Stage.PIN, Digits(digits) if digits:
            return structs.replace(state, stage=Stage.CHECKING_PIN), CheckBoxPin(state.mailbox, digits)
        case Stage.CHECKING_PIN, LoggedIn() if box is not None:
            return _let_in(box, state)
        case (Stage.CHECKING_PIN, Failed() | LoggedIn()) | (
            Stage.MAILBOX | Stage.PIN,
            Digits() | Timeout() | Failed(),
        ):
            return _refuse(state)
        case _:
            return state, None


def _refuse(state: CheckingState) -> Step:
    if state.logins <= 1:
        return _goodbye(state, Named(PromptName.VM_LOGIN_WRONG))
    state = structs.replace(state, logins=state.logins - 1)
    wrong = Named(PromptName.VM_LOGIN_WRONG)
    if state.mailbox and state.stage is not Stage.MAILBOX:
        return structs.replace(state, stage=Stage.PIN), _ask_pin(wrong)
    return structs.replace(state, stage=Stage.MAILBOX), _ask_mailbox(wrong)


def _let_in(box: Box, state: CheckingState) -> Step:
    if box.is_set_up:
        return _to_main(box, state)
    # A first visit: greeting, name, PIN.
    state = structs.replace(state, setup=(Recording.GREETING, Recording.NAME), back=Stage.MAIN)
    return _next_of_setup(box, state, Named(PromptName.VM_SETUP))


def _to_main(box: Box, state: CheckingState, *first: Prompt) -> Step:
    new, saved = len(box.of(Folder.NEW)), len(box.of(Folder.SAVED))
    counts: tuple[Prompt, ...] = (
        Named(PromptName.VM_YOU_HAVE),
        SayNumber(new),
        Named(PromptName.VM_NEW_MESSAGES),
        SayNumber(saved),
        Named(PromptName.VM_SAVED_MESSAGES),
        Named(PromptName.VM_MAIN_MENU),
    )
    state = structs.replace(state, stage=Stage.MAIN, queue=(), at=0, then=(), back=Stage.MAIN)
    return state, Collect((*state.then, *first, *counts), most=1)


def _main(box: Box, state: CheckingState, event: BoxEvent) -> Step:
    match event:
        case Digits("1"):
            return _listen(box, state, Folder.NEW)
        case Digits("2"):
            return _listen(box, state, Folder.SAVED)
        case Digits("5"):
            return _to_settings(structs.replace(state, idle=0))
        case Digits("#"):
            return _goodbye(state)
        case Digits() | Timeout():
            return _idle(state) or _to_main(box, _counted(state))
        case Failed():
            return _exit(state)
        case _:
            return state, None


def _listen(box: Box, state: CheckingState, folder: Folder) -> Step:
    queue = tuple(one.id for one in box.of(folder))
    state = structs.replace(state, queue=queue, at=0, idle=0)
    return _play(box, state) if queue else _to_main(box, state, Named(PromptName.VM_NO_MESSAGES))


def _play(box: Box, state: CheckingState, *first: Prompt) -> Step:
    """Say of whom and when the message is, play it, and say the menu; past the last one, the main menu."""
    message = _current(box, state)
    if message is None:
        return _to_main(box, state, *first, Named(PromptName.VM_NO_MORE_MESSAGES))
    number = SayDigits(message.number) if message.number else Named(PromptName.VM_WITHHELD)
    said: tuple[Prompt, ...] = (
        *first,
        Named(PromptName.VM_MESSAGE_FROM),
        number,
        Named(PromptName.VM_RECEIVED),
        SayTime(message.timestamp),
        Message(message.id),
        Named(PromptName.VM_MESSAGE_MENU),
    )
    return structs.replace(state, stage=Stage.MESSAGE, back=Stage.MESSAGE), Collect(said, most=1)


def _message(box: Box, state: CheckingState, event: BoxEvent) -> Step:
    message = _current(box, state)
    if message is None:
        return _play(box, state)
    match event:
        case Digits(digits):
            return _with_message(box, structs.replace(state, idle=0), message, digits) or _useless(box, state)
        case Timeout():
            return _useless(box, state)
        case Failed():
            return _exit(state)
        case _:
            return state, None


def _with_message(box: Box, state: CheckingState, message: StoredMessage, digits: str) -> Step | None:
    following = structs.replace(state, at=state.at + 1)
    match digits:
        case "1":
            return _change(following, MoveMessage(message.id, Folder.SAVED), PromptName.VM_SAVED)
        case "2":
            return _play(box, state)
        case "3":
            asked = Collect((Named(PromptName.VM_FORWARD_TO),), most=MAILBOX_DIGITS)
            return structs.replace(state, stage=Stage.FORWARD), asked
        case "4":
            return _play(box, structs.replace(state, at=max(state.at - 1, 0)))
        case "6":
            return _play(box, following)
        case "7":
            return _change(following, MoveMessage(message.id, Folder.DELETED), PromptName.VM_DELETED)
        case "9" if message.number:
            return structs.replace(state, stage=Stage.ENDED), CallBack(message.number)
        case "5" | "8" if box.may_skip:
            seconds = -SEEK_SECONDS if digits == "5" else SEEK_SECONDS
            said = Collect((Named(PromptName.VM_MESSAGE_MENU),), most=1)
            return state, Seek(seconds, said)
        case "0" | "#":
            return _to_main(box, state)
        case _:
            return None


def _useless(box: Box, state: CheckingState) -> Step:
    asked = Collect((Named(PromptName.VM_MESSAGE_MENU),), most=1)
    return _idle(state) or (_counted(state), asked)


def _forward(box: Box, state: CheckingState, event: BoxEvent) -> Step:
    message = _current(box, state)
    match event:
        case Digits(digits) if digits and digits != box.mailbox and message is not None:
            return _change(state, ForwardMessage(message.id, digits), PromptName.VM_FORWARDED)
        case Digits() | Timeout():
            return _idle(state) or _play(box, _counted(state), Named(PromptName.INVALID_ENTRY))
        case Failed():
            return _exit(state)
        case _:
            return state, None


def _to_settings(state: CheckingState, *first: Prompt) -> Step:
    menu = Collect((*first, Named(PromptName.VM_SETTINGS_MENU)), most=1)
    return structs.replace(state, stage=Stage.SETTINGS, back=Stage.SETTINGS, then=()), menu


def _settings(box: Box, state: CheckingState, event: BoxEvent) -> Step:
    match event:
        case Digits("1"):
            return _record(state, Recording.GREETING)
        case Digits("2"):
            return _record(state, Recording.NAME)
        case Digits("3"):
            return _ask_new_pin(state)
        case Digits("4"):
            return _record(state, Recording.TEMPORARY_GREETING)
        case Digits("5"):
            return _change(state, DeleteTemporaryGreeting(box.id), PromptName.VM_GREETING_DELETED)
        case Digits("6"):
            action = SetAnnouncementOnly(box.id, is_on=not box.is_announcement_only)
            return _change(state, action, PromptName.VM_CHANGED)
        case Digits("0" | "#"):
            return _to_main(box, state)
        case Digits() | Timeout():
            return _idle(state) or _to_settings(_counted(state))
        case Failed():
            return _exit(state)
        case _:
            return state, None


_RECORD: Mapping[Recording, PromptName] = {
    Recording.GREETING: PromptName.VM_RECORD_GREETING,
    Recording.TEMPORARY_GREETING: PromptName.VM_RECORD_TEMPORARY,
    Recording.NAME: PromptName.VM_RECORD_NAME,
}


def _record(state: CheckingState, what: Recording, *first: Prompt) -> Step:
    """Say what is to be recorded, then record it."""
    state = structs.replace(state, stage=Stage.RECORDING, recording=what)
    return state, Play((*first, Named(_RECORD[what])))


def _recorded(box: Box, state: CheckingState, event: BoxEvent) -> Step:
    match event, state.recording:
        case Finished(), what if what is not None:
            return state, Record(what, LONGEST_GREETING)
        case Recorded(length), what if what is not None:
            if length < box.shortest_message:
                return _idle(state) or _record(_counted(state), what, Named(PromptName.VM_TOO_SHORT))
            return _change(state, SaveRecording(box.id, what), PromptName.VM_CHANGED)
        case Failed(), _:
            return _exit(state)
        case _:
            return state, None


def _ask_new_pin(state: CheckingState, *first: Prompt) -> Step:
    asked = Collect((*first, Named(PromptName.VM_NEW_PIN)), most=PIN_MOST)
    return structs.replace(state, stage=Stage.NEW_PIN), asked


def _new_pin(box: Box, state: CheckingState, event: BoxEvent) -> Step:
    match event:
        case Digits(digits) if digits.isdecimal() and PIN_LEAST <= len(digits) <= PIN_MOST:
            setup = () if state.setup is not None else None
            return _change(structs.replace(state, setup=setup), SetPin(box.id, digits), PromptName.VM_PIN_SET)
        case Digits() | Timeout():
            return _idle(state) or _ask_new_pin(_counted(state), Named(PromptName.VM_PIN_INVALID))
        case Failed():
            return _exit(state)
        case _:
            return state, None


def _change(state: CheckingState, action: BoxAction, said: PromptName) -> Step:
    """Do something to the box, then say that it is done and go back to where it was asked for."""
    return structs.replace(state, stage=Stage.CHANGING, then=(Named(said),), idle=0), action


def _changed(box: Box, state: CheckingState, event: BoxEvent) -> Step:
    said: tuple[Prompt, ...] = state.then if isinstance(event, Finished) else (Named(_failed(state)),)
    if not isinstance(event, Finished | Failed):
        return state, None
    state = structs.replace(state, then=said)
    if state.stage is Stage.SETTING_UP:
        return _to_main(box, structs.replace(state, setup=None), *said)
    if state.setup is not None:
        return _next_of_setup(box, state, *said)
    if state.back is Stage.MESSAGE:
        return _play(box, state, *said)
    return _to_settings(state, *said) if state.back is Stage.SETTINGS else _to_main(box, state, *said)


def _failed(state: CheckingState) -> PromptName:
    is_forward = state.then == (Named(PromptName.VM_FORWARDED),)
    return PromptName.VM_NO_SUCH_BOX if is_forward else PromptName.INVALID_ENTRY


def _next_of_setup(box: Box, state: CheckingState, *first: Prompt) -> Step:
    """The next recording of a first visit, then the PIN, then it is done."""
    todo = state.setup or ()
    if todo:
        return _record(structs.replace(state, setup=todo[1:]), todo[0], *first)
    if state.stage is Stage.CHANGING and state.then == (Named(PromptName.VM_PIN_SET),):
        return structs.replace(state, stage=Stage.SETTING_UP), SetUp(box.id)
    return _ask_new_pin(state, *first)


def _current(box: Box, state: CheckingState) -> StoredMessage | None:
    """The message that is played; one that is gone meanwhile is passed over by the menu."""
    if not 0 <= state.at < len(state.queue):
        return None
    return next((one for one in box.messages if one.id == state.queue[state.at]), None)


def _counted(state: CheckingState) -> CheckingState:
    return structs.replace(state, idle=state.idle + 1)


def _idle(state: CheckingState) -> Step | None:
    """The end for somebody who no longer presses anything of use."""
    return _goodbye(state) if state.idle + 1 >= IDLE_TRIES else None


def _goodbye(state: CheckingState, *first: Prompt) -> Step:
    state = structs.replace(state, stage=Stage.SAYING_GOODBYE)
    return state, Play((*first, Named(PromptName.GOODBYE)))


def _exit(state: CheckingState) -> Step:
    return structs.replace(state, stage=Stage.ENDED), Exit()


def _ask_mailbox(*first: Prompt) -> Collect:
    return Collect((*first, Named(PromptName.VM_ENTER_MAILBOX)), most=MAILBOX_DIGITS)


def _ask_pin(*first: Prompt) -> Collect:
    return Collect((*first, Named(PromptName.VM_ENTER_PIN)), most=PIN_MOST)
