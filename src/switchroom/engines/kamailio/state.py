"""Kamailio's own state, in SQLite files that the platform only reads: registrations, lamps, bans.

The tables are those that Kamailio's package brings (`/usr/share/kamailio/db_sqlite`).
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

STATE_FILE, LAMPS_FILE, BANS_FILE = "state.db", "lamps.db", "bans.db"
SCHEMA = Path("/usr/share/kamailio/db_sqlite")
_TABLES = {
    STATE_FILE: ("standard", "usrloc"),
    LAMPS_FILE: ("standard", "presence"),
    BANS_FILE: ("standard", "htable"),
}
_HOST = re.compile(
    r"sips?:(?:[^@;>]*@)?(\[[^\]]+\]|[^:;>?]+)(?::(\d+))?(?:.*?;transport=(\w+))?", re.IGNORECASE
)
_DEFAULT_PORT = 5060
_EPOCH = 2_440_587.5


class Contact(Struct, frozen=True):
    """A contact that a device has registered: `uri` is what it says, `address` and `port` are where its
    requests come from, and `transport` is `udp`, `tcp`, `tls` or `ws`."""

    device_id: int
    uri: str
    user_agent: str
    address: str
    port: int
    transport: str
    expires_at: datetime
    registered_at: datetime


def prepare_state(directory: Path) -> None:
    """Make the files and their tables, where there are none yet. What other versions of Kamailio have left is
    thrown away: phones register again. It must not run. Raises OSError without the package's files."""
    for name, tables in _TABLES.items():
        _prepare(directory / name, tables)


def _prepare(file: Path, tables: Sequence[str]) -> None:
    script = "".join((SCHEMA / f"{name}-create.sql").read_text("utf-8") for name in tables)
    version = int.from_bytes(hashlib.sha256(script.encode()).digest()[:3])
    if file.exists() and _version(file) == version:
        return
    for name in (file, file.with_name(f"{file.name}-wal"), file.with_name(f"{file.name}-shm")):
        name.unlink(missing_ok=True)
    file.touch(mode=0o600)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.executescript(f"begin; {script} pragma user_version={version}; commit;")


def read_contacts(file: Path, devices: list[int] | None = None) -> list[Contact]:
    """The contacts that are good now, those of some devices or all. Raises sqlite3.Error, OSError."""
    some = "" if devices is None else f"and username in ({','.join(str(int(one)) for one in devices)})"
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2)) as connection:
        rows = connection.execute(
            f"""
            select l.username, l.contact, l.received, l.user_agent, l.expires, l.last_modified,
                (select avalue from location_attrs where ruid = l.ruid and aname = 'address'),
                (select avalue from location_attrs where ruid = l.ruid and aname = 'port')
            from location l where true {some}
            """  # noqa: S608
        ).fetchall()
    contacts = [_contact(*row) for row in rows]
    now = datetime.now(UTC)
    return [one for one in contacts if one.expires_at > now]


def _contact(
    device: str,
    uri: str,
    received: str | None,
    user_agent: str,
    expires: float,
    modified: float,
    address: str | None,
    port: str | None,
) -> Contact:
    found = _HOST.match(received or uri)
    host, said, transport = found.groups() if found else ("", None, None)
    return Contact(
        int(device),
        uri,
        "" if user_agent == "n/a" else user_agent,
        address or host,
        int(port or said or _DEFAULT_PORT),
        (transport or "udp").lower(),
        _time(expires),
        _time(modified),
    )


def _time(value: float) -> datetime:
    """Kamailio writes Julian days (`db_sqlite`), less half a second."""
    return datetime.fromtimestamp(round((value - _EPOCH) * 86_400 + 0.5), UTC)


def _version(file: Path) -> int:
    try:
        with closing(sqlite3.connect(file)) as connection:
            (version,) = connection.execute("pragma user_version").fetchone()
            return int(version)
    except sqlite3.DatabaseError:
        return -1
