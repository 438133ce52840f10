"""Sound files of the prompts, found by name and language; an operator's recordings go before those made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from switchroom.telephony.prompts.texts import FALLBACK

MADE = Path(__file__).parent / "sounds"
"""Directory where `make` puts the sounds of the package."""

RATES = (8000, 16000)
"""Samples a second of the files that there are."""


class PromptMissing(LookupError):
    """There is no sound of this name."""


class PromptLibrary:
    """The sounds in the directories, each `DIRECTORY/LANGUAGE/NAME.wav` (an operator's, of any rate) or
    `DIRECTORY/LANGUAGE/RATE/NAME.wav`; the first that has a sound gives it."""

    def __init__(self, own: Path | None = None, made: Path = MADE) -> None:
        """`own` is the operator's directory; a file that is put there counts at once."""
        self._own = own
        self._made = made

    def find(self, name: str, language: str, rate: int = 8000) -> Path:
        """The file for a name, in the language (`de`, `de-AT`), else in English. `rate` is that of the call's
        codec: 16000 for wide band, else 8000. Raises PromptMissing."""
        if not name.replace("-", "").isalnum():
            raise PromptMissing(name)
        files: list[Path] = []
        for folder in _languages(language):
            if self._own is not None:
                files += [
                    self._own / folder / f"{name}.wav",
                    self._own / folder / str(rate) / f"{name}.wav",
                ]
            files.append(self._made / folder / str(rate) / f"{name}.wav")
        for file in files:
            if file.is_file():
                return file
        raise PromptMissing(name)

    def sequence(self, names: Sequence[str], language: str, rate: int = 8000) -> list[Path]:
        """The files for several names, in their order. Raises PromptMissing."""
        return [self.find(name, language, rate) for name in names]

    def names(self, language: str) -> set[str]:
        """The names of all sounds that are there in a language itself."""
        folders = [self._made / language / str(RATES[0])]
        if self._own is not None:
            folders += [self._own / language, self._own / language / str(RATES[0])]
        return {file.stem for folder in folders for file in folder.glob("*.wav")}


def _languages(language: str) -> list[str]:
    """The folders to look in, the nearest first. What could leave the directory is none."""
    tag = language.lower().replace("_", "-")
    wanted = [tag, tag.partition("-")[0], FALLBACK]
    return [one for one in dict.fromkeys(wanted) if one.replace("-", "").isalnum()]
