"""Publisher of what lamps show: a PUBLISH (RFC 3903) for each change, and again before it runs out."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import structlog
from msgspec import Struct

from switchroom.engines.kamailio.presence import Watched, read_etags, read_watched
from switchroom.engines.kamailio.state import LAMPS_FILE
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.errors import MalformedValue, Refused
from switchroom.engines.sip.message import Response
from switchroom.engines.sip.uri import parse_uri
from switchroom.engines.sip.user_agent import UserAgent

_REFRESH_AT = 0.5
_NO_SUCH_ETAG = 412
_PASSING = (_NO_SUCH_ETAG, 500)
"""SIP statuses of failures that pass: another entity tag, and processes of Kamailio that write to its state
at the same moment."""

_TRIED_AGAIN_AFTER = (0.02, 0.1, 0.3)
_LIMIT = 5.0

log = structlog.stdlib.get_logger(__name__)


class _Lamp(Struct):
    """Lamp that is to be shown somewhere. It is published again from `due` on, on the loop's clock. Without
    `etag` it is not known what was published before."""

    body: bytes
    content_type: str
    etag: str = ""
    due: float = 0.0


class Publisher:
    """Publishes in the place of phones, from the socket of a telephony worker. What nobody watches is not
    published. Its methods are called one after the other, and raise nothing: what cannot be published now is
    published at a later `refresh`."""

    def __init__(self, agent: UserAgent, directory: Path, *, expires: int) -> None:
        """`directory` is Kamailio's; the agent's next hop is its core port. What a process that is gone has
        published counts for `expires` seconds."""
        self._agent = agent
        self._expires = expires
        self._file = directory / LAMPS_FILE
        self._lamps: dict[Watched, _Lamp] = {}
        self.watched: frozenset[Watched] = frozenset()

    async def look(self) -> frozenset[Watched]:
        """Look who watches. Returns what is watched now and was not at the look before; lamps that are no
        longer watched are forgotten."""
        try:
            now = await asyncio.to_thread(read_watched, self._file)
        except (sqlite3.Error, OSError) as error:
            log.warning("watchers cannot be read", reason=str(error))
            return frozenset()
        fresh = now - self.watched
        self.watched = now
        for gone in self._lamps.keys() - now:
            del self._lamps[gone]
        return fresh

    async def publish(self, what: Watched, body: bytes, content_type: str) -> None:
        """Tell the watchers, unless they know."""
        if what not in self.watched:
            return
        known = self._lamps.get(what)
        if known is None:
            known = self._lamps[what] = _Lamp(body, content_type)
        elif known.body == body:
            return
        known.body = body
        await self._show(what, known)

    def forget(self, what: Watched) -> None:
        """Leave a lamp to who publishes there next: until then it is shown as it is, or until it runs out."""
        self._lamps.pop(what, None)

    async def refresh(self) -> None:
        """Publish again what would run out, and what could not be published."""
        now = asyncio.get_running_loop().time()
        for what, lamp in [*self._lamps.items()]:
            if lamp.due <= now:
                await self._show(what, lamp)

    async def _show(self, what: Watched, lamp: _Lamp) -> None:
        lamp.due = 0.0
        if not lamp.etag:
            lamp.etag = await self._taken_up(what)
        for delay in (*_TRIED_AGAIN_AFTER, None):
            try:
                response = await self._send(what, lamp.etag, self._expires, lamp.body, lamp.content_type)
            except Refused as error:
                if error.status == _NO_SUCH_ETAG:
                    lamp.etag = ""
                if delay is None or error.status not in _PASSING:
                    log.warning("lamp not published", package=what.event, uri=what.uri, status=error.status)
                    return
                await asyncio.sleep(delay)
            else:
                lamp.etag = response.headers.get("SIP-ETag") or ""
                lamp.due = asyncio.get_running_loop().time() + self._expires * _REFRESH_AT
                return

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
            first, *others = await asyncio.to_thread(read_etags, self._file, what) or [""]
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
        try:
            address = NameAddr(parse_uri(what.uri))
        except MalformedValue as error:
            raise Refused(400, str(error)) from None
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
