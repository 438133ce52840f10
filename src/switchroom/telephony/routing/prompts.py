"""Prompts for a caller: named prompts of the platform, sounds of the account, digits, numbers and times."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class PromptName(StrEnum):
    """Names of the platform's prompts, which exist in each language."""

    NOT_AVAILABLE_YET = "feature-not-yet"
    CALL_RESTRICTED = "call-not-allowed"
    NUMBER_UNKNOWN = "call-no-such-number"
    INVALID_ENTRY = "menu-invalid"
    GOODBYE = "goodbye"
    CONFERENCE_PIN = "conference-enter-pin"
    CONFERENCE_PIN_WRONG = "conference-invalid-pin"
    CONFERENCE_FULL = "conference-full"
    CONFERENCE_LOCKED = "conference-locked"
    GROUP_LOGGED_IN = "group-logged-in"
    GROUP_LOGGED_OUT = "group-logged-out"
    GROUP_NOT_AUTHORIZED = "group-not-authorized"
    FORWARD_ENTER_NUMBER = "forward-enter-number"
    FORWARD_ON = "forward-on-to"
    FORWARD_OFF = "forward-off"
    FORWARD_INVALID = "forward-invalid-number"
    VM_UNAVAILABLE = "voicemail-greeting"
    VM_RECORD_MESSAGE = "voicemail-record-message"
    VM_ANNOUNCEMENT_ONLY = "voicemail-announcement-only"
    VM_BOX_FULL = "voicemail-full"
    VM_REVIEW = "voicemail-review"
    VM_SAVED = "voicemail-saved"
    VM_ENTER_MAILBOX = "voicemail-enter-box"
    VM_ENTER_PIN = "voicemail-enter-pin"
    VM_LOGIN_WRONG = "voicemail-invalid-pin"
    VM_SETUP = "voicemail-setup"
    VM_YOU_HAVE = "voicemail-you-have"
    VM_NEW_MESSAGES = "voicemail-messages-new"
    VM_SAVED_MESSAGES = "voicemail-messages-saved"
    VM_MAIN_MENU = "voicemail-menu"
    VM_MESSAGE_MENU = "voicemail-message-menu"
    VM_SETTINGS_MENU = "voicemail-settings"
    VM_NO_MESSAGES = "voicemail-messages-none"
    VM_NO_MORE_MESSAGES = "voicemail-last-message"
    VM_MESSAGE_FROM = "voicemail-message-from"
    VM_RECEIVED = "voicemail-received"
    VM_WITHHELD = "say-withheld-number"
    VM_DELETED = "voicemail-deleted"
    VM_FORWARD_TO = "voicemail-forward-number"
    VM_FORWARDED = "voicemail-forwarded"
    VM_NO_SUCH_BOX = "voicemail-no-such-box"
    VM_RECORD_GREETING = "voicemail-record-greeting"
    VM_RECORD_TEMPORARY = "voicemail-record-temporary"
    VM_RECORD_NAME = "voicemail-record-name"
    VM_NEW_PIN = "voicemail-enter-new-pin"
    VM_PIN_SET = "voicemail-pin-changed"
    VM_PIN_INVALID = "voicemail-pin-too-short"
    VM_CHANGED = "voicemail-changed"
    VM_GREETING_DELETED = "voicemail-temporary-deleted"
    VM_TOO_SHORT = "voicemail-too-short"
    VM_THANKS = "voicemail-thanks"
    PRESS_ONE_TO_ACCEPT = "call-forwarded-accept"


class Named(Struct, frozen=True, tag="named"):
    name: PromptName


class Sound(Struct, frozen=True, tag="sound"):
    """A sound of the account, by the id of the media."""

    media_id: int


class SayDigits(Struct, frozen=True, tag="digits"):
    digits: str


class SayNumber(Struct, frozen=True, tag="number"):
    number: int


class SayTime(Struct, frozen=True, tag="time"):
    """Day and time, in the listener's zone."""

    moment: datetime


class Message(Struct, frozen=True, tag="message"):
    """A message of a voicemail box, or what has just been recorded for an empty id."""

    message_id: str = ""


Prompt = Named | Sound | SayDigits | SayNumber | SayTime | Message
