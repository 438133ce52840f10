"""Callers: a key of the instance or of an account, in the name of a meeting organizer."""

from __future__ import annotations

from msgspec import Struct

from switchroom.accounts.accounts import Account, Accounts
from switchroom.accounts.organizers import Actor
from switchroom.accounts.terms import require_usable
from switchroom.dialects import operation
from switchroom.errors import ErrorCode, Forbidden, NotFound
from switchroom.identity.keys import KeyHolder, KeyPermission, PlatformKeys

_PERMISSIONS = {"account": KeyPermission.ACCOUNT, "meeting": KeyPermission.MEETING}


class Caller(Struct, frozen=True):
    """The key (None for a request without one, where that is allowed) and whom it names as the user."""

    key: KeyHolder | None
    user_id: str
    user_email: str


Context = operation.Context[Caller]


class Callers:
    """Finds out who calls. `require_key` is off for a server that trusts everybody who can reach it."""

    def __init__(self, keys: PlatformKeys, accounts: Accounts, *, require_key: bool) -> None:
        self._keys = keys
        self._accounts = accounts
        self._require_key = require_key

    async def of(self, context: Context, access: str) -> Caller:
        """Raises Unauthenticated, and Forbidden for a key without the permission for the operation."""
        key = None
        given = context.header(b"x-api-key")
        if given or self._require_key or access == "account":
            key = await self._keys.authenticate(given)
            key.require(_PERMISSIONS[access])
        return Caller(key, context.header(b"x-user-id"), _in_utf8(context.header(b"x-user-email")))

    async def actor(self, caller: Caller) -> Actor:
        """Actor in whose name meetings are scheduled. Raises NotFound (`user_not_found`)."""
        organization_id = caller.key.organization_id if caller.key is not None else None
        # Without a key an address is no way in: others know it.
        email = caller.user_email if caller.key is not None else ""
        if caller.user_id or email:
            return await self._accounts.actor(organization_id, hex_id=caller.user_id, email=email)
        if organization_id is None:
            raise NotFound(ErrorCode.USER_NOT_FOUND, "user_id")
        admins = await self._accounts.admins(organization_id)
        if not admins:
            raise NotFound(ErrorCode.USER_NOT_FOUND, "user_id")
        admin = admins[0].person
        return Actor(organization_id, admin.id, administers=True, timezone=admin.timezone)

    async def account(self, caller: Caller, account_id: str, *, to_change: bool = False) -> Account:
        """An account that the key may work on. Raises Forbidden for another account's key, NotFound."""
        key = caller.key
        account = await self._accounts.get(account_id)
        if key is not None and not key.is_of_platform:
            if account.organization.id != key.organization_id:
                raise Forbidden(ErrorCode.KEY_ACCOUNT)
            require_usable(account.organization, account.terms, to_change=to_change)
        return account


def is_of_instance(caller: Caller) -> bool:
    """Whether the key is the instance's."""
    return caller.key is not None and caller.key.is_of_platform


def require_instance(caller: Caller) -> None:
    """Raises Forbidden for a key that is not the instance's."""
    if not is_of_instance(caller):
        raise Forbidden(ErrorCode.KEY_LEVEL)


def _in_utf8(header: str) -> str:
    """A header's value as callers who write beyond ASCII mean it; headers are read as Latin-1."""
    try:
        return header.encode("latin-1").decode()
    except UnicodeError:
        return header
