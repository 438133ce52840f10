"""Who is told of a change hears of it before whoever made it is answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from switchroom.db.database import Database
from switchroom.errors import NotFound
from switchroom.identity.models import Organization
from switchroom.identity.secrets import Passwords
from switchroom.platform.schema import bring_up_to_date
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.menus import Menus
from switchroom.telephony.resources.resource import ListQuery
from switchroom.telephony.resources.service import Resources
from switchroom.telephony.resources.vault import Vault


async def test_a_change_is_there_when_it_is_told_of(tmp_path: Path) -> None:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    await bring_up_to_date(database)
    async with database.write(None) as session:
        organization = Organization(ulid="0" * 26, display_name="Acme")
        session.add(organization)
        await session.flush()
        actor = Actor(organization.id, Level.ADMIN)
    kind = Menus()
    seen: list[list[Any]] = []

    async def changed(organization_id: int) -> None:
        assert organization_id == actor.organization_id
        page = await resources.list(actor, kind, ListQuery(limit=10))
        seen.append([one["name"] for one in page.views])

    resources = Resources(database, Passwords(), Vault(b"secret"), [kind], "example.org", changed)
    made = await resources.make(actor, kind, kind.draft(name="Day"))
    assert seen == [["Day"]]
    await resources.change(actor, kind, made["id"], {"name": "Night"})
    assert seen == [["Day"], ["Night"]]
    await resources.delete(actor, kind, made["id"])
    assert seen == [["Day"], ["Night"], []]
    with pytest.raises(NotFound):
        await resources.delete(actor, kind, made["id"])
    assert len(seen) == 3
    await database.close()
