"""What one account has configured, however much, takes the loop of a worker from nobody."""

from __future__ import annotations

import time
from typing import Any

from msgspec import to_builtins

from switchroom.telephony.resources.devices import Device, DeviceDraft
from switchroom.telephony.resources.fields import CallerId, CallForward, ExternalIdentity
from switchroom.telephony.resources.groups import Group, GroupRow, Member
from switchroom.telephony.routing.actions import Ring
from switchroom.telephony.routing.call import Call
from tests.platform import Tenant
from tests.telephony.calls.office import Office
from tests.telephony.calls.test_calendar_hours import held_up, longest_hold

GROUPS, MEMBERS, MOST_RUNG = 8, 490, 200


def rings_everybody(office: Office) -> int:
    """A callflow to groups after each other, all full, and each with all within."""
    realm: str = office.api("GET", "/accounts")["realm"]

    async def store() -> list[int]:
        async with office.running.platform.storage.database.write(office.organization.id) as session:
            groups: list[int] = []
            for number in range(GROUPS):
                phones = [
                    Device(
                        name=f"{number}-{one}",
                        username=f"phone{number}x{one}",
                        realm=realm,
                        details=to_builtins(
                            DeviceDraft(
                                name="Telefon",
                                caller_id=CallerId(
                                    external=ExternalIdentity(number=f"+49301{number}{one:04}")
                                ),
                                call_forward=CallForward(enabled=True, number=f"+49302{number}{one:04}"),
                            )
                        ),
                    )
                    for one in range(MEMBERS)
                ]
                session.add_all(phones)
                await session.flush()
                members = [Member(member_id=one.id, member_type="device") for one in phones]
                members += [Member(member_id=one, member_type="group") for one in groups]
                row = GroupRow(name="Halle", details=to_builtins(Group(name="Halle", members=members)))
                session.add(row)
                await session.flush()
                groups.append(row.id)
            return groups

    flow: dict[str, Any] = {"module": "hangup", "data": {}, "children": {}}
    for id_ in office.running.run(store()):
        flow = {"module": "group", "data": {"id": id_}, "children": {"_": flow}}
    return office.stored(flow)


def test_groups_of_thousands_are_loaded_while_others_go_on(tenant: Tenant) -> None:
    office = Office(tenant.running, tenant.organization, f"+493018{tenant.organization.id:05}")
    flow = rings_everybody(office)

    loaded, longest = office.running.run(held_up(office.loader, office, flow))

    assert loaded is not None
    assert len(loaded.flow.devices) == GROUPS * MOST_RUNG, "of each those that it can ring"
    assert longest < longest_hold()
    call = office.comes_to(flow, Call())
    began = time.thread_time()
    ring = call.begins()
    took = time.thread_time() - began
    assert took < longest_hold()
    assert isinstance(ring, Ring)
