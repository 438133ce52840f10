"""Rights over users: what a person may do to the people of their account. A key of the account may do all."""

from __future__ import annotations

from switchroom.accounts.people import require_all, require_as_much, require_still
from switchroom.identity.members import Member
from switchroom.identity.permissions import ALL_ADMINISTRATION, Administration
from switchroom.identity.tokens import AccessToken
from switchroom.telephony.resources.resource import Work

_TO_MAKE = Administration.USER_CREATE | Administration.USER_ADMIN


async def require_to_make(work: Work, *, administers: bool) -> None:
    """Raises Forbidden for an actor who may make nobody, or nobody who `administers` the account."""
    claims = await _claims(work, _TO_MAKE)
    if claims is not None and administers:
        require_all(claims, ALL_ADMINISTRATION)


async def require_to_describe(work: Work, member: Member) -> None:
    """Raises Forbidden for an actor who may not say what others are called, or where they are."""
    if work.actor.user_id != member.membership.id:
        await _claims(work, Administration.USER_ADMIN)


async def require_to_give_access(work: Work, member: Member, *, administers: bool = False) -> None:
    """Raises Forbidden for an actor who may do less than the member, or than one who `administers` the
    account: by a password, an address, or a level one gets in as them."""
    claims = await _claims(work, Administration.USER_ADMIN)
    if claims is not None:
        require_as_much(claims, member)
        if administers:
            require_all(claims, ALL_ADMINISTRATION)


async def _claims(work: Work, permissions: Administration) -> AccessToken | None:
    """Claims of a person who has some of the permissions still; None for a key."""
    claims = work.actor.claims
    return None if claims is None else await require_still(work.session, claims, permissions)
