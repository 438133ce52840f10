"""Sanitizing of what people type: without the characters that nobody means to type."""

from __future__ import annotations

import re
import unicodedata

import idna

_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_BREAKS = re.compile(r"[\t\r\n\u2028\u2029]+")
_BIDI_CONTROLS = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

_FLAGS = "|".join(
    "\U0001f3f4" + "".join(chr(0xE0000 + ord(letter)) for letter in region) + "\U000e007f"
    for region in ("gbeng", "gbsct", "gbwls")
)
_FORMAT = re.compile(
    f"({_FLAGS})|"
    # Category Cf, but for the two joiners and for signs that are seen (Prepended_Concatenation_Mark).
    r"[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
    # Of other categories, and as empty: the grapheme joiner, Hangul fillers, inherent vowels of Khmer.
    r"\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]"
)
_JOINERS = re.compile("[\u200c\u200d]")
_PICTURES = r"\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff"
_IN_EMOJI = re.compile(rf"(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}])")
_LOOSE_SELECTORS = re.compile(
    # Variation selectors, but for one behind what can have variants: digits of keycaps, symbols, ideographs.
    r"(?<![#*0-9\u00a9\u00ae\u1000-\u1fff\u203c-\ufdff\ufe10-\U000e00ff])[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_BLANK = "\u2800"
"""A sign of Braille without a dot."""

_LONGEST = 2000
"""Characters of a text, longer than any name may be, that are looked at: a megabyte would hold up the
loop."""
_CONTEXT = 32


def text(typed: str) -> str:
    """Text of several lines, without other control characters: ends of lines and tabs stay."""
    return _CONTROLS.sub("", typed)


def without_bidi_controls(typed: str) -> str:
    """The text in the order that its letters have by themselves (UAX #9)."""
    return _BIDI_CONTROLS.sub("", typed)


def without_format(typed: str) -> str:
    """The text without format characters: zero width, bidi controls, and what else has no look.

    Joiners stay where they change what is seen: between letters by the rules of RFC 5892, appendix A.1 and
    A.2, and within emoji, as the tags of flags do.
    """
    if typed.isascii():
        return typed
    kept = _FORMAT.sub(lambda found: found[1] or "", typed)
    return _JOINERS.sub(_needed, _LOOSE_SELECTORS.sub("", kept))


def name(typed: str) -> str:
    """Name in one line, without space around it and without format characters; empty when nothing visible is
    left.

    Two names that look the same are not told apart by characters without a look, and none turns around the
    text after it.
    """
    typed = typed[:_LONGEST]
    if typed.isascii():
        return _BREAKS.sub(" ", _CONTROLS.sub("", typed)).strip()
    kept = _BREAKS.sub(" ", without_format(_CONTROLS.sub("", typed))).strip()
    return kept if any(_is_visible(character) for character in kept) else ""


def _needed(joiner: re.Match[str]) -> str:
    whole, place = joiner.string, joiner.start()
    if _IN_EMOJI.match(whole, place):
        return joiner[0]
    first = max(0, place - _CONTEXT)
    try:
        needed = idna.valid_contextj(whole[first : place + _CONTEXT], place - first)
    except ValueError:
        return ""  # Beside a character that Unicode does not know.
    return joiner[0] if needed else ""


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character != _BLANK
