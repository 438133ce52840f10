"""Prompts: the same in all languages, made as sounds, replaced by an operator's, put together."""

from __future__ import annotations

import wave
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from switchroom.telephony.prompts import recorded, saying
from switchroom.telephony.prompts.library import PromptLibrary, PromptMissing
from switchroom.telephony.prompts.make import make
from switchroom.telephony.prompts.texts import LANGUAGES, MUSIC, RINGING, TONE, Language


def seconds(file: Path) -> float:
    with wave.open(str(file)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth()) == (1, 2)
        return sound.getnframes() / sound.getframerate()


def short(language: str, **phrases: str) -> Language:
    return msgspec.structs.replace(LANGUAGES[language], phrases=phrases, weekdays=(), months=(), keys={})


def test_every_language_has_every_name_and_says_something() -> None:
    english = LANGUAGES["en"].texts()
    for language in LANGUAGES.values():
        texts = language.texts()
        assert texts.keys() == english.keys()
        assert all(text.strip() for text in texts.values())
    assert LANGUAGES["de"].texts()["day-21"] == "einundzwanzigsten"
    assert LANGUAGES["de"].texts()["day-7"] == "siebten"
    assert (english["day-22"], english["day-13"]) == ("the 22nd", "the 13th")


def test_recordings_have_names_of_prompts(tmp_path: Path) -> None:
    folder = tmp_path / "fr_CA_f_June" / "digits"
    folder.mkdir(parents=True)
    for sound in ("20", "day-0", "mon-11", "star"):
        (folder / f"{sound}.wav").touch()
    found = recorded.recordings("fr", tmp_path)
    assert found.keys() == {"number-20", "weekday-7", "month-12", "key-star"}
    assert found.keys() <= LANGUAGES["en"].texts().keys()


def test_sounds_are_made_once_and_anew_when_their_text_changes(tmp_path: Path) -> None:
    languages = {"en": short("en", goodbye="Goodbye."), "de": short("de", goodbye="Auf Wiederhören.")}
    made = make(tmp_path, languages)
    library = PromptLibrary(made=tmp_path)
    expected = {"goodbye", *(f"number-{n}" for n in range(101)), *(f"day-{n}" for n in range(1, 32))}
    assert library.names("de") == expected
    assert library.names("en") == expected | {MUSIC, TONE, RINGING}
    assert made == 2 * len(expected) + 6
    for rate in (8000, 16000):
        with wave.open(str(library.find("goodbye", "de", rate))) as sound:
            assert sound.getframerate() == rate
        assert 0.3 < seconds(library.find("goodbye", "de", rate)) < 3
        assert seconds(library.find(MUSIC, "de", rate)) > 30
    long = {"en": short("en", goodbye="Goodbye, and thank you very much for having called us today.")}
    before = seconds(library.find("goodbye", "en"))
    assert make(tmp_path, long) == 1
    assert seconds(library.find("goodbye", "en")) > before + 1
    assert make(tmp_path, long) == 0


def _touch(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


def test_an_operators_recording_goes_before_what_is_made(tmp_path: Path) -> None:
    made, own = tmp_path / "made", tmp_path / "own"
    english = _touch(made / "en" / "8000" / "goodbye.wav")
    library = PromptLibrary(own, made)
    assert library.find("goodbye", "de-AT") == english
    german = _touch(made / "de" / "8000" / "goodbye.wav")
    assert library.find("goodbye", "de-AT") == german
    recording = _touch(own / "de" / "goodbye.wav")
    assert library.find("goodbye", "de-AT", 8000) == recording
    assert library.sequence(["goodbye", "goodbye"], "en") == [english, english]


@pytest.mark.parametrize("name", ["none", "../goodbye", "", "a/b"])
def test_what_is_not_there_is_missing(tmp_path: Path, name: str) -> None:
    _touch(tmp_path / "en" / "8000" / "goodbye.wav")
    library = PromptLibrary(tmp_path, tmp_path)
    with pytest.raises(PromptMissing):
        library.find(name, "en")
    assert library.find("goodbye", "../../en").name == "goodbye.wav"


def test_numbers_keys_and_times_are_said_of_what_there_is() -> None:
    assert saying.number(100) == ["number-100"]
    assert saying.number(4711) == ["number-4", "number-7", "number-1", "number-1"]
    assert saying.digits("+49 *1#") == [
        "say-plus",
        "number-4",
        "number-9",
        "key-star",
        "number-1",
        "key-hash",
    ]
    now = datetime(2026, 11, 27, 12, 0)
    assert saying.moment(datetime(2026, 11, 27, 8, 5), now, "de") == [
        "say-today", "say-at", "number-8", "say-oclock", "number-5",
    ]  # fmt: skip
    assert saying.moment(datetime(2026, 11, 26, 0, 5), now, "en-GB") == [
        "say-yesterday", "say-at", "number-12", "number-0", "number-5", "say-am",
    ]  # fmt: skip
    assert saying.moment(datetime(2026, 11, 24, 15, 0), now, "en") == [
        "weekday-2", "say-at", "number-3", "say-oclock", "say-pm",
    ]  # fmt: skip
    assert saying.day(datetime(2026, 1, 31).date(), now.date()) == ["weekday-6", "day-31", "month-1"]
    said = [*saying.moment(datetime(2026, 1, 31, 23, 59), now, "en"), *saying.digits("0123456789*#+")]
    assert set(said) <= LANGUAGES["en"].texts().keys()
    with pytest.raises(ValueError, match="below zero"):
        saying.number(-1)
