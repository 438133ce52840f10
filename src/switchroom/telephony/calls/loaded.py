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
    """Why a call is not taken."""

    DEVICE_UNKNOWN = "device_unknown"
    DEVICE_DISABLED = "device_disabled"
    ACCOUNT_CLOSED = "account_closed"
    TRUNK_UNKNOWN = "trunk_unknown"
    TRUNK_DISABLED = "trunk_disabled"
    """It is not enabled, or not for incoming calls."""
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
    """How a trunk is reached. A `port` of 0 is the transport's own; without a password there is None.
    `shares_server` is the operator's word that its carrier may be another account's too."""

    server: str = ""
    port: int = 0
    transport: str = ""
    username: str = ""
    password: Secret | None = None
    shares_server: bool = False
    verifies_certificate: bool = True


class Caller(Struct, frozen=True, kw_only=True):
    """Who calls from a device, and what the number that was dialled leads to. Of the account's own numbers
    those are here that caller ids name, or the first."""

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
    """Where a call from a trunk leads: `number` is the called one as the account has it. `access` answers
    what the carrier asks for within the call."""

    account: Account
    trunk: Trunk
    access: TrunkAccess = TrunkAccess()
    number: str
    callflow_id: int


class LoadedFlow(Struct, frozen=True, kw_only=True):
    """A callflow, and how the trunks are reached that it may call over, by their ids."""

    flow: Flow
    trunk_accesses: Mapping[int, TrunkAccess] = {}
