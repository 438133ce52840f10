"""What a caller is told: named prompts of the platform, sounds of the account, digits, numbers and times."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class PromptName(StrEnum):
    """Names of the platform's prompts, which exist in each language."""

    NOT_AVAILABLE_YET = "not_available_yet"
    CALL_RESTRICTED = "call_restricted"
    NUMBER_UNKNOWN = "number_unknown"
    INVALID_ENTRY = "invalid_entry"
    GOODBYE = "goodbye"
    MENU_ENTER = "menu_enter"
    PRESS_ONE_TO_ACCEPT = "press_one_to_accept"
    CONFERENCE_PIN = "conference_pin"
    CONFERENCE_PIN_WRONG = "conference_pin_wrong"
    CONFERENCE_FULL = "conference_full"
    FORWARD_ENTER_NUMBER = "forward_enter_number"
    FORWARD_ON = "forward_on"
    FORWARD_OFF = "forward_off"
    FORWARD_NUMBER_IS = "forward_number_is"
    VM_UNAVAILABLE = "vm_unavailable"
    VM_RECORD_AFTER_TONE = "vm_record_after_tone"
    VM_BOX_FULL = "vm_box_full"
    VM_REVIEW = "vm_review"
    VM_SAVED = "vm_saved"
    VM_TOO_SHORT = "vm_too_short"
    VM_ENTER_MAILBOX = "vm_enter_mailbox"
    VM_ENTER_PIN = "vm_enter_pin"
    VM_LOGIN_WRONG = "vm_login_wrong"
    VM_SETUP = "vm_setup"
    VM_YOU_HAVE = "vm_you_have"
    VM_NEW_MESSAGES = "vm_new_messages"
    VM_SAVED_MESSAGES = "vm_saved_messages"
    VM_MAIN_MENU = "vm_main_menu"
    VM_MESSAGE_MENU = "vm_message_menu"
    VM_SETTINGS_MENU = "vm_settings_menu"
    VM_NO_MESSAGES = "vm_no_messages"
    VM_NO_MORE_MESSAGES = "vm_no_more_messages"
    VM_MESSAGE_FROM = "vm_message_from"
    VM_KEPT = "vm_kept"
    VM_DELETED = "vm_deleted"
    VM_FORWARD_TO = "vm_forward_to"
    VM_FORWARDED = "vm_forwarded"
    VM_RECORD_GREETING = "vm_record_greeting"
    VM_RECORD_NAME = "vm_record_name"
    VM_NEW_PIN = "vm_new_pin"
    VM_PIN_SET = "vm_pin_set"
    VM_PIN_INVALID = "vm_pin_invalid"
    VM_GREETING_DELETED = "vm_greeting_deleted"
    VM_ANNOUNCEMENT_ONLY_ON = "vm_announcement_only_on"
    VM_ANNOUNCEMENT_ONLY_OFF = "vm_announcement_only_off"
    VM_ANNOUNCEMENT_ONLY = "vm_announcement_only"


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
