"""Reentry tokens: proof that somebody has been inside a room in one of its sessions, which outlives the
process that has it."""

from __future__ import annotations

import hashlib
import hmac
import time

LIFETIME = 12 * 3600
"""Seconds that a token is good for: as long as guests' tokens usually are."""


class ReentryTokens:
    """Issues and checks tokens: the Unix time until which one is good, the mark of the session
    (`RoomOverrides.session`), and an HMAC-SHA256."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"switchroom pass\0" + secret).digest()

    def issue(self, room_id: str, session: str, user_id: str) -> str:
        expires_at = int(time.time()) + LIFETIME
        return f"{expires_at}.{session}.{self._mac(expires_at, session, room_id, user_id)}"

    def session_of(self, text: str, room_id: str, user_id: str) -> str | None:
        """The mark of the session that this person was inside; None unless it is a token for this room,
        of this person, and in time."""
        expires_at, _, rest = text.partition(".")
        session, _, mac = rest.partition(".")
        if not expires_at.isascii() or not expires_at.isdecimal() or len(expires_at) > 12:
            return None
        expected = self._mac(int(expires_at), session, room_id, user_id)
        if not hmac.compare_digest(mac.encode(), expected.encode()):
            return None
        return session if time.time() < int(expires_at) else None

    def _mac(self, expires_at: int, session: str, room_id: str, user_id: str) -> str:
        text = "\0".join((str(expires_at), session, room_id, user_id))
        return hmac.digest(self._secret, text.encode(), "sha256").hex()
