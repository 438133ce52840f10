"""The permission groups that meetings name."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.errors import Invalid
from switchroom.identity.models import PermissionGroup
from switchroom.identity.permissions import Permission


async def require_group(
    session: AsyncSession, organization_id: int, group_id: str | None, field: str = "meetingPermissionId"
) -> None:
    """Raises Invalid, with the field, for a group that the organization has not, or that lets nobody in."""
    if group_id is None:
        return
    permissions = await session.scalar(
        select(PermissionGroup.permissions).where(
            PermissionGroup.id == group_id, PermissionGroup.organization_id == organization_id
        )
    )
    if permissions is None:
        raise Invalid("there is no such permission group", field=field)
    if not Permission(permissions) & Permission.JOIN:
        raise Invalid("nobody can join with this permission group", field=field)
