"""Signing in: by password, API key or refresh token, and moving to another of one's organizations."""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NoReturn
from uuid import uuid4

from msgspec import Struct, structs
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Invalid, Unauthenticated
from switchroom.events.append import append
from switchroom.events.types import ApiKeySignedIn, UserSignedIn, UserSignedOut
from switchroom.identity.devices import remember_device
from switchroom.identity.models import ApiKey, Membership, Organization, Person, RefreshToken
from switchroom.identity.permissions import NO_ADMINISTRATION, Administration, with_children
from switchroom.identity.secrets import Passwords, key_hash
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner
from switchroom.identity.usernames import LONGEST_USERNAME, folded, spellings


class SignedIn(Struct, frozen=True):
    """A successful sign-in. `refresh_token` is a UUID, bound to the organization of `claims`; empty for a
    sign-in that cannot be renewed. `device` is the key that the device shows at the next sign-in; empty for
    one that keeps none."""

    token: str
    claims: AccessToken
    refresh_token: str
    refresh_expires_in: int
    accessible: Sequence[str]
    device: str = ""


class KeptRefreshToken(Struct, frozen=True):
    """The refresh token that a sign-in was made with."""

    token: str
    organization_id: int


class Authentication:
    """Turns credentials into access tokens. Every refusal of credentials is the same Unauthenticated."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        signer: TokenSigner,
        throttle: Throttle,
        *,
        access_token_lifetime: int,
        refresh_token_lifetime: int,
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._signer = signer
        self._throttle = throttle
        self._access_lifetime = access_token_lifetime
        self._refresh_lifetime = refresh_token_lifetime

    async def with_password(
        self, username: str, password: str, company_id: str | None, address: str, device: str | None = None
    ) -> SignedIn:
        """Sign in to `company_id` (a ULID) or, without one, to the first organization the person belongs to.
        `device` is the key that a browser was given before, or empty; None for a caller that keeps none.

        Raises Unauthenticated, Exhausted after repeated failures.
        """
        if len(username) > LONGEST_USERNAME:
            _refuse()
        account, shown = f"password:{folded(username)}", device or ""
        async with self._throttle.few_at_a_time(account, address, shown):
            await self._throttle.check(account, address, shown)
            async with self._database.read(None) as session:
                people = await session.scalars(select(Person).where(Person.username.in_(spellings(username))))
                known = {person.username: person for person in people}
            as_written = known.get(username.strip().casefold())
            person = as_written or next(iter(known.values()), None)
            fits = await self._passwords.verify(person.password_hash if person else None, password)
            if person is None or not fits:
                await self._throttle.failed(account, address, shown)
                _refuse()
            await self._throttle.succeeded(account, address, shown)
        async with self._database.write(None) as session:
            # The password may have been changed since it was looked at.
            unchanged = select(Person).where(
                Person.id == person.id, Person.password_hash == person.password_hash
            )
            person = await session.scalar(unchanged.with_for_update(read=True))
            if person is None:
                _refuse()
            signed_in = await self._sign_in_person(session, person, company_id)
            if device is None:
                return signed_in
            return structs.replace(signed_in, device=await remember_device(session, account, device))

    async def vouched_for(self, username: str, organization_id: int | None) -> AccessToken:
        """The claims of a member of the organization, or without one of the first that the person belongs to,
        whom the holder of a platform key signs in. Nothing is signed: what they are good for is for the
        caller to say. Raises Unauthenticated for somebody who is not there."""
        if len(username) > LONGEST_USERNAME:
            _refuse()
        async with self._database.write(None) as session:
            people = await session.scalars(select(Person).where(Person.username.in_(spellings(username))))
            known = {person.username: person for person in people}
            person = known.get(username.strip().casefold()) or next(iter(known.values()), None)
            if person is None:
                _refuse()
            query = _MEMBERSHIPS.with_only_columns(Organization, Membership).limit(1)
            if organization_id is not None:
                query = query.where(Organization.id == organization_id)
            chosen = (await session.execute(query, {"person_id": person.id})).one_or_none()
            if chosen is None:
                _refuse()
            organization, membership = chosen
            append(session, organization.id, UserSignedIn(username=person.username), person.id)
            administration = Administration(membership.administration)
            return self._token_claims(
                organization, person.id, SubjectKind.PERSON, administration, person.display_name
            )

    async def with_api_key(self, client_id: str, code: str, company_id: str, address: str) -> SignedIn:
        account = f"api-key:{company_id}:{client_id}"
        async with self._throttle.few_at_a_time(account, address):
            await self._throttle.check(account, address)
            async with self._database.read(None) as session:
                found = (
                    await session.execute(
                        select(ApiKey, Organization)
                        .join(Organization, Organization.id == ApiKey.organization_id)
                        .where(
                            ApiKey.client_id == client_id,
                            Organization.ulid == company_id,
                            Organization.closed_at.is_(None),
                        )
                    )
                ).one_or_none()
            expected = found[0].code_hash if found else key_hash("")
            if not hmac.compare_digest(expected, key_hash(code)) or found is None:
                await self._throttle.failed(account, address)
                _refuse()
            await self._throttle.succeeded(account, address)
        key, organization = found
        async with self._database.write(None) as session:
            # The key may have been revoked, or got another code, since it was looked at.
            unchanged = select(ApiKey.id).where(ApiKey.id == key.id, ApiKey.code_hash == key.code_hash)
            if await session.scalar(unchanged.with_for_update(read=True)) is None:
                _refuse()
            return await self._sign_in_key(session, key, organization)

    async def with_refresh_token(self, refresh_token: str, company_id: str | None, address: str) -> SignedIn:
        """A new access token. The refresh token stays good, and good for longer: its holders keep it
        beside its organization, as the handbook tells them to.

        Naming another organization of the same person moves there, with a refresh token of its own.
        """
        query = select(RefreshToken).where(
            RefreshToken.token_hash == key_hash(refresh_token), RefreshToken.expires_at > now()
        )
        async with self._database.read(None) as session:
            _require(await session.scalar(query))
        async with self._database.write(None) as session:
            # Once more: a new password, or the end of the organization, takes it away with all tokens so far.
            row = _require(await session.scalar(query.with_for_update()))
            kept = KeptRefreshToken(refresh_token, row.organization_id)
            organization = await session.get_one(Organization, row.organization_id)
            if row.person_id is not None:
                person = await session.get_one(Person, row.person_id)
                return await self._sign_in_person(session, person, company_id or organization.ulid, kept=kept)
            if company_id and company_id != organization.ulid:
                raise Forbidden(ErrorCode.KEY_HAS_ONE_ORGANIZATION, "organization_id")
            key = await session.get_one(ApiKey, row.api_key_id)
            return await self._sign_in_key(session, key, organization, kept=kept)

    async def switch(self, token: str, company_id: str, refresh_token: str) -> SignedIn:
        """Move a signed-in person to another of their organizations.

        With a refresh token of theirs the new sign-in can be renewed as that one can. An access token alone,
        which others may have seen in an address, leads to one that ends when it does, and to nothing more.
        """
        claims = self._signer.verify(token)
        if claims.kind is not SubjectKind.PERSON:
            raise Forbidden(ErrorCode.PEOPLE_ONLY)
        require_whole(claims)
        query = select(RefreshToken).where(
            RefreshToken.token_hash == key_hash(refresh_token),
            RefreshToken.person_id == claims.subject_id,
            RefreshToken.expires_at > now(),
        )
        async with self._database.write(None) as session:
            person = await session.get(Person, claims.subject_id)
            if person is None:
                _refuse()
            row = await session.scalar(query.with_for_update()) if refresh_token else None
            if row is not None:
                kept = KeptRefreshToken(refresh_token, row.organization_id)
                return await self._sign_in_person(session, person, company_id, kept=kept)
            return await self._sign_in_person(session, person, company_id, until=claims.expires_at)

    async def sign_in_known(
        self, session: AsyncSession, person: Person, company_id: str, *, until: int | None = None
    ) -> SignedIn:
        """Sign in somebody who has shown who they are, in the session's transaction; what is not to be
        renewed ends at `until` (Unix seconds). Raises Unauthenticated for who does not belong to the company
        (a ULID) any more."""
        return await self._sign_in_person(session, person, company_id, until=until)

    def narrowed(
        self, claims: AccessToken, permissions: Mapping[Administration, bool], expires_at: int | None = None
    ) -> SignedIn:
        """A token of the same person or API key that may do so much in the administration, and no more: each
        permission that is given brings its children along, as far as the caller has them. It is good until
        `expires_at` (Unix seconds), no longer than the caller's, and void whenever that is.

        Raises Forbidden for guests and for a permission that the caller does not have, Invalid for a time
        that is past.
        """
        if claims.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        if expires_at is not None and expires_at <= time.time():
            raise Invalid(ErrorCode.TIME_PAST, "expires_at")
        wanted = NO_ADMINISTRATION
        for permission, is_given in permissions.items():
            if not is_given:
                continue
            if not claims.may(permission):
                name = permission.name or ""
                raise Forbidden(ErrorCode.PERMISSION_MISSING, "administration", permission=name)
            wanted |= with_children(permission)
        for permission, is_given in permissions.items():
            if not is_given:
                wanted &= ~permission
        narrowed = structs.replace(
            claims,
            administration=wanted & claims.administration,
            expires_at=min(claims.expires_at, expires_at or claims.expires_at),
            is_narrowed=True,
        )
        return SignedIn(self._signer.sign(narrowed), narrowed, "", 0, [claims.company_id])

    async def sign_out(self, refresh_token: str) -> None:
        async with self._database.write(None) as session:
            found = await session.execute(
                delete(RefreshToken)
                .where(RefreshToken.token_hash == key_hash(refresh_token))
                .returning(RefreshToken.organization_id, RefreshToken.person_id)
                .execution_options(synchronize_session=False)
            )
            row = found.one_or_none()
            if row is None or row.person_id is None:
                return
            person = await session.get_one(Person, row.person_id)
            append(session, row.organization_id, UserSignedOut(username=person.username), person.id)

    async def accessible(self, claims: AccessToken) -> Sequence[str]:
        """The ULIDs of the organizations that the caller can sign in to: at most 1000, the first joined."""
        if claims.kind is not SubjectKind.PERSON or claims.is_narrowed:
            return [claims.company_id]
        async with self._database.read(None) as session:
            return await _accessible(session, claims.subject_id)

    async def _sign_in_person(
        self,
        session: AsyncSession,
        person: Person,
        company_id: str | None,
        kept: KeptRefreshToken | None = None,
        until: int | None = None,
    ) -> SignedIn:
        query = _MEMBERSHIPS.with_only_columns(Organization, Membership).limit(1)
        query = query.with_for_update(read=True, of=Membership)  # who is being disabled gets no token behind
        if company_id:
            query = query.where(Organization.ulid == company_id)
        chosen = (await session.execute(query, {"person_id": person.id})).one_or_none()
        if chosen is None:
            _refuse()
        organization, membership = chosen
        claims = self._token_claims(
            organization,
            person.id,
            SubjectKind.PERSON,
            Administration(membership.administration),
            person.display_name,
        )
        if kept is None or kept.organization_id != organization.id:
            append(session, organization.id, UserSignedIn(username=person.username), person.id)
        accessible = await _accessible(session, person.id)
        if until is None:
            return await self._issue(session, claims, accessible, kept, person_id=person.id)
        await _require_open(session, organization.id)
        claims = structs.replace(claims, expires_at=min(until, claims.expires_at))
        return SignedIn(self._signer.sign(claims), claims, "", 0, accessible)

    async def _sign_in_key(
        self,
        session: AsyncSession,
        key: ApiKey,
        organization: Organization,
        kept: KeptRefreshToken | None = None,
    ) -> SignedIn:
        claims = self._token_claims(
            organization, key.id, SubjectKind.API_KEY, Administration(key.administration), key.client_id
        )
        if kept is None:
            append(session, organization.id, ApiKeySignedIn(client_id=key.client_id), key.id)
        return await self._issue(session, claims, [organization.ulid], kept, api_key_id=key.id)

    def _token_claims(
        self,
        organization: Organization,
        subject_id: str,
        kind: SubjectKind,
        administration: Administration,
        display_name: str,
    ) -> AccessToken:
        moment = time.time()
        return AccessToken(
            organization_id=organization.id,
            company_id=organization.ulid,
            subject_id=subject_id,
            kind=kind,
            issued_at=moment,
            expires_at=int(moment) + self._access_lifetime,
            administration=administration,
            display_name=display_name,
        )

    async def _issue(
        self,
        session: AsyncSession,
        claims: AccessToken,
        accessible: Sequence[str],
        kept: KeptRefreshToken | None,
        *,
        person_id: str | None = None,
        api_key_id: str | None = None,
    ) -> SignedIn:
        await _require_open(session, claims.organization_id)
        moment = now()
        expires_at = moment + timedelta(seconds=self._refresh_lifetime)
        await session.execute(delete(RefreshToken).where(RefreshToken.expires_at <= moment))
        if kept is not None and kept.organization_id == claims.organization_id:
            refresh_token = kept.token
            await session.execute(
                update(RefreshToken)
                .where(RefreshToken.token_hash == key_hash(refresh_token))
                .values(expires_at=expires_at)
            )
        else:
            refresh_token = str(uuid4())
            session.add(
                RefreshToken(
                    token_hash=key_hash(refresh_token),
                    organization_id=claims.organization_id,
                    person_id=person_id,
                    api_key_id=api_key_id,
                    expires_at=expires_at,
                )
            )
        return SignedIn(self._signer.sign(claims), claims, refresh_token, self._refresh_lifetime, accessible)


_MOST_ACCESSIBLE = 1000
_MEMBERSHIPS = (
    select(Organization.ulid)
    .join(Membership, Membership.organization_id == Organization.id)
    .where(
        Membership.person_id == bindparam("person_id"),
        Membership.disabled_at.is_(None),
        Organization.closed_at.is_(None),
    )
    .order_by(Membership.created_at, Membership.id)
)


async def _require_open(session: AsyncSession, organization_id: int) -> None:
    """Raises Unauthenticated for an organization that has been closed, or is about to be."""
    still_open = select(Organization.id).where(
        Organization.id == organization_id, Organization.closed_at.is_(None)
    )
    if await session.scalar(still_open.with_for_update(read=True)) is None:
        _refuse()


async def _accessible(session: AsyncSession, person_id: str) -> Sequence[str]:
    return (await session.scalars(_MEMBERSHIPS.limit(_MOST_ACCESSIBLE), {"person_id": person_id})).all()


def _require(row: RefreshToken | None) -> RefreshToken:
    if row is None:
        raise Unauthenticated(ErrorCode.REFRESH_TOKEN_INVALID)
    return row


def require_whole(claims: AccessToken) -> None:
    """Raises Forbidden for a token that may do less than its holder: it does not show that it is theirs to do
    more."""
    if claims.is_narrowed:
        raise Forbidden(ErrorCode.TOKEN_NARROWED)


def _refuse() -> NoReturn:
    raise Unauthenticated(ErrorCode.CREDENTIALS_INVALID)
