"""What mail follows from another address of an account."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.identity.models import Organization, Person
from switchroom.identity.usernames import folded
from switchroom.mail.address_change_mails import AddressChangeMail
from switchroom.mail.address_change_wording import ADDRESS_CHANGE_WORDINGS
from switchroom.mail.password_requests import PasswordRequests
from switchroom.mail.queue import enqueue_address_change_mail


async def address_changed(
    session: AsyncSession, requests: PasswordRequests, organization_id: int, person: Person, before: str
) -> None:
    """To be called in the transaction that has given a person another address than `before`, or the same.

    A link for a password that was on its way to the old address is void, and another goes to the new one. The
    old one is told, if somebody signs in to the account by a password: whoever has taken it over is noticed.
    """
    if person.email == before:
        return
    organization = await session.get_one(Organization, organization_id)
    if before and person.password_hash and folded(before) != folded(person.email):
        await enqueue_address_change_mail(session, organization_id, _mail(organization, person, before))
    if await requests.withdraw(session, person):
        await requests.enqueue(session, organization, person)


def _mail(organization: Organization, person: Person, before: str) -> AddressChangeMail:
    language = person.locale.replace("_", "-").partition("-")[0].lower()
    return AddressChangeMail(
        uid=f"address:{person.id}",
        to=before,
        to_name=person.display_name if person.first_name or person.last_name else "",
        organization_name=organization.display_name,
        changed_at=now(),
        locale=language if language in ADDRESS_CHANGE_WORDINGS else "en",
        timezone=person.timezone,
    )
