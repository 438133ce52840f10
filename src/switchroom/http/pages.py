"""Pages of the browser side, built into `webroot/`: from memory, each file compressed once."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from switchroom.http.application import READING

_POLICY = (
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data: blob:; media-src 'self' blob:; "
    "style-src 'self' 'unsafe-inline'; font-src 'self' data:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_PAGE_HEADERS = {
    "content-security-policy": _POLICY,
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(self)",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
_ASSET_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
}
_COMPRESSIBLE = (".html", ".js", ".css", ".svg", ".json", ".webmanifest")
_NOT_BUILT = b"The browser side has not been built. Run: make web\n"


class _File:
    """A file of `webroot/`. `compressed` is made when a browser first takes it, not at each start; it is None
    for a file that is compressed already."""

    def __init__(self, path: Path) -> None:
        self.content = path.read_bytes()
        self.media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        self.tag = f'"{hashlib.sha256(self.content).hexdigest()[:20]}"'
        self._compressible = path.suffix in _COMPRESSIBLE

    @cached_property
    def compressed(self) -> bytes | None:
        return gzip.compress(self.content, 6, mtime=0) if self._compressible else None


def page_handlers(webroot: Path) -> list[HTTPRouteHandler]:
    """`/`, `/webclient/` and `/docs`, which are the same page, and the files that it names."""
    files = _load(webroot)

    @route(["/", "/webclient", "/docs"], http_method=READING, sync_to_thread=False, include_in_schema=False)
    def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        file = files.get("index.html")
        if file is None:
            return Response(_NOT_BUILT, status_code=503, media_type="text/plain")
        return _answer(request, file, _PAGE_HEADERS)

    @route("/assets/{path:path}", http_method=READING, sync_to_thread=False, include_in_schema=False)
    def asset(request: Request[Any, Any, Any], path: FromPath[str]) -> Response[bytes]:
        file = files.get("assets/" + path.lstrip("/"))
        if file is None:
            return Response(b"not found\n", status_code=404, media_type="text/plain")
        return _answer(request, file, _ASSET_HEADERS)

    @route("/{name:str}", http_method=READING, sync_to_thread=False, include_in_schema=False)
    def top_level(request: Request[Any, Any, Any], name: FromPath[str]) -> Response[bytes]:
        file = files.get(name)
        if file is None:
            return Response(b"not found\n", status_code=404, media_type="text/plain")
        return _answer(request, file, _PAGE_HEADERS)

    return [page, asset, top_level]


def _load(webroot: Path) -> Mapping[str, _File]:
    paths = webroot.rglob("*") if webroot.is_dir() else ()
    return {
        path.relative_to(webroot).as_posix(): _File(path)
        for path in paths
        if path.is_file() and path.suffix != ".map"
    }


def _answer(request: Request[Any, Any, Any], file: _File, headers: Mapping[str, str]) -> Response[bytes]:
    all_headers = {**headers, "etag": file.tag, "vary": "accept-encoding"}
    if file.tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=all_headers)
    if "gzip" in request.headers.get("accept-encoding", "") and (compressed := file.compressed) is not None:
        all_headers["content-encoding"] = "gzip"
        return Response(compressed, media_type=file.media_type, headers=all_headers)
    return Response(file.content, media_type=file.media_type, headers=all_headers)
