"""Sessions of somebody: where they are signed in, and ending those elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import select

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden
from switchroom.events.append import append
from switchroom.events.types import UserSignedOut
from switchroom.identity.models import Membership, Person, RefreshToken
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import key_hash
from switchroom.identity.sign_outs import end_sessions_everywhere
from switchroom.identity.tokens import AccessToken, SubjectKind

_MOST_SHOWN = 100


class Session(Struct, frozen=True):
    """Session of a browser or program: since when, and until when if it is not used any more."""

    created_at: datetime
    expires_at: datetime
    is_this: bool


class Sessions:
    """Sessions of people. A session is a refresh token: its holder gets access tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, claims: AccessToken, refresh_token: str) -> Sequence[Session]:
        """Sessions of the person, in all their organizations, newest first: the newest 100. `refresh_token`
        is the one of the session that asks. Raises Forbidden for a caller who is no person."""
        _require_person(claims)
        query = (
            select(RefreshToken)
            .where(RefreshToken.person_id == claims.subject_id, RefreshToken.expires_at > now())
            .order_by(RefreshToken.created_at.desc(), RefreshToken.token_hash)
            .limit(_MOST_SHOWN)
        )
        own = key_hash(refresh_token)
        async with self._database.read(None) as session:
            return [
                Session(row.created_at, row.expires_at, row.token_hash == own)
                for row in await session.scalars(query)
            ]

    async def end_others(self, claims: AccessToken, refresh_token: str) -> None:
        """End all but the one of `refresh_token`. Every access token of the person is void, the one that asks
        with too: that session gets another by its refresh token. Magic
        tokens that wait are void as well. Raises Forbidden for who is no person."""
        _require_person(claims)
        async with self._database.write(None) as session:
            await end_sessions_everywhere(session, claims.subject_id, but=key_hash(refresh_token))
            person = await session.get_one(Person, claims.subject_id)
            places = select(Membership.organization_id).where(
                Membership.person_id == person.id, Membership.disabled_at.is_(None)
            )
            for organization_id in await session.scalars(places):
                revoke(session, organization_id, person.id)
            append(session, claims.organization_id, UserSignedOut(username=person.username), person.id)


def _require_person(claims: AccessToken) -> None:
    if claims.kind is not SubjectKind.PERSON:
        raise Forbidden(ErrorCode.PEOPLE_ONLY)
