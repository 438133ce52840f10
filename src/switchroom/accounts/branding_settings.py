"""Branding of an organization as its administrators set it in the portal."""

from __future__ import annotations

from hashlib import sha256

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.models import OrganizationLogo
from switchroom.accounts.people import require_permission, require_still
from switchroom.accounts.pictures import Picture, picture_in, uploaded_picture
from switchroom.accounts.shown_branding import logo_url
from switchroom.accounts.terms import lock_organization
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Problems
from switchroom.events.append import append
from switchroom.events.types import OrganizationUpdated
from switchroom.identity.branding import Branding, branding_of, checked_branding, write_branding
from switchroom.identity.models import Organization
from switchroom.identity.permissions import Administration
from switchroom.identity.secrets import digest
from switchroom.identity.tokens import AccessToken

_TO_SEE = Administration.COMPANY_LIST | Administration.COMPANY_ADMIN | Administration.MANAGE_COMPANY
_TO_CHANGE = Administration.COMPANY_ADMIN | Administration.MANAGE_COMPANY


class BrandingView(Struct, frozen=True, kw_only=True):
    """Branding as it is set, shown or not. `logo` has been uploaded; `logo_url` is the address of one that
    has been named by a program instead. `version` is another when something of it has changed."""

    company_id: str
    branding: Branding
    logo: Picture | None
    logo_url: str
    version: str


class BrandingDraft(Struct, frozen=True, kw_only=True):
    """Branding to be shown. A logo that is UNSET stays; one that is None goes, wherever it came from."""

    enabled: bool
    title: str
    colour: str
    logo: bytes | UnsetType | None = UNSET
    in_rooms: bool
    alone: bool
    mail_text: str


class BrandingSettings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, token: AccessToken) -> BrandingView:
        """Raises Forbidden."""
        require_permission(token, _TO_SEE)
        async with self._database.read(token.organization_id) as session:
            return _view(*await _of(session, token.organization_id))

    async def update(self, token: AccessToken, draft: BrandingDraft, version: str) -> BrandingView:
        """Raises Forbidden, Invalid with all that is wrong, and Conflict when somebody else has changed it
        since `version`."""
        require_permission(token, _TO_CHANGE)
        problems, upload = Problems(), None
        if draft.logo:
            with problems:
                upload = uploaded_picture(draft.logo, "logo")
        elif draft.logo is not UNSET and draft.logo is not None:
            problems.add(ErrorCode.PICTURE_INVALID, "logo")
        with problems:
            checked_branding(_branding(draft, Branding()))
        problems.require_none()
        async with self._database.write(token.organization_id) as session:
            await lock_organization(session, token.organization_id)
            await require_still(session, token, _TO_CHANGE)
            organization, logo = await _of(session, token.organization_id)
            if _view(organization, logo).version != version:
                raise Conflict(ErrorCode.CHANGED_MEANWHILE)
            before = branding_of(organization) or Branding()
            write_branding(organization, _branding(draft, before))
            if draft.logo is not UNSET:
                await remove_logo(session, organization.id)
                logo = None
            if upload is not None:
                logo = OrganizationLogo(
                    organization_id=organization.id,
                    digest=sha256(upload.content).hexdigest(),
                    content=upload.content,
                )
                session.add(logo)
            updated = OrganizationUpdated(display_name=organization.display_name, by=token.subject_id)
            append(session, organization.id, updated, organization.ulid)
            return _view(organization, logo)


async def remove_logo(session: AsyncSession, organization_id: int) -> None:
    """Forget a logo that has been uploaded."""
    await session.execute(
        delete(OrganizationLogo)
        .where(OrganizationLogo.organization_id == organization_id)
        .execution_options(synchronize_session="fetch")
    )


def _branding(draft: BrandingDraft, before: Branding) -> Branding:
    """Branding of the draft. With a logo that is given anew, addresses of others go."""
    kept = before if draft.logo is UNSET else Branding()
    return Branding(
        enabled=draft.enabled,
        title=draft.title,
        navbar_colour=draft.colour,
        stock_branding_disabled=draft.alone,
        logo_in_meeting_room=draft.in_rooms,
        mail_text=draft.mail_text,
        logo_url=kept.logo_url,
        logo_alternative_url=kept.logo_alternative_url,
        logo_square_48_url=kept.logo_square_48_url,
        logo_square_96_url=kept.logo_square_96_url,
        logo_square_256_url=kept.logo_square_256_url,
        logo_height=kept.logo_height,
        logo_width=kept.logo_width,
    )


async def _of(session: AsyncSession, organization_id: int) -> tuple[Organization, OrganizationLogo | None]:
    organization = await session.get_one(Organization, organization_id, populate_existing=True)
    return organization, await session.get(OrganizationLogo, organization_id, populate_existing=True)


def _view(organization: Organization, logo: OrganizationLogo | None) -> BrandingView:
    branding = branding_of(organization) or Branding()
    return BrandingView(
        company_id=organization.ulid,
        branding=branding,
        logo=picture_in(logo.content) if logo is not None else None,
        logo_url=logo_url(branding) if logo is None else "",
        version=digest(repr((organization.branding, logo.digest if logo is not None else "")))[:16],
    )
