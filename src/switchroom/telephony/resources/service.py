"""Service of the resources: list, read, make, change and delete any of them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import Struct, structs
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.terms import lock_organization
from switchroom.db.database import Database
from switchroom.errors import Conflict, ErrorCode, Forbidden, NotFound, Problems
from switchroom.events.types import ResourceCreated, ResourceDeleted, ResourceSnapshot, ResourceUpdated
from switchroom.identity.secrets import Passwords
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.drafts import draft_of, merged
from switchroom.telephony.resources.references import (
    Reference,
    Source,
    forget_references,
    ids_by_kind,
    users_of,
    write_references,
)
from switchroom.telephony.resources.resource import ListQuery, Resource, Work
from switchroom.telephony.resources.vault import Vault

AnyResource = Resource[Any, Any]
View = dict[str, Any]


class ResourcePage(Struct, frozen=True):
    """Part of a list, and the id after which the next begins; None at the end."""

    views: Sequence[View]
    next_after: int | None


class Resources:
    """Operations of the API on resources of every kind. The API itself ensures that the caller's level is
    enough for an operation; that users see and change their own only is ensured here."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        vault: Vault,
        kinds: Iterable[AnyResource],
        realm_suffix: str,
        changed: Callable[[int], Awaitable[None]] | None = None,
    ) -> None:
        """`changed` is awaited after each change of an account, before the caller who made it is answered."""
        self._database = database
        self._passwords = passwords
        self._vault = vault
        self._realm_suffix = realm_suffix
        self._changed = changed
        self.kinds: Mapping[str, AnyResource] = {kind.name: kind for kind in kinds}

    async def list(self, actor: Actor, kind: AnyResource, query: ListQuery) -> ResourcePage:
        async with self.reading(actor) as work:
            rows = await kind.page(work, structs.replace(query, limit=query.limit + 1))
            shown = rows[: query.limit]
            views = [kind.list_view(row) for row in shown]
            if not kind.listed:
                await kind.complete(work, views)
            return ResourcePage(views, kind.id_of(shown[-1]) if len(rows) > query.limit else None)

    async def read(self, actor: Actor, kind: AnyResource, resource_id: int) -> View:
        """Raises NotFound."""
        async with self.reading(actor) as work:
            row = await kind.find(work, resource_id)
            if row is not None or not kind.is_there_at_first_look:
                return await _view(work, kind, row or await require(work, kind, resource_id))
        async with self.changing(actor) as work:
            return await _view(work, kind, await require(work, kind, resource_id))

    async def make(self, actor: Actor, kind: AnyResource, draft: Struct) -> View:
        """A new one. Raises Invalid with all that is wrong, Conflict for what another has."""
        values = msgspec.to_builtins(draft)
        hashes, ahead = await self._hashes(kind, values), Problems()
        await kind.look_ahead(values, ahead)
        async with self.changing(actor, hashes, ahead) as work:
            return await make_in(work, self.kinds, kind, draft)

    async def change(
        self, actor: Actor, kind: AnyResource, resource_id: int, change: Mapping[str, Any]
    ) -> View:
        """Change the fields that the change names. Raises NotFound, Invalid with all that is wrong, Conflict
        for what another has, Forbidden for fields that are not a user's to change."""
        hashes, ahead = await self._hashes(kind, change), Problems()
        await kind.look_ahead(change, ahead)
        async with self.changing(actor, hashes, ahead) as work:
            return await change_in(work, self.kinds, kind, resource_id, change)

    async def check_change(
        self, actor: Actor, kind: AnyResource, resource_id: int, change: Mapping[str, Any]
    ) -> None:
        """Raises Invalid with all that would be wrong by itself about one that is there, after the change."""
        async with self.reading(actor) as work:
            row = await require(work, kind, resource_id)
        problems = Problems()
        await kind.look_ahead(change, problems)
        draft: Struct = draft_of(merged(kind.values_of(row), change, kind.draft), kind.draft)
        kind.check(kind.tidied(draft), problems)
        problems.require_none()

    async def delete(self, actor: Actor, kind: AnyResource, resource_id: int) -> None:
        """Raises NotFound, Conflict for what others use."""
        async with self.changing(actor) as work:
            row = await require(work, kind, resource_id, to_change=True)
            _require_own(work, kind, row)
            await require_unused(work.session, work.organization_id, self.kinds, kind, resource_id)
            kind.log(work, row, ResourceDeleted)
            await forget_references(work.session, work.organization_id, Source(kind.name, resource_id))
            await kind.remove(work, row)
        await kind.deleted(row)

    @asynccontextmanager
    async def reading(self, actor: Actor) -> AsyncGenerator[Work]:
        async with self._database.read(actor.organization_id) as session:
            yield Work(session, actor, self._vault, self._realm_suffix)

    @asynccontextmanager
    async def changing(
        self, actor: Actor, hashes: Mapping[str, str] | None = None, ahead: Problems | None = None
    ) -> AsyncGenerator[Work]:
        """A transaction that changes resources. Of one account there is one at a time: what each reads is as
        the others have left it, and none can be in another's way with rows that it has locked."""
        async with self._database.write(actor.organization_id) as session:
            await lock_organization(session, actor.organization_id)
            yield Work(
                session,
                actor,
                self._vault,
                self._realm_suffix,
                hashes or {},
                writes=True,
                ahead=ahead or Problems(),
            )
        if self._changed is not None:
            await self._changed(actor.organization_id)

    async def _hashes(self, kind: AnyResource, values: Mapping[str, Any]) -> dict[str, str]:
        hashes: dict[str, str] = {}
        for name in sorted(kind.hashed):
            if values.get(name):
                hashes[name] = await self._passwords.hash(values[name])
        for name in sorted(kind.passwords):
            if values.get(name):
                hashes[name] = await self._passwords.hash_chosen(values[name])
        return hashes


async def _view(work: Work, kind: AnyResource, row: Any) -> View:
    view = kind.view(row)
    await kind.complete(work, [view])
    return view


async def require(work: Work, kind: AnyResource, resource_id: int, *, to_change: bool = False) -> Any:
    """The row. Raises NotFound."""
    row = await kind.find(work, resource_id, to_change=to_change)
    if row is None:
        raise NotFound(ErrorCode.RESOURCE_NOT_FOUND, "id", kind=kind.singular, id=resource_id)
    return row


async def make_in(work: Work, kinds: Mapping[str, AnyResource], kind: AnyResource, draft: Struct) -> View:
    """Make a resource as `Resources.make` does, in a transaction that may do more."""
    if work.actor.is_user:
        draft = _made_by_user(work, kind, draft)
    row = kind.new_row(work)
    await _write(work, kinds, kind, row, draft, frozenset(kind.fields), ResourceCreated, ())
    return {**await _view(work, kind, row), **work.shown_once}


async def change_in(
    work: Work,
    kinds: Mapping[str, AnyResource],
    kind: AnyResource,
    resource_id: int,
    change: Mapping[str, Any],
) -> View:
    """Change a resource as `Resources.change` does, in a transaction that may do more."""
    row = await require(work, kind, resource_id, to_change=True)
    before = kind.values_of(row)
    values = merged(before, change, kind.draft)
    if work.actor.is_user:
        _require_own(work, kind, row)
        for name in change:
            if name not in kind.own_fields and (name in kind.secrets or values[name] != before[name]):
                raise Forbidden(ErrorCode.FIELD_OF_ADMINISTRATORS, name)
    draft: Struct = draft_of(values, kind.draft)
    used = tuple(kind.references(draft_of(before, kind.draft))) if work.actor.is_user else ()
    await _write(work, kinds, kind, row, draft, frozenset(change), ResourceUpdated, used)
    return {**await _view(work, kind, row), **work.shown_once}


async def require_unused(
    session: AsyncSession,
    organization_id: int,
    kinds: Mapping[str, AnyResource],
    kind: AnyResource,
    resource_id: int,
) -> None:
    """Raises Conflict, which names those that use it."""
    found = await users_of(session, organization_id, Source(kind.name, resource_id))
    if not found:
        return
    named: list[str] = []
    for name in sorted({one.kind for one in found}):
        ids = [one.id for one in found if one.kind == name]
        labels = await kinds[name].names(session, organization_id, ids)
        named += [f"{kinds[name].singular} {one} ({labels.get(one, '')})" for one in ids]
    raise Conflict(ErrorCode.RESOURCE_USED, "id", kind=kind.singular, users=", ".join(named))


async def _write(
    work: Work,
    kinds: Mapping[str, AnyResource],
    kind: AnyResource,
    row: Any,
    draft: Struct,
    said: frozenset[str],
    event: type[ResourceSnapshot],
    used: Sequence[Reference],
) -> None:
    """`used` are the references that there are before, which may stay."""
    problems = Problems()
    with problems:
        work.ahead.require_none()
    draft = kind.tidied(draft)
    kind.check(draft, problems)
    references = list(kind.references(draft))
    await _check_references(work, kinds, references, problems, used)
    with problems:
        draft = await kind.prepare(work, row, draft, problems)
    problems.require_none()
    is_new = event is ResourceCreated
    await _require_free(work, kind, row, draft, is_new=is_new)
    try:
        await kind.save(work, row, draft, said)
        await kind.written(work, row, draft)
    except IntegrityError as error:
        # Another caller has taken the value since the look before.
        name = next(iter(kind.unique), "id")
        raise Conflict(ErrorCode.VALUE_TAKEN, name, value=getattr(draft, name, "")) from error
    source = Source(kind.name, kind.id_of(row))
    if not is_new:
        await forget_references(work.session, work.organization_id, source)
    await write_references(work.session, work.organization_id, source, references)
    kind.log(work, row, event)


async def _check_references(
    work: Work,
    kinds: Mapping[str, AnyResource],
    references: Sequence[Reference],
    problems: Problems,
    used: Sequence[Reference],
) -> None:
    """Add a problem for each reference to a resource that is not there. For a user, resources of others are
    not there, unless an administrator has given them before."""
    given = ids_by_kind(used)
    for name, ids in ids_by_kind(references).items():
        there = await kinds[name].present(work.session, work.organization_id, ids)
        there &= await kinds[name].seen(work, ids) | set(given.get(name, ()))
        for one in references:
            if one.kind == name and one.id not in there:
                problems.add(ErrorCode.RESOURCE_NOT_FOUND, one.path, kind=kinds[name].singular, id=one.id)


async def _require_free(work: Work, kind: AnyResource, row: Any, draft: Struct, *, is_new: bool) -> None:
    """Raises Conflict for a value that another has, and no two may."""
    for name in kind.unique:
        value = getattr(draft, name)
        if value in (None, ""):
            continue
        others = select(func.count()).select_from(kind.table)
        others = others.where(
            kind.table.organization_id == work.organization_id, getattr(kind.table, name) == value
        )
        if not is_new:
            others = others.where(kind.table.id != kind.id_of(row))
        with work.session.no_autoflush:
            if await work.session.scalar(others):
                raise Conflict(ErrorCode.VALUE_TAKEN, name, value=value)


def _made_by_user(work: Work, kind: AnyResource, draft: Struct) -> Struct:
    """The draft of something that is to be the user's own."""
    owner = getattr(draft, kind.owner)
    if owner not in (None, work.actor.user_id):
        raise Forbidden(ErrorCode.FIELD_OF_ADMINISTRATORS, kind.owner)
    return structs.replace(draft, **{kind.owner: work.actor.user_id})


def _require_own(work: Work, kind: AnyResource, row: Any) -> None:
    """Raises Forbidden for what a user sees and does not own."""
    if work.actor.is_user and kind.owner_of(row) != work.actor.user_id:
        raise Forbidden(ErrorCode.OWN_ONLY)
