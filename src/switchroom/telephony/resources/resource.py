"""Resource: what a kind of resource declares, of which the service and the API make everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
from msgspec import NODEFAULT, UNSET, Struct, structs
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.errors import ErrorCode, Problems, joined
from switchroom.events.append import append
from switchroom.events.types import ResourceSnapshot, resource_event
from switchroom.identity.timezones import is_timezone
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.fields import Restriction
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.rows import ResourceRow
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.routing.number_kinds import NO_COUNTRY, NumberKind
from switchroom.telephony.routing.numbers import is_country

D = TypeVar("D", bound=Struct)
R = TypeVar("R", bound=ResourceRow)


def is_said(value: object) -> bool:
    """Whether a field has a value: not so in a draft of which only a part could be read."""
    return value is not UNSET


_SHARED = frozenset(("id", "organization_id", "details", "search_text", "created_at"))
"""Columns that are no fields."""


class Work(Struct, frozen=True):
    """One change: its transaction, the actor who makes it, and what it needs of the platform. `hashes` are
    those of the secrets in the draft that are kept as hashes, by field. What is put into `shown_once` is in
    the reply to this change, and in no other. One that does not `write` only looks. `ahead` is what was found
    wrong with the draft before (`Resource.look_ahead`)."""

    session: AsyncSession
    actor: Actor
    vault: Vault
    realm_suffix: str
    hashes: Mapping[str, str] = {}
    shown_once: dict[str, Any] = {}
    writes: bool = False
    ahead: Problems = msgspec.field(default_factory=Problems)

    @property
    def organization_id(self) -> int:
        return self.actor.organization_id


class ListQuery(Struct, frozen=True, kw_only=True):
    """Query for a part of a list: after the id `after`, at most `limit`, found by `search`, with these values
    of the filters that the resource has."""

    after: int = 0
    limit: int = 1000
    search: str = ""
    filters: Mapping[str, Any] = {}


class Resource(Generic[D, R]):
    """A kind of resource. `name` is the plural that it has in paths, `singular` what one is called.

    `draft` has its fields; those with a column of the same name in `table` are kept there, the others
    together in `details`. Secrets are in none of them: `hashed` ones have a column `…_hash`, `encrypted` ones
    a column `…_encrypted`; `passwords` are hashed too, and must be good ones. What becomes of the last and of
    `other_secrets` is the kind's own affair. None is ever told.

    `owner` is the field with the user whose own one is: they see it, and change its `own_fields`. Without an
    owner only administrators see it. `users_make`: users make and delete their own.

    `unique` are columns of which no two in an account have the same value. `filters` are columns that a list
    can be restricted by. `listed` are the fields in lists, where those are not all. `read_only` are fields
    that are told beside, or instead of, those of the draft, with their types.
    """

    name: ClassVar[str]
    singular: ClassVar[str]
    draft: type[D]
    table: type[R]
    owner: ClassVar[str] = ""
    own_fields: ClassVar[frozenset[str]] = frozenset()
    users_make: ClassVar[bool] = False
    unique: ClassVar[Sequence[str]] = ()
    searched: ClassVar[Sequence[str]] = ("name",)
    filters: ClassVar[Sequence[tuple[str, type]]] = ()
    hashed: ClassVar[frozenset[str]] = frozenset()
    encrypted: ClassVar[frozenset[str]] = frozenset()
    passwords: ClassVar[frozenset[str]] = frozenset()
    other_secrets: ClassVar[frozenset[str]] = frozenset()
    listed: ClassVar[Sequence[str]] = ()
    read_only: ClassVar[Sequence[tuple[str, Any]]] = ()
    is_made: ClassVar[bool] = True
    """Whether callers make and change resources of this kind."""
    is_there_at_first_look: ClassVar[bool] = False
    """Whether reading a resource of this kind may make it."""

    # Declared

    @cached_property
    def fields(self) -> tuple[str, ...]:
        return tuple(field.name for field in structs.fields(self.draft))

    @cached_property
    def secrets(self) -> frozenset[str]:
        return self.hashed | self.encrypted | self.passwords | self.other_secrets

    @cached_property
    def columns(self) -> frozenset[str]:
        """Fields that have columns of their own."""
        return frozenset(self.table.__table__.columns.keys()) & frozenset(self.fields) - _SHARED

    @cached_property
    def defaults(self) -> Mapping[str, Any]:
        """Values of fields that were never said, as JSON."""
        found: dict[str, Any] = {}
        for field in structs.fields(self.draft):
            value = field.default if field.default is not NODEFAULT else None
            if field.default_factory is not NODEFAULT:
                value = field.default_factory()
            found[field.name] = msgspec.to_builtins(value)
        return found

    def references(self, draft: D) -> Iterable[Reference]:
        """References of the draft to the resources that it uses."""
        owner = getattr(draft, self.owner) if self.owner in self.fields else None
        if owner is not None:
            yield Reference(self.owner, "users", owner)

    # Rows

    def visible_to(self, actor: Actor) -> ColumnElement[bool]:
        """Condition for the rows of the account that the actor sees."""
        return getattr(self.table, self.owner) == actor.user_id if actor.is_user else true()

    async def find(self, work: Work, resource_id: int, *, to_change: bool = False) -> R | None:
        """`to_change`: nobody else changes or uses it until the session's transaction has ended."""
        query = select(self.table).where(self.table.id == resource_id, self.visible_to(work.actor))
        query = query.where(self.table.organization_id == work.organization_id)
        if to_change:
            query = query.with_for_update().execution_options(populate_existing=True)
        return await work.session.scalar(query)

    async def page(self, work: Work, query: ListQuery) -> Sequence[R]:
        """Rows that the query asks for and the actor sees, in order of their ids."""
        rows = select(self.table).where(self.table.id > query.after, self.visible_to(work.actor))
        rows = rows.where(self.table.organization_id == work.organization_id)
        if query.search:
            term = query.search.casefold()
            rows = rows.where(self.table.search_text.contains(term, autoescape=True))
        for name, value in query.filters.items():
            rows = rows.where(getattr(self.table, name) == value)
        return (await work.session.scalars(rows.order_by(self.table.id).limit(query.limit))).all()

    async def present(self, session: AsyncSession, organization_id: int, ids: Sequence[int]) -> set[int]:
        """Ids among these that there are; they are not deleted until the session's transaction has ended."""
        there = select(self.table.id).where(
            self.table.organization_id == organization_id, self.table.id.in_(ids)
        )
        found = await session.scalars(there.order_by(self.table.id).with_for_update(read=True))
        return set(found.all())

    async def seen(self, work: Work, ids: Sequence[int]) -> set[int]:
        """Ids among these that the actor sees; of a kind without owners everybody sees all."""
        if not (work.actor.is_user and self.owner):
            return set(ids)
        rows = select(self.table.id).where(self.table.id.in_(ids), self.visible_to(work.actor))
        return set(await work.session.scalars(rows))

    async def names(self, session: AsyncSession, organization_id: int, ids: Sequence[int]) -> dict[int, str]:
        """Names of the resources among these that there are, by their ids."""
        found = await session.execute(
            select(self.table.id, self.table.name).where(
                self.table.organization_id == organization_id, self.table.id.in_(ids)
            )
        )
        return {row[0]: row[1] for row in found}

    def new_row(self, work: Work) -> R:
        return self.table(organization_id=work.organization_id, details={})

    def is_new(self, row: Any) -> bool:
        """Whether the row has not been written yet."""
        return row.id is None

    def id_of(self, row: R) -> int:
        return row.id

    def values_of(self, row: R) -> dict[str, Any]:
        """The fields as they are, but for secrets, as JSON."""
        values = {**self.defaults, **row.details}
        for name in self.columns:
            values[name] = getattr(row, name)
        return {name: values[name] for name in self.fields if name not in self.secrets}

    def view(self, row: R) -> dict[str, Any]:
        """View of a row, as callers see it."""
        return {"id": self.id_of(row), **self.values_of(row)}

    async def complete(self, work: Work, views: Sequence[dict[str, Any]]) -> None:
        """Add to views what other tables tell of them."""

    def list_view(self, row: R) -> dict[str, Any]:
        view = self.view(row)
        return {name: view[name] for name in ("id", *self.listed)} if self.listed else view

    def assign(self, work: Work, row: R, draft: D, said: frozenset[str]) -> None:
        """Take over what a draft says. `said` are the fields that the caller has named: secrets that are not
        among them stay."""
        values = msgspec.to_builtins(draft)
        for name in self.columns:
            setattr(row, name, values[name])
        row.details = {name: values[name] for name in self.fields if name not in self.columns | self.secrets}
        for name in self.hashed & said:
            setattr(row, f"{name}_hash", work.hashes.get(name, ""))
        for name in self.encrypted & said:
            secret = values[name]
            setattr(row, f"{name}_encrypted", work.vault.encrypt(secret) if secret else "")
        row.search_text = self.search_text(values)

    def search_text(self, values: Mapping[str, Any]) -> str:
        return "\n".join(str(values[name] or "") for name in self.searched).casefold()

    # Rules, and what else a change does

    def tidied(self, draft: D) -> D:
        """The draft without characters that nobody means to type."""
        name = getattr(draft, "name", UNSET)
        return structs.replace(draft, name=sanitize.name(name)) if isinstance(name, str) else draft

    def check(self, draft: D, problems: Problems) -> None:
        """Add what is wrong about a draft by itself. Of one of which only a part could be read, the rest is
        UNSET."""
        name = getattr(draft, "name", None)
        if name == "" and self.defaults.get("name") is None:
            problems.add(ErrorCode.EMPTY, "name")
        zone = getattr(draft, "time_zone", "")
        if zone and isinstance(zone, str) and not is_timezone(zone):
            problems.add(ErrorCode.TIMEZONE_UNKNOWN, "time_zone")
        country = getattr(draft, "country", "")
        if country and isinstance(country, str) and not is_country(country):
            problems.add(ErrorCode.VALUE_UNKNOWN, "country", value=country)
        restriction = getattr(draft, "restriction", None)
        if isinstance(restriction, Restriction):
            _check_restriction(restriction, problems)

    async def look_ahead(self, values: Mapping[str, Any], problems: Problems) -> None:
        """Add what is wrong that takes long to find out, off the event loop and before the transaction
        begins. `values` are the fields that the caller has named."""

    async def prepare(self, work: Work, row: R, draft: D, problems: Problems) -> D:
        """The draft as it is to be kept, once it was found to be right by itself, with what only the database
        can tell added to `problems`. `row` is what there is before, a new one without an id."""
        return draft

    async def save(self, work: Work, row: R, draft: D, said: frozenset[str]) -> None:
        """Write the draft. `said` are the fields that the caller has named."""
        self.assign(work, row, draft, said)
        await self.before_flush(work, row, draft)
        work.session.add(row)
        await work.session.flush()

    async def before_flush(self, work: Work, row: R, draft: D) -> None:
        """Write into the row what is not in the draft's fields themselves."""

    async def written(self, work: Work, row: R, draft: D) -> None:
        """Do what follows from a change, whose row has an id by now."""

    async def remove(self, work: Work, row: R) -> None:
        await work.session.delete(row)

    async def deleted(self, row: R) -> None:
        """Do what follows once one is gone for good."""

    def log(self, work: Work, row: R, kind: type[ResourceSnapshot]) -> None:
        """Log that it was made, changed or deleted."""
        event = resource_event(kind, self.singular)(name=self.label(row), by=work.actor.by)
        append(work.session, work.organization_id, event, str(self.id_of(row)))

    def owner_of(self, row: R) -> int | None:
        """The user whose own it is."""
        return getattr(row, self.owner) if self.owner else None

    def label(self, row: R) -> str:
        """Name of the row, as people call it."""
        return row.name


def _check_restriction(restriction: Restriction, problems: Problems) -> None:
    for country in restriction.countries:
        if country != NO_COUNTRY and not is_country(country):
            path = joined("restriction.countries", country)
            problems.add(ErrorCode.VALUE_UNKNOWN, path, value=country)
    if NumberKind.EMERGENCY in restriction.kinds:
        kind = NumberKind.EMERGENCY.value
        problems.add(ErrorCode.VALUE_UNKNOWN, f"restriction.kinds.{kind}", value=kind)
