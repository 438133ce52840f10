"""Links: ways into a room for people without an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from msgspec import Struct
from sqlalchemy import Select, String, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, columns_of, insert_at_once, notify
from switchroom.errors import ErrorCode, Forbidden, Invalid, NotFound, Problems
from switchroom.events import types as event_types
from switchroom.events.append import append
from switchroom.events.types import LinkCreated, LinkMailed, LinkSnapshot, LinkUpdated
from switchroom.identity.models import Membership, Organization, PermissionGroup, new_id
from switchroom.identity.permissions import Administration, Role
from switchroom.identity.revocation import revoke
from switchroom.identity.secrets import random_key
from switchroom.identity.timezones import require_timezone
from switchroom.identity.tokens import AccessToken
from switchroom.mail.addresses import require_address
from switchroom.mail.invitations import Invitation
from switchroom.mail.queue import add_mail_batch, enqueue_invitations, withdraw_invitations
from switchroom.rooms.access import judge, no_room, room_and_viewer, room_for, with_viewer
from switchroom.rooms.drafts import LONGEST_NAME, require_name, require_text
from switchroom.rooms.models import Link, LinkKind, Room, RoomPermission, RoomType
from switchroom.rooms.notices import LinkDestroyed, RoomChanged
from switchroom.tasks import taking_turns

LOCALES = ("en", "de")
_LONGEST_DESCRIPTION = 500
MOST_LINKS_AT_ONCE = 1000
_MOST_LISTED = 1000


class LinkDraft(Struct, frozen=True, kw_only=True):
    """A link to make. `display_name`, `email`, `locale` and `send_email` concern guest links, `description`
    group links."""

    permission_group_id: str
    description: str = ""
    display_name: str = ""
    email: str = ""
    locale: str = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    send_email: bool = False


class LinkChange(Struct, frozen=True, kw_only=True):
    """A change of a link; `None` leaves what is there."""

    permission_group_id: str | None = None
    description: str | None = None
    display_name: str | None = None
    email: str | None = None
    locale: str | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class MadeLinks(Struct, frozen=True):
    """Links in the order asked for, and the id of the mailing task when mails were asked for."""

    links: Sequence[Link]
    task_id: str | None = None


class Links:
    """Guest and group links. Managing them takes the administration of their room."""

    def __init__(self, database: Database, base_url: str) -> None:
        self._database = database
        self._base_url = base_url

    def address(self, company_id: str, link: Link) -> str:
        return f"{self._base_url}/#/join/{company_id}/{link.room_id}/{link.access_key}/v2"

    async def create(
        self,
        token: AccessToken,
        room_id: str,
        kind: LinkKind,
        drafts: Sequence[LinkDraft],
        *,
        origin: str = "",
        timezone: str = "",
    ) -> MadeLinks:
        """Make all the links or, when one is refused, none."""
        async with self._database.write(token.organization_id) as session:
            return await self.create_in(
                session, token, room_id, kind, drafts, origin=origin, timezone=timezone
            )

    async def create_in(
        self,
        session: AsyncSession,
        token: AccessToken,
        room_id: str,
        kind: LinkKind,
        drafts: Sequence[LinkDraft],
        *,
        origin: str = "",
        timezone: str = "",
    ) -> MadeLinks:
        """`create`, in the caller's transaction."""
        if not 1 <= len(drafts) <= MOST_LINKS_AT_ONCE:
            raise Invalid(ErrorCode.ENTRIES_OUT_OF_RANGE, f"{kind}_links", least=1, most=MOST_LINKS_AT_ONCE)
        groups = {draft.permission_group_id for draft in drafts}
        room_name = await _room_with_groups(session, token, room_id, groups)
        made = [
            _link(token, room_id, kind, draft, origin=origin, timezone=_timezone(timezone))
            async for draft in taking_turns(drafts)
        ]
        invited = [
            link
            for link, draft in zip(made, drafts, strict=True)
            if kind is LinkKind.GUEST and draft.send_email
        ]
        task_id = await self._invite(session, token, room_name, invited) if invited else None
        await insert_at_once(session, made)
        async for link in taking_turns(made):
            _append(session, token, LinkCreated, link)
        return MadeLinks(made, task_id)

    async def create_for_anyone(self, token: AccessToken, room_id: str, valid_until: datetime | None) -> Link:
        """A group link by which anybody comes in with the permissions of guests, until `valid_until`."""
        if valid_until is not None and valid_until <= now():
            raise Invalid(ErrorCode.TIME_PAST, "expires_at")
        async with self._database.read(token.organization_id) as session:
            group_id = await session.scalar(
                select(PermissionGroup.id).where(PermissionGroup.role == Role.GUEST).limit(1)
            )
        draft = LinkDraft(permission_group_id=group_id or "", valid_until=valid_until)
        return (await self.create(token, room_id, LinkKind.GROUP, [draft])).links[0]

    async def list(self, token: AccessToken, kind: LinkKind, room_id: str | None) -> Sequence[Link]:
        """The newest 1000 links of a room or, without one, of every room, oldest first."""
        query = (
            select(Link)
            .where(Link.kind == kind)
            .order_by(Link.created_at.desc(), Link.id.desc())
            .limit(_MOST_LISTED)
        )
        async with self._database.read(token.organization_id) as session:
            if room_id:
                await room_for(session, token, room_id, to_administer=True)
                query = query.where(Link.room_id == room_id)
            elif not token.may(Administration.ROOM_ADMIN):
                raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="ROOM_ADMIN")
            return (await session.scalars(query)).all()[::-1]

    async def get(
        self, token: AccessToken, link_id: str, *, room_id: str | None = None, kind: LinkKind | None = None
    ) -> Link:
        async with self._database.read(token.organization_id) as session:
            return (await _link_for(session, token, link_id, room_id, kind))[0]

    async def update(
        self,
        token: AccessToken,
        link_id: str,
        kind: LinkKind,
        change: LinkChange,
        *,
        room_id: str | None = None,
        send_email: bool = False,
        timezone: str = "",
        to_those_inside: bool = True,
    ) -> MadeLinks:
        """Change what is said and nothing else. What people inside by the link may do changes with it, unless
        it is not to reach them."""
        async with self._database.write(token.organization_id) as session:
            link, room = await _link_for(session, token, link_id, room_id, kind)
            if change.permission_group_id is not None:
                await _require_groups(session, {change.permission_group_id})
            for field in (
                "permission_group_id",
                "description",
                "display_name",
                "email",
                "locale",
                "valid_from",
                "valid_until",
            ):
                value = getattr(change, field)
                if value is not None:
                    setattr(link, field, value)
            link.timezone = _timezone(timezone) or link.timezone
            _check(link, send_email=send_email)
            if to_those_inside and change.permission_group_id is not None:
                notify(session, RoomChanged(token.organization_id, link.room_id))
            task_id = await self._invite(session, token, room.display_name, [link]) if send_email else None
            _append(session, token, LinkUpdated, link)
            await session.flush()
            return MadeLinks([link], task_id)

    async def resend(self, token: AccessToken, room_id: str | None, link_id: str, timezone: str) -> str:
        """Mail the invitation of a guest link again. Returns the task's id."""
        async with self._database.write(token.organization_id) as session:
            link, room = await _link_for(session, token, link_id, room_id, LinkKind.GUEST)
            link.timezone = _timezone(timezone) or link.timezone
            _check(link, send_email=True)
            _append(session, token, LinkMailed, link)
            return await self._invite(session, token, room.display_name, [link])

    async def delete(self, token: AccessToken, room_id: str | None, link_id: str) -> None:
        """Remove a link. People inside by it are put out, and their tokens are void."""
        async with self._database.write(token.organization_id) as session:
            link, _ = await _link_for(session, token, link_id, room_id, None)
            await withdraw_invitations(session, token.organization_id, link.id, reason="the link was deleted")
            await session.delete(link)
            revoke(session, token.organization_id, link.id)
            notify(session, LinkDestroyed(token.organization_id, link.room_id, link.id))
            _append(session, token, event_types.LinkDeleted, link)

    async def _invite(
        self, session: AsyncSession, token: AccessToken, room_name: str, links: Sequence[Link]
    ) -> str:
        """Returns the id of the task that mails them."""
        organization = await session.get_one(Organization, token.organization_id)
        invitations: list[Invitation] = []
        for link in links:
            link.mail_sequence += 1
            invitations.append(
                Invitation(
                    uid=link.id,
                    sequence=link.mail_sequence - 1,
                    to=link.email,
                    guest_name=link.display_name,
                    organization_name=organization.display_name,
                    room_name=room_name,
                    inviter_name="" if token.kind == token.kind.API_KEY else token.display_name,
                    join_link=self.address(token.company_id, link),
                    valid_from=link.valid_from,
                    valid_until=link.valid_until,
                    locale=link.locale,
                    timezone=link.timezone,
                )
            )
        task_id = add_mail_batch(session, token.organization_id, token.subject_id, len(invitations))
        await enqueue_invitations(session, token.organization_id, invitations, task_id)
        return task_id


def _append(session: AsyncSession, token: AccessToken, kind: type[LinkSnapshot], link: Link) -> None:
    event = kind(kind=link.kind, room_id=link.room_id, by=token.subject_id)
    append(session, token.organization_id, event, link.id)


def _link(
    token: AccessToken, room_id: str, kind: LinkKind, draft: LinkDraft, *, origin: str, timezone: str
) -> Link:
    link = Link(
        id=new_id(),
        organization_id=token.organization_id,
        room_id=room_id,
        kind=kind,
        access_key=random_key(),
        permission_group_id=draft.permission_group_id,
        description=draft.description,
        display_name=draft.display_name,
        email=draft.email,
        locale=draft.locale or "en",
        valid_from=draft.valid_from,
        valid_until=draft.valid_until,
        origin=require_text(origin, "origin", longest=LONGEST_NAME),
        timezone=timezone,
        managed=False,
        created_by=token.subject_id,
        created_at=now(),
        mail_sequence=0,
    )
    _check(link, send_email=draft.send_email)
    return link


def _check(link: Link, *, send_email: bool) -> None:
    """Raises Invalid with all that is wrong about a link whose values break rules."""
    problems = Problems()
    with problems:
        link.description = require_name(link.description, "description", longest=_LONGEST_DESCRIPTION)
    with problems:
        link.display_name = require_name(link.display_name, "display_name")
    with problems:
        link.email = require_text(link.email, "email", longest=254)
        if link.email:
            require_address(link.email, "email")
        elif send_email:
            problems.add(ErrorCode.INVITATION_WITHOUT_ADDRESS, "email")
    if link.locale not in LOCALES:
        problems.add(ErrorCode.LANGUAGE_UNKNOWN, "locale")
    if link.valid_from is not None and link.valid_until is not None and link.valid_until < link.valid_from:
        problems.add(ErrorCode.VALIDITY_REVERSED, "valid_until")
    problems.require_none()


def _timezone(name: str) -> str:
    return require_timezone(name) if name else ""


@lru_cache(maxsize=16)
def _room_and_groups(count: int) -> Select[int, str, int | None, int, str, int]:
    """The query of `_room_with_groups` for so many permission groups: with a parameter for each, because a
    list of them is put into the statement anew with every use."""
    ids = [bindparam(f"group_{number}", type_=String()) for number in range(count)]
    groups = select(func.count(PermissionGroup.id)).where(PermissionGroup.id.in_(ids)).scalar_subquery()
    return with_viewer(
        select(
            Room.type,
            Room.display_name,
            Room.default_permissions,
            RoomPermission.permissions,
            Membership.standing,
            groups,
        )
    )


async def _room_with_groups(
    session: AsyncSession, token: AccessToken, room_id: str, group_ids: set[str]
) -> str:
    """The name of a room that the caller administers, where all the permission groups exist: in one query,
    and of columns, because making a link is what integrations do most after listing rooms."""
    named = {f"group_{number}": group_id for number, group_id in enumerate(group_ids)}
    parameters = {**room_and_viewer(token, room_id), **named}
    rows = await columns_of(session, _room_and_groups(len(group_ids)), parameters)
    if not rows:
        raise no_room(token, room_id)
    kind, name, default, own, standing, groups = rows[0]
    judge(token, room_id, default, own, standing, to_administer=True)
    if kind == RoomType.DEPARTMENT:
        raise Invalid(ErrorCode.LINK_OF_DEPARTMENT, "room_id")
    if groups != len(group_ids):
        await _require_groups(session, group_ids)
    return name


_GROUPS = select(PermissionGroup.id).where(PermissionGroup.id.in_(bindparam("ids", expanding=True)))


async def _require_groups(session: AsyncSession, group_ids: set[str]) -> None:
    found = set(await session.scalars(_GROUPS, {"ids": list(group_ids)}))
    for group_id in group_ids - found:
        if not group_id:
            raise Invalid(ErrorCode.REQUIRED, "permission_group_id")
        raise NotFound(ErrorCode.PERMISSION_GROUP_NOT_FOUND, "permission_group_id", id=group_id[:100])


async def _link_for(
    session: AsyncSession, token: AccessToken, link_id: str, room_id: str | None, kind: LinkKind | None
) -> tuple[Link, Room]:
    """A link that the caller may manage. Raises NotFound as well for one of another room or kind."""
    link = await session.scalar(select(Link).where(Link.id == link_id))
    if link is None or (room_id and link.room_id != room_id) or (kind is not None and link.kind != kind):
        raise NotFound(ErrorCode.LINK_NOT_FOUND, "id", id=link_id[:100])
    _, room, _ = await room_for(session, token, link.room_id, to_administer=True)
    return link, room
