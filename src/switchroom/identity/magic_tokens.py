"""Magic tokens: made by somebody who is signed in, they sign the same person in once more, elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from msgspec import Struct
from sqlalchemy import delete, func, select

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Exhausted, Forbidden, Unauthenticated
from switchroom.identity.authentication import Authentication, SignedIn, require_whole
from switchroom.identity.models import MagicToken, Membership, Organization, Person, RefreshToken
from switchroom.identity.secrets import key_hash, random_key
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import AccessToken, SubjectKind

_GOOD_FOR = timedelta(minutes=2)
_MOST_WAITING = 10
"""Tokens of one person that nobody has used yet."""

_LONGEST = 128
"""Characters of a token that are looked at; those made here are shorter."""


class NewMagicToken(Struct, frozen=True):
    """Magic token, which is not kept, and the page that it is for."""

    token: str
    address: str


class MagicTokens:
    """Magic tokens. Each works once and for two minutes. Callers who try tokens that do not exist are slowed
    down, by address."""

    def __init__(
        self, database: Database, authentication: Authentication, throttle: Throttle, base_url: str
    ) -> None:
        self._database = database
        self._authentication = authentication
        self._throttle = throttle
        self._base_url = base_url

    async def create(self, claims: AccessToken, refresh_token: str) -> NewMagicToken:
        """A token that signs in to the caller's organization.

        With a refresh token of theirs the sign-in can be renewed as that one can; the access token alone,
        which others may have seen in an address, leads to one that ends when it does. Raises Forbidden for
        who is no person or holds a token of fewer permissions, Exhausted while many wait to be used, and
        Unauthenticated for a refresh token that is not theirs.
        """
        if claims.kind is not SubjectKind.PERSON:
            raise Forbidden(ErrorCode.PEOPLE_ONLY)
        require_whole(claims)
        moment, token = now(), random_key()
        async with self._database.write(claims.organization_id) as session:
            # The membership is held: who is just being put out makes none behind it.
            member = select(Membership.id).where(
                Membership.person_id == claims.subject_id, Membership.disabled_at.is_(None)
            )
            if await session.scalar(member.with_for_update()) is None:
                raise Forbidden(ErrorCode.PERSON_LEFT)
            if refresh_token:
                own = select(RefreshToken.token_hash).where(
                    RefreshToken.token_hash == key_hash(refresh_token),
                    RefreshToken.person_id == claims.subject_id,
                    RefreshToken.expires_at > moment,
                )
                if await session.scalar(own.with_for_update(read=True)) is None:
                    raise Unauthenticated(ErrorCode.REFRESH_TOKEN_INVALID)
            await session.execute(delete(MagicToken).where(MagicToken.expires_at <= moment))
            waiting = select(func.count()).where(MagicToken.person_id == claims.subject_id)
            if (await session.scalar(waiting) or 0) >= _MOST_WAITING:
                seconds = int(_GOOD_FOR.total_seconds())
                raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=seconds)
            until = None if refresh_token else datetime.fromtimestamp(claims.expires_at, UTC)
            session.add(
                MagicToken(
                    key_hash=key_hash(token),
                    person_id=claims.subject_id,
                    refresh_token_hash=key_hash(refresh_token) if refresh_token else None,
                    signed_in_until=until,
                    expires_at=moment + _GOOD_FOR,
                )
            )
        return NewMagicToken(token, f"{self._base_url}/#/magic/{token}")

    async def sign_in(self, token: str, address: str) -> SignedIn:
        """Raises Unauthenticated for a token that was used, is too old or never was, also when somebody else
        was faster, and where the sign-in that it was made by has ended; Exhausted after repeated guesses."""
        async with self._throttle.few_at_a_time(None, address):
            await self._throttle.check(None, address)
            signed_in = await self._use(token) if 0 < len(token) <= _LONGEST else None
            if signed_in is None:
                await self._throttle.failed(None, address)
                raise Unauthenticated(ErrorCode.CREDENTIALS_INVALID)
            return signed_in

    async def _use(self, token: str) -> SignedIn | None:
        async with self._database.write(None) as session:
            used = await session.scalar(
                delete(MagicToken)
                .where(MagicToken.key_hash == key_hash(token), MagicToken.expires_at > now())
                .returning(MagicToken)
                .execution_options(synchronize_session=False)
            )
            if used is None:
                return None
            if used.refresh_token_hash is not None:
                still = select(RefreshToken.token_hash).where(
                    RefreshToken.token_hash == used.refresh_token_hash, RefreshToken.expires_at > now()
                )
                if await session.scalar(still.with_for_update(read=True)) is None:
                    return None
            organization = await session.get_one(Organization, used.organization_id)
            person = await session.get_one(Person, used.person_id)
            until = used.signed_in_until
            return await self._authentication.sign_in_known(
                session, person, organization.ulid, until=None if until is None else int(until.timestamp())
            )
