"""The permission groups that meetings name."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.models import PermissionGroup
from switchroom.identity.permissions import Permission


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
