"""What is left of the names that people type."""

from __future__ import annotations

import random
import sys
import unicodedata

import pytest

from switchroom import sanitize

VISIBLE_FORMAT = {chr(c) for c in (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD)}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("An\u200bna", "Anna"),
        ("\ufeffAnna\u2060", "Anna"),
        ("Anna\u202egnp.exe", "Annagnp.exe"),
        ("\u2067Anna\u2069\u061c", "Anna"),
        ("An\u00adna", "Anna"),
        ("An\u200dna", "Anna"),
        ("An\u200cna", "Anna"),
        ("A\ufe0fnna", "Anna"),
        ("Anna\U000e0041\U000e0042", "Anna"),
        ("An\u3164na", "Anna"),
        ("Anna\u2028Berg", "Anna Berg"),
        ("\u00a0Anna\u3000", "Anna"),
    ],
)
def test_characters_without_a_look_are_removed(typed: str, name: str) -> None:
    assert sanitize.name(typed) == name


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cخواهم",  # Persian: two words written as one, not joined
        "क\u094d\u200dष",  # Devanagari: half a letter
        "ശ്രീ\u0d4d\u200d",  # Malayalam: a chillu at the end
        "ක\u0dca\u200dය",  # Sinhala
        "👩\u200d💻 Ada",
        "🏳\ufe0f\u200d🌈",
        "👨🏽\u200d🚀",
        "❤\ufe0f\u200d🔥",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland's flag
        "1\ufe0f\u20e3",
        "葛\U000e0100城",
        "אדם בן חוה",
        "𓀀𓁐",
        "!",
    ],
)
def test_what_changes_a_look_stays(name: str) -> None:
    assert sanitize.name(name) == name


@pytest.mark.parametrize(
    "typed",
    ["", "\u200b", "\u202e\ufeff\u2028", "\u200d\u200c", "\u3164", "\u2800", " \u00a0 ", "\ufe0f", "\u0301"],
)
def test_nothing_is_left_of_what_nobody_sees(typed: str) -> None:
    assert sanitize.name(typed) == ""


def test_no_format_character_of_unicode_is_forgotten() -> None:
    every = (chr(number) for number in range(sys.maxunicode + 1))
    kept = {one for one in every if unicodedata.category(one) == "Cf" and sanitize.name(f"a{one}b") != "ab"}
    assert kept == VISIBLE_FORMAT


def test_a_name_that_was_sanitized_stays_as_it_is() -> None:
    dice = random.Random(7)
    signs = "a1 \u0628\u0645\u0915\u094d\u200c\u200d\u200b\ufe0f👩💻🏴\U000e0067\u202e\u0301\u3164\n"
    for _ in range(5_000):
        once = sanitize.name("".join(dice.choices(signs, k=dice.randint(0, 12))))
        assert sanitize.name(once) == once


@pytest.mark.parametrize("sign", ["a", "\u00e9", "\u0628\u200c", "👩\u200d", "\u0628\u0301"])
def test_of_a_megabyte_no_more_is_looked_at_than_of_a_long_name(sign: str) -> None:
    assert 200 < len(sanitize.name(sign * 500_000)) <= 2_000
