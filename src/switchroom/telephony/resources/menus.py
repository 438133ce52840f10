"""Menus: a caller hears a greeting and chooses by keys."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from msgspec import Meta, Struct

from switchroom.telephony.resources.fields import END, Id, Name
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import ResourceRow, resource_table

_Beginning = Annotated[str, Meta(pattern=f"^\\^?[0-9*#?]{{1,35}}{END}")]
_Beginnings = Annotated[list[_Beginning], Meta(max_length=100)]


class Hunt(Struct, frozen=True):
    """Extensions of the account that can be dialled from the menu: those that begin as one of `allow` says
    (any, where it is empty) and as none of `deny`. A beginning is of keys, `?` for any; it may be
    written with `^` before it."""

    allow: _Beginnings = []
    deny: _Beginnings = []


class Menu(Struct, frozen=True, kw_only=True):
    """A menu: its greeting, how often and for how many seconds it waits for keys, and what can be dialled
    from it."""

    name: Name
    media_id: Id | None = None
    retries: Annotated[int, Meta(ge=1, le=10)] = 3
    timeout: Annotated[int, Meta(ge=1, le=60)] = 10
    hunt: Hunt | None = None


class MenuRow(ResourceRow):
    __tablename__ = "menus"
    __table_args__ = resource_table("menus")


class Menus(Resource[Menu, MenuRow]):
    name, singular = "menus", "menu"
    draft, table = Menu, MenuRow

    def references(self, draft: Menu) -> Iterable[Reference]:
        if draft.media_id is not None:
            yield Reference("media_id", "medias", draft.media_id)
