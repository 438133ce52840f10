"""Companies: organizations as their own people find, change and found them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

import msgspec
import structlog
from cachetools import TTLCache
from msgspec import UNSET, Struct, UnsetType, structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.accounts.branding_settings import remove_logo
from switchroom.accounts.organizers import emptied_person, require_new_address
from switchroom.accounts.people import lock_people, require_permission, require_still
from switchroom.accounts.person_drafts import (
    AccessDraft,
    PersonDraft,
    address_of,
    username_of,
    validate_person,
    write_person,
)
from switchroom.accounts.provisioning import found_organization
from switchroom.accounts.shown_branding import logo_url
from switchroom.db.database import Database
from switchroom.errors import (
    Conflict,
    DomainError,
    ErrorCode,
    Exhausted,
    Forbidden,
    Invalid,
    NotFound,
    Problems,
    Unavailable,
)
from switchroom.events.append import append
from switchroom.events.types import OrganizationUpdated, UserCreated
from switchroom.identity.authentication import require_whole
from switchroom.identity.branding import Branding, branding_of, checked_branding, write_branding
from switchroom.identity.models import Membership, Organization, Person
from switchroom.identity.networks import network_of
from switchroom.identity.permissions import ALL_ADMINISTRATION, Administration, Standing
from switchroom.identity.secrets import Passwords
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.identity.usernames import folded
from switchroom.jobs.retry import Backoff
from switchroom.mail.password_requests import PasswordRequests
from switchroom.mail.password_resets import PasswordResets
from switchroom.rooms.drafts import LONGEST_NAME, merged_properties, require_name, require_text

_TO_MANAGE = Administration.MANAGE_COMPANY | Administration.COMPANY_ADMIN
_LONGEST_REFERENCE = 200
_LONGEST_PROPERTY = 10_000

_MOST_WAITING = 1000
_MOST_BYTES = 16 * 1024
"""Bytes of one signup that waits, as JSON."""

_FULL_FOR = 60
_ASKED_WITHIN = 3600
"""Seconds within which `most_asked` companies may be signed up from one network, in each process."""

log = structlog.get_logger()


class CompanyDraft(Struct, frozen=True, kw_only=True):
    """Change of a company; what is UNSET stays as it is. `properties` are merged into
    what is there: an empty text takes one away."""

    display_name: str | UnsetType = UNSET
    owner_id: str | UnsetType = UNSET
    branding: Branding | UnsetType = UNSET
    properties: Mapping[str, str] = {}


class Signup(Struct, frozen=True, kw_only=True):
    """Person who wants a company of their own, and the company's name."""

    company_name: str
    person: PersonDraft
    plan_id: str = ""


class Companies:
    """Changes come one after the other in each organization, as those of its people do. Where the operator
    has not opened it, nobody founds one."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        requests: PasswordRequests,
        *,
        is_open: bool,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._requests = requests
        self._is_open = is_open

    async def update(self, token: AccessToken, company_id: str, draft: CompanyDraft) -> None:
        """Raises NotFound for another company than the caller's, Forbidden, and Invalid with all that is
        wrong: an owner is somebody who administers it."""
        require_permission(token, _TO_MANAGE)
        require_own(token, company_id)
        validate_company(draft)
        async with self._database.write(token.organization_id) as session:
            await lock_people(session, token.organization_id)
            token = await require_still(session, token, _TO_MANAGE)
            organization = await session.get_one(Organization, token.organization_id)
            if draft.owner_id and draft.owner_id != organization.owner_id:
                require_permission(token, Administration.MANAGE_COMPANY)
                await _require_administrator(session, draft.owner_id)
                organization.owner_id = draft.owner_id
            if draft.display_name is not UNSET:
                organization.display_name = sanitize.name(draft.display_name)
            if draft.branding is not UNSET:
                before = branding_of(organization) or Branding()
                # A program that knows nothing of it takes it from nobody.
                write_branding(organization, structs.replace(draft.branding, mail_text=before.mail_text))
                if logo_url(draft.branding):
                    await remove_logo(session, organization.id)
            if draft.properties:
                organization.properties = merged_properties(organization.properties, draft.properties)
            updated = OrganizationUpdated(display_name=organization.display_name, by=token.subject_id)
            append(session, organization.id, updated, organization.ulid)

    async def update_billing(
        self, token: AccessToken, company_id: str, customer_id: str, plan_id: str
    ) -> None:
        """Note what the company is called where it is billed; an empty text leaves what is there."""
        require_permission(token, Administration.MANAGE_BILLING)
        require_own(token, company_id)
        problems = Problems()
        for path, value in (("customer_id", customer_id), ("plan_id", plan_id)):
            with problems:
                require_text(value, path, longest=_LONGEST_REFERENCE)
        problems.require_none()
        async with self._database.write(token.organization_id) as session:
            token = await require_still(session, token, Administration.MANAGE_BILLING)
            organization = await session.get_one(Organization, token.organization_id)
            organization.customer_id = customer_id.strip() or organization.customer_id
            organization.plan_id = plan_id.strip() or organization.plan_id
            updated = OrganizationUpdated(display_name=organization.display_name, by=token.subject_id)
            append(session, organization.id, updated, organization.ulid)

    async def create(
        self,
        token: AccessToken,
        draft: CompanyDraft,
        person: PersonDraft | None = None,
        access: AccessDraft | None = None,
        plan_id: str = "",
    ) -> Organization:
        """Found another company. Its administrator is a new person, who has the password of `access` or gets
        a mail to set one, or the caller without `person`.

        Raises Forbidden where users of this server found no companies, and for a caller who does not manage
        a company already, or has a token for less than they may; Conflict for an address that somebody
        has.
        """
        if not self._is_open:
            raise Forbidden(ErrorCode.SIGNUP_CLOSED)
        require_permission(token, Administration.MANAGE_COMPANY)
        require_whole(token)
        require_text(plan_id, "plan_id", longest=_LONGEST_REFERENCE)
        validate_company(draft, is_new=True)
        access = access or AccessDraft()
        password_hash = ""
        if person is not None:
            validate_person(person)
            if access.password is not UNSET:
                password_hash = await self._passwords.hash_chosen(access.password)
        elif token.kind is not SubjectKind.PERSON:
            raise Invalid(ErrorCode.REQUIRED, "user")
        async with self._database.write(token.organization_id) as session:
            await require_still(session, token, Administration.MANAGE_COMPANY)
        async with self._database.write(None) as session:
            if person is None:
                administrator = await session.get_one(Person, token.subject_id)
            else:
                administrator = await self._new_person(session, person, access, password_hash)
            organization = await found_company(session, draft, administrator, plan_id)
            if person is not None:
                write_person(administrator, await _membership(session, organization), person)
                if not password_hash:
                    await self._requests.enqueue(session, organization, administrator)
            return organization

    async def owner(self, organization: Organization) -> AccessToken:
        """The claims of the founder of a company that is new, for what it begins with."""
        async with self._database.read(None) as session:
            person = await session.get_one(Person, organization.owner_id)
        moment = time.time()
        return AccessToken(
            organization_id=organization.id,
            company_id=organization.ulid,
            subject_id=person.id,
            kind=SubjectKind.PERSON,
            issued_at=moment,
            expires_at=int(moment) + 60,
            administration=ALL_ADMINISTRATION,
            display_name=person.display_name,
        )

    async def _new_person(
        self, session: AsyncSession, draft: PersonDraft, access: AccessDraft, password_hash: str
    ) -> Person:
        email = address_of(draft.email or "") if draft.email or not access.username else ""
        username = username_of(access.username or email)
        known = await require_new_address(session, username, "username" if access.username else "email")
        if email and folded(email) != folded(username):
            other = await require_new_address(session, email, "email")
            if other is not None and other is not known:
                raise Conflict(ErrorCode.ADDRESS_TAKEN, "email")
        if not email and not password_hash:
            raise Invalid(ErrorCode.PERSON_WITHOUT_ADDRESS, "email")
        person = await emptied_person(session, known, folded(username), email, self._requests)
        person.password_hash = password_hash
        return person


class Signups:
    """Companies of people who have no account yet, where the operator has opened that.

    Callers are answered the same, and as fast, whether or not somebody has the address: a person who has it
    gets a link for a password of their account instead of a company. Nothing is made before the address has
    been looked at, by `run`.
    """

    def __init__(
        self,
        database: Database,
        requests: PasswordRequests,
        resets: PasswordResets,
        *,
        is_open: bool,
        most_asked: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._requests = requests
        self._resets = resets
        self._is_open = is_open
        self._waiting: asyncio.Queue[tuple[Signup, str]] = asyncio.Queue(_MOST_WAITING)
        self._most_asked = most_asked
        self._asked: TTLCache[str, int] = TTLCache(10_000, ttl=_ASKED_WITHIN, timer=clock)

    def require_open(self) -> None:
        """Raises Forbidden where the operator has not opened it."""
        if not self._is_open:
            raise Forbidden(ErrorCode.SIGNUP_CLOSED)

    def ask_for(self, signup: Signup, address: str) -> None:
        """Raises Forbidden where it is not open, Invalid with all that is wrong, and Exhausted for an address
        that asks too often."""
        self.require_open()
        problems = Problems()
        with problems:
            require_name(signup.company_name, "company", longest=LONGEST_NAME, shortest=1)
        with problems:
            validate_person(signup.person)
            address_of(signup.person.email or "")
        with problems:
            require_text(signup.plan_id, "plan_id", longest=_LONGEST_REFERENCE)
        with problems:
            merged_properties({}, signup.person.properties)
        problems.require_none()
        if len(msgspec.json.encode(signup)) > _MOST_BYTES:
            raise Invalid(ErrorCode.TOO_LONG, "properties", most=_MOST_BYTES)
        network = network_of(address)
        asked = self._asked.get(network, 0)
        if asked >= self._most_asked:
            raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=_ASKED_WITHIN)
        try:
            self._waiting.put_nowait((signup, address))
        except asyncio.QueueFull:
            log.warning("signup refused: too many wait")
            raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=_FULL_FOR) from None
        self._asked[network] = asked + 1

    async def run(self) -> None:
        """Found the companies that were asked for, one after the other, until cancelled. While the database
        is away they wait."""
        while True:
            signup, address = await self._waiting.get()
            backoff = Backoff()
            while True:
                try:
                    await self._found(signup, address)
                    break
                except Unavailable as error:
                    log.error("company not founded yet", reason=str(error))
                    await backoff.rest()
                except DomainError as error:
                    log.error("company not founded", code=error.code)  # the others go on
                    break

    async def _found(self, signup: Signup, address: str) -> None:
        email = address_of(signup.person.email or "")
        try:
            async with self._database.write(None) as session:
                known = await require_new_address(session, email)
                person = await emptied_person(session, known, folded(email), email, self._requests)
                draft = CompanyDraft(display_name=signup.company_name)
                organization = await found_company(session, draft, person, signup.plan_id)
                write_person(person, await _membership(session, organization), signup.person)
                await self._requests.enqueue(session, organization, person, of_signup=True)
        except Conflict:
            try:
                self._resets.ask_for(email, address)
            except Exhausted:
                log.warning("mail about an account not sent: too many were asked for")


def validate_company(draft: CompanyDraft, *, is_new: bool = False) -> None:
    """Raises Invalid with all that is wrong about a draft by itself."""
    problems = Problems()
    if is_new or draft.display_name is not UNSET:
        with problems:
            require_name(draft.display_name or "", "display_name", longest=LONGEST_NAME, shortest=1)
    if draft.branding is not UNSET:
        with problems:
            checked_branding(draft.branding)
    for key, value in draft.properties.items():
        if len(key) > LONGEST_NAME or len(value) > _LONGEST_PROPERTY or "\x00" in key + value:
            problems.add(ErrorCode.PROPERTY_INVALID, "properties", key=key[:50])
    problems.require_none()


def require_own(token: AccessToken, company_id: str) -> None:
    """Raises NotFound for another company than the caller's; an empty id is the caller's."""
    if company_id not in ("", token.company_id):
        raise NotFound(ErrorCode.ORGANIZATION_NOT_FOUND, "organization_id", id=company_id[:100])


async def found_company(
    session: AsyncSession, draft: CompanyDraft, administrator: Person, plan_id: str = ""
) -> Organization:
    """A company of a draft that has been checked, which the person owns and administers."""
    organization, _ = await found_organization(session, draft.display_name or "")
    organization.owner_id, organization.plan_id = administrator.id, plan_id.strip()
    if draft.branding is not UNSET:
        write_branding(organization, draft.branding)
    organization.properties = merged_properties({}, draft.properties)
    session.add(
        Membership(
            organization_id=organization.id,
            person_id=administrator.id,
            standing=Standing.ADMINISTRATOR,
            administration=ALL_ADMINISTRATION,
            properties={},
        )
    )
    await session.flush()
    created = UserCreated(username=administrator.username, standing=Standing.ADMINISTRATOR)
    append(session, organization.id, created, administrator.id)
    return organization


async def _membership(session: AsyncSession, organization: Organization) -> Membership:
    """Membership of the only person who belongs to a new organization."""
    query = select(Membership).where(Membership.organization_id == organization.id)
    return (await session.scalars(query)).one()


async def _require_administrator(session: AsyncSession, person_id: str) -> None:
    query = select(Membership.id).where(
        Membership.person_id == person_id,
        Membership.standing == Standing.ADMINISTRATOR,
        Membership.disabled_at.is_(None),
    )
    if await session.scalar(query) is None:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "owner_id", id=person_id[:100])
