"""Operations on contacts, many of which are made, changed and deleted at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from switchroom.dialects.operation import Nothing, Operation
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages import resources as messages
from switchroom.dialects.telephony_v3.resources import ResourceOperations, id_of_change
from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.resources.contacts import ContactBook
from switchroom.telephony.resources.directories import Directories
from switchroom.telephony.resources.service import Resources

_LARGEST_BODY = 4 << 20
"""Bytes: 400 for each of as many contacts as there may be."""

_SECONDS = 60.0


class DirectoryOperations:
    def __init__(self, resources: Resources, actors: Actors, common: ResourceOperations) -> None:
        self._actors = actors
        self._common = common
        self._kind = cast("Directories", resources.kinds["directories"])
        self._book = ContactBook(resources, self._kind)

    def operations(self) -> list[Operation]:
        contacts = messages.contacts_of(self._kind)
        return [
            self._common.list_operation(self._kind),
            self._common.read_operation(self._kind),
            Operation(
                method="PUT",
                path="/directories",
                summary="Make a contact or many, all or none. The reply has their ids.",
                parameters=(ACCOUNT,),
                request=contacts,
                reply=list[int],
                access="user",
                handler=self.make,
                largest_body=_LARGEST_BODY,
                seconds=_SECONDS,
            ),
            *(
                Operation(
                    method="POST",
                    path=path,
                    summary="Change a contact or many, all or none.",
                    parameters=(ACCOUNT,),
                    request=contacts,
                    reply=messages.Updated,
                    access="user",
                    handler=self.change,
                    largest_body=_LARGEST_BODY,
                    seconds=_SECONDS,
                )
                for path in ("/directories", "/directories/{id}")
            ),
            Operation(
                method="POST",
                path="/directories/delete",
                summary="Delete contacts, all or none.",
                parameters=(ACCOUNT,),
                request=messages.Ids,
                reply=messages.Deleted,
                access="user",
                handler=self.delete_many,
                seconds=_SECONDS,
            ),
            Operation(
                method="DELETE",
                path="/directories/{id}",
                summary="Delete a contact.",
                parameters=(ACCOUNT,),
                reply=messages.Deleted,
                access="user",
                handler=self.delete,
            ),
        ]

    async def make(self, context: Context, request: Struct) -> list[int]:
        return list(await self._book.make(await self._actors.of(context), _contacts_in(request)))

    async def change(self, context: Context, request: Struct) -> messages.Updated:
        contacts = _contacts_in(request)
        if "id" in context.path:
            if len(contacts) > 1:
                raise Invalid(ErrorCode.ONE_ONLY, "contacts")
            said = contacts[0].get("id")
            contacts = [{**contacts[0], "id": id_of_change(context, self._kind.singular, said)}]
        changed = await self._book.change(await self._actors.of(context), contacts)
        return messages.Updated(list(changed))

    async def delete_many(self, context: Context, request: messages.Ids) -> messages.Deleted:
        deleted = await self._book.delete(await self._actors.of(context), request.ids)
        return messages.Deleted(list(deleted))

    async def delete(self, context: Context, _: Nothing) -> messages.Deleted:
        ids = [id_in_path(context, self._kind.singular)]
        return messages.Deleted(list(await self._book.delete(await self._actors.of(context), ids)))


def _contacts_in(request: Struct) -> list[Mapping[str, Any]]:
    """Fields of each contact. Raises Invalid for an empty list, and for fields beside a list, but for
    `phonebook`, which counts for each of its contacts."""
    said: dict[str, Any] = msgspec.to_builtins(request)
    several = cast("list[dict[str, Any]] | None", said.pop("contacts", None))
    if several is None:
        return [said]
    if not several:
        raise Invalid(ErrorCode.EMPTY, "contacts")
    beside = {"phonebook": said.pop("phonebook")} if "phonebook" in said else {}
    if said:
        raise Invalid(ErrorCode.FIELDS_BESIDE, next(iter(said)))
    return [{**beside, **one} for one in several]
