"""A call on its way through callflows: who it is from, and how far it has been forwarded."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, structs

from switchroom.telephony.routing.caller_id import Identity
from switchroom.telephony.routing.configuration import (
    Account,
    Calendar,
    Conference,
    Device,
    Group,
    Live,
    Menu,
    Trunk,
    User,
    VoicemailBox,
)
from switchroom.telephony.routing.destinations import NumberPlan
from switchroom.telephony.routing.flow import Node
from switchroom.telephony.routing.restrictions import Payer

MOST_FORWARDS = 50
"""Legs that one call may become by forwarding, over all of its branches."""
DEEPEST_FORWARD = 5


class Forwards(Struct, frozen=True):
    """Counter of forwards that travels with a call and its branches.

    `left` is shared out among the branches, so that all together make no more, whatever forwards to what.
    `by` names who has forwarded on the way here: nobody forwards the same call twice.
    """

    left: int = MOST_FORWARDS
    by: tuple[str, ...] = ()

    def allows(self, who: str) -> bool:
        return self.left > 0 and who not in self.by and len(self.by) < DEEPEST_FORWARD

    def onward(self, who: str, left: int) -> Forwards:
        """The counter of the branch that `who` forwards to, with its share of what is left."""
        return Forwards(left=left, by=(*self.by, who))


class Call(Struct, frozen=True, kw_only=True):
    """Call before it is answered.

    `caller` is the identity that the called parties are shown. `user_id` and `device_id` are the caller's
    inside the account, None for calls from a trunk. `digits` are those after a feature code. `withheld` is
    whether this call alone hides its number; with `auto_answer` phones are asked to answer by themselves.
    `identity` is what the public network is told of a forwarded call in place of the payer's own.
    """

    caller: Identity = Identity()
    user_id: int | None = None
    device_id: int | None = None
    dialled: str = ""
    digits: str = ""
    withheld: bool = False
    auto_answer: bool = False
    identity: Identity | None = None
    forwards: Forwards = Forwards()


class Flow(Struct, frozen=True, kw_only=True):
    """A callflow with all that it refers to: devices also of its users, members also of its groups, in `plan`
    the numbers that forwards and `external` nodes name. What is missing counts as deleted.

    `reachable` are the users and devices that the call may ring, by `member_key`, where closed groups are on
    for the caller or a forwarder; None for all.
    """

    id: int
    name: str = ""
    root: Node
    account: Account
    users: Mapping[int, User] = {}
    devices: Mapping[int, Device] = {}
    groups: Mapping[int, Group] = {}
    menus: Mapping[int, Menu] = {}
    calendars: Mapping[int, Calendar] = {}
    conferences: Mapping[int, Conference] = {}
    vmboxes: Mapping[int, VoicemailBox] = {}
    trunks: Mapping[int, Trunk] = {}
    plan: NumberPlan = NumberPlan()
    reachable: frozenset[str] | None = None
    live: Live = Live()

    def payer(self, user_id: int | None, device_id: int | None = None) -> Payer:
        """The payer by ids; a device pays with its owner."""
        device = self.devices.get(device_id) if device_id is not None else None
        owner_id = user_id if user_id is not None else device and device.owner_id
        return Payer(self.account, self.users.get(owner_id) if owner_id is not None else None, device)

    def with_live(self, live: Live) -> Flow:
        return structs.replace(self, live=live)
