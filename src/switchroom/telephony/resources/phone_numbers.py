"""Telephone numbers of accounts, each of which only one account has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal, cast

from msgspec import Meta, Struct, structs
from sqlalchemy import ForeignKey, String, Table, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.errors import Conflict, ErrorCode, Forbidden, Problems
from switchroom.telephony.resources.actor import Level
from switchroom.telephony.resources.callflows import CallflowNumber, CallflowRow
from switchroom.telephony.resources.fields import Id, PhoneNumber, Text
from switchroom.telephony.resources.numbers import LONGEST_NUMBER, require_phone_number
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import Resource, Work
from switchroom.telephony.resources.rows import ResourceRow, resource_table
from switchroom.telephony.resources.trunks import TrunkRow, is_of_platform
from switchroom.telephony.routing.numbers import country_of

State = Literal["in_service", "available", "reserved", "port_in", "port_out", "aging", "released", "disabled"]


class PhoneNumberDraft(Struct, frozen=True, kw_only=True):
    """A telephone number, in E.164. One without a trunk, or with one of the platform's, is for the platform
    to give. `bypass_number` and `bypass_enabled` are kept, and lead no call anywhere."""

    number: PhoneNumber
    state: State = "in_service"
    assigned_to: Text = ""
    features: Annotated[list[Text], Meta(max_length=50)] = []
    category: Text = ""
    trunk_id: Id | None = None
    carrier: Text = ""
    bypass_number: PhoneNumber = ""
    bypass_enabled: bool = False


class PhoneNumberRow(ResourceRow):
    """A telephone number of an account. Of all accounts only one has it."""

    __tablename__ = "phone_numbers"
    __table_args__ = resource_table("phone_numbers", UniqueConstraint("number"))

    number: Mapped[str] = mapped_column(String(LONGEST_NUMBER))
    state: Mapped[str] = mapped_column(String(16))
    trunk_id: Mapped[int | None] = mapped_column(ForeignKey("trunks.id", ondelete="SET NULL"), index=True)


class PhoneNumbers(Resource[PhoneNumberDraft, PhoneNumberRow]):
    name, singular = "phone_numbers", "phone_number"
    draft, table = PhoneNumberDraft, PhoneNumberRow
    searched = ("number", "assigned_to", "carrier")
    unique = ("number",)
    filters = (
        ("state", str),
        ("trunk_id", int),
    )
    read_only = (
        ("used_by", str | None),
        ("used_by_id", int | None),
        ("used_by_name", str | None),
        ("trunk_name", str | None),
        ("country", str),
    )

    def __init__(self, *, are_claimed: bool = True) -> None:
        """`are_claimed` is whether administrators say which numbers come by their account's trunks."""
        self.are_claimed = are_claimed

    def references(self, draft: PhoneNumberDraft) -> Iterable[Reference]:
        if draft.trunk_id is not None:
            yield Reference("trunk_id", "trunks", draft.trunk_id)

    def check(self, draft: PhoneNumberDraft, problems: Problems) -> None:
        super().check(draft, problems)
        with problems:
            require_phone_number(draft.number, "number")

    async def prepare(
        self, work: Work, row: PhoneNumberRow, draft: PhoneNumberDraft, problems: Problems
    ) -> PhoneNumberDraft:
        if not self.is_new(row) and draft.number != row.number:
            problems.add(ErrorCode.FIELD_FIXED, "number")
        if work.actor.level is not Level.SUPERDUPER:
            await self._require_claim(work, row, draft)
        number = require_phone_number(draft.number, "number")
        await _require_nobody_elses(work, number)
        return structs.replace(draft, number=number)

    async def _require_claim(self, work: Work, row: PhoneNumberRow, draft: PhoneNumberDraft) -> None:
        """Raises Forbidden for what only the platform says about a number.

        It is whose carrier brings its calls; without one, and of those that the platform's own carriers
        bring, only the platform knows.
        """
        if self.is_new(row) and not self.are_claimed:
            raise Forbidden(ErrorCode.LEVEL_MISSING, "number", level="superduper")
        if draft.trunk_id is None and (self.is_new(row) or row.trunk_id is not None):
            raise Forbidden(ErrorCode.LEVEL_MISSING, "trunk_id", level="superduper")
        if draft.trunk_id is not None and draft.trunk_id != row.trunk_id:
            trunk = await work.session.get(TrunkRow, draft.trunk_id)
            if trunk is not None and is_of_platform(trunk):
                raise Forbidden(ErrorCode.LEVEL_MISSING, "trunk_id", level="superduper")

    async def complete(self, work: Work, views: Sequence[dict[str, Any]]) -> None:
        session = work.session
        flows = select(CallflowNumber.number, CallflowRow.id, CallflowRow.name)
        flows = flows.join(CallflowRow, CallflowRow.id == CallflowNumber.callflow_id).where(
            CallflowNumber.organization_id == work.organization_id,
            CallflowNumber.number.in_([one["number"] for one in views]),
        )
        used = {row[0]: (row[1], row[2]) for row in await session.execute(flows)}
        trunks = select(TrunkRow.id, TrunkRow.name).where(
            TrunkRow.id.in_({one["trunk_id"] for one in views if one["trunk_id"]})
        )
        names = {row[0]: row[1] for row in await session.execute(trunks)}
        for view in views:
            used_by, name = used.get(view["number"], (None, None))
            view["used_by"] = "callflow" if used_by is not None else None
            view["used_by_id"], view["used_by_name"] = used_by, name
            view["trunk_name"] = names.get(view["trunk_id"])
            view["country"] = country_of(view["number"])

    async def remove(self, work: Work, row: PhoneNumberRow) -> None:
        used = select(CallflowRow.id, CallflowRow.name).join(
            CallflowNumber, CallflowNumber.callflow_id == CallflowRow.id
        )
        found = (await work.session.execute(used.where(CallflowNumber.number == row.number))).first()
        if found is not None:
            users = f"callflow {found[0]} ({found[1]})"
            raise Conflict(ErrorCode.RESOURCE_USED, "id", kind=self.singular, users=users)
        await super().remove(work, row)

    def label(self, row: PhoneNumberRow) -> str:
        return row.number

    async def ids_of(self, work: Work, numbers: Sequence[str]) -> dict[str, int]:
        """The ids of those of the numbers that the account has."""
        found = await work.session.execute(
            select(PhoneNumberRow.number, PhoneNumberRow.id).where(
                PhoneNumberRow.organization_id == work.organization_id, PhoneNumberRow.number.in_(numbers)
            )
        )
        return {row[0]: row[1] for row in found}


async def _require_nobody_elses(work: Work, number: str) -> None:
    """Raises Conflict for a number that another account has, which the platform is told the id of. Sessions
    see one account only: this is asked beside them."""
    numbers = cast("Table", PhoneNumberRow.__table__).c
    theirs = select(numbers.organization_id).where(
        numbers.number == number, numbers.organization_id != work.organization_id
    )
    found = (await (await work.session.connection()).execute(theirs)).scalar_one_or_none()
    if found is None:
        return
    if work.actor.level is Level.SUPERDUPER:
        raise Conflict(ErrorCode.NUMBER_OF_ACCOUNT, "number", value=number, account=found)
    raise Conflict(ErrorCode.VALUE_TAKEN, "number", value=number)
