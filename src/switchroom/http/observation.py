"""Observation of HTTP requests: who each is from, how long it took, how it ended."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from typing import cast

import structlog
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Counter, Histogram

from switchroom.http.proxies import TrustedProxies

REQUESTS = Counter("switchroom_http_requests_total", "HTTP requests answered.", ["area", "status"])
SECONDS = Histogram("switchroom_http_request_seconds", "Time from request to reply.", ["area"])

_AREAS = {
    "json": "api-v1",
    "client": "client",
    "health": "health",
    "metrics": "metrics",
    "recordings": "recordings",
    "api/v6": "api-v6",
    "v3.0": "api-v3",
}
"""Names of areas in the metrics, by the beginning of the path; `pages` is all the rest."""

_BEFORE_SECRETS = frozenset({"recordings", "calendar", "calender"})
"""Parts of paths behind which there are one more and a token: who has it gets the recording, or reads the
calendar."""

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Characters that would begin another line in a log, or steer the terminal on which it is read."""

_LONGEST_PART, _LONGEST_ID, _LONGEST_PATH = 60, 36, 200
_MOST_LOOKED_AT = 2000
"""Characters of a path that are looked at; a client that sends more of them is known by these."""

_NOT_CARRIED_OUT = 501
"""Status of requests that the server knows and does not carry out: nothing is wrong with the server."""

_CLIENT_GONE = 499
"""Status counted for requests whose client had gone before the answer."""

_INCOMPLETE = b"the request ended before it was complete\n"

_REQUEST_ID = "switchroom.request_id"

log = structlog.get_logger()


class Observation:
    """ASGI middleware: puts the caller's address behind trusted proxies into the scope, counts and times
    requests, and logs those that failed (all of them at level debug) with a request id."""

    def __init__(self, app: ASGIApp, proxies: TrustedProxies) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._proxies.set_client(scope)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        path = scope["path"]  # what is mounted somewhere sees the rest of it, in the same scope
        status = _CLIENT_GONE

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watch)
            if status == _CLIENT_GONE:
                await _answer_incomplete(send)
        except Exception:
            status = 500
            raise
        finally:
            elapsed = time.perf_counter() - started
            area = _area(path)
            REQUESTS.labels(area, str(status)).inc()
            SECONDS.labels(area).observe(elapsed)
            if status >= 400:
                report = log.error if status >= 500 and status != _NOT_CARRIED_OUT else log.info
                report(
                    "request failed",
                    method=scope["method"],
                    path=_told(path),
                    status=status,
                    ms=round(elapsed * 1000, 1),
                    client=client_address(scope),
                    request=request_id(scope),
                )


async def _answer_incomplete(send: Send) -> None:
    """Answer a request that ended before it was complete: its client has gone, or has sent what is no HTTP
    and waits to hear of it."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(_INCOMPLETE)),
    ]
    with contextlib.suppress(OSError, RuntimeError):
        await send({"type": "http.response.start", "status": 400, "headers": headers})
        await send({"type": "http.response.body", "body": _INCOMPLETE, "more_body": False})


def _area(path: str) -> str:
    first, _, rest = path.removeprefix("/").partition("/")
    return _AREAS.get(first) or _AREAS.get(f"{first}/{rest.partition('/')[0]}") or "pages"


def _told(path: str) -> str:
    """Path as the log shows it: without its secret part, and without any part so long that it may be one."""
    shown: list[str] = []
    named = 0  # since the part before the secrets, and that one
    for part in path[:_MOST_LOOKED_AT].split("/"):
        if part and (named or part.lower() in _BEFORE_SECRETS):
            named += 1
        is_secret = named > 2
        longest = _LONGEST_ID if named else _LONGEST_PART
        shown.append("…" if is_secret or len(part) > longest else part)
        if is_secret:
            break
    return _UNPRINTABLE.sub("\ufffd", "/".join(shown))[:_LONGEST_PATH]


def request_id(scope: Scope) -> str:
    """Id of the request in the log, made when it is first asked for."""
    kept = cast("dict[str, str]", scope)
    return kept.setdefault(_REQUEST_ID, secrets.token_hex(4))


def client_address(scope: Scope) -> str:
    """The caller's IP address, as far as it is known."""
    client = scope["client"]
    return client[0] if client else ""
