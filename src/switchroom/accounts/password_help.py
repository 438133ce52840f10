"""Links for a password, mailed to people by their administrators."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from switchroom.accounts.people import find_member, require_permission, require_still
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Exhausted
from switchroom.identity.models import Organization, PasswordLink
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken
from switchroom.mail.password_requests import PasswordRequests

_AGAIN_AFTER = timedelta(minutes=5)
_DAYS = 1
"""Days that a link is good."""


class PasswordHelp:
    """Help with passwords. The link goes to the person's own address: its sender gets nothing by it."""

    def __init__(self, database: Database, requests: PasswordRequests) -> None:
        self._database = database
        self._requests = requests

    async def send(self, token: AccessToken, person_id: str) -> None:
        """Mail somebody a link by which they set a password; the one so far stays good until they do.

        Raises NotFound, Forbidden, Invalid for somebody without an address, Conflict for one who has not
        accepted an invitation, and Exhausted within five minutes of the mail before.
        """
        require_permission(token, Administration.USER_ADMIN)
        async with self._database.write(token.organization_id) as session:
            token = await require_still(session, token, Administration.USER_ADMIN)
            member = await find_member(session, person_id)
            if member.membership.invited_at is not None:
                raise Conflict(ErrorCode.INVITATION_PENDING)
            newest = select(func.max(PasswordLink.created_at)).where(PasswordLink.person_id == person_id)
            sent = await session.scalar(newest)
            if sent is not None and now() < sent + _AGAIN_AFTER:
                rest = int((sent + _AGAIN_AFTER - now()).total_seconds()) + 1
                raise Exhausted(ErrorCode.TOO_MANY_ATTEMPTS, retry_after=rest)
            organization = await session.get_one(Organization, token.organization_id)
            await self._requests.enqueue(session, organization, member.person, days=_DAYS, replaces=False)
