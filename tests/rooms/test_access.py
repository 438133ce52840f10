"""Who may enter: the rule in Python and the rule in SQL are one rule."""

from __future__ import annotations

import itertools

import pytest

from switchroom.identity.permissions import Standing
from tests.platform import Tenant

ENTRIES = (None, "ROLE_NO_ACCESS", "ROLE_SPECTATOR", "ROLE_MODERATOR")
DEFAULTS = (None, "ROLE_NO_ACCESS", "ROLE_SPECTATOR", "ROLE_PARTICIPANT")


@pytest.mark.parametrize("standing", list(Standing))
def test_joinable_rooms_are_those_one_may_join(tenant: Tenant, standing: Standing):
    person = tenant.person(standing)
    rooms: dict[str, tuple[str | None, str | None]] = {}
    for entry, default in itertools.product(ENTRIES, DEFAULTS):
        room_id = tenant.room(
            f"{entry} {default}",
            defaultPermissions={"role": default} if default else None,
            permissions={person.id: {"role": entry}} if entry else {},
        )
        rooms[room_id] = (entry, default)

    listed = tenant.api(
        "roomService/list", token=person.token, skipFlags=["SKIP_UNJOINABLE"], filterRoomIds=list(rooms)
    )["rooms"]

    for room_id, (entry, default) in rooms.items():
        permissions = tenant.api("roomService/permissions", roomId=room_id, userId=person.id).get(
            "permissions", {}
        )
        may_join = permissions.get("join", False)
        assert (room_id in listed) == may_join, (entry, default)
        if entry is not None:
            assert may_join == (entry != "ROLE_NO_ACCESS")
        elif standing is Standing.ADMINISTRATOR:
            assert permissions["admin"]
        else:
            assert may_join == (default not in (None, "ROLE_NO_ACCESS"))
            assert permissions.get("promote", False) == (may_join and standing is Standing.MODERATOR)
