"""Every process learns that rooms have changed."""

from __future__ import annotations

from switchroom.bus import Bus
from switchroom.rooms.revisions import Revisions
from tests.platform import RunningPlatform, Tenant


def test_a_change_here_is_known_at_once(tenant: Tenant, running: RunningPlatform):
    of = running.platform.rooms.revisions.of
    organization_id = tenant.organization.id
    seen = [of(organization_id)]

    room_id = tenant.room()
    seen.append(of(organization_id))
    tenant.api("roomService/update", roomId=room_id, room={"displayName": "X"})
    seen.append(of(organization_id))
    tenant.api("roomService/sort", roomMoves=[{"roomId": room_id}])
    seen.append(of(organization_id))
    tenant.api("roomService/destroy", roomId=room_id)
    seen.append(of(organization_id))

    assert len(set(seen)) == len(seen)


def test_another_process_learns_of_it(tenant: Tenant, running: RunningPlatform):
    elsewhere = Revisions(running.platform.storage.database, Bus())
    tenant.room()
    running.run(elsewhere.refresh())
    before = elsewhere.of(tenant.organization.id)
    running.run(elsewhere.refresh())
    assert elsewhere.of(tenant.organization.id) == before

    tenant.room()
    running.run(elsewhere.refresh())

    assert elsewhere.of(tenant.organization.id) != before
