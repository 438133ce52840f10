"""Contacts: many at once, all or none."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct
from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import execute_many, insert_numbered, insert_values
from switchroom.errors import ErrorCode, Forbidden, Problems
from switchroom.events.append import append
from switchroom.events.types import (
    ResourceCreated,
    ResourceDeleted,
    ResourceSnapshot,
    ResourceUpdated,
    resource_event,
)
from switchroom.tasks import taking_turns
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.directories import (
    Contact,
    ContactNumber,
    ContactRow,
    Directories,
    endings_in,
)
from switchroom.telephony.resources.drafts import draft_of, merged
from switchroom.telephony.resources.resource import Work
from switchroom.telephony.resources.service import Resources

_AT_ONCE = 500
"""Rows that are asked for in one statement."""


_contacts = ContactRow.__table__
_CHANGE = update(cast("Table", _contacts)).where(_contacts.c.id == bindparam("this_contact"))
_DELETE = delete(cast("Table", _contacts)).where(_contacts.c.id == bindparam("this_contact"))
_numbers = ContactNumber.__table__
_DELETE_NUMBERS = delete(cast("Table", _numbers)).where(_numbers.c.contact_id == bindparam("this_contact"))


class _Contact(Struct, frozen=True):
    """Columns that are asked of a row: an object of the mapped class takes many times as long to make."""

    name: str
    user_id: int | None
    phonebook: str
    details: dict[str, Any]


class ContactBook:
    """Makes, changes and deletes contacts. Users do so with their own only."""

    def __init__(self, resources: Resources, kind: Directories) -> None:
        self._resources = resources
        self._kind = kind

    async def make(self, actor: Actor, wanted: Sequence[Mapping[str, Any]]) -> Sequence[int]:
        """The ids of new contacts, in their order. Raises Invalid with all that is wrong, Forbidden for a
        contact that would not be the user's own."""
        drafts: list[Contact] = []
        async for number, one in taking_turns(enumerate(wanted)):
            values = merged(self._kind.defaults, one, Contact)
            if actor.is_user:
                values["user_id"] = _own(actor, values["user_id"], f"[{number}]")
            drafts.append(draft_of(values, Contact))
        made: dict[str, Any] = {"organization_id": actor.organization_id, "created_at": now()}
        rows = [{**made, **self._kind.columns_of(draft)} async for draft in taking_turns(drafts)]
        async with self._resources.changing(actor) as work:
            await self._check_users(work, drafts)
            ids = await work.session.run_sync(insert_numbered, ContactRow, rows)
            numbers: dict[int, frozenset[str]] = {}
            async for contact_id, row in taking_turns(zip(ids, rows, strict=True)):
                numbers[contact_id] = endings_in(row["user_id"], row["details"])
                _log(work, ResourceCreated, contact_id, row["name"])
            await _add_numbers(work, numbers)
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
            present = await self._find(work, [one["id"] for one in wanted])
            drafts: list[Contact] = []
            changed: list[dict[str, Any]] = []
            numbers: dict[int, frozenset[str]] = {}
            async for number, one in taking_turns(enumerate(wanted)):
                contact = present.get(one["id"])
                if contact is None:
                    path = _path(wanted, number, "id")
                    problems.add(ErrorCode.RESOURCE_NOT_FOUND, path, kind="contact", id=one["id"])
                    continue
                draft = draft_of(merged(self._values_of(contact), one, Contact), Contact)
                if actor.is_user:
                    _own(actor, contact.user_id or 0, f"[{number}]")
                    _own(actor, draft.user_id or 0, f"[{number}]")
                drafts.append(draft)
                columns = self._kind.columns_of(draft)
                changed.append({"this_contact": one["id"], **columns})
                endings = endings_in(draft.user_id, columns["details"])
                if endings != endings_in(contact.user_id, contact.details):
                    numbers[one["id"]] = endings
                # One may be named twice.
                present[one["id"]] = _Contact(**{name: columns[name] for name in _Contact.__struct_fields__})
                _log(work, ResourceUpdated, one["id"], columns["name"])
            problems.require_none()
            await self._check_users(work, drafts)
            await execute_many(work.session, _CHANGE, changed)
            await execute_many(work.session, _DELETE_NUMBERS, [{"this_contact": one} for one in numbers])
            await _add_numbers(work, numbers)
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
            present = await self._find(work, ids)
            async for contact_id, place in taking_turns(places.items()):
                contact = present.get(contact_id)
                path = f"ids[{place}]"
                if contact is None:
                    problems.add(ErrorCode.RESOURCE_NOT_FOUND, path, kind="contact", id=contact_id)
                    continue
                if actor.is_user:
                    _own(actor, contact.user_id or 0, path)
                _log(work, ResourceDeleted, contact_id, contact.name)
            problems.require_none()
            # All of them are the account's: they have been found.
            await execute_many(work.session, _DELETE, [{"this_contact": one} for one in ids])
        return ids

    def _values_of(self, contact: _Contact) -> dict[str, Any]:
        own = {"user_id": contact.user_id, "phonebook": contact.phonebook}
        return {**self._kind.defaults, **contact.details, **own}

    async def _find(self, work: Work, ids: Sequence[int]) -> dict[int, _Contact]:
        """Contacts among these ids that the actor sees, which nobody else changes until the transaction has
        ended."""
        found: dict[int, _Contact] = {}
        columns = (ContactRow.id, *(getattr(ContactRow, name) for name in _Contact.__struct_fields__))
        for part in _parts(ids):
            query = select(*columns).where(ContactRow.id.in_(part), self._kind.visible_to(work.actor))
            query = query.where(ContactRow.organization_id == work.organization_id)
            rows = await work.session.execute(query.order_by(ContactRow.id).with_for_update())
            found.update({contact_id: _Contact(*values) for contact_id, *values in rows})
            await asyncio.sleep(0)  # the others' turn
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


async def _add_numbers(work: Work, numbers: Mapping[int, frozenset[str]]) -> None:
    """Write the numbers of contacts that have none, by their ends."""
    rows = [
        {"organization_id": work.organization_id, "contact_id": contact_id, "ending": ending}
        async for contact_id, endings in taking_turns(numbers.items())
        for ending in sorted(endings)
    ]
    await insert_values(work.session, ContactNumber, rows)


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
