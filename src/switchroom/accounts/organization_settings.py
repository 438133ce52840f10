"""Settings of an organization that its administrators change in the portal."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from switchroom import sanitize
from switchroom.accounts.people import require_permission, require_still
from switchroom.accounts.standing import lock_organization
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Problems
from switchroom.events.append import append
from switchroom.events.types import OrganizationUpdated
from switchroom.events.webhooks.addresses import check_url
from switchroom.identity.models import LONGEST_DISPLAY_NAME, Organization
from switchroom.identity.permissions import Administration
from switchroom.identity.privacy import PRIVACY_LINK, privacy_link_of
from switchroom.identity.secrets import digest
from switchroom.identity.tokens import AccessToken

_TO_SEE = Administration.COMPANY_LIST | Administration.COMPANY_ADMIN | Administration.MANAGE_COMPANY
_TO_CHANGE = Administration.COMPANY_ADMIN | Administration.MANAGE_COMPANY


class OrganizationView(Struct, frozen=True, kw_only=True):
    """An organization as its administrators see it. `version` is another when something of it has
    changed."""

    ulid: str
    display_name: str
    privacy_link: str
    created_at: datetime
    version: str


class OrganizationDraft(Struct, frozen=True, kw_only=True):
    """Change of an organization; what is UNSET stays. An empty link is none."""

    display_name: str | UnsetType = UNSET
    privacy_link: str | UnsetType = UNSET


class OrganizationSettings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, token: AccessToken) -> OrganizationView:
        """Raises Forbidden."""
        require_permission(token, _TO_SEE)
        async with self._database.read(None) as session:
            return _view(await session.get_one(Organization, token.organization_id))

    async def update(self, token: AccessToken, draft: OrganizationDraft, version: str) -> OrganizationView:
        """Raises Forbidden, Invalid, and Conflict when somebody else has changed it since `version`."""
        require_permission(token, _TO_CHANGE)
        name, link = _checked(draft)
        async with self._database.write(token.organization_id) as session:
            await lock_organization(session, token.organization_id)
            await require_still(session, token, _TO_CHANGE)
            organization = await session.get_one(Organization, token.organization_id, populate_existing=True)
            if _view(organization).version != version:
                raise Conflict(ErrorCode.CHANGED_MEANWHILE)
            if name:
                organization.display_name = name
            if link is not UNSET:
                others = {key: one for key, one in organization.properties.items() if key != PRIVACY_LINK}
                organization.properties = {**others, PRIVACY_LINK: link} if link else others
            updated = OrganizationUpdated(display_name=organization.display_name, by=token.subject_id)
            append(session, organization.id, updated, organization.ulid)
            return _view(organization)


def _checked(draft: OrganizationDraft) -> tuple[str, str | UnsetType]:
    """The name and the link as they are kept. Raises Invalid with all that is wrong."""
    problems, name, link = Problems(), "", draft.privacy_link
    if draft.display_name is not UNSET:
        name = sanitize.name(draft.display_name)
        if not name:
            problems.add(ErrorCode.NAME_REQUIRED, "display_name")
        elif len(name) > LONGEST_DISPLAY_NAME:
            problems.add(ErrorCode.TOO_LONG, "display_name", most=LONGEST_DISPLAY_NAME)
    if link:
        with problems:
            link = check_url(link, "privacy_link")
    problems.require_none()
    return name, link


def _view(organization: Organization) -> OrganizationView:
    said = (organization.display_name, organization.properties.get(PRIVACY_LINK, ""))
    return OrganizationView(
        ulid=organization.ulid,
        display_name=organization.display_name,
        privacy_link=privacy_link_of(organization),
        created_at=organization.created_at,
        version=digest(repr(said))[:16],
    )
