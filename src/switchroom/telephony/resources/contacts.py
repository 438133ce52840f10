"""Contacts: many at once, all or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import insert_numbered
from switchroom.errors import ErrorCode, Forbidden, Problems
from switchroom.events.append import append
from switchroom.events.types import (
    ResourceCreated,
    ResourceDeleted,
    ResourceSnapshot,
    ResourceUpdated,
    resource_event,
)
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.directories import Contact, ContactRow, Directories
from switchroom.telephony.resources.drafts import draft_of, merged
from switchroom.telephony.resources.resource import Work
from switchroom.telephony.resources.service import Resources

_AT_ONCE = 500
"""Rows that are asked for in one statement."""


class ContactBook:
    """Makes, changes and deletes contacts. Users do so with their own only."""

    def __init__(self, resources: Resources, kind: Directories) -> None:
        self._resources = resources
        self._kind = kind

    async def make(self, actor: Actor, wanted: Sequence[Mapping[str, Any]]) -> Sequence[int]:
        """The ids of new contacts, in their order. Raises Invalid with all that is wrong, Forbidden for a
        contact that would not be the user's own."""
        values = [merged(self._kind.defaults, one, Contact) for one in wanted]
        if actor.is_user:
            values = [
                {**one, "user_id": _own(actor, one["user_id"], f"[{n}]")} for n, one in enumerate(values)
            ]
        drafts = [draft_of(one, Contact) for one in values]
        async with self._resources.changing(actor) as work:
            await self._check_users(work, drafts)
            rows = [self._row(work, draft) for draft in drafts]
            ids = await work.session.run_sync(insert_numbered, ContactRow, rows)
            for contact_id, row in zip(ids, rows, strict=True):
                _log(work, ResourceCreated, contact_id, row["name"])
        return ids

    async def change(self, actor: Actor, wanted: Sequence[Mapping[str, Any]]) -> Sequence[int]:
        """The ids of contacts that are changed in what is said of each. Raises Invalid with all that is
        wrong, and Forbidden for one that is not the user's own."""
        problems = Problems()
        for number, one in enumerate(wanted):
            if "id" not in one:
                problems.add(ErrorCode.REQUIRED, _path(wanted, number, "id"))
        problems.require_none()
        async with self._resources.changing(actor) as work:
            rows = await self._find(work, [one["id"] for one in wanted])
            drafts: list[Contact] = []
            for number, one in enumerate(wanted):
                row = rows.get(one["id"])
                if row is None:
                    path = _path(wanted, number, "id")
                    problems.add(ErrorCode.RESOURCE_NOT_FOUND, path, kind="contact", id=one["id"])
                    continue
                draft = draft_of(merged(self._kind.values_of(row), one, Contact), Contact)
                if actor.is_user:
                    _own(actor, row.user_id or 0, f"[{number}]")
                    _own(actor, draft.user_id or 0, f"[{number}]")
                drafts.append(draft)
                self._kind.assign(work, row, draft, frozenset(one))
                _log(work, ResourceUpdated, row.id, row.name)
            problems.require_none()
            await self._check_users(work, drafts)
        return [one["id"] for one in wanted]

    async def delete(self, actor: Actor, ids: Sequence[int]) -> Sequence[int]:
        """The ids of contacts that are deleted. Raises Invalid for those that are not there, and Forbidden
        for one that is not the user's own."""
        places: dict[int, int] = {}
        for place, contact_id in enumerate(ids):
            places.setdefault(contact_id, place)
        ids = sorted(places)
        problems = Problems()
        async with self._resources.changing(actor) as work:
            rows = await self._find(work, ids)
            for contact_id, place in places.items():
                row = rows.get(contact_id)
                path = f"ids[{place}]"
                if row is None:
                    problems.add(ErrorCode.RESOURCE_NOT_FOUND, path, kind="contact", id=contact_id)
                    continue
                if actor.is_user:
                    _own(actor, row.user_id or 0, path)
                _log(work, ResourceDeleted, row.id, row.name)
            problems.require_none()
            for part in _parts(ids):
                gone = delete(ContactRow).where(
                    ContactRow.organization_id == work.organization_id, ContactRow.id.in_(part)
                )
                await work.session.execute(gone.execution_options(synchronize_session=False))
        return ids

    def _row(self, work: Work, draft: Contact) -> dict[str, Any]:
        row = ContactRow(organization_id=work.organization_id)
        self._kind.assign(work, row, draft, frozenset())
        columns = ("organization_id", "name", "search_text", "details", "user_id", "phonebook")
        return {**{name: getattr(row, name) for name in columns}, "created_at": now()}

    async def _find(self, work: Work, ids: Sequence[int]) -> dict[int, ContactRow]:
        found: dict[int, ContactRow] = {}
        for part in _parts(ids):
            query = select(ContactRow).where(ContactRow.id.in_(part), self._kind.visible_to(work.actor))
            query = query.where(ContactRow.organization_id == work.organization_id)
            rows = await work.session.scalars(query.order_by(ContactRow.id).with_for_update())
            found.update({row.id: row for row in rows})
        return found

    async def _check_users(self, work: Work, drafts: Sequence[Contact]) -> None:
        """Raises Invalid for users that there are not."""
        problems = Problems()
        ids = sorted({draft.user_id for draft in drafts if draft.user_id is not None})
        there: set[int] = set()
        for part in _parts(ids):
            there |= await self._users(work.session, work.organization_id, part)
        for number, draft in enumerate(drafts):
            if draft.user_id is not None and draft.user_id not in there:
                path = _path(drafts, number, "user_id")
                problems.add(ErrorCode.RESOURCE_NOT_FOUND, path, kind="user", id=draft.user_id)
        problems.require_none()

    async def _users(self, session: AsyncSession, organization_id: int, ids: Sequence[int]) -> set[int]:
        return await self._resources.kinds["users"].present(session, organization_id, ids)


def _parts(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[begin : begin + _AT_ONCE] for begin in range(0, len(ids), _AT_ONCE)]


def _path(all_of_them: Sequence[object], number: int, field: str) -> str:
    """Of a contact that comes alone, its field."""
    return f"contacts[{number}].{field}" if len(all_of_them) > 1 else field


def _own(actor: Actor, owner: int | None, path: str) -> int | None:
    """The user whose own a contact is, who must be the actor. Raises Forbidden."""
    if owner not in (None, actor.user_id):
        raise Forbidden(ErrorCode.OWN_ONLY, path)
    return actor.user_id


def _log(work: Work, kind: type[ResourceSnapshot], contact_id: int, name: str) -> None:
    event = resource_event(kind, "contact")(name=name, by=work.actor.by)
    append(work.session, work.organization_id, event, str(contact_id))
