"""Publisher of what lamps show: a PUBLISH (RFC 3903) for each change, and again before it runs out."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from pathlib import Path

import structlog
from msgspec import Struct

from switchroom.engines.kamailio.presence import Watched, read_etags, read_watched
from switchroom.engines.kamailio.state import STATE_FILE
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.errors import Refused
from switchroom.engines.sip.message import Response
from switchroom.engines.sip.uri import parse_uri
from switchroom.engines.sip.user_agent import UserAgent

EXPIRES = 600
"""Seconds for which a publication counts: those of a worker that is gone are wrong for no longer."""

_REFRESH_AT = 0.5
_CONDITIONAL_REQUEST_FAILED = 412
_LIMIT = 5.0

log = structlog.stdlib.get_logger(__name__)


class _Publication(Struct):
    body: bytes
    content_type: str
    etag: str
    refresh_at: float


class Publisher:
    """Publishes in the place of phones, from the socket of a telephony worker. What nobody watches is not
    published. Its methods are called one after the other, and raise nothing: what cannot be published now is
    published at the next look."""

    def __init__(self, agent: UserAgent, directory: Path) -> None:
        """`directory` is Kamailio's; the agent's next hop is its core port."""
        self._agent = agent
        self._state_file = directory / STATE_FILE
        self._published: dict[Watched, _Publication] = {}
        self.watched: frozenset[Watched] = frozenset()

    async def look(self) -> frozenset[Watched]:
        """What is watched now, and was not at the look before. What is no longer watched is forgotten."""
        try:
            now = await asyncio.to_thread(read_watched, self._state_file)
        except (sqlite3.Error, OSError) as error:
            log.warning("watchers cannot be read", reason=str(error))
            return frozenset()
        fresh = now - self.watched
        self.watched = now
        for gone in self._published.keys() - now:
            del self._published[gone]
        return fresh

    async def publish(self, what: Watched, body: bytes, content_type: str) -> bool:
        """Tell those who watch it, unless they know. Whether they were told."""
        known = self._published.get(what)
        if what not in self.watched:
            return False
        if known is not None and known.body == body and time.monotonic() < known.refresh_at:
            return True
        etag = known.etag if known is not None else await self._taken_up(what)
        try:
            response = await self._send(what, etag, EXPIRES, body, content_type)
        except Refused as error:
            if error.status != _CONDITIONAL_REQUEST_FAILED:
                return self._not_published(what, error)
            try:
                response = await self._send(what, "", EXPIRES, body, content_type)
            except Refused as again:
                return self._not_published(what, again)
        expires = int(response.headers.get("Expires") or EXPIRES)
        self._published[what] = _Publication(
            body,
            content_type,
            response.headers.get("SIP-ETag") or "",
            time.monotonic() + expires * _REFRESH_AT,
        )
        return True

    async def refresh(self) -> None:
        """Publish again what would run out."""
        due = time.monotonic()
        for what, known in [*self._published.items()]:
            if known.refresh_at <= due:
                await self.publish(what, known.body, known.content_type)

    async def notify(self, device_id: int, uri: str, event: str, body: bytes, content_type: str) -> None:
        """Tell a phone that has not asked."""
        address = NameAddr(parse_uri(uri))
        headers = (
            ("Event", event),
            ("Subscription-State", "active"),
            ("X-SR-Device", str(device_id)),
        )
        try:
            async with asyncio.timeout(_LIMIT):
                await self._agent.request(
                    "NOTIFY",
                    uri,
                    from_=address,
                    to=address,
                    headers=headers,
                    body=body,
                    content_type=content_type,
                )
        except (Refused, TimeoutError) as error:
            log.debug("phone not told", device_id=device_id, reason=str(error))

    async def _taken_up(self, what: Watched) -> str:
        """The entity tag of what another process has published there; of several all but one are ended."""
        try:
            first, *others = await asyncio.to_thread(read_etags, self._state_file, what) or [""]
        except (sqlite3.Error, OSError):
            return ""
        for etag in others:
            try:
                await self._send(what, etag, 0, b"", "")
            except Refused as error:
                log.debug("publication not ended", uri=what.uri, status=error.status)
        return first

    async def _send(self, what: Watched, etag: str, expires: int, body: bytes, content_type: str) -> Response:
        """Raises Refused."""
        address = NameAddr(parse_uri(what.uri))
        headers = [("Event", what.event), ("Expires", str(expires))]
        if etag:
            headers.append(("SIP-If-Match", etag))
        try:
            async with asyncio.timeout(_LIMIT):
                return await self._agent.request(
                    "PUBLISH",
                    what.uri,
                    from_=address,
                    to=address,
                    headers=headers,
                    body=body,
                    content_type=content_type,
                )
        except TimeoutError:
            raise Refused(408, "no answer in time") from None

    def _not_published(self, what: Watched, error: Refused) -> bool:
        self._published.pop(what, None)
        log.warning("lamp not published", package=what.event, uri=what.uri, status=error.status)
        return False
