"""Callers: an API key or a person of an account, by the token they were given."""

from __future__ import annotations

import time

from msgspec import Struct, structs

from switchroom.dialects import operation
from switchroom.dialects.telephony_v3.messages.authentication import Level
from switchroom.errors import ErrorCode, Forbidden, Unauthenticated
from switchroom.identity.authentication import Authentication
from switchroom.identity.keys import KeyHolder, KeyPermission, PlatformKeys
from switchroom.identity.organizations import Organizations
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner
from switchroom.telephony.resources import actor
from switchroom.telephony.resources.users import UserIds

EVENTS = "events"
"""The access of operations on the events log: administrators, and keys for events."""

_LEVELS: dict[str, actor.Level] = {
    "user": actor.Level.USER,
    "admin": actor.Level.ADMIN,
    "superduper": actor.Level.SUPERDUPER,
}
_EVERYTHING = KeyPermission.EVENTS | KeyPermission.TELEPHONY
_OF_KEY = "key."
_OF_USER = "user."
"""Prefix of the tokens of users whom a key signs in."""


class Caller(Struct, frozen=True):
    """Caller of the API. Without an `organization_id` all accounts are open to them. The token is good until
    the Unix time `expires_at`. `user_id` and `claims` are those of a person, None for a key; `by` is what the
    log calls the caller."""

    organization_id: int | None
    expires_at: int
    level: Level
    permissions: KeyPermission
    by: str
    user_id: int | None = None
    claims: AccessToken | None = None

    def require(self, access: str) -> None:
        """Raises Forbidden for a caller whose level or key is not enough."""
        if access == EVENTS:
            if self.level == "user":
                raise Forbidden(ErrorCode.ADMINISTRATORS_ONLY)
            self._require_permission(KeyPermission.EVENTS)
            return
        self._require_permission(KeyPermission.TELEPHONY)
        if _LEVELS[self.level] < _LEVELS[access]:
            raise Forbidden(ErrorCode.LEVEL_MISSING, level=access)

    def _require_permission(self, permission: KeyPermission) -> None:
        if permission not in self.permissions:
            name = (permission.name or "").capitalize()
            raise Forbidden(ErrorCode.KEY_PERMISSION_MISSING, permission=name)

    def actor(self, organization_id: int) -> actor.Actor:
        """Actor on the resources of the account, with the caller's level."""
        return actor.Actor(organization_id, _LEVELS[self.level], self.user_id, self.by, self.claims)


Context = operation.Context[Caller]


class SignedIn(Struct, frozen=True):
    token: str
    caller: Caller


class Callers:
    """Gives tokens, and says whose they are. Those of keys, and of users whom a key signs in, are signed with
    a secret of their own, so that they are good for this API only. A `key.` token is no `user.` token: its
    subject is the key, and no person."""

    def __init__(
        self,
        keys: PlatformKeys,
        organizations: Organizations,
        authentication: Authentication,
        signer: TokenSigner,
        users: UserIds,
        secret: bytes,
        *,
        lifetime: int,
    ) -> None:
        self._keys = keys
        self._organizations = organizations
        self._authentication = authentication
        self._signer = signer
        self._users = users
        self._key_signer = TokenSigner(b"telephony key\0" + secret)
        self._lifetime = lifetime

    async def with_key(self, api_key: str) -> SignedIn:
        """Raises Unauthenticated, and Forbidden for a key that nothing of this API is open to."""
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
        return SignedIn(token, _key(holder, claims.expires_at))

    async def with_password(self, username: str, password: str, address: str) -> SignedIn:
        """Raises as `Authentication.with_password`."""
        signed_in = await self._authentication.with_password(username, password, None, address)
        # Who comes back signs in anew: this API knows no refreshing.
        await self._authentication.sign_out(signed_in.refresh_token)
        return SignedIn(signed_in.token, await self._person(signed_in.claims))

    async def as_user(self, username: str, api_key: str) -> SignedIn:
        """Sign in a user of the key's account. The token is good for this API only, and no longer than the
        key. Raises Unauthenticated, and Forbidden for a key that telephony is not open to."""
        holder = await self._keys.authenticate(api_key)
        holder.require(KeyPermission.TELEPHONY)
        await self._require(holder)
        claims = await self._authentication.vouched_for(username, holder.organization_id)
        claims = structs.replace(claims, company_id=str(holder.key_id))
        return SignedIn(_OF_USER + self._key_signer.sign(claims), await self._user(claims, holder))

    async def of(self, token: str, access: str) -> Caller:
        """Raises Unauthenticated, and Forbidden for a caller to whom this access is not open."""
        if token.startswith(_OF_KEY):
            claims = self._key_signer.verify(token.removeprefix(_OF_KEY))
            holder = await self._keys.still(int(claims.subject_id))
            await self._require(holder)
            caller = _key(holder, claims.expires_at)
        elif token.startswith(_OF_USER):
            claims = self._key_signer.verify(token.removeprefix(_OF_USER))
            self._signer.require_unrevoked(claims)
            holder = await self._keys.still(int(claims.company_id))
            await self._require(holder)
            caller = await self._user(claims, holder)
        else:
            caller = await self._person(self._signer.verify(token))
        caller.require(access)
        return caller

    async def is_open(self, organization_id: int) -> bool:
        """Whether there is such an account, and it is not closed."""
        return await self._organizations.is_open(organization_id)

    async def _require(self, holder: KeyHolder) -> None:
        if not holder.permissions & _EVERYTHING:
            raise Forbidden(ErrorCode.KEY_PERMISSION_MISSING, permission="Telephony")
        if holder.organization_id is not None and not await self.is_open(holder.organization_id):
            raise Unauthenticated(ErrorCode.ACCOUNT_CLOSED)

    async def _user(self, claims: AccessToken, holder: KeyHolder) -> Caller:
        """A person whom a key has signed in: nothing is open to them that is not to the key."""
        caller = await self._person(claims)
        return structs.replace(caller, permissions=caller.permissions & holder.permissions)

    async def _person(self, claims: AccessToken) -> Caller:
        if claims.kind is not SubjectKind.PERSON:
            raise Forbidden(ErrorCode.PEOPLE_ONLY)
        user_id = await self._users.of(claims.organization_id, claims.subject_id)
        if user_id is None:
            raise Unauthenticated(ErrorCode.TOKEN_REVOKED)
        return Caller(
            claims.organization_id,
            claims.expires_at,
            "admin" if _administers(claims) else "user",
            _EVERYTHING,
            claims.subject_id,
            user_id,
            claims,
        )


def _administers(claims: AccessToken) -> bool:
    """Whether the holder manages the organization. Passwords of devices and web hooks outlast a token, so a
    token that may do less than its holder opens only what is a user's own."""
    return claims.may(Administration.MANAGE_COMPANY) and not claims.is_narrowed


def _key(holder: KeyHolder, expires_at: int) -> Caller:
    level: Level = "superduper" if holder.organization_id is None else "admin"
    return Caller(holder.organization_id, expires_at, level, holder.permissions, f"key {holder.key_id}")
