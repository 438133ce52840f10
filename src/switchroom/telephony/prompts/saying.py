"""Numbers, keys, dates and times as sequences of prompts' names."""

from __future__ import annotations

from datetime import date, datetime

from switchroom.telephony.prompts.texts import LARGEST_NUMBER

_KEYS = {"*": "key-star", "#": "key-hash", "+": "say-plus"}


def number(value: int) -> list[str]:
    """A number as it is counted, digit by digit when it is larger than 100. Raises ValueError below 0."""
    if value < 0:
        raise ValueError(f"{value} is below zero")
    return [f"number-{value}"] if value <= LARGEST_NUMBER else digits(str(value))


def digits(text: str) -> list[str]:
    """A telephone number or keys, one by one; what is neither a digit nor `*`, `#`, `+` is left out."""
    return [
        f"number-{character}" if character.isdigit() else _KEYS[character]
        for character in text
        if character in _KEYS or (character.isascii() and character.isdigit())
    ]


def time_of_day(moment: datetime, language: str) -> list[str]:
    """The hour and the minute, as the language counts hours."""
    minute = [f"number-{moment.minute}"] if moment.minute else []
    if language.partition("-")[0] != "en":
        return [f"number-{moment.hour}", "say-oclock", *minute]
    half = "say-am" if moment.hour < 12 else "say-pm"
    middle = ["number-0", *minute] if 0 < moment.minute < 10 else minute
    return [f"number-{moment.hour % 12 or 12}", *(middle or ["say-oclock"]), half]


def day(when: date, today: date) -> list[str]:
    """The day, as seen from `today`: today, yesterday, a weekday of the last six days, else the date."""
    ago = (today - when).days
    if ago == 0:
        return ["say-today"]
    if ago == 1:
        return ["say-yesterday"]
    if 1 < ago < 7:
        return [f"weekday-{when.isoweekday()}"]
    return [f"weekday-{when.isoweekday()}", f"day-{when.day}", f"month-{when.month}"]


def moment(when: datetime, now: datetime, language: str) -> list[str]:
    """Day and time, both moments being in the time zone of the listener."""
    return [*day(when.date(), now.date()), "say-at", *time_of_day(when, language)]
