"""Findings about what the platform keeps: the data directory, its disk, the database."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from switchroom.db.database import Database
from switchroom.platform.data_directory import exposed
from switchroom.platform.doctor.finding import Finding
from switchroom.platform.schema import NEWEST, DatabaseUnreachable, Schema, examine_schema
from switchroom.settings import Settings

_LEAST_FREE = 100
_MEBIBYTE = 1 << 20


def data_directory(settings: Settings) -> Iterator[Finding]:
    """Whether it can be written, by its owner alone, and has room."""
    directory = settings.data_directory
    subject = f"data directory {directory}"
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = directory / ".doctor"
        probe.touch()
        probe.unlink()
    except OSError as error:
        yield Finding(
            subject,
            False,
            (error.strerror or str(error)).lower(),
            "Choose another with --data (SWITCHROOM_DATA), or make it writable.",
        )
        return
    free = shutil.disk_usage(directory).free // _MEBIBYTE
    yield Finding(subject, free > _LEAST_FREE, f"writable, {free} MiB free", "Free some space.")
    yield _recordings(settings)
    yield _modes(settings)


async def database(settings: Settings) -> Finding:
    """Whether it answers, and is of this version."""
    subject = f"database ({make_url(settings.database_url).get_backend_name()})"
    if not _is_there(settings.database_url):
        return Finding(subject, True, "will be made at the first start")
    opened = Database(settings.database_url)
    try:
        state, version = await examine_schema(opened)
    except DatabaseUnreachable as error:
        return Finding(subject, False, error.reason, "Start it, or correct database.url.")
    finally:
        await opened.close()
    match state:
        case Schema.EMPTY:
            return Finding(subject, True, "answers, and is empty; its tables are made at the first start")
        case Schema.CURRENT:
            return Finding(subject, True, f"answers, schema {version}")
        case Schema.OLD:
            return Finding(
                subject,
                False,
                f"answers, and is not migrated: schema {version or 'unknown'}, this version has {NEWEST}",
                "Run: switchroom db upgrade (the next start does it too; make a backup first).",
            )
        case Schema.NEWER:
            return Finding(
                subject,
                False,
                f"is of a newer version: schema {version}, this version has {NEWEST}",
                "Run the version of Switchroom that it belongs to.",
            )


def _is_there(url: str) -> bool:
    """SQLite would make the file to look at it."""
    return not url.startswith("sqlite") or Path(make_url(url).database or "").exists()


def _recordings(settings: Settings) -> Finding:
    named, least = settings.janus.recordings_directory, settings.janus.recordings_least_free
    directory = Path(named or settings.data_directory)
    subject = "disk for recordings"
    try:
        free = shutil.disk_usage(directory).free // _MEBIBYTE
    except OSError as error:
        state = f"{directory}: {(error.strerror or str(error)).lower()}"
        return Finding(subject, False, state, "Make the directory, or correct janus.recordings_directory.")
    return Finding(
        subject,
        free >= least,
        f"{free} MiB free, of which {least} must be for one to begin",
        "Free some space, or no recording begins (janus.recordings_least_free).",
    )


def _modes(settings: Settings) -> Finding:
    subject, directory = "files of the data directory", settings.data_directory
    open_to_others = exposed(settings)
    if not open_to_others:
        return Finding(subject, True, "for their owner only")
    shown = ", ".join(str(path) for path in open_to_others[:3])
    more = f" and {len(open_to_others) - 3} more" if len(open_to_others) > 3 else ""
    mode = stat.S_IMODE(open_to_others[0].stat().st_mode)
    be = "is" if len(open_to_others) == 1 else "are"
    named = settings.janus.recordings_directory
    inside = all(path.is_relative_to(directory) for path in open_to_others)
    remedy = f"Run: chmod -R go= {directory}"
    if not inside:
        remedy = f"Run: chmod go= {' '.join(map(str, open_to_others))}"
    if named:
        remedy = f"Take them from others: chmod o= {shown}"
    return Finding(subject, False, f"{shown}{more} {be} open to others ({mode:04o})", remedy)
