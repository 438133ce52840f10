"""A voicemail box as its menus see it, what they do with it, and what comes back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from switchroom.telephony.routing.actions import Collect, Digits, Failed, Finished, HungUp, Play, Timeout

MOST_MESSAGES = 100
LONGEST_MESSAGE = 500
"""Seconds."""
SHORTEST_MESSAGE = 500
"""Milliseconds; what is shorter is not kept."""
PIN_LEAST, PIN_MOST = 4, 6
MAILBOX_DIGITS = 15
LOGIN_TRIES = 3


class Folder(StrEnum):
    NEW = "new"
    SAVED = "saved"
    DELETED = "deleted"


class StoredMessage(Struct, frozen=True):
    """`length` in milliseconds; `number` is the caller's, empty where it was withheld."""

    id: str
    folder: Folder
    timestamp: datetime
    number: str = ""
    length: int = 0


class Box(Struct, frozen=True, kw_only=True):
    """`greeting_id` and `temporary_greeting_id` are the sounds of the greetings, the temporary one counts
    first.

    `time_zone` is that in which times are said, empty for the account's; `owner_id` the user whose box it is.

    A box that `is_announcement_only` takes no messages. One that is not yet `is_set_up` is, at its owner's
    first visit. `has_pin` is whether there is a PIN; with `require_pin` the owner is asked for it at an own
    phone too.
    """

    id: int
    mailbox: str
    owner_id: int | None = None
    time_zone: str = ""
    messages: tuple[StoredMessage, ...] = ()
    most_messages: int = MOST_MESSAGES
    longest_message: int = LONGEST_MESSAGE
    shortest_message: int = SHORTEST_MESSAGE
    greeting_id: int | None = None
    temporary_greeting_id: int | None = None
    is_announcement_only: bool = False
    is_set_up: bool = True
    has_pin: bool = True
    require_pin: bool = False
    may_skip: bool = True

    @property
    def is_full(self) -> bool:
        """Whether no message is taken: those that are deleted need no place."""
        kept = sum(one.folder is not Folder.DELETED for one in self.messages)
        return kept >= self.most_messages

    def of(self, folder: Folder) -> tuple[StoredMessage, ...]:
        """The messages of a folder, the oldest first."""
        found = (one for one in self.messages if one.folder is folder)
        return tuple(sorted(found, key=lambda one: (one.timestamp, one.id)))


class Recording(StrEnum):
    """Kind of a recording."""

    MESSAGE = "message"
    GREETING = "greeting"
    TEMPORARY_GREETING = "temporary_greeting"
    NAME = "name"


class Record(Struct, frozen=True, tag="record"):
    """Record after a tone until any key, `longest` seconds or a hangup. Answered by Recorded."""

    what: Recording
    longest: int


class Recorded(Struct, frozen=True, tag="recorded"):
    """`length` in milliseconds."""

    length: int


class SaveMessage(Struct, frozen=True, tag="save_message"):
    """Keep what was recorded as a new message of the box. Answered by Finished."""

    vmbox_id: int


class SaveRecording(Struct, frozen=True, tag="save_recording"):
    """Make what was recorded the box's greeting or name. Answered by Finished."""

    vmbox_id: int
    what: Recording


class DeleteTemporaryGreeting(Struct, frozen=True, tag="delete_temporary_greeting"):
    vmbox_id: int


class SetAnnouncementOnly(Struct, frozen=True, tag="set_announcement_only"):
    vmbox_id: int
    is_on: bool


class SetPin(Struct, frozen=True, tag="set_pin"):
    vmbox_id: int
    digits: str


class SetUp(Struct, frozen=True, tag="set_up"):
    """The first visit is done. Answered by Finished."""

    vmbox_id: int


class CheckBoxPin(Struct, frozen=True, tag="check_box_pin"):
    """Compare digits with the PIN of the box with that number, which need not exist. Answered by LoggedIn, or
    Failed where they do not fit: a caller does not learn which of both was wrong."""

    mailbox: str
    digits: str


class LoggedIn(Struct, frozen=True, tag="logged_in"):
    """The box that goes with this event is the one that was opened."""


class MoveMessage(Struct, frozen=True, tag="move_message"):
    """Answered by Finished."""

    message_id: str
    folder: Folder


class ForwardMessage(Struct, frozen=True, tag="forward_message"):
    """Copy a message into the box with that number. Answered by Finished, or by Failed where there is
    none."""

    message_id: str
    mailbox: str


class Seek(Struct, frozen=True, tag="seek"):
    """Go back or forward by so many seconds in the message, and play on while digits are collected.
    Answered as `Collect`."""

    seconds: int
    collect: Collect


class CallBack(Struct, frozen=True, tag="call_back"):
    """Leave the box and call a number, at the cost of the box's owner. No event follows."""

    number: str


class GoTo(Struct, frozen=True, tag="go_to"):
    """Leave the box for the operator, or for its menu. No event follows."""

    place: Onward


class Onward(StrEnum):
    OPERATOR = "operator"
    LOGIN = "login"


class Exit(Struct, frozen=True, tag="exit"):
    """The visit is over. No event follows."""


BoxAction = (
    Play
    | Collect
    | Record
    | SaveMessage
    | SaveRecording
    | DeleteTemporaryGreeting
    | SetAnnouncementOnly
    | SetPin
    | SetUp
    | CheckBoxPin
    | MoveMessage
    | ForwardMessage
    | Seek
    | CallBack
    | GoTo
    | Exit
)

BoxEvent = Digits | Timeout | Finished | Failed | HungUp | Recorded | LoggedIn

LAST_ACTIONS = (CallBack, GoTo, Exit)
