"""Actors: in which account a caller works, and the ids that addresses have."""

from __future__ import annotations

from switchroom.dialects.operation import Parameter
from switchroom.dialects.query import whole_number
from switchroom.dialects.telephony_v3.callers import Callers, Context
from switchroom.errors import ErrorCode, Invalid, NotFound
from switchroom.telephony.resources.actor import Actor

ACCOUNT = Parameter("account_id", "The account, for callers to whom all are open.")
_LARGEST_ID = (1 << 63) - 1


class Actors:
    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    async def of(self, context: Context) -> Actor:
        """Actor on the resources of an account: the caller's own account or, where all are open, the one that
        the query names. Raises Invalid without one, NotFound for another."""
        caller = context.caller
        named = context.query.get("account_id", "")
        if caller.organization_id is not None:
            if named and named != str(caller.organization_id):
                raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "account_id", id=named[:20])
            return caller.actor(caller.organization_id)
        if not named:
            raise Invalid(ErrorCode.REQUIRED, "account_id")
        return caller.actor(await self.require_open(named))

    async def require_open(self, named: str) -> int:
        """The id of an account. Raises NotFound."""
        account_id = whole_number(named)
        if account_id is None or not 0 < account_id <= _LARGEST_ID:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "account_id", id=named[:20])
        if not await self._callers.is_open(account_id):
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "account_id", id=named[:20])
        return account_id


def id_in_path(context: Context, kind: str, name: str = "id") -> int:
    """The id in the address. Raises NotFound for what is none."""
    text = context.path[name]
    found = whole_number(text)
    if found is None or not 0 < found <= _LARGEST_ID:
        raise NotFound(ErrorCode.RESOURCE_NOT_FOUND, name, kind=kind, id=text[:40])
    return found
