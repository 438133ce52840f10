"""Callers: an API key or a person who administers an account, by the token they were given."""

from __future__ import annotations

import time

from msgspec import Struct

from switchroom.dialects import operation
from switchroom.dialects.telephony_v3.messages.authentication import Level
from switchroom.errors import ErrorCode, Forbidden, Unauthenticated
from switchroom.identity.authentication import Authentication
from switchroom.identity.keys import KeyHolder, KeyPermission, PlatformKeys
from switchroom.identity.organizations import Organizations
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner

_OF_KEY = "key."


class Caller(Struct, frozen=True):
    """Without an `organization_id` it is the events of all accounts that are open to the caller. The token is
    good until the Unix time `expires_at`."""

    organization_id: int | None
    expires_at: int

    @property
    def level(self) -> Level:
        return "superduper" if self.organization_id is None else "admin"


Context = operation.Context[Caller]


class SignedIn(Struct, frozen=True):
    token: str
    caller: Caller


class Callers:
    """Gives tokens, and says whose they are. Those of keys are signed with a secret of their own, so that
    they are good for this API only."""

    def __init__(
        self,
        keys: PlatformKeys,
        organizations: Organizations,
        authentication: Authentication,
        signer: TokenSigner,
        secret: bytes,
        *,
        lifetime: int,
    ) -> None:
        self._keys = keys
        self._organizations = organizations
        self._authentication = authentication
        self._signer = signer
        self._key_signer = TokenSigner(b"telephony key\0" + secret)
        self._lifetime = lifetime

    async def with_key(self, api_key: str) -> SignedIn:
        """Raises Unauthenticated, and Forbidden for a key that the log is not open to."""
        holder = await self._keys.authenticate(api_key)
        await self._require(holder)
        moment = time.time()
        claims = AccessToken(
            organization_id=holder.organization_id or 0,
            company_id="",
            subject_id=str(holder.key_id),
            kind=SubjectKind.API_KEY,
            issued_at=moment,
            expires_at=int(moment) + self._lifetime,
            administration=0,
            display_name=holder.name,
        )
        token = _OF_KEY + self._key_signer.sign(claims)
        return SignedIn(token, Caller(holder.organization_id, claims.expires_at))

    async def with_password(self, username: str, password: str, address: str) -> SignedIn:
        """Raises as `Authentication.with_password`, and Forbidden for a person who administers no account."""
        signed_in = await self._authentication.with_password(username, password, None, address)
        # Who comes back signs in anew: this API knows no refreshing.
        await self._authentication.sign_out(signed_in.refresh_token)
        return SignedIn(signed_in.token, _person(signed_in.claims))

    async def of(self, token: str) -> Caller:
        """Raises Unauthenticated, Forbidden."""
        if not token.startswith(_OF_KEY):
            return _person(self._signer.verify(token))
        claims = self._key_signer.verify(token.removeprefix(_OF_KEY))
        holder = await self._keys.still(int(claims.subject_id))
        await self._require(holder)
        return Caller(holder.organization_id, claims.expires_at)

    async def _require(self, holder: KeyHolder) -> None:
        holder.require(KeyPermission.EVENTS)
        if holder.organization_id is not None and not await self._organizations.is_open(
            holder.organization_id
        ):
            raise Unauthenticated(ErrorCode.ACCOUNT_CLOSED)


def _person(claims: AccessToken) -> Caller:
    if claims.kind is not SubjectKind.PERSON or not claims.may(Administration.COMPANY_ADMIN):
        raise Forbidden(ErrorCode.ADMINISTRATORS_ONLY)
    return Caller(claims.organization_id, claims.expires_at)
