"""Operations on accounts: the caller's own or, where all are open, any."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from msgspec import Struct

from switchroom.dialects.operation import Nothing, Operation
from switchroom.dialects.query import whole_number
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages import resources as messages
from switchroom.errors import ErrorCode, Invalid, NotFound
from switchroom.telephony.resources.accounts import Accounts
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.service import Resources, View


class AccountOperations:
    def __init__(self, resources: Resources, actors: Actors) -> None:
        self._resources = resources
        self._actors = actors
        self._accounts = cast("Accounts", resources.kinds["accounts"])

    def operations(self) -> list[Operation]:
        view, change = messages.view_of(self._accounts), messages.changed_of(self._accounts)
        reading = [
            Operation(
                method="GET",
                path=path,
                summary="Read the account; without an `account_id`, where all are open, all accounts.",
                parameters=(ACCOUNT,),
                reply=view,
                access="admin",
                handler=self.read,
            )
            for path in ("/accounts", "/accounts/{id}")
        ]
        changing = [
            Operation(
                method="POST",
                path=path,
                summary="Change the account: the fields that are given.",
                parameters=(ACCOUNT,),
                request=change,
                reply=view,
                access="admin",
                handler=self.change,
            )
            for path in ("/accounts", "/accounts/{id}")
        ]
        return [*reading, *changing]

    async def read(self, context: Context, _: Nothing) -> View:
        if context.caller.organization_id is None and not {"id", "account_id"} & {
            *context.path,
            *context.query,
        }:
            async with self._resources.reading(context.caller.actor(0)) as work:
                children = await self._accounts.children(work.session)
            return self._accounts.platform_view(children)
        actor = await self._actor(context, context.path.get("id"))
        return await self._resources.read(actor, self._accounts, actor.organization_id)

    async def change(self, context: Context, change: Struct) -> View:
        said: dict[str, Any] = msgspec.to_builtins(change)
        named, in_path = said.pop("id", None), context.path.get("id")
        if named is not None and in_path is not None and str(named) != in_path:
            raise Invalid(ErrorCode.ID_OF_ANOTHER, "id")
        actor = await self._actor(context, in_path or (str(named) if named is not None else None))
        return await self._resources.change(actor, self._accounts, actor.organization_id, said)

    async def _actor(self, context: Context, named: str | None) -> Actor:
        """Raises NotFound for an account that is not the caller's."""
        caller = context.caller
        if named is None:
            return await self._actors.of(context)
        if caller.organization_id is None:
            return caller.actor(await self._actors.require_open(named))
        if whole_number(named) != caller.organization_id:
            raise NotFound(ErrorCode.ACCOUNT_NOT_FOUND, "id", id=named[:20])
        return caller.actor(caller.organization_id)
