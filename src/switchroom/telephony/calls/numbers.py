"""Numbers of an account, as far as a call needs them: what was dialled, what caller ids name, and extensions
of users."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, cast

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.telephony.calls.unhurried import unhurried
from switchroom.telephony.resources.callflow_numbers import CallflowNumber
from switchroom.telephony.resources.callflows import CallflowRow
from switchroom.telephony.resources.numbers import LONGEST_NUMBER
from switchroom.telephony.resources.phone_numbers import PhoneNumberRow
from switchroom.telephony.resources.references import ResourceReference
from switchroom.telephony.routing.configuration import Account, CallerId
from switchroom.telephony.routing.destinations import Feature, FeatureCode, NumberPlan
from switchroom.telephony.routing.numbers import dialled, e164

_OWN_STATES = ("in_service", "port_out")
"""States of numbers that calls come in for, and that the account may be called from."""

_FEATURES = {one.value: one for one in Feature}

# Statements of every call are built once: that takes longer than the database does.
_PLAN = (
    select(CallflowNumber.number, CallflowNumber.callflow_id, CallflowRow.details["featurecode"])
    .join(CallflowRow, CallflowRow.id == CallflowNumber.callflow_id)
    .where(
        CallflowNumber.organization_id == bindparam("account"),
        CallflowRow.organization_id == bindparam("account"),
        CallflowNumber.number.in_(bindparam("numbers", expanding=True)),
    )
)
_OWN = select(PhoneNumberRow.number).where(
    PhoneNumberRow.organization_id == bindparam("account"), PhoneNumberRow.state.in_(_OWN_STATES)
)
_FIRST_OWN = _OWN.order_by(PhoneNumberRow.id).limit(1)
_OWN_NAMED = _OWN.where(PhoneNumberRow.number.in_(bindparam("numbers", expanding=True)))
_EXTENSIONS = (
    select(CallflowNumber.callflow_id, CallflowNumber.number, CallflowRow.details["flow"])
    .join(CallflowRow, CallflowRow.id == CallflowNumber.callflow_id)
    .join(ResourceReference, ResourceReference.source_id == CallflowRow.id)
    .where(
        ResourceReference.organization_id == bindparam("account"),
        ResourceReference.source_kind == "callflows",
        ResourceReference.target_kind == "users",
        ResourceReference.target_id == bindparam("user"),
        CallflowNumber.organization_id == bindparam("account"),
    )
)


async def number_plan(
    session: AsyncSession, organization_id: int, numbers: Iterable[str], *, with_features: bool = False
) -> NumberPlan:
    """The plan of these numbers (`forms_of`), and with the feature codes that they begin with."""
    exact = frozenset(numbers)
    candidates = set(exact)
    if with_features:
        candidates.update(code for one in exact for code in _codes(one))
    if not candidates:
        return NumberPlan()
    values = {"account": organization_id, "numbers": sorted(candidates)}
    found = (await session.execute(_PLAN, values)).all()
    codes = {code for _, id_, value in found if (code := _feature_code(id_, value)) is not None}
    return NumberPlan(
        numbers={number: id_ for number, id_, _ in found if number in exact},
        feature_codes=tuple(sorted(codes, key=lambda one: one.callflow_id)) if with_features else (),
    )


def forms_of(number: str, country: str) -> Iterator[str]:
    """The number as the account's numbers may be written: as it is dialled in the country, and in E.164."""
    plain = dialled(number)
    if plain is not None:
        yield plain
        full = e164(plain, country)
        if full is not None:
            yield full


async def own_numbers(
    session: AsyncSession, account: Account, caller_ids: Iterable[CallerId]
) -> frozenset[str]:
    """Numbers of the public network that the account owns and caller ids name, and the account's first."""
    entries = (entry for one in caller_ids for entry in (one.external, one.fax, one.emergency))
    written = {one.number for one in entries if one.number}
    named = {number async for one in unhurried(written) if (number := e164(one, account.country))}
    values = {"account": account.id}
    found = set((await session.scalars(_FIRST_OWN, values)).all())
    if found and named - found:
        found.update((await session.scalars(_OWN_NAMED, {**values, "numbers": sorted(named)})).all())
    return frozenset(found)


async def is_out_of_service(session: AsyncSession, organization_id: int, number: str) -> bool:
    """Whether the account has the number, and calls do not come in for it."""
    state = await session.scalar(
        select(PhoneNumberRow.state).where(
            PhoneNumberRow.organization_id == organization_id, PhoneNumberRow.number == number
        )
    )
    return state is not None and state not in _OWN_STATES


async def extension_of(session: AsyncSession, organization_id: int, user_id: int) -> str:
    """The extension of the oldest callflow that begins with the user, the shortest first; empty for none."""
    values = {"account": organization_id, "user": user_id}
    found = [
        (id_, len(number), number)
        for id_, number, flow in await session.execute(_EXTENSIONS, values)
        if number[0] not in "+*" and _begins_with(flow, user_id)
    ]
    return min(found)[2] if found else ""


def _begins_with(flow: Any, user_id: int) -> bool:
    return flow["module"] == "user" and flow["data"].get("id") == user_id


def _codes(plain: str) -> Collection[str]:
    """Codes with which what was dialled may begin, as callflows have them: always with a star."""
    beginnings = [plain[:length] for length in range(1, min(len(plain), LONGEST_NUMBER) + 1)]
    return {f"*{one.removeprefix('*')}" for one in beginnings}


def _feature_code(callflow_id: int, value: object) -> FeatureCode | None:
    if not isinstance(value, dict):
        return None
    code = cast("Mapping[str, Any]", value)
    feature, number = _FEATURES.get(code["name"]), code.get("number")
    return FeatureCode(feature, number, callflow_id) if feature is not None and number else None
