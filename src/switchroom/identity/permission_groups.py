"""Permission groups of an organization: those that links, invitations and meetings name."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.db.database import Database, notify
from switchroom.errors import ErrorCode, Forbidden, Invalid, NotFound, Problems
from switchroom.events.append import append
from switchroom.events.types import PermissionGroupUpdated
from switchroom.identity.models import LONGEST_GROUP_NAME, PermissionGroup
from switchroom.identity.notices import PermissionGroupsChanged
from switchroom.identity.permissions import Administration, Permission
from switchroom.identity.tokens import AccessToken

MOST_CHANGED = 100
_LAST_PLACE = 10_000


class PermissionGroupDraft(Struct, frozen=True, kw_only=True):
    """Change of a group; what is UNSET stays as it is. The order is its place in the list."""

    name: str | UnsetType = UNSET
    order: int | UnsetType = UNSET
    permissions: Permission | UnsetType = UNSET


class PermissionGroups:
    """Permission groups. A change holds for everybody who is in a room by the group, also while they are
    inside. Each stays what it was made as: the group of guests is that of guests by any name."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def update(self, token: AccessToken, drafts: Mapping[str, PermissionGroupDraft]) -> None:
        """Change the groups with these ids, all or none. Raises NotFound, Invalid, and Forbidden without
        the permission to manage the organization."""
        if token.is_guest or not token.may(Administration.MANAGE_COMPANY):
            raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="MANAGE_COMPANY")
        _validate(drafts)
        async with self._database.write(token.organization_id) as session:
            query = select(PermissionGroup).order_by(PermissionGroup.id).with_for_update()
            groups = {one.id: one for one in await session.scalars(query)}
            for group_id, draft in drafts.items():
                if group_id not in groups:
                    where = f"permission_groups.{group_id[:100]}"
                    raise NotFound(ErrorCode.PERMISSION_GROUP_NOT_FOUND, where, id=group_id[:100])
                _write(groups[group_id], draft)
                updated = PermissionGroupUpdated(name=groups[group_id].name, by=token.subject_id)
                append(session, token.organization_id, updated, group_id)
            if any(draft.permissions is not UNSET for draft in drafts.values()):
                notify(session, PermissionGroupsChanged(token.organization_id))


def _validate(drafts: Mapping[str, PermissionGroupDraft]) -> None:
    if len(drafts) > MOST_CHANGED:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "permission_groups", most=MOST_CHANGED)
    problems = Problems()
    for group_id, draft in drafts.items():
        path = f"permission_groups.{group_id[:100]}"
        if draft.name is not UNSET:
            name = sanitize.name(draft.name)
            if not name:
                problems.add(ErrorCode.EMPTY, f"{path}.name")
            elif len(name) > LONGEST_GROUP_NAME:
                problems.add(ErrorCode.TOO_LONG, f"{path}.name", most=LONGEST_GROUP_NAME)
        if draft.order is not UNSET and not 0 <= draft.order <= _LAST_PLACE:
            problems.add(ErrorCode.OUT_OF_RANGE, f"{path}.order", least=0, most=_LAST_PLACE)
    problems.require_none()


def _write(group: PermissionGroup, draft: PermissionGroupDraft) -> None:
    if draft.name is not UNSET:
        group.name = sanitize.name(draft.name)
    if draft.order is not UNSET:
        group.position = draft.order
    if draft.permissions is not UNSET:
        group.permissions = draft.permissions


async def require_group(
    session: AsyncSession, organization_id: int, group_id: str | None, path: str = "permission_group_id"
) -> None:
    """Raises Invalid, naming the path, for a group that the organization has not, or that lets nobody in."""
    if group_id is None:
        return
    permissions = await session.scalar(
        select(PermissionGroup.permissions).where(
            PermissionGroup.id == group_id, PermissionGroup.organization_id == organization_id
        )
    )
    if permissions is None:
        raise Invalid(ErrorCode.PERMISSION_GROUP_UNKNOWN, path)
    if not Permission(permissions) & Permission.JOIN:
        raise Invalid(ErrorCode.PERMISSION_GROUP_WITHOUT_ENTRY, path)
