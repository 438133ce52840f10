"""Branding of an organization as everybody who stands before its pages gets it, with its logo."""

from __future__ import annotations

import asyncio
import struct
import zlib
from base64 import b64decode, b64encode
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import msgspec
import pytest

from switchroom.accounts.shown_branding import LARGEST_PICTURE
from switchroom.db.base import now
from switchroom.identity.branding import Branding
from switchroom.identity.models import Organization
from tests.plain_http import NO_CERTIFICATES
from tests.platform import RunningPlatform, Tenant, running_platform

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def png(width: int = 2, height: int = 2) -> bytes:
    """A picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x18\x64\xab" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class PictureServer:
    """Somebody's web server, and what it has been asked for."""

    def __init__(self, port: int, asked: list[str]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked = asked


@contextmanager
def picture_server(bodies: dict[str, tuple[int, bytes]]) -> Generator[PictureServer]:
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, body = bodies.get(self.path, (404, b""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Type", "image/svg+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield PictureServer(server.server_address[1], asked)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(20)


def brand(platform: RunningPlatform, organization_id: int, branding: dict[str, Any]) -> None:
    """Write the branding down as it is kept, past the check that wants HTTPS."""
    kept = msgspec.json.encode(msgspec.convert(branding, Branding)).decode()

    async def write() -> None:
        async with platform.platform.storage.database.write(None) as session:
            (await session.get_one(Organization, organization_id)).branding = kept

    platform.run(write())


def shown(platform: RunningPlatform, company_id: str) -> dict[str, Any]:
    return platform.http.post("/client/branding", json={"companyId": company_id}).raise_for_status().json()


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[RunningPlatform]:
    with running_platform(tmp_path, webhook_networks=["127.0.0.0/8"]) as running:
        yield running


def test_branding_is_shown_where_it_is_enabled(tenant: Tenant) -> None:
    nothing = {"isInRooms": False, "isAlone": False}
    assert shown(tenant.running, tenant.company_id) == nothing
    branding = {"title": "Schule Köln", "navbarBg": "#1864ab", "logoInMeetingRoomEnabled": True}
    for enabled in (False, True):
        tenant.api(
            "companyService/update",
            companyId=tenant.company_id,
            company={"branding": {**branding, "enabled": enabled}},
        )
        wanted = {"title": "Schule Köln", "colour": "#1864ab", "isInRooms": True, "isAlone": False}
        assert shown(tenant.running, tenant.company_id) == (wanted if enabled else nothing)


@pytest.mark.parametrize("company_id", ["", "x", "../../etc", "0" * 26, "ü" * 26, "%" * 26, "x" * 128])
def test_of_an_organization_that_is_not_there_nothing_is_said(tenant: Tenant, company_id: str) -> None:
    assert shown(tenant.running, company_id) == {"isInRooms": False, "isAlone": False}
    assert tenant.running.http.get(f"/client/branding/{company_id or 'x'}/logo").status_code == 404


def test_by_a_token_one_sees_the_branding_of_its_organization(tenant: Tenant) -> None:
    """As a page does that another program opens: what its address says of the organization counts nothing."""
    other = tenant.running.organization("Other")
    for one, title in ((tenant, "Schule am See"), (other, "Schule am Berg")):
        branding = {"enabled": True, "title": title}
        one.api("companyService/update", companyId=one.company_id, company={"branding": branding})

    def asked(**query: str) -> httpx.Response:
        return tenant.running.http.post("/client/branding", json=query)

    for token in (tenant.token, _guest_token(tenant)):
        assert asked(accessToken=token).json()["title"] == "Schule am See"
        assert asked(accessToken=token, companyId=other.company_id).json()["title"] == "Schule am See"
    raw = b64decode(tenant.token)
    forged = b64encode(raw[:-1] + bytes([raw[-1] ^ 1])).decode()
    for wrong in ("", "nonsense", forged):
        answer = asked(accessToken=wrong, companyId=other.company_id)
        assert answer.status_code == 401
        assert "Schule" not in answer.text
    assert asked().json() == {"isInRooms": False, "isAlone": False}


def _guest_token(tenant: Tenant) -> str:
    link = tenant.group_link(tenant.room())
    visit = {name: link[name] for name in ("roomId", "accessKey")}
    guest = {"companyId": tenant.company_id, "displayName": "Grace", **visit}
    return tenant.api.post("guestService.v2/authenticate", guest).json()["accessToken"]


def test_the_logo_is_fetched_once_and_is_a_picture(platform: RunningPlatform) -> None:
    tenant = platform.organization("Schule")
    with picture_server({"/logo": (302, b"/logo.png"), "/logo.png": (200, png())}) as server:
        brand(platform, tenant.organization.id, {"enabled": True, "logo_url": server.url + "/logo"})
        path = shown(platform, tenant.company_id)["logo"]
        answers = platform.run(_all_at_once(str(platform.http.base_url), path))
        assert server.asked == ["/logo", "/logo.png"]
    for answer in answers:
        assert (answer.status_code, answer.content) == (200, png())
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["x-content-type-options"] == "nosniff"


async def _all_at_once(base_url: str, path: str) -> list[httpx.Response]:
    async with httpx.AsyncClient(verify=NO_CERTIFICATES, base_url=base_url, timeout=60) as client:
        return list(await asyncio.gather(*(client.get(path) for _ in range(20))))


@pytest.mark.parametrize(
    "answered",
    [
        (200, SVG),
        (200, b""),
        (200, b"<html>"),
        (404, png()),
        (302, b"file:///etc/passwd"),
        (302, b"http://169.254.169.254/latest"),
        (200, png() + b"\0" * LARGEST_PICTURE),
    ],
)
def test_what_is_no_picture_is_shown_to_nobody(
    platform: RunningPlatform, answered: tuple[int, bytes]
) -> None:
    tenant = platform.organization("Schule")
    with picture_server({"/logo": answered}) as server:
        brand(platform, tenant.organization.id, {"enabled": True, "logo_url": server.url + "/logo"})
        path = shown(platform, tenant.company_id)["logo"]
        assert platform.http.get(path).status_code == 404
        assert platform.http.get(path).status_code == 404
        assert server.asked == ["/logo"]


def test_a_server_that_only_this_machine_reaches_is_not_asked(tenant: Tenant) -> None:
    with picture_server({"/logo": (200, png())}) as server:
        brand(tenant.running, tenant.organization.id, {"enabled": True, "logo_url": server.url + "/logo"})
        path = shown(tenant.running, tenant.company_id)["logo"]
        assert tenant.running.http.get(path).status_code == 404
        assert server.asked == []


def test_an_organization_that_is_closed_shows_nothing(platform: RunningPlatform) -> None:
    tenant = platform.organization("Schule")
    brand(platform, tenant.organization.id, {"enabled": True, "title": "Schule"})
    assert shown(platform, tenant.company_id)["title"] == "Schule"

    async def close() -> None:
        async with platform.platform.storage.database.write(None) as session:
            (await session.get_one(Organization, tenant.organization.id)).closed_at = now()

    platform.run(close())
    assert "title" not in shown(platform, tenant.company_id)
