"""Deletion of a company by a mailed link, on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType


class CompanyDeletionKey(Struct, frozen=True):
    """The key in the link."""

    key: Annotated[str, Meta(max_length=128)]


class CompanyDeletionAnswer(Struct, frozen=True, rename="camel"):
    """State of the link: `expired` comes with `validUntil`, `unknown` with nothing, `deleted` (the
    answer to deleting) with the company's name, `open` with all."""

    state: Literal["open", "expired", "unknown", "deleted"]
    company_name: str | UnsetType = UNSET
    people: int | UnsetType = UNSET
    rooms: int | UnsetType = UNSET
    valid_until: datetime | UnsetType = UNSET
