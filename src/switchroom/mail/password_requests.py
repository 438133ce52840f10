"""Asking somebody by mail to set their password."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.models import Organization, Person
from switchroom.identity.password_links import PasswordLinks
from switchroom.mail.password_mails import PasswordMail
from switchroom.mail.password_wording import PASSWORD_WORDINGS
from switchroom.mail.queue import enqueue_password_mail, withdraw_password_mails


class PasswordWay(Struct, frozen=True):
    """Address at which somebody sets their password, once."""

    address: str
    valid_until: datetime


class PasswordRequests:
    def __init__(self, links: PasswordLinks, base_url: str) -> None:
        self._links = links
        self._base_url = base_url

    async def enqueue(
        self,
        session: AsyncSession,
        organization: Organization,
        person: Person,
        *,
        days: int = 7,
        replaces: bool = True,
        of_signup: bool = False,
    ) -> str:
        """Make a link and queue the mail with it, in the caller's transaction. Returns the task's id.

        Where it `replaces` earlier links of the person they are void, and mails with them that still wait are
        not sent any more. Names `of_signup` may be a stranger's words: they greet nobody, and are in no
        subject. Raises Invalid for a person without an e-mail address.
        """
        if not person.email:
            raise Invalid(ErrorCode.PERSON_WITHOUT_ADDRESS, "email")
        way = await self.make(session, person, days=days, replaces=replaces)
        language = person.locale.replace("_", "-").partition("-")[0].lower()
        has_name = bool(person.first_name or person.last_name)
        return await enqueue_password_mail(
            session,
            organization.id,
            PasswordMail(
                uid=_uid(person),
                to=person.email,
                to_name=person.display_name if has_name and not of_signup else "",
                organization_name=organization.display_name,
                username=person.username,
                link=way.address,
                valid_until=way.valid_until,
                locale=language if language in PASSWORD_WORDINGS else "en",
                timezone=person.timezone,
                of_signup=of_signup,
            ),
            replaces=replaces,
        )

    async def make(
        self, session: AsyncSession, person: Person, *, days: int = 7, replaces: bool = True
    ) -> PasswordWay:
        """A link that no mail is queued with, in the caller's transaction. Where it `replaces` earlier ones
        of the person they are void, and mails with them that still wait are not sent any more."""
        if replaces:
            await withdraw_password_mails(session, _uid(person))  # also without a mail in their place
        link = await self._links.create(session, person, days=days, replaces=replaces)
        return PasswordWay(f"{self._base_url}/#/password/{link.key}", link.expires_at)

    async def withdraw(self, session: AsyncSession, person: Person) -> bool:
        """No link that the person was sent is good any more, and none that waits is sent. Whether there was a
        good one."""
        await withdraw_password_mails(session, _uid(person))
        return await self._links.withdraw(session, person)


def _uid(person: Person) -> str:
    return f"password:{person.id}"
