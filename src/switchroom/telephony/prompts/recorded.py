"""Recordings of Debian's packages asterisk-core-sounds-{fr,es,it}-wav, under the names of our prompts.

They are used where an operator has installed them, and only for what they say; the rest is said in English.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

ROOT = Path("/usr/share/asterisk/sounds")
FOLDERS: Mapping[str, str] = {"fr": "fr_*", "es": "es_*", "it": "it_*"}
"""The folders of a language: `fr_CA_f_June` and the like."""

_PHRASES: Mapping[str, str] = {
    "call-busy": "vm-isonphone",
    "call-failed": "cannot-complete-as-dialed",
    "call-hold": "one-moment-please",
    "call-limit-reached": "all-circuits-busy-now",
    "call-no-answer": "vm-nobodyavail",
    "call-no-such-number": "ss-noservice",
    "call-not-available": "vm-nobodyavail",
    "call-transfer": "pls-hold-while-try",
    "conference-alone": "conf-onlyperson",
    "conference-enter-number": "conf-getconfno",
    "conference-enter-pin": "conf-getpin",
    "conference-full": "conf-full",
    "conference-invalid-pin": "conf-invalidpin",
    "conference-joined": "conf-hasjoin",
    "conference-left": "conf-hasleft",
    "conference-locked": "conf-locked",
    "conference-muted": "conf-now-muted",
    "conference-no-such": "conf-invalid",
    "conference-removed": "conf-kicked",
    "conference-unmuted": "conf-now-unmuted",
    "conference-wait-for-moderator": "conf-waitforleader",
    "feature-not-yet": "feature-not-avail-line",
    "goodbye": "goodbye",
    "menu-invalid": "pm-invalid-option",
    "parking-empty": "pbx-invalidpark",
    "please-try-again": "please-try-again",
    "say-oclock": "digits/oclock",
    "say-am": "digits/a-m",
    "say-and": "vm-and",
    "say-at": "digits/at",
    "say-plus": "letters/plus",
    "say-pm": "digits/p-m",
    "say-today": "digits/today",
    "say-unknown-number": "vm-unknown-caller",
    "say-yesterday": "digits/yesterday",
    "key-hash": "digits/pound",
    "key-star": "digits/star",
    "voicemail-deleted": "vm-deleted",
    "voicemail-enter-box": "vm-login",
    "voicemail-enter-new-pin": "vm-newpassword",
    "voicemail-enter-pin": "vm-password",
    "voicemail-forwarded": "vm-msgforwarded",
    "voicemail-full": "vm-mailboxfull",
    "voicemail-goodbye": "vm-goodbye",
    "voicemail-greeting": "vm-intro",
    "voicemail-invalid-pin": "vm-incorrect",
    "voicemail-last-message": "vm-nomore",
    "voicemail-message-from": "vm-from",
    "voicemail-pin-again": "vm-reenterpassword",
    "voicemail-pin-changed": "vm-passchanged",
    "voicemail-pin-mismatch": "vm-mismatch",
    "voicemail-received": "vm-received",
    "voicemail-record-name": "vm-rec-name",
    "voicemail-record-temporary": "vm-rec-temp",
    "voicemail-review": "vm-review",
    "voicemail-saved": "vm-msgsaved",
    "voicemail-temporary-deleted": "vm-tempremoved",
    "voicemail-too-short": "vm-tooshort",
    "voicemail-you-have": "vm-youhave",
}


def recordings(language: str, root: Path = ROOT) -> dict[str, Path]:
    """The recordings that are installed of a language, by the names of prompts."""
    found: dict[str, Path] = {}
    for folder in sorted(root.glob(FOLDERS[language])):
        for name, recording in _names().items():
            file = folder / f"{recording}.wav"
            if file.is_file():
                found.setdefault(name, file)
    return found


def _names() -> dict[str, str]:
    numbers = [*range(21), *range(30, 100, 10)]
    return {
        **_PHRASES,
        **{f"number-{number}": f"digits/{number}" for number in numbers},
        **{f"weekday-{day}": f"digits/day-{day % 7}" for day in range(1, 8)},
        **{f"month-{month}": f"digits/mon-{month - 1}" for month in range(1, 13)},
    }
