"""Texts of all prompts, by language and name: phrases, numbers, keys, dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from switchroom.telephony.prompts import english, german

LARGEST_NUMBER = 100
"""Numbers from 0 to this are spoken at once, others digit by digit."""


class Language(Struct, frozen=True):
    """A language that prompts are made in, by the voice of espeak-ng."""

    voice: str
    phrases: Mapping[str, str]
    weekdays: Sequence[str]
    months: Sequence[str]
    keys: Mapping[str, str]
    day_of_month: Callable[[int], str]

    def texts(self) -> dict[str, str]:
        """Texts of all prompts of the language, by name."""
        return {
            **self.phrases,
            **{f"number-{number}": str(number) for number in range(LARGEST_NUMBER + 1)},
            **{f"key-{key}": text for key, text in self.keys.items()},
            **{f"weekday-{number}": text for number, text in enumerate(self.weekdays, 1)},
            **{f"month-{number}": text for number, text in enumerate(self.months, 1)},
            **{f"day-{day}": self.day_of_month(day) for day in range(1, 32)},
        }


LANGUAGES: Mapping[str, Language] = {
    "en": Language(
        english.VOICE,
        english.PHRASES,
        english.WEEKDAYS,
        english.MONTHS,
        english.KEYS,
        english.day_of_month,
    ),
    "de": Language(
        german.VOICE, german.PHRASES, german.WEEKDAYS, german.MONTHS, german.KEYS, german.day_of_month
    ),
}
"""Languages that every installation has. `recorded` has more, where their recordings are installed."""

FALLBACK = "en"
"""The language of what is not there in the one that is asked for."""

TONE = "tone"
"""The name of the tone before a recording."""

MUSIC = "music"
"""The name of the music on hold."""

RINGING = "ringing"
"""Name of the sound of a telephone that rings elsewhere, in the folder of English."""
