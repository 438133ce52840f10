"""Rows of resources: the columns that the tables of resources share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from switchroom.db.base import Base, BigId, OfOrganization, now

LONGEST_NAME = 200


class ResourceRow(OfOrganization, Base):
    """A resource of an account. Fields that nothing is looked for by are in `details`, by their names;
    `search_text` is what a search finds it by, in folded case."""

    __abstract__ = True

    # The index of `resource_table` begins with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME), default="")
    search_text: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


class OwnedRow(ResourceRow):
    """A resource that may belong to a person of the account, by the id of their membership."""

    __abstract__ = True

    owner_id: Mapped[int | None] = mapped_column(
        ForeignKey("memberships.id", ondelete="SET NULL"), index=True
    )


def resource_table(name: str, *more: SchemaItem) -> tuple[Any, ...]:
    """The arguments of a resource's table, with further indexes and constraints. Ids are not used again."""
    in_order = Index(f"ix_{name}_in_order", "organization_id", "id")
    return (in_order, *more, {"sqlite_autoincrement": True})
