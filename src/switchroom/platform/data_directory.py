"""The data directory: for its owner alone, with what the platform keeps in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from switchroom.settings import ConfigurationError, Settings

PRIVATE_UMASK = 0o077
"""Umask of everything that the platform writes, and of the programs that it runs."""

_FILES = ("switchroom.db", "switchroom.db-wal", "switchroom.db-shm", "secret.key", "demo.json")
_DIRECTORIES = ("outbox", "recordings", "janus", "nats", "metrics")
_MOST_LOOKED_AT = 100_000
_OTHERS = 0o077
_EVERYBODY = 0o007


def prepare(settings: Settings) -> None:
    """Make the directory or, where there is one that is empty or has been ours, take it and what is in it
    from everybody but its owner; a database of SQLite that is elsewhere too. Raises ConfigurationError."""
    directory = settings.data_directory
    shared = _shared(settings)
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        ours = [path for name in (*_FILES, *_DIRECTORIES) if (path := directory / name).exists()]
        if ours or not any(directory.iterdir()):
            for path in (directory, *ours):
                _withhold(path, _EVERYBODY if path in shared else _OTHERS)
        for path in _database_elsewhere(settings):
            if path.exists():
                _withhold(path, _OTHERS)
    except OSError as error:
        raise ConfigurationError(f"data: {error}") from error


def exposed(settings: Settings) -> list[Path]:
    """Paths that others than their owner can get at: the directory, the files kept in it, and those of a
    SQLite database that is elsewhere. A directory of recordings that the settings name may be a group's."""
    directory = settings.data_directory
    named = settings.janus.recordings_directory
    shared = _shared(settings)
    kept = [directory, *(directory / name for name in _FILES), *_tree(directory / "outbox")]
    recordings = islice(_tree(Path(named or directory / "recordings")), _MOST_LOOKED_AT)
    return [
        *(path for path in _database_elsewhere(settings) if _mode(path) & _OTHERS),
        *(path for path in kept if _mode(path) & (_EVERYBODY if path in shared else _OTHERS)),
        *(path for path in recordings if _mode(path) & (_EVERYBODY if named else _OTHERS)),
    ]


def _shared(settings: Settings) -> frozenset[Path]:
    """Paths that may be a group's: those of the recordings, where the settings name a directory, and the way
    to it."""
    named = settings.janus.recordings_directory
    return frozenset({Path(named), *Path(named).parents}) if named else frozenset()


def _database_elsewhere(settings: Settings) -> list[Path]:
    """The file of SQLite that the settings name, with its journal; the directory it is in may be others'."""
    from sqlalchemy.engine import make_url  # here: the help of commands needs none of it

    url = make_url(settings.database.url) if settings.database.url else None
    if url is None or url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return []
    return [Path(url.database + suffix) for suffix in ("", "-wal", "-shm", "-journal")]


def _withhold(path: Path, others: int) -> None:
    status = path.lstat()
    if status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode) and status.st_mode & others:
        path.chmod(stat.S_IMODE(status.st_mode) & ~others)


def _tree(directory: Path) -> Iterator[Path]:
    """The directory and all that is in it, as far as it can be read."""
    yield directory
    for place, directories, files in os.walk(directory):
        yield from (Path(place, name) for name in (*directories, *files))


def _mode(path: Path) -> int:
    """The permissions; none of what is not there."""
    try:
        return stat.S_IMODE(path.lstat().st_mode) if not path.is_symlink() else 0
    except OSError:
        return 0
