"""Files of recordings over HTTP: whole or in ranges, a piece at a time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import BinaryIO
from urllib.parse import quote

from litestar import route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from switchroom import texts
from switchroom.errors import NotFound, Unavailable
from switchroom.http.application import READING
from switchroom.meetings.recordings.archive import RecordedFile, RecordingArchive

_PIECE = 256 * 1024
_FIND_LIMIT = 30.0
_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)

Headers = list[tuple[bytes, bytes]]


class _Unsatisfiable(Exception):
    """The file has nothing of the range."""


class _Part(Struct, frozen=True):
    """Range of a file that is sent: from the byte `first` on so many, all of it or not."""

    first: int
    length: int
    is_all: bool


def recording_handler(archive: RecordingArchive) -> HTTPRouteHandler:
    """`GET` and `HEAD /recordings/<id>/<token>`."""

    @route("/recordings/{recording_id:str}/{token:str}", http_method=READING, include_in_schema=False)
    async def recording(recording_id: FromPath[str], token: FromPath[str]) -> ASGIApp:
        async def answer(scope: Scope, _receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                return
            method = str(scope["method"])
            try:
                async with asyncio.timeout(_FIND_LIMIT):
                    found = await archive.find(recording_id, token)
                file = await asyncio.to_thread(found.path.open, "rb")
            except Unavailable as error:
                await _answer(send, 503, [], f"{texts.message(error)}\n".encode(), method)
                return
            except TimeoutError:
                await _answer(send, 503, [], b"this took too long\n", method)
                return
            except (NotFound, OSError):
                await _answer(send, 404, [], b"not found\n", method)
                return
            try:
                await _send_file(send, found, file, dict(scope["headers"]), method)
            finally:
                await asyncio.to_thread(file.close)

        return answer

    return recording


async def _send_file(
    send: Send, found: RecordedFile, file: BinaryIO, asked: dict[bytes, bytes], method: str
) -> None:
    tag = f'"{found.id}-{found.size}"'.encode()
    headers = _headers(found, tag)
    try:
        part = _part(asked.get(b"range", b""), asked.get(b"if-range", tag) == tag, found.size)
    except _Unsatisfiable:
        await _answer(send, 416, [(b"content-range", b"bytes */%d" % found.size)], b"", method)
        return
    headers.append((b"content-length", b"%d" % part.length))
    if not part.is_all:
        last = part.first + part.length - 1
        headers.append((b"content-range", b"bytes %d-%d/%d" % (part.first, last, found.size)))
    status = 200 if part.is_all else 206
    await send({"type": "http.response.start", "status": status, "headers": headers})
    left = part.length if method == "GET" else 0
    await asyncio.to_thread(file.seek, part.first)
    while left:
        piece = await asyncio.to_thread(file.read, min(_PIECE, left))
        if not piece:
            break
        left -= len(piece)
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _headers(found: RecordedFile, tag: bytes) -> Headers:
    plain = "".join(one if one.isascii() and one not in '"\\' else "_" for one in found.name)
    disposition = f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(found.name, safe='')}"
    return [
        (b"content-type", found.content_type.encode()),
        (b"content-disposition", disposition.encode()),
        (b"accept-ranges", b"bytes"),
        (b"cache-control", b"private"),
        (b"etag", tag),
        (b"referrer-policy", b"no-referrer"),
        (b"x-content-type-options", b"nosniff"),
    ]


def _part(asked: bytes, is_current: bool, size: int) -> _Part:
    """Part of a file that is asked for (RFC 9110, section 14): all of it for more than one range, and for
    anything that is no range. Raises _Unsatisfiable."""
    found = _RANGE.fullmatch(asked.decode("latin-1").strip()) if is_current else None
    first, last = found.groups() if found is not None else ("", "")
    if not first and not last:
        return _Part(0, size, is_all=True)
    if not first:
        begin, end = max(size - int(last), 0), size - 1
    else:
        begin, end = int(first), min(int(last), size - 1) if last else size - 1
        if last and int(last) < int(first):
            return _Part(0, size, is_all=True)
    if begin >= size or end < begin:
        raise _Unsatisfiable
    return _Part(begin, end - begin + 1, is_all=False)


async def _answer(
    send: Send, status: int, headers: Sequence[tuple[bytes, bytes]], body: bytes, method: str
) -> None:
    common: Headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"private"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*common, *headers]})
    await send({"type": "http.response.body", "body": body if method != "HEAD" else b"", "more_body": False})
