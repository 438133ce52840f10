"""References between resources: what a resource uses is there, and is not deleted while it does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from msgspec import Struct
from sqlalchemy import ForeignKey, Index, String, delete, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization
from switchroom.db.database import insert_values

_MOST_NAMED = 10


class Reference(Struct, frozen=True):
    """Reference of a resource to one that it uses: the path of its field, the name of the other's kind
    (`menus`) and the other's id."""

    path: str
    kind: str
    id: int


class ResourceReference(OfOrganization, Base):
    """Reference from one resource (`source`) to another (`target`), by the names of their kinds."""

    __tablename__ = "resource_references"
    __table_args__ = (
        Index("ix_resource_references_target", "organization_id", "target_kind", "target_id"),
        Index("ix_resource_references_source", "organization_id", "source_kind", "source_id"),
    )

    # The indexes above begin with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    source_kind: Mapped[str] = mapped_column(String(32))
    source_id: Mapped[int] = mapped_column(BigId)
    target_kind: Mapped[str] = mapped_column(String(32))
    target_id: Mapped[int] = mapped_column(BigId)


class Source(Struct, frozen=True):
    """Resource that uses another, or is used."""

    kind: str
    id: int


def ids_by_kind(references: Collection[Reference]) -> dict[str, list[int]]:
    """The ids of each kind, in order, so that all transactions lock them in the same order."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    for one in references:
        found[one.kind].add(one.id)
    return {kind: sorted(ids) for kind, ids in sorted(found.items())}


async def write_references(
    session: AsyncSession, organization_id: int, source: Source, references: Collection[Reference]
) -> None:
    """Keep that `source`, which is new or has been forgotten, uses all of these."""
    rows = [
        {
            "organization_id": organization_id,
            "source_kind": source.kind,
            "source_id": source.id,
            "target_kind": kind,
            "target_id": target,
        }
        for kind, ids in ids_by_kind(references).items()
        for target in ids
    ]
    await insert_values(session, ResourceReference, rows)


async def forget_references(session: AsyncSession, organization_id: int, source: Source) -> None:
    """`source` uses nothing any more."""
    await session.execute(
        delete(ResourceReference).where(
            ResourceReference.organization_id == organization_id,
            ResourceReference.source_kind == source.kind,
            ResourceReference.source_id == source.id,
        )
    )


async def users_of(session: AsyncSession, organization_id: int, target: Source) -> Sequence[Source]:
    """Some of those that use a resource. That it uses itself, as a callflow that begins anew does, is its own
    affair."""
    found = await session.execute(
        select(ResourceReference.source_kind, ResourceReference.source_id)
        .where(
            ResourceReference.organization_id == organization_id,
            ResourceReference.target_kind == target.kind,
            ResourceReference.target_id == target.id,
            or_(ResourceReference.source_kind != target.kind, ResourceReference.source_id != target.id),
        )
        .order_by(ResourceReference.source_kind, ResourceReference.source_id)
        .limit(_MOST_NAMED)
    )
    return [Source(*row) for row in found]
