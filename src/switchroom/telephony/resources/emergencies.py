"""Emergency numbers, which are called whatever is configured: what would stand before them is refused."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.resources.callflow_numbers import CallflowNumber
from switchroom.telephony.resources.fields import CallForward
from switchroom.telephony.resources.realms import TelephonyAccount
from switchroom.telephony.routing.configuration import COUNTRY
from switchroom.telephony.routing.numbers import dialled, is_emergency

_LONGEST = 8
"""Digits of emergency numbers, and then some."""


async def country_of_account(session: AsyncSession, organization_id: int) -> str:
    """The country (ISO 3166) in which the account's numbers are dialled."""
    account = await session.get(TelephonyAccount, organization_id)
    return (account.details.get("country") if account is not None else "") or COUNTRY


def is_emergency_extension(number: str, country: str) -> bool:
    """Whether calls to an extension would be emergency calls."""
    return len(number) <= _LONGEST and is_emergency(number, country)


async def emergency_extension(session: AsyncSession, organization_id: int, country: str) -> str | None:
    """An extension of the account that is an emergency number in the country."""
    short = select(CallflowNumber.number).where(
        CallflowNumber.organization_id == organization_id, func.length(CallflowNumber.number) <= _LONGEST
    )
    found = await session.scalars(short.order_by(CallflowNumber.number))
    return next((one for one in found if is_emergency_extension(one, country)), None)


def require_forward(forward: CallForward, country: str) -> None:
    """Raises Invalid for a number that calls cannot be forwarded to when it is dialled in the country."""
    if not forward.number:
        return
    number = dialled(forward.number)
    if number is None:
        raise Invalid(ErrorCode.PHONE_NUMBER_INVALID, "call_forward.number")
    if is_emergency(number, country):
        raise Invalid(ErrorCode.FORWARD_TO_EMERGENCY, "call_forward.number", number=number)
