"""Branding of organizations as their pages show it, with pictures that are fetched here: a browser asks
nobody but this server, and gets nothing but a picture."""

from __future__ import annotations

import asyncio
import re
import time
from collections import OrderedDict

import structlog
from msgspec import Struct
from sqlalchemy import select

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, NotFound
from switchroom.events.webhooks.outbound import Outbound
from switchroom.identity.branding import Branding, branding_of
from switchroom.identity.models import Organization

FETCH_LIMIT = 10.0
"""Seconds for an answer, redirects included."""

LARGEST_PICTURE = 256 * 1024
"""Bytes."""

KEPT = 3600.0
"""Seconds for which a picture is not asked for again."""

_KEPT_WITHOUT = 60.0
"""Seconds for which an address without a picture is not asked again."""

_MOST_KEPT = 64
_MOST_AT_ONCE = 4
_MOST_REDIRECTS = 3

_ULID = re.compile(r"[0-9A-Z]{26}")

_SIGNATURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)

log = structlog.get_logger()


class Picture(Struct, frozen=True):
    """A picture of pixels: nothing that could carry script."""

    content_type: str
    content: bytes


class _Kept(Struct, frozen=True):
    picture: Picture | None
    until: float


class ShownBranding:
    """Branding, where it is enabled, of organizations that are open. It is for everybody who stands before a
    page of the organization. Pictures are kept in memory, of all organizations at most 16 MB."""

    def __init__(self, database: Database, outbound: Outbound) -> None:
        self._database = database
        self._outbound = outbound
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[Picture | None]] = {}
        self._at_once = asyncio.Semaphore(_MOST_AT_ONCE)

    async def get(self, company_id: str) -> Branding | None:
        """None where nothing is to be shown, also of an organization that is not there."""
        if not _ULID.fullmatch(company_id):
            return None
        query = select(Organization).where(Organization.ulid == company_id, Organization.closed_at.is_(None))
        async with self._database.read(None) as session:
            organization = await session.scalar(query)
        branding = branding_of(organization) if organization is not None else None
        return branding if branding is not None and branding.enabled else None

    async def logo(self, company_id: str) -> Picture:
        """Raises NotFound where there is none, and where its address leads to no picture."""
        branding = await self.get(company_id)
        url = logo_url(branding) if branding is not None else ""
        picture = await self._picture(url) if url else None
        if picture is None:
            raise NotFound(ErrorCode.NOT_FOUND)
        return picture

    async def close(self) -> None:
        """Stop what is being fetched."""
        tasks = [*self._fetching.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._outbound.close()

    async def _picture(self, url: str) -> Picture | None:
        kept = self._kept.get(url)
        if kept is not None and time.monotonic() < kept.until:
            self._kept.move_to_end(url)
            return kept.picture
        # One request, however many browsers ask; who goes away stops it for nobody.
        task = self._fetching.get(url)
        if task is None:
            task = self._fetching[url] = asyncio.create_task(self._fetch(url), name="logo")
            task.add_done_callback(lambda _: self._fetching.pop(url, None))
        return await asyncio.shield(task)

    async def _fetch(self, url: str) -> Picture | None:
        async with self._at_once:
            headers = {"Accept": "image/png,image/jpeg,image/webp,image/gif", "User-Agent": "Switchroom"}
            found = await self._outbound.fetch(
                url, headers, largest=LARGEST_PICTURE, redirects=_MOST_REDIRECTS
            )
        picture = picture_in(found.body) if found.status == 200 else None
        if picture is None:
            log.info("logo not fetched", problem=found.problem or f"status {found.status}, or no picture")
        until = time.monotonic() + (KEPT if picture is not None else _KEPT_WITHOUT)
        self._kept[url] = _Kept(picture, until)
        self._kept.move_to_end(url)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return picture


def logo_url(branding: Branding) -> str:
    """The address of the picture that stands for the organization, empty for none."""
    return (
        branding.logo_url
        or branding.logo_alternative_url
        or branding.logo_square_256_url
        or branding.logo_square_96_url
        or branding.logo_square_48_url
    )


def picture_in(content: bytes) -> Picture | None:
    """The picture, whatever its server called it: PNG, JPEG, GIF or WebP, by how it begins."""
    for signature, content_type in _SIGNATURES:
        if content.startswith(signature):
            return Picture(content_type, content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Picture("image/webp", content)
    return None
