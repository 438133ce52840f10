"""Voicemail by telephone, as callers and owners of boxes experience it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from switchroom.telephony.prompts.texts import LANGUAGES
from switchroom.telephony.routing.actions import Collect, Digits, Failed, Finished, HungUp, Play, Timeout
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.prompts import (
    Message,
    Named,
    Prompt,
    PromptName,
    SayDigits,
    SayNumber,
    SayTime,
    Sound,
)
from switchroom.telephony.routing.voicemail import checking, leaving
from switchroom.telephony.routing.voicemail.box import (
    LAST_ACTIONS,
    Box,
    BoxAction,
    BoxEvent,
    CallBack,
    CheckBoxPin,
    DeleteTemporaryGreeting,
    Exit,
    Folder,
    ForwardMessage,
    GoTo,
    LoggedIn,
    MoveMessage,
    Onward,
    Record,
    Recorded,
    Recording,
    SaveMessage,
    SaveRecording,
    Seek,
    SetAnnouncementOnly,
    SetPin,
    SetUp,
    StoredMessage,
)

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
FIRST = StoredMessage("a", Folder.NEW, NOON, "+4915112345678", 3000)
SECOND = StoredMessage("b", Folder.NEW, NOON + timedelta(hours=1), "", 3000)
OLD = StoredMessage("c", Folder.SAVED, NOON - timedelta(days=1), "101", 3000)
BOX = Box(id=4, mailbox="100", messages=(SECOND, FIRST, OLD))


class Leaving:
    def __init__(self, box: Box = BOX) -> None:
        self.box = box
        self.state, self.first = leaving.begin(box)

    def then(self, event: BoxEvent) -> BoxAction | None:
        saved = msgspec.json.decode(msgspec.json.encode(self.state), type=leaving.LeavingState)
        self.state, action = leaving.step(self.box, saved, event)
        return action


class Checking:
    """A visit whose changes are made in the box."""

    def __init__(self, box: Box | None = BOX, *, is_own: bool = True) -> None:
        self.box = box
        self.state, self.first = checking.begin(box, is_own=is_own)

    def then(self, event: BoxEvent) -> BoxAction | None:
        saved = msgspec.json.decode(msgspec.json.encode(self.state), type=checking.CheckingState)
        self.state, action = checking.step(self.box, saved, event)
        if isinstance(action, MoveMessage) and self.box is not None:
            self.box = replace(
                self.box,
                messages=tuple(
                    replace(one, folder=action.folder) if one.id == action.message_id else one
                    for one in self.box.messages
                ),
            )
        return action

    def press(self, *digits: str) -> BoxAction | None:
        action: BoxAction | None = None
        for one in digits:
            action = self.then(Digits(one))
        return action


def said(action: BoxAction | None) -> list[PromptName | str | int]:
    """What is said, in its order."""
    prompts: Sequence[Prompt] = action.prompts if isinstance(action, Play | Collect) else ()
    words: list[PromptName | str | int] = []
    for prompt in prompts:
        match prompt:
            case Named(name):
                words.append(name)
            case SayDigits(digits):
                words.append(digits)
            case SayNumber(number):
                words.append(number)
            case SayTime(moment):
                words.append(moment.isoformat())
            case Message(id_):
                words.append(f"message {id_}")
            case Sound(id_):
                words.append(f"sound {id_}")
    return words


def test_a_caller_leaves_a_message() -> None:
    call = Leaving()

    assert said(call.first) == [PromptName.VM_UNAVAILABLE]
    assert call.then(Timeout()) == Record(Recording.MESSAGE, 500)
    assert said(call.then(Recorded(3000))) == [PromptName.VM_REVIEW]
    assert call.then(Digits("1")) == SaveMessage(4)
    assert said(call.then(Finished())) == [PromptName.VM_THANKS]
    assert call.then(Finished()) == Exit()


def test_a_message_is_listened_to_and_recorded_again() -> None:
    call = Leaving()
    call.then(Digits("5"))
    call.then(Recorded(3000))

    assert said(call.then(Digits("2"))) == ["message ", PromptName.VM_REVIEW]
    assert call.then(Digits("3")) == Record(Recording.MESSAGE, 500)
    call.then(Recorded(4000))
    assert call.then(Timeout()) == SaveMessage(4)


def test_who_hangs_up_has_left_a_message() -> None:
    recording, reviewing = Leaving(), Leaving()
    for call in (recording, reviewing):
        call.then(Timeout())
    reviewing.then(Recorded(3000))

    assert recording.then(HungUp()) is None
    assert recording.then(Recorded(3000)) == SaveMessage(4)
    assert recording.then(Finished()) == Exit()
    assert reviewing.then(HungUp()) == SaveMessage(4)


def test_what_is_too_short_is_not_kept() -> None:
    gone, stays = Leaving(), Leaving()
    for call in (gone, stays):
        call.then(Timeout())
    gone.then(HungUp())

    assert gone.then(Recorded(499)) == Exit()
    assert said(stays.then(Recorded(499))) == [PromptName.VM_TOO_SHORT, PromptName.VM_REVIEW]
    assert stays.then(Digits("1")) == Exit()


def test_a_full_box_takes_nothing() -> None:
    full = replace(BOX, most_messages=3)
    call = Leaving(full)

    assert said(call.first) == [PromptName.VM_BOX_FULL]
    assert call.then(Finished()) == Exit()
    deleted = replace(full, messages=(FIRST, SECOND, replace(OLD, folder=Folder.DELETED)))
    assert isinstance(Leaving(deleted).first, Collect)


def test_the_temporary_greeting_comes_first() -> None:
    own = replace(BOX, greeting_id=7)

    assert said(Leaving(own).first) == ["sound 7", PromptName.VM_RECORD_MESSAGE]
    assert said(Leaving(replace(own, temporary_greeting_id=8)).first)[0] == "sound 8"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_prompt_has_a_text_in_every_language(language: str) -> None:
    assert {one.value for one in PromptName} <= LANGUAGES[language].texts().keys()


def test_an_announcement_alone() -> None:
    call = Leaving(replace(BOX, greeting_id=7, is_announcement_only=True))

    assert said(call.first) == ["sound 7"]
    assert call.then(Timeout()) == Exit()


def test_keys_during_the_greeting() -> None:
    assert Leaving().then(Digits("0")) == GoTo(Onward.OPERATOR)
    assert Leaving().then(Digits("*")) == GoTo(Onward.LOGIN)


MAIN = [
    PromptName.VM_YOU_HAVE,
    2,
    PromptName.VM_NEW_MESSAGES,
    1,
    PromptName.VM_SAVED_MESSAGES,
    PromptName.VM_MAIN_MENU,
]


def test_an_owner_at_an_own_phone_is_let_in_without_a_pin() -> None:
    assert said(Checking().first) == MAIN
    assert said(Checking(replace(BOX, require_pin=True)).first) == [PromptName.VM_ENTER_PIN]
    assert said(Checking(is_own=False).first) == [PromptName.VM_ENTER_PIN]


def test_a_stranger_logs_in_with_mailbox_and_pin() -> None:
    visit = Checking(None)

    assert said(visit.first) == [PromptName.VM_ENTER_MAILBOX]
    assert said(visit.press("100")) == [PromptName.VM_ENTER_PIN]
    assert visit.press("1234") == CheckBoxPin("100", "1234")
    visit.box = BOX
    assert said(visit.then(LoggedIn())) == MAIN


def test_three_wrong_pins_are_enough() -> None:
    visit = Checking(is_own=False)
    for _ in range(2):
        visit.press("1")
        again = visit.then(Failed(HangupCause.CALL_REJECTED))
        assert said(again) == [PromptName.VM_LOGIN_WRONG, PromptName.VM_ENTER_PIN]
    visit.press("1")

    assert said(visit.then(Failed(HangupCause.CALL_REJECTED))) == [
        PromptName.VM_LOGIN_WRONG,
        PromptName.GOODBYE,
    ]
    assert visit.then(Finished()) == Exit()


def test_nobody_is_let_in_by_another_event() -> None:
    visit = Checking(is_own=False)
    visit.press("1")

    assert visit.then(Finished()) is None
    assert visit.then(Digits("1")) is None
    assert said(visit.then(Timeout())) == []


OF_FIRST = [
    PromptName.VM_MESSAGE_FROM,
    "+4915112345678",
    PromptName.VM_RECEIVED,
    "2026-11-27T12:00:00+00:00",
    "message a",
    PromptName.VM_MESSAGE_MENU,
]
OF_SECOND = [
    PromptName.VM_MESSAGE_FROM,
    PromptName.VM_WITHHELD,
    PromptName.VM_RECEIVED,
    "2026-11-27T13:00:00+00:00",
    "message b",
    PromptName.VM_MESSAGE_MENU,
]


def test_new_messages_are_listened_to_kept_and_deleted() -> None:
    visit = Checking()

    assert said(visit.press("1")) == OF_FIRST
    assert visit.press("1") == MoveMessage("a", Folder.SAVED)
    assert said(visit.then(Finished())) == [PromptName.VM_SAVED, *OF_SECOND]
    assert visit.press("7") == MoveMessage("b", Folder.DELETED)
    end = said(visit.then(Finished()))
    assert end[:2] == [PromptName.VM_DELETED, PromptName.VM_NO_MORE_MESSAGES]
    assert end[2:6] == [PromptName.VM_YOU_HAVE, 0, PromptName.VM_NEW_MESSAGES, 2]
    assert said(visit.press("1"))[0] == PromptName.VM_NO_MESSAGES


def test_there_and_back_among_messages() -> None:
    visit = Checking()

    visit.press("1")
    assert said(visit.press("6")) == OF_SECOND
    assert said(visit.press("4")) == OF_FIRST
    assert said(visit.press("4")) == OF_FIRST
    assert said(visit.press("2")) == OF_FIRST
    assert said(visit.press("6", "6"))[0] == PromptName.VM_NO_MORE_MESSAGES


def test_ten_seconds_back_and_forward() -> None:
    visit, strict = Checking(), Checking(replace(BOX, may_skip=False))
    menu = Collect((Named(PromptName.VM_MESSAGE_MENU),), most=1)

    assert visit.press("1", "5") == Seek(-10, menu)
    assert visit.press("8") == Seek(10, menu)
    assert strict.press("1", "8") == menu


def test_a_message_is_forwarded_to_another_box() -> None:
    visit = Checking()

    assert said(visit.press("1", "3")) == [PromptName.VM_FORWARD_TO]
    assert visit.press("101") == ForwardMessage("a", "101")
    assert said(visit.then(Finished())) == [PromptName.VM_FORWARDED, *OF_FIRST]
    visit.press("3", "999")
    assert said(visit.then(Failed(HangupCause.NO_ROUTE_DESTINATION))) == [
        PromptName.VM_NO_SUCH_BOX,
        *OF_FIRST,
    ]


def test_a_caller_is_called_back() -> None:
    visit = Checking()

    assert visit.press("1", "9") == CallBack("+4915112345678")
    hidden = Checking()
    assert said(hidden.press("1", "6", "9")) == [PromptName.VM_MESSAGE_MENU]


@pytest.mark.parametrize(
    ("key", "what", "prompt"),
    [
        ("1", Recording.GREETING, PromptName.VM_RECORD_GREETING),
        ("2", Recording.NAME, PromptName.VM_RECORD_NAME),
        ("4", Recording.TEMPORARY_GREETING, PromptName.VM_RECORD_TEMPORARY),
    ],
)
def test_greetings_and_the_name_are_recorded(key: str, what: Recording, prompt: PromptName) -> None:
    visit = Checking()

    assert said(visit.press("5")) == [PromptName.VM_SETTINGS_MENU]
    assert said(visit.press(key)) == [prompt]
    assert visit.then(Finished()) == Record(what, 120)
    assert said(visit.then(Recorded(100))) == [PromptName.VM_TOO_SHORT, prompt]
    visit.then(Finished())
    assert visit.then(Recorded(2000)) == SaveRecording(4, what)
    assert said(visit.then(Finished())) == [PromptName.VM_CHANGED, PromptName.VM_SETTINGS_MENU]


def test_other_settings() -> None:
    visit = Checking()

    assert visit.press("5", "5") == DeleteTemporaryGreeting(4)
    assert said(visit.then(Finished())) == [PromptName.VM_GREETING_DELETED, PromptName.VM_SETTINGS_MENU]
    assert visit.press("6") == SetAnnouncementOnly(4, is_on=True)
    visit.then(Finished())
    assert said(visit.press("3")) == [PromptName.VM_NEW_PIN]
    assert said(visit.press("123")) == [PromptName.VM_PIN_INVALID, PromptName.VM_NEW_PIN]
    assert visit.press("1234") == SetPin(4, "1234")
    visit.then(Finished())
    assert said(visit.press("0")) == MAIN


def test_a_first_visit_sets_the_box_up() -> None:
    visit = Checking(replace(BOX, is_set_up=False))

    assert said(visit.first) == [PromptName.VM_SETUP, PromptName.VM_RECORD_GREETING]
    visit.then(Finished())
    assert visit.then(Recorded(2000)) == SaveRecording(4, Recording.GREETING)
    assert said(visit.then(Finished())) == [PromptName.VM_CHANGED, PromptName.VM_RECORD_NAME]
    visit.then(Finished())
    assert visit.then(Recorded(2000)) == SaveRecording(4, Recording.NAME)
    assert said(visit.then(Finished())) == [PromptName.VM_CHANGED, PromptName.VM_NEW_PIN]
    assert visit.press("4711") == SetPin(4, "4711")
    assert visit.then(Finished()) == SetUp(4)
    assert said(visit.then(Finished())) == [PromptName.VM_PIN_SET, *MAIN]
    assert visit.press("5", "6") == SetAnnouncementOnly(4, is_on=True)
    assert said(visit.then(Finished()))[-1] == PromptName.VM_SETTINGS_MENU


def test_a_pin_that_could_not_be_set_is_asked_for_again() -> None:
    visit = Checking(replace(BOX, is_set_up=False))
    for _ in range(2):
        visit.then(Finished())
        visit.then(Recorded(2000))
        visit.then(Finished())
    visit.press("4711")

    assert said(visit.then(Failed(HangupCause.NORMAL_TEMPORARY_FAILURE)))[-1] == PromptName.VM_NEW_PIN


def test_hash_leaves_and_so_does_silence() -> None:
    visit, silent = Checking(), Checking()

    assert said(visit.press("#")) == [PromptName.GOODBYE]
    assert visit.then(Finished()) == Exit()
    silent.then(Timeout())
    silent.then(Timeout())
    assert said(silent.then(Timeout())) == [PromptName.GOODBYE]


def test_a_message_that_is_deleted_meanwhile_is_passed_over() -> None:
    visit = Checking()
    visit.press("1")
    visit.box = replace(BOX, messages=(OLD,))

    assert said(visit.press("1"))[0] == PromptName.VM_NO_MORE_MESSAGES


_EVENTS: st.SearchStrategy[BoxEvent] = st.one_of(
    st.text(alphabet="0123456789*#ü", max_size=6).map(Digits),
    st.sampled_from([*"0123456789*#"]).map(Digits),
    st.sampled_from([Timeout(), Finished(), LoggedIn(), HungUp(), Failed(HangupCause.CALL_REJECTED)]),
    st.integers(0, 10_000).map(Recorded),
)
_BOXES = st.builds(
    Box,
    id=st.just(4),
    mailbox=st.just("100"),
    messages=st.lists(st.sampled_from([FIRST, SECOND, OLD]), unique=True).map(tuple),
    is_set_up=st.booleans(),
    is_announcement_only=st.booleans(),
    require_pin=st.booleans(),
)


@settings(max_examples=200, deadline=None)
@given(_BOXES, st.booleans(), st.lists(_EVENTS, max_size=40))
def test_whatever_is_pressed_nothing_is_raised_and_a_hangup_ends_it(
    box: Box, is_own: bool, events: list[BoxEvent]
) -> None:
    for visit in (Leaving(box), Checking(box, is_own=is_own), Checking(None)):
        ends = 0
        for event in [*events, HungUp(), Recorded(5000), Finished()]:
            ends += isinstance(visit.then(event), LAST_ACTIONS)
        assert ends == 1
        assert visit.state.stage == "ended"


@settings(max_examples=100, deadline=None)
@given(_BOXES, st.lists(_EVENTS, max_size=20))
def test_nobody_changes_a_box_without_its_pin(box: Box, events: list[BoxEvent]) -> None:
    """Whatever is pressed and comes back, but the one answer that the PIN is right."""
    visit = Checking(box, is_own=False)
    for event in events:
        if not isinstance(event, LoggedIn):
            assert isinstance(visit.then(event), Collect | Play | CheckBoxPin | Exit | None)
