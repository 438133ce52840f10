"""Callflows: what becomes of a call to a number."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

from msgspec import Meta, Struct, structs
from sqlalchemy import delete, select

from switchroom.db.database import insert_values
from switchroom.errors import Conflict, ErrorCode, Problems
from switchroom.telephony.resources.callflow_numbers import CallflowNumber
from switchroom.telephony.resources.emergencies import country_of_account, is_emergency_extension
from switchroom.telephony.resources.fields import Name, Text
from switchroom.telephony.resources.flows import Flow, check_flow, references_of
from switchroom.telephony.resources.numbers import LONGEST_NUMBER, require_number
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import Resource, Work, is_said
from switchroom.telephony.resources.rows import ResourceRow, resource_table
from switchroom.telephony.routing.flow import normalized

_MOST_NUMBERS = 1000


class FeatureCode(Struct, frozen=True):
    """Feature of phones that is dialled with a star and the number."""

    name: Text
    number: Annotated[str, Meta(max_length=LONGEST_NUMBER)] = ""


class Callflow(Struct, frozen=True, kw_only=True):
    """Course of calls to the `numbers`: extensions, or telephone numbers that begin with a plus sign.
    With a `featurecode`, the star and its number are one more of them."""

    name: Name
    numbers: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=_MOST_NUMBERS)] = []
    featurecode: FeatureCode | bool | None = None
    flow: Flow


class CallflowRow(ResourceRow):
    __tablename__ = "callflows"
    __table_args__ = resource_table("callflows")


class Callflows(Resource[Callflow, CallflowRow]):
    name, singular = "callflows", "callflow"
    draft, table = Callflow, CallflowRow
    listed = ("name", "numbers", "featurecode")

    def references(self, draft: Callflow) -> Iterable[Reference]:
        if is_said(draft.flow):
            yield from references_of(draft.flow)

    def values_of(self, row: CallflowRow) -> dict[str, Any]:
        values = super().values_of(row)
        code = values["featurecode"]
        return {**values, "featurecode": code if isinstance(code, dict) else False}

    def search_text(self, values: Any) -> str:
        return "\n".join([values["name"], *values["numbers"]]).casefold()

    def check(self, draft: Callflow, problems: Problems) -> None:
        super().check(draft, problems)
        for number, text in enumerate(draft.numbers):
            with problems:
                require_number(text, f"numbers[{number}]")
        if isinstance(draft.featurecode, FeatureCode) and draft.featurecode.number:
            with problems:
                require_number(draft.featurecode.number, "featurecode.number")
        if is_said(draft.flow):
            check_flow(draft.flow, problems)

    async def prepare(self, work: Work, row: CallflowRow, draft: Callflow, problems: Problems) -> Callflow:
        country = await country_of_account(work.session, work.organization_id)
        numbers: list[str] = []
        for number, text in enumerate(draft.numbers):
            with problems:
                path = f"numbers[{number}]"
                plain = require_number(text, path)
                if plain in numbers:
                    problems.add(ErrorCode.NAMED_TWICE, path)
                if is_emergency_extension(plain, country):
                    problems.add(ErrorCode.EXTENSION_OF_EMERGENCY, path, number=plain, country=country)
                numbers.append(plain)
        # A draft that is wrong is refused, and has no form of its own.
        return draft if problems else structs.replace(draft, numbers=numbers, flow=normalized(draft.flow))

    async def written(self, work: Work, row: CallflowRow, draft: Callflow) -> None:
        numbers = _dialled(draft)
        await self._require_free(work, row, draft, numbers)
        await work.session.execute(delete(CallflowNumber).where(CallflowNumber.callflow_id == row.id))
        values = [
            {"organization_id": work.organization_id, "number": number, "callflow_id": row.id}
            for number in numbers
        ]
        await insert_values(work.session, CallflowNumber, values)

    async def _require_free(self, work: Work, row: CallflowRow, draft: Callflow, numbers: list[str]) -> None:
        taken = select(CallflowNumber.number).where(
            CallflowNumber.organization_id == work.organization_id,
            CallflowNumber.number.in_(numbers),
            CallflowNumber.callflow_id != row.id,
        )
        found = await work.session.scalar(taken.order_by(CallflowNumber.number).limit(1))
        if found is not None:
            # The code of a feature comes after the numbers, unless it is one of them.
            place = numbers.index(found)
            path = f"numbers[{place}]" if place < len(draft.numbers) else "featurecode.number"
            raise Conflict(ErrorCode.VALUE_TAKEN, path, value=found)


def _dialled(draft: Callflow) -> list[str]:
    """The numbers by which the callflow is reached."""
    numbers = [*draft.numbers]
    if isinstance(draft.featurecode, FeatureCode) and draft.featurecode.number:
        code = "*" + draft.featurecode.number.removeprefix("*")
        if code not in numbers:
            numbers.append(code)
    return numbers
