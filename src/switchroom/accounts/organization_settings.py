"""Settings of an organization that its administrators change in the portal."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from switchroom import sanitize
from switchroom.accounts.models import MeetingTerms
from switchroom.accounts.people import require_permission, require_still
from switchroom.accounts.terms import lock_organization, lock_terms
from switchroom.accounts.validation import MOST_DAYS
from switchroom.db.database import Database, notify
from switchroom.errors import Conflict, ErrorCode, Problems
from switchroom.events.append import append
from switchroom.events.types import OrganizationUpdated
from switchroom.events.webhooks.addresses import check_url
from switchroom.identity.models import LONGEST_DISPLAY_NAME, Organization
from switchroom.identity.notices import RecordingRuleChanged
from switchroom.identity.permissions import Administration
from switchroom.identity.privacy import PRIVACY_LINK, privacy_link_of
from switchroom.identity.secrets import digest
from switchroom.identity.tokens import AccessToken

_TO_SEE = Administration.COMPANY_LIST | Administration.COMPANY_ADMIN | Administration.MANAGE_COMPANY
_TO_CHANGE = Administration.COMPANY_ADMIN | Administration.MANAGE_COMPANY


class OrganizationView(Struct, frozen=True, kw_only=True):
    """An organization as its administrators see it. Meetings are kept for `kept_days` after their end, with
    who was there, chat and recordings. Where it `asks_before_recording`, nothing is recorded of people who
    have not agreed. `version` is another when something of it has changed."""

    ulid: str
    display_name: str
    privacy_link: str
    kept_days: int
    asks_before_recording: bool
    created_at: datetime
    version: str


class OrganizationDraft(Struct, frozen=True, kw_only=True):
    """Change of an organization; what is UNSET stays. An empty link is none."""

    display_name: str | UnsetType = UNSET
    privacy_link: str | UnsetType = UNSET
    kept_days: int | UnsetType = UNSET
    asks_before_recording: bool | UnsetType = UNSET


class OrganizationSettings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, token: AccessToken) -> OrganizationView:
        """Raises Forbidden."""
        require_permission(token, _TO_SEE)
        async with self._database.read(None) as session:
            organization = await session.get_one(Organization, token.organization_id)
            return _view(organization, await session.get_one(MeetingTerms, organization.id))

    async def update(self, token: AccessToken, draft: OrganizationDraft, version: str) -> OrganizationView:
        """Raises Forbidden, Invalid, and Conflict when somebody else has changed it since `version`. How long
        meetings are kept is for those to say who manage the organization: less time removes those of
        everybody."""
        needed = _TO_CHANGE if draft.kept_days is UNSET else Administration.MANAGE_COMPANY
        require_permission(token, needed)
        name, link = _checked(draft)
        async with self._database.write(token.organization_id) as session:
            await lock_organization(session, token.organization_id)
            terms = await lock_terms(session, token.organization_id)
            await require_still(session, token, needed)
            organization = await session.get_one(Organization, token.organization_id, populate_existing=True)
            if _view(organization, terms).version != version:
                raise Conflict(ErrorCode.CHANGED_MEANWHILE)
            if name:
                organization.display_name = name
            if link is not UNSET:
                others = {key: one for key, one in organization.properties.items() if key != PRIVACY_LINK}
                organization.properties = {**others, PRIVACY_LINK: link} if link else others
            if draft.asks_before_recording is not UNSET:
                organization.asks_before_recording = draft.asks_before_recording
                notify(session, RecordingRuleChanged(organization.id))
            if draft.kept_days is not UNSET:
                terms.delete_after_days = draft.kept_days
            updated = OrganizationUpdated(
                display_name=organization.display_name,
                kept_days=draft.kept_days,
                asks_before_recording=draft.asks_before_recording,
                by=token.subject_id,
            )
            append(session, organization.id, updated, organization.ulid)
            return _view(organization, terms)


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
    if draft.kept_days is not UNSET and not 1 <= draft.kept_days <= MOST_DAYS:
        problems.add(ErrorCode.OUT_OF_RANGE, "kept_days", least=1, most=MOST_DAYS)
    problems.require_none()
    return name, link


def _view(organization: Organization, terms: MeetingTerms) -> OrganizationView:
    link = organization.properties.get(PRIVACY_LINK, "")
    asks = organization.asks_before_recording
    said = (organization.display_name, link, terms.delete_after_days, asks)
    return OrganizationView(
        ulid=organization.ulid,
        display_name=organization.display_name,
        privacy_link=privacy_link_of(organization),
        kept_days=terms.delete_after_days,
        asks_before_recording=asks,
        created_at=organization.created_at,
        version=digest(repr(said))[:16],
    )
