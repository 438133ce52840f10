"""Branding of organizations as their pages and mails show it, with pictures that are kept or fetched here: a
browser asks nobody but this server, and gets nothing but a picture."""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import OrderedDict
from contextlib import suppress

import structlog
from msgspec import Struct
from sqlalchemy import ColumnElement, select

from switchroom.accounts.models import OrganizationLogo
from switchroom.accounts.pictures import LARGEST_UPLOAD, Picture, picture_in
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, NotFound
from switchroom.events.webhooks.outbound import Outbound
from switchroom.identity.branding import Branding, branding_of
from switchroom.identity.models import Organization
from switchroom.identity.secrets import digest
from switchroom.mail.branding import NO_BRANDING, InlinePicture, MailBranding

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

_MAIL_WAITS = 5.0
"""Seconds that a mail waits for a logo to be fetched."""

_IN_MAILS = frozenset({"image/png", "image/jpeg", "image/gif"})

_ULID = re.compile(r"[0-9A-Z]{26}")

log = structlog.get_logger()


class Shown(Struct, frozen=True, kw_only=True):
    """Branding of an organization, as it is shown. `logo_version` is another with another logo, and empty
    without one; `upload` is the digest of a logo that has been uploaded, which counts before all
    addresses."""

    organization_id: int
    name: str
    branding: Branding
    logo_version: str
    upload: str


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

    async def get(self, company_id: str) -> Shown | None:
        """None where nothing is to be shown, also of an organization that is not there."""
        if not _ULID.fullmatch(company_id):
            return None
        return await self._shown(Organization.ulid == company_id)

    async def logo(self, company_id: str) -> Picture:
        """Raises NotFound where there is none, and where its address leads to no picture."""
        shown = await self.get(company_id)
        picture = await self._logo(shown) if shown is not None else None
        if picture is None:
            raise NotFound(ErrorCode.NOT_FOUND)
        return picture

    async def for_mail(self, organization_id: int) -> MailBranding:
        """Branding of mails. A logo whose server takes its time goes into later ones."""
        shown = await self._shown(Organization.id == organization_id)
        if shown is None:
            return NO_BRANDING
        picture = None
        with suppress(TimeoutError):
            async with asyncio.timeout(_MAIL_WAITS):
                picture = await self._logo(shown)
        logo = None
        if (
            picture is not None
            and len(picture.content) <= LARGEST_UPLOAD
            and picture.content_type in _IN_MAILS
        ):
            logo = InlinePicture(
                content=picture.content,
                content_type=picture.content_type,
                width=picture.width,
                height=picture.height,
            )
        return MailBranding(
            name=shown.name,
            title=shown.branding.title,
            colour=shown.branding.navbar_colour,
            logo=logo,
            text=shown.branding.mail_text,
        )

    async def close(self) -> None:
        """Stop what is being fetched."""
        tasks = [*self._fetching.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._outbound.close()

    async def _shown(self, which: ColumnElement[bool]) -> Shown | None:
        query = (
            select(Organization, OrganizationLogo.digest)
            .outerjoin(OrganizationLogo, OrganizationLogo.organization_id == Organization.id)
            .where(which, Organization.closed_at.is_(None))
        )
        async with self._database.read(None) as session:
            found = (await session.execute(query)).first()
        if found is None:
            return None
        organization, upload = found
        branding = branding_of(organization)
        if branding is None or not branding.enabled:
            return None
        url = logo_url(branding)
        version = upload or (digest(url) if url else "")
        return Shown(
            organization_id=organization.id,
            name=organization.display_name,
            branding=branding,
            logo_version=version[:12],
            upload=upload or "",
        )

    async def _logo(self, shown: Shown) -> Picture | None:
        if shown.upload:
            return await self._uploaded(shown)
        url = logo_url(shown.branding)
        return await self._picture(url) if url else None

    async def _uploaded(self, shown: Shown) -> Picture | None:
        kept = self._kept.get(shown.upload)
        if kept is not None:
            self._kept.move_to_end(shown.upload)
            return kept.picture
        async with self._database.read(shown.organization_id) as session:
            row = await session.get(OrganizationLogo, shown.organization_id)
        picture = picture_in(row.content) if row is not None else None
        # Another may have been uploaded meanwhile.
        if row is not None:
            self._keep(row.digest, _Kept(picture, math.inf))
        return picture

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
        self._keep(url, _Kept(picture, until))
        return picture

    def _keep(self, key: str, kept: _Kept) -> None:
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


def logo_url(branding: Branding) -> str:
    """The address of the picture that stands for the organization, empty for none."""
    return (
        branding.logo_url
        or branding.logo_alternative_url
        or branding.logo_square_256_url
        or branding.logo_square_96_url
        or branding.logo_square_48_url
    )
