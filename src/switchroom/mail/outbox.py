"""Mails as files, for platforms without a mail server."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path


def write_mail(directory: Path, *, mail_id: str, queued_at: datetime, content: bytes) -> Path:
    """Write the mail as `<time>-<id>.eml`, whole or not at all; again the same mail is again the same file.

    Only the platform's user may read it: it holds a way into a room.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / f"{queued_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mail_id}.eml"
    unfinished = path.with_suffix(".part")
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    return path
