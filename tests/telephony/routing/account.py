"""An account with phones, and calls that come to its callflows as a caller experiences them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from switchroom.telephony.routing.actions import (
    Action,
    DeviceTarget,
    Event,
    Finished,
    Jumped,
    JumpTo,
    NumberTarget,
    Ring,
    Started,
)
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.caller_id import Identity
from switchroom.telephony.routing.configuration import (
    Account,
    Calendar,
    CallerId,
    CallerIdEntry,
    Conference,
    Device,
    Group,
    GroupMember,
    Hunt,
    Live,
    Menu,
    Trunk,
    User,
    VoicemailBox,
)
from switchroom.telephony.routing.destinations import NumberPlan
from switchroom.telephony.routing.flow import Node, decode
from switchroom.telephony.routing.interpreter import start, step
from switchroom.telephony.routing.opening_hours import spans_of
from switchroom.telephony.routing.state import State
from switchroom.telephony.routing.state import decode as decode_state
from switchroom.telephony.routing.state import encode as encode_state

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
MAIN = "+4930123450"
CALLER = Identity(name="Käthe Groß", number="+4915112345678")

WORKDAYS = """BEGIN:VCALENDAR
BEGIN:VEVENT
UID:1
DTSTART:20260105T090000
DTEND:20260105T170000
RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")

ANNA, BERT, CARLA = 1, 2, 3
"""Users; each has the phone of ten times the id, Anna one more, 11."""

ACCOUNT = Flow(
    id=900,
    root=decode({"module": "hangup"}),
    account=Account(
        id=1,
        time_zone="Europe/Berlin",
        numbers=frozenset({MAIN}),
        caller_id=CallerId(external=CallerIdEntry(name="Bäckerei", number=MAIN)),
    ),
    users={
        ANNA: User(id=ANNA, first_name="Anna", extension="100"),
        BERT: User(id=BERT, first_name="Bert", extension="101"),
        CARLA: User(id=CARLA, first_name="Carla", extension="102"),
    },
    devices={
        10: Device(id=10, owner_id=ANNA),
        11: Device(id=11, owner_id=ANNA),
        20: Device(id=20, owner_id=BERT),
        30: Device(id=30, owner_id=CARLA),
    },
    groups={
        5: Group(
            id=5, members=(GroupMember(ANNA), GroupMember(BERT, delay=5, timeout=10), GroupMember(CARLA))
        )
    },
    menus={6: Menu(id=6, media_id=66), 7: Menu(id=7, media_id=77, hunt=Hunt())},
    calendars={8: Calendar(id=8, spans=spans_of(WORKDAYS, "Europe/Berlin", NOON))},
    conferences={9: Conference(id=9, has_pin=True, members_join_muted=True), 91: Conference(id=91)},
    vmboxes={4: VoicemailBox(id=4, mailbox="100", owner_id=ANNA)},
    trunks={1: Trunk(id=1, trunk_order=1), 2: Trunk(id=2, trunk_order=2)},
    plan=NumberPlan(numbers={"100": 901, "101": 902, MAIN: 900}),
    live=Live(registered=frozenset({10, 11, 20, 30})),
)


class CallInFlow:
    """A call to a flow, given as an integrator sends it. Its state is saved and read before each event."""

    def __init__(
        self,
        flow: Mapping[str, Any] | Node,
        account: Flow = ACCOUNT,
        *,
        call: Call | None = None,
        others: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        root = flow if isinstance(flow, Node) else decode(flow)
        self.flow = replace(account, root=root)
        self.others = {
            id_: replace(account, id=id_, root=decode(other)) for id_, other in (others or {}).items()
        }
        self.others[self.flow.id] = self.flow
        self.state: State = start(self.flow, call or Call(caller=CALLER))
        self.now = NOON

    def begins(self) -> Action | None:
        """The first action, once the call is answered where it has to be."""
        return self.then(Started())

    def then(self, event: Event, *, after: float = 0) -> Action | None:
        self.now += timedelta(seconds=after)
        self.state, action = step(self.flow, decode_state(encode_state(self.state)), event, self.now)
        return action

    def jumps(self, action: Action | None) -> Action | None:
        """Follow a jump."""
        assert isinstance(action, JumpTo)
        assert action.callflow_id is not None
        self.flow = self.others[action.callflow_id]
        return self.then(Jumped())

    def answered(self) -> Action | None:
        """The first action after the answer that it needs."""
        self.begins()
        return self.then(Finished())


def rung(action: Action | None) -> list[int | str]:
    """The devices and numbers that ring."""
    assert isinstance(action, Ring), action
    return [one.device_id if isinstance(one, DeviceTarget) else one.number for one in action.targets]


def forwards(action: Action | None) -> list[NumberTarget]:
    assert isinstance(action, Ring), action
    return [one for one in action.targets if isinstance(one, NumberTarget)]
