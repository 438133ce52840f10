"""Operations on telephone numbers, which are told apart by themselves as well as by their ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct

from switchroom.dialects.operation import Nothing, Operation
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages import resources as messages
from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.dialects.telephony_v3.resources import ResourceOperations, list_query
from switchroom.errors import ErrorCode, Invalid, NotFound, Problems
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.numbers import require_phone_number
from switchroom.telephony.resources.phone_numbers import PhoneNumberDraft, PhoneNumbers
from switchroom.telephony.resources.resource import Work
from switchroom.telephony.resources.service import Resources, View, change_in, make_in


class PhoneNumberOperations:
    def __init__(self, resources: Resources, actors: Actors, common: ResourceOperations) -> None:
        self._resources = resources
        self._actors = actors
        self._common = common
        self._kind = cast("PhoneNumbers", resources.kinds["phone_numbers"])

    def operations(self) -> list[Operation]:
        view = messages.view_of(self._kind)
        by_number = messages.by_name(view)
        listed = self._common.list_operation(self._kind)
        return [
            Operation(
                method="GET",
                path=listed.path,
                summary="List telephone numbers: an object with each of them as a name.",
                parameters=listed.parameters,
                reply=messages.list_by_name(self._kind),
                access="admin",
                handler=self.list,
            ),
            Operation(
                method="GET",
                path="/phone_numbers/{id}",
                summary="Read a telephone number, by its id or by itself.",
                parameters=(ACCOUNT,),
                reply=view,
                access="admin",
                handler=self.read,
            ),
            Operation(
                method="PUT",
                path="/phone_numbers",
                summary="Make telephone numbers the account's, all of them or none.",
                parameters=(ACCOUNT,),
                request=messages.NewPhoneNumbers,
                reply=by_number,
                access="admin",
                handler=self.make,
            ),
            Operation(
                method="POST",
                path="/phone_numbers",
                summary="Change the state of telephone numbers, of all or of none.",
                parameters=(ACCOUNT,),
                request=messages.PhoneNumbersChange,
                reply=by_number,
                access="admin",
                handler=self.change_states,
            ),
            Operation(
                method="POST",
                path="/phone_numbers/{id}",
                summary="Change a telephone number: the fields that are given.",
                parameters=(ACCOUNT,),
                request=messages.changed_of(self._kind),
                reply=view,
                access="admin",
                handler=self.change,
            ),
            Operation(
                method="DELETE",
                path="/phone_numbers/{id}",
                summary="Give up a telephone number.",
                parameters=(ACCOUNT,),
                reply=messages.deleted_of(self._kind),
                access="admin",
                handler=self.delete,
            ),
        ]

    async def list(self, context: Context, _: Nothing) -> Page[Any]:
        query = list_query(context, self._kind)
        page = await self._resources.list(await self._actors.of(context), self._kind, query)
        cursor = "" if page.next_after is None else str(page.next_after)
        return Page(cast("Sequence[Any]", _by_number(page.views)), cursor)

    async def read(self, context: Context, _: Nothing) -> View:
        actor = await self._actors.of(context)
        return await self._resources.read(actor, self._kind, await self._id(context, actor))

    async def make(self, context: Context, wanted: messages.NewPhoneNumbers) -> Mapping[str, View]:
        numbers = [*wanted.numbers, *([wanted.id] if wanted.id else [])]
        if not numbers:
            raise Invalid(ErrorCode.REQUIRED, "numbers")
        problems = Problems()
        for place, number in enumerate(numbers):
            with problems:
                require_phone_number(number, f"numbers[{place}]" if wanted.numbers else "id")
        problems.require_none()
        drafts = [
            PhoneNumberDraft(
                number=number, state=wanted.state, trunk_id=wanted.trunk_id, carrier=wanted.carrier
            )
            for number in numbers
        ]
        async with self._resources.changing(await self._actors.of(context)) as work:
            return _by_number(
                [await make_in(work, self._resources.kinds, self._kind, draft) for draft in drafts]
            )

    async def change_states(
        self, context: Context, change: messages.PhoneNumbersChange
    ) -> Mapping[str, View]:
        async with self._resources.changing(await self._actors.of(context)) as work:
            ids = await self._ids(work, change.phone_numbers)
            state = {"state": change.state}
            kinds = self._resources.kinds
            return _by_number([await change_in(work, kinds, self._kind, one, state) for one in ids])

    async def change(self, context: Context, change: Struct) -> View:
        actor = await self._actors.of(context)
        said = messages.said_in(change)
        said.pop("id", None)
        return await self._resources.change(actor, self._kind, await self._id(context, actor), said)

    async def delete(self, context: Context, _: Nothing) -> Mapping[str, int]:
        actor = await self._actors.of(context)
        number_id = await self._id(context, actor)
        await self._resources.delete(actor, self._kind, number_id)
        return {"phone_number_id": number_id}

    async def _id(self, context: Context, actor: Actor) -> int:
        """The id of the number that the address names, by its id or itself. Raises NotFound."""
        named = context.path["id"]
        if not named.startswith("+"):
            return id_in_path(context, self._kind.singular)
        async with self._resources.reading(actor) as work:
            found = await self._kind.ids_of(work, [named])
        if not found:
            raise NotFound(ErrorCode.RESOURCE_NOT_FOUND, "id", kind=self._kind.singular, id=named[:40])
        return found[named]

    async def _ids(self, work: Work, numbers: Sequence[str]) -> Sequence[int]:
        """Raises Invalid for numbers that are not the account's."""
        problems = Problems()
        plain: list[str] = []
        for place, number in enumerate(numbers):
            with problems:
                plain.append(require_phone_number(number, f"phone_numbers[{place}]"))
        problems.require_none()
        found = await self._kind.ids_of(work, plain)
        for place, number in enumerate(plain):
            if number not in found:
                path = f"phone_numbers[{place}]"
                problems.add(ErrorCode.RESOURCE_NOT_FOUND, path, kind=self._kind.singular, id=number)
        problems.require_none()
        return sorted(set(found.values()))


def _by_number(views: Sequence[View]) -> dict[str, View]:
    return {view["number"]: view for view in views}
