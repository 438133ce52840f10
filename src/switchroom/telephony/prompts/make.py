"""Makes the sounds of the prompts: spoken by espeak-ng, computed, or taken from installed recordings.

Run as `python -m switchroom.telephony.prompts.make [DIRECTORY]`; what is in the directory already, of
the same text, is left as it is.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from switchroom.telephony.prompts import recorded
from switchroom.telephony.prompts.library import MADE, RATES
from switchroom.telephony.prompts.music import write_music, write_ringing, write_tone
from switchroom.telephony.prompts.texts import FALLBACK, LANGUAGES, MUSIC, RINGING, TONE, Language

SPEAKER = "espeak-ng"
CONVERTER = "ffmpeg"
_WORDS_A_MINUTE = "150"
_AT_ONCE = 40
"""Files that one run of the converter makes: many, as its start takes longer than a conversion."""

_MARK = "texts.json"
_TRIM_START = "silenceremove=start_periods=1:start_threshold=-50dB"
_TRIM = f"{_TRIM_START},areverse,{_TRIM_START},areverse"
"""Takes away the silence before and after what is said."""


class NotMade(Exception):
    """A program that is needed is not installed, or failed."""


def make(directory: Path = MADE, languages: Mapping[str, Language] = LANGUAGES) -> int:
    """Make all sounds that `directory` does not have, or of other texts. Returns how many were made.

    Raises NotMade, OSError.
    """
    missing = [program for program in (SPEAKER, CONVERTER) if shutil.which(program) is None]
    if missing:
        raise NotMade(f"{', '.join(missing)} not installed")
    made = _make_computed(directory)
    with tempfile.TemporaryDirectory() as work:
        for language, spoken in languages.items():
            texts = spoken.texts()
            folder = directory / language
            old = _told(folder)
            new = {name: text for name, text in texts.items() if old.get(name) != text}
            sources = _speak(new, spoken.voice, Path(work) / language)
            _convert(sources, folder)
            _tell(folder, texts)
            made += len(new)
        for language in recorded.FOLDERS:
            taken = recorded.recordings(language)
            old = _told(directory / language)
            fresh = {name: file for name, file in taken.items() if old.get(name) != str(file)}
            if fresh:
                _convert(fresh, directory / language)
                _tell(directory / language, {name: str(file) for name, file in taken.items()})
                made += len(fresh)
    return made


def _make_computed(directory: Path) -> int:
    made = 0
    for rate in RATES:
        folder = directory / FALLBACK / str(rate)
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in ((MUSIC, write_music), (TONE, write_tone), (RINGING, write_ringing)):
            file = folder / f"{name}.wav"
            if not file.exists():
                temporary = file.with_suffix(".new")
                write(temporary, rate)
                temporary.replace(file)
                made += 1
    return made


def _speak(texts: Mapping[str, str], voice: str, work: Path) -> dict[str, Path]:
    work.mkdir(parents=True)
    files = {name: work / f"{name}.wav" for name in texts}

    def speak(name: str) -> None:
        _run([SPEAKER, "-v", voice, "-s", _WORDS_A_MINUTE, "-w", str(files[name]), texts[name]])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(speak, texts))
    return files


def _convert(sources: Mapping[str, Path], folder: Path) -> None:
    for rate in RATES:
        (folder / str(rate)).mkdir(parents=True, exist_ok=True)
    names = sorted(sources)
    for begin in range(0, len(names), _AT_ONCE):
        part = names[begin : begin + _AT_ONCE]
        command = [CONVERTER, "-nostdin", "-loglevel", "error", "-y"]
        for name in part:
            command += ["-i", str(sources[name])]
        for place, name in enumerate(part):
            for rate in RATES:
                file = folder / str(rate) / f"{name}.wav"
                command += ["-map", f"{place}:a", "-af", _TRIM, "-ac", "1", "-ar", str(rate)]
                command += ["-c:a", "pcm_s16le", "-bitexact", str(file)]
        _run(command)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, check=False, timeout=300)  # noqa: S603
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise NotMade(f"{command[0]} ended with status {done.returncode}: {said[-500:]}")


def _told(folder: Path) -> dict[str, str]:
    """The texts that the sounds in a folder were made of."""
    try:
        return dict(json.loads((folder / _MARK).read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def _tell(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).write_text(json.dumps(texts, ensure_ascii=False, indent=1, sort_keys=True), "utf-8")


def main() -> None:
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else MADE
    try:
        made = make(directory)
    except (NotMade, OSError) as error:
        sys.exit(f"prompts not made: {error}")
    sys.stdout.write(f"{made} prompts made in {directory}\n")


if __name__ == "__main__":
    main()
