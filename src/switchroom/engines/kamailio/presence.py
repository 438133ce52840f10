"""Kamailio's presence server, as its file (`state.LAMPS_FILE`) tells: who watches what, what is published."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct


class Watched(Struct, frozen=True):
    """Subject of a phone's subscription: an event package (RFC 6665) of an address (`sip:100@realm`)."""

    event: str
    uri: str


def read_watched(file: Path) -> frozenset[Watched]:
    """Subjects of all subscriptions that have not expired. Raises sqlite3.Error, OSError."""
    rows = _read(
        file, "select distinct event, presentity_uri from active_watchers where expires > ?", (time.time(),)
    )
    return frozenset(Watched(*row) for row in rows)


def read_etags(file: Path, watched: Watched) -> Sequence[str]:
    """Entity tags (RFC 3903) of what was published there and counts yet, oldest first. Raises sqlite3.Error,
    OSError."""
    user, _, domain = watched.uri.partition(":")[2].partition("@")
    rows = _read(
        file,
        "select etag from presentity where username = ? and domain = ? and event = ? and expires > ? "
        "order by id",
        (user, domain, watched.event, time.time()),
    )
    return [row[0] for row in rows]


def _read(file: Path, query: str, values: tuple[object, ...]) -> list[tuple[str, ...]]:
    uri = f"{file.absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=2)) as connection:
        return connection.execute(query, values).fetchall()
