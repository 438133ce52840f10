"""Results of loading for a call: who calls, where a call from a trunk leads, a callflow with what it uses."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.caller_id import internal_identity
from switchroom.telephony.routing.configuration import Account, Device, Trunk, User
from switchroom.telephony.routing.destinations import Destination, NumberPlan, destination_of
from switchroom.telephony.routing.restrictions import Payer


class Refused(StrEnum):
    """Reason for which a call is not taken."""

    DEVICE_UNKNOWN = "device_unknown"
    DEVICE_DISABLED = "device_disabled"
    ACCOUNT_CLOSED = "account_closed"
    TRUNK_UNKNOWN = "trunk_unknown"
    TRUNK_DISABLED = "trunk_disabled"
    """The trunk is not enabled, or not for incoming calls."""
    NUMBER_UNKNOWN = "number_unknown"


class Secret:
    """Secret text. No log, representation or JSON has it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(...)"


class TrunkAccess(Struct, frozen=True):
    """Access to a trunk. A `port` of 0 is the transport's own; `password` is None for a trunk without one.
    `shares_server` is the operator's word that its carrier may be another account's too."""

    server: str = ""
    port: int = 0
    transport: str = ""
    username: str = ""
    password: Secret | None = None
    shares_server: bool = False
    verifies_certificate: bool = True


class Caller(Struct, frozen=True, kw_only=True):
    """Caller from a device, and the number plan that says where the dialled number leads. Of the account's
    own numbers `account` has those that caller ids name, and the first."""

    account: Account
    device: Device
    user: User | None = None
    dialled: str
    plan: NumberPlan = NumberPlan()

    @property
    def payer(self) -> Payer:
        return Payer(self.account, self.user, self.device)

    @property
    def destination(self) -> Destination:
        return destination_of(self.dialled, self.payer.country, self.plan)

    @property
    def call(self) -> Call:
        """The call before it comes to a flow."""
        return Call(
            caller=internal_identity(self.payer),
            user_id=self.user.id if self.user is not None else None,
            device_id=self.device.id,
            dialled=self.dialled,
        )


class Incoming(Struct, frozen=True, kw_only=True):
    """Call from a trunk, and the callflow that it leads to: `number` is the called number as the account has
    it. `access` has the credentials that the carrier asks for within the call."""

    account: Account
    trunk: Trunk
    access: TrunkAccess = TrunkAccess()
    number: str
    callflow_id: int


class LoadedFlow(Struct, frozen=True, kw_only=True):
    """A callflow, and how the trunks are reached that it may call over, by their ids."""

    flow: Flow
    trunk_accesses: Mapping[int, TrunkAccess] = {}
