"""Favorites: the rooms that somebody has marked for themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database, upsert
from switchroom.errors import ErrorCode, Forbidden, Invalid, NotFound
from switchroom.identity.models import Membership
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.rooms.access import Viewer, joinable
from switchroom.rooms.models import FavoriteRoom, Room

MOST_FAVORITES = 1000
"""Favorites of one member, and changes in one request."""


class Favorites:
    """Favorites of the members of an organization: one's own, and everybody's for administrators of
    people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self, token: AccessToken, person_id: str) -> Sequence[str]:
        """The ids of somebody's favorites that they may see now, in the order in which they were marked.
        Raises NotFound, and Forbidden for another's without the permission."""
        _require_access(token, person_id)
        async with self._database.read(token.organization_id) as session:
            viewer, membership = await _member(session, token, person_id, to_change=False)
            query = (
                select(FavoriteRoom.room_id)
                .join(Room, Room.id == FavoriteRoom.room_id)
                .where(FavoriteRoom.membership_id == membership.id, *_seen_by(viewer))
                .order_by(FavoriteRoom.id)
                .limit(MOST_FAVORITES)
            )
            return (await session.scalars(query, {"subject_id": person_id})).all()

    async def update(self, token: AccessToken, person_id: str, changes: Mapping[str, bool]) -> None:
        """Mark the rooms that are True, and unmark the others, whether or not they are marked: all or none.

        Raises NotFound for a room to be marked that is not there for the person, Invalid for more than 1000,
        and what `list` raises.
        """
        _require_access(token, person_id)
        if len(changes) > MOST_FAVORITES:
            raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "room_ids", most=MOST_FAVORITES)
        marked = [room_id for room_id, is_marked in changes.items() if is_marked]
        unmarked = [room_id for room_id, is_marked in changes.items() if not is_marked]
        async with self._database.write(token.organization_id) as session:
            viewer, membership = await _member(session, token, person_id, to_change=True)
            if unmarked:
                gone = delete(FavoriteRoom).where(
                    FavoriteRoom.membership_id == membership.id, FavoriteRoom.room_id.in_(unmarked)
                )
                await session.execute(gone.execution_options(synchronize_session=False))
            if not marked:
                return
            await _require_seen(session, viewer, marked)
            rows = [
                {
                    "organization_id": token.organization_id,
                    "membership_id": membership.id,
                    "room_id": room_id,
                }
                for room_id in marked
            ]
            await session.execute(upsert(session, FavoriteRoom).on_conflict_do_nothing(), rows)
            count = select(func.count(FavoriteRoom.id)).where(FavoriteRoom.membership_id == membership.id)
            if (await session.scalar(count) or 0) > MOST_FAVORITES:
                raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "room_ids", most=MOST_FAVORITES)


def _require_access(token: AccessToken, person_id: str) -> None:
    if token.is_guest:
        raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
    is_own = token.kind is SubjectKind.PERSON and person_id == token.subject_id
    if not is_own and not token.may(Administration.USER_ADMIN):
        raise Forbidden(ErrorCode.PERMISSION_MISSING, permission="USER_ADMIN")


async def _member(
    session: AsyncSession, token: AccessToken, person_id: str, *, to_change: bool
) -> tuple[Viewer, Membership]:
    """The person as a viewer of rooms. With `to_change`, others who change their favorites wait."""
    query = select(Membership).where(Membership.person_id == person_id)
    membership = await session.scalar(query.with_for_update(key_share=True) if to_change else query)
    if membership is None:
        raise NotFound(ErrorCode.PERSON_NOT_FOUND, "person_id", id=person_id[:100])
    if token.kind is SubjectKind.PERSON and person_id == token.subject_id:
        # Their own token may be of fewer permissions than they have.
        return Viewer(token, None), membership
    return Viewer.of_member(token, membership), membership


def _seen_by(viewer: Viewer) -> list[ColumnElement[bool]]:
    """The conditions that the viewer, parameter `subject_id`, sees `Room`."""
    if viewer.token.may(Administration.ROOM_LIST):
        return []
    return [joinable(administers_rooms=viewer.administers_rooms)]


async def _require_seen(session: AsyncSession, viewer: Viewer, room_ids: Sequence[str]) -> None:
    """Raises NotFound for the first room that is not there for the viewer. None of them goes until the
    session's transaction has ended."""
    query = (
        select(Room.id)
        .where(Room.id.in_(room_ids), *_seen_by(viewer))
        .with_for_update(read=True, key_share=True)
    )
    seen = set(await session.scalars(query, {"subject_id": viewer.token.subject_id}))
    for room_id in room_ids:
        if room_id not in seen:
            raise NotFound(ErrorCode.ROOM_NOT_FOUND, f"room_ids.{room_id[:100]}", id=room_id[:100])
