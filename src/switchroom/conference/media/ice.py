"""ICE servers (STUN and TURN) that browsers are told.

TURN credentials are good for a limited time and cost no storage: the user name is the Unix time of their end
and the user, the password an HMAC-SHA1 of it ("A REST API For Access To TURN Services",
draft-uberti-behave-turn-rest-00, which coturn calls `use-auth-secret`).
"""

from __future__ import annotations

import base64
import hmac
import time

from switchroom.conference.messages import IceServer
from switchroom.settings import IceSettings


def ice_servers(settings: IceSettings, user_id: str, now: float | None = None) -> list[IceServer]:
    """The ICE servers for one person from now on."""
    servers: list[IceServer] = []
    if settings.stun:
        servers.append(IceServer(urls=settings.stun))
    if settings.turn and settings.turn_secret:
        expiry = int((time.time() if now is None else now) + settings.turn_ttl)
        username = f"{expiry}:{user_id}"
        digest = hmac.digest(settings.turn_secret.encode(), username.encode(), "sha1")
        servers.append(IceServer(settings.turn, username, base64.b64encode(digest).decode()))
    return servers
