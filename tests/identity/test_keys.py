"""Keys with a level and permissions."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from switchroom.errors import Forbidden, Invalid, NotFound, Unauthenticated
from switchroom.identity.keys import KeyPermission, PlatformKeys
from switchroom.identity.models import PlatformKey
from tests.platform import RunningPlatform, Tenant

BOTH = KeyPermission.ACCOUNT | KeyPermission.MEETING


def test_a_key_of_the_platform_and_one_of_an_organization(running: RunningPlatform, tenant: Tenant):
    keys = running.platform.identity.keys
    whole = running.run(keys.create("  Portal ", BOTH))
    own = running.run(keys.create("CRM", KeyPermission.MEETING, tenant.organization))

    holder = running.run(keys.authenticate(whole))
    assert (holder.name, holder.organization_id, holder.is_of_platform) == ("Portal", None, True)
    holder.require(KeyPermission.ACCOUNT)
    holder.require(KeyPermission.MEETING)
    holder = running.run(keys.authenticate(own))
    assert (holder.organization_id, holder.is_of_platform) == (tenant.organization.id, False)
    holder.require(KeyPermission.MEETING)
    with pytest.raises(Forbidden) as error:
        holder.require(KeyPermission.ACCOUNT)
    assert error.value.code == "key_permission_missing"


def test_a_key_is_not_kept(running: RunningPlatform):
    key = running.run(running.platform.identity.keys.create("Secret", BOTH))

    async def rows() -> list[str]:
        async with running.platform.storage.database.read(None) as session:
            return [str(vars(row)) for row in await session.scalars(select(PlatformKey))]

    assert len(key) == 40
    assert not [row for row in running.run(rows()) if key in row]


@pytest.mark.parametrize("wrong", ["", "x", "ü", "0" * 40, "x" * 10_000])
def test_what_is_no_key(running: RunningPlatform, wrong: str):
    with pytest.raises(Unauthenticated) as error:
        running.run(running.platform.identity.keys.authenticate(wrong))
    assert error.value.code == "key_invalid"


def test_a_key_that_is_deleted(running: RunningPlatform):
    keys = running.platform.identity.keys
    key, other = running.run(keys.create("Gone", BOTH)), running.run(keys.create("Stays", BOTH))
    holder = running.run(keys.authenticate(key))
    running.run(keys.delete(holder.key_id))

    with pytest.raises(Unauthenticated):
        running.run(keys.authenticate(key))
    with pytest.raises(NotFound):
        running.run(keys.delete(holder.key_id))
    assert running.run(keys.authenticate(other)).name == "Stays"
    listed = running.run(keys.list())
    assert holder.key_id not in [row.id for row, _ in listed]
    assert listed[-1][0].name == "Stays"


@pytest.mark.parametrize("name", ["", "  ", "x" * 101])
def test_names_that_are_refused(running: RunningPlatform, name: str):
    with pytest.raises(Invalid) as error:
        running.run(running.platform.identity.keys.create(name, BOTH))
    assert error.value.path == "name"


def test_a_key_that_another_process_deletes_is_good_for_a_moment_more(running: RunningPlatform):
    keys, elsewhere = running.platform.identity.keys, PlatformKeys(running.platform.storage.database)
    key = running.run(keys.create("Gone elsewhere", BOTH))
    holder = running.run(keys.authenticate(key))
    running.run(elsewhere.delete(holder.key_id))

    async def refused() -> None:
        async with asyncio.timeout(60):
            while True:
                try:
                    await keys.authenticate(key)
                except Unauthenticated:
                    return
                await asyncio.sleep(0.05)

    running.run(refused())
