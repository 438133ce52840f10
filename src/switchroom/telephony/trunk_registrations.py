"""Trunks at their carriers: registered there, and known by their addresses when calls come in."""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import structlog
from cryptography.fernet import InvalidToken
from msgspec import Struct
from prometheus_client import Gauge

from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.engines.kamailio.configuration import Interfaces, read_interfaces
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.grammar import clean
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.registration import Binding, Outcome, Registration
from switchroom.engines.sip.uri import Uri, escape_user
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.errors import Unavailable
from switchroom.identity.notices import OrganizationClosed
from switchroom.jobs.lease import LeaseLost
from switchroom.jobs.singleton import HeldLease, Singleton
from switchroom.sanitize import text
from switchroom.tasks import set_within
from switchroom.telephony.carrier_certificates import (
    CarrierCertificates,
    CertificateRefused,
    CertificateUnknown,
)
from switchroom.telephony.carriers import (
    CarrierAddresses,
    CarrierForbidden,
    CarrierUnknown,
    Hop,
    port_of,
    transport_of,
)
from switchroom.telephony.resources.trunk_states import TrunkCondition, TrunkState
from switchroom.telephony.resources.trunks import Trunks, TrunksChanged
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.trunk_store import Condition, ConfiguredTrunk, TrunkStore

LOOK_EVERY = 5.0
"""Seconds between two looks for a SIP server, where none has been configured yet."""

GATHER = 0.1
"""Seconds for which changes of trunks are gathered."""

COMPARE_EVERY = 30.0
"""Seconds after which all trunks are read anew: a notice may have been lost."""

RESOLVE_EVERY = 60.0
"""Seconds after which the addresses of a server are looked at again."""

_UNREGISTER_LIMIT = 3.0
_MOST_HOPS = 4
_SKIPPED_NUMBERS = 1000
"""CSeq numbers that are skipped after the stored one: how many were sent since is not known."""

_GOES_ON = frozenset({408, 430, 500, 502, 503, 504})
"""Statuses after which the next address of the server is tried (RFC 3263 section 4.3)."""

TRUNKS = Gauge(
    "switchroom_trunks",
    "Trunks that are enabled, by their condition.",
    ["condition"],
    multiprocess_mode="livemostrecent",
)

log = structlog.stdlib.get_logger(__name__)


class OwnSide(Struct, frozen=True):
    """Address at which carriers reach us, as Contact says it."""

    host: str
    port: int = 5060
    tls_port: int = 5061


class TrunkRegistrations:
    """Upkeep of the trunks' registrations and addresses, in one process at a time. What is changed counts
    within a second; a registration is withdrawn when its trunk is deleted, disabled or leads elsewhere, and
    stays when the process ends: the next one renews it."""

    def __init__(
        self,
        database: Database,
        bus: Bus,
        directory: Path,
        trunks: Trunks,
        vault: Vault,
        carriers: CarrierAddresses,
        certificates: CarrierCertificates,
        own: OwnSide,
    ) -> None:
        """`directory` is Kamailio's."""
        self._database = database
        self._directory = directory
        self._trunks = trunks
        self._vault = vault
        self._carriers = carriers
        self._certificates = certificates
        self._own = own
        self._changed = asyncio.Event()
        self._singleton = Singleton(database, bus, "trunk registrations")
        bus.subscribe(TrunksChanged, self._wake)
        bus.subscribe(OrganizationClosed, self._wake)

    async def run(self) -> None:
        """Keep them so, until cancelled."""
        interfaces = read_interfaces(self._directory)
        while interfaces is None:
            await asyncio.sleep(LOOK_EVERY)
            interfaces = read_interfaces(self._directory)
        there = interfaces

        async def keep(lease: HeldLease) -> None:
            await self._keep(lease, there)

        await self._singleton.run(keep)

    async def _wake(self, _: TrunksChanged | OrganizationClosed) -> None:
        self._changed.set()

    async def _keep(self, lease: HeldLease, interfaces: Interfaces) -> None:
        agent = await UserAgent.open(
            ("127.0.0.1", interfaces.trunks_port),
            AgentOptions(next_hop=("127.0.0.1", interfaces.core_port)),
            _NoCalls(),
        )
        store = TrunkStore(self._database, lease, self._trunks)
        tasks: dict[int, _TrunkTask] = {}
        try:
            while True:
                self._changed.clear()
                wanted = await store.configured()
                await self._end_others(tasks, wanted)
                states = await store.prepare(wanted)
                for trunk_id, trunk in wanted.items():
                    if trunk_id not in tasks:
                        registration = self._registration(agent, trunk, states[trunk_id])
                        tasks[trunk_id] = _TrunkTask(
                            trunk,
                            self._carriers,
                            self._certificates,
                            store,
                            registration,
                            lambda: _count(tasks),
                        )
                _count(tasks)
                for task in tasks.values():
                    task.check()
                await set_within(self._changed, COMPARE_EVERY)
                await asyncio.sleep(GATHER)
        finally:
            await asyncio.gather(*(task.stop() for task in tasks.values()))
            agent.close()

    async def _end_others(self, tasks: dict[int, _TrunkTask], wanted: Mapping[int, ConfiguredTrunk]) -> None:
        ended = [task for id_, task in tasks.items() if wanted.get(id_) != task.trunk]
        for task in ended:
            del tasks[task.trunk.id]
        await asyncio.gather(*(task.end() for task in ended))

    def _registration(
        self, agent: UserAgent, trunk: ConfiguredTrunk, state: TrunkState
    ) -> Registration | None:
        """None for a trunk that is known by its address."""
        if not trunk.username:
            return None
        user, at, domain = trunk.username.rpartition("@")
        address = NameAddr(Uri("sip", escape_user(user if at else domain), domain if at else _host(trunk)))
        transport = transport_of(trunk.transport)
        parameters: dict[str, str | None] = {} if transport == "udp" else {"transport": transport}
        port = trunk.port if trunk.port and trunk.port != port_of(0, transport) else None
        binding = Binding(
            registrar=str(Uri("sip", "", _host(trunk), port, parameters)),
            address=address,
            contact=Uri(
                "sip",
                state.token,
                self._own.host,
                self._own.tls_port if transport == "tls" else self._own.port,
                parameters,
            ),
            credentials=self._credentials(trunk),
        )
        return Registration(agent, binding, call_id=state.call_id, number=state.sequence + _SKIPPED_NUMBERS)

    def _credentials(self, trunk: ConfiguredTrunk) -> Credentials | None:
        if not trunk.password_encrypted:
            return None
        try:
            return Credentials(trunk.username, self._vault.decrypt(trunk.password_encrypted))
        except InvalidToken:
            log.error("password of a trunk was encrypted with another secret", trunk_id=trunk.id)
            return None


class _TrunkTask:
    """Task of one trunk: it finds the server of the trunk, and registers there."""

    def __init__(
        self,
        trunk: ConfiguredTrunk,
        carriers: CarrierAddresses,
        certificates: CarrierCertificates,
        store: TrunkStore,
        registration: Registration | None,
        on_change: Callable[[], None],
    ) -> None:
        self.trunk = trunk
        self.condition: TrunkCondition | None = None
        self._on_change = on_change
        self._carriers = carriers
        self._certificates = certificates
        self._store = store
        self._registration = registration
        self._hop: Hop | None = None
        self._hops: frozenset[Hop] = frozenset()
        self._is_known = False
        self._due = -math.inf
        self._told: Condition | None = None
        self._task = asyncio.create_task(self._run(), name=f"trunk {trunk.id}")

    def check(self) -> None:
        """Raises what has ended the work, such as LeaseLost."""
        if self._task.done():
            self._task.result()

    async def stop(self) -> None:
        """End the work, and leave the registration as it is."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def end(self) -> None:
        """End the work, and withdraw the registration."""
        await self.stop()
        if self._registration is None or self._hop is None:
            return
        try:
            async with asyncio.timeout(_UNREGISTER_LIMIT):
                await self._registration.unregister(self._next_hop(self._hop))
        except TimeoutError:
            log.info("trunk not unregistered: no answer", trunk_id=self.trunk.id)

    async def _run(self) -> None:
        while True:
            try:
                pause = await self._look()
            except Unavailable as error:
                log.warning("state of a trunk not written", trunk_id=self.trunk.id, reason=error.code)
                pause = LOOK_EVERY
            except LeaseLost:
                raise
            except Exception:
                # An answer of a carrier, or a setting of a tenant, ends no work for others.
                log.exception("trunk not looked after", trunk_id=self.trunk.id)
                pause = LOOK_EVERY
            await asyncio.sleep(pause)

    async def _look(self) -> float:
        """Do what is due; the seconds until something is again."""
        trunk = self.trunk
        try:
            hops = await self._carriers.find(trunk.server, trunk.port, trunk.transport)
        except CarrierForbidden as error:
            await self._store.claim(trunk, ())
            await self._be_at(())
            await self._tell(Condition(condition=TrunkCondition.FORBIDDEN, reason=str(error)))
            return RESOLVE_EVERY
        except CarrierUnknown as error:
            await self._tell(Condition(condition=TrunkCondition.UNRESOLVED, reason=str(error)))
            return LOOK_EVERY
        if trunk.is_checked:
            try:
                hops = await self._certificates.right(trunk.server, hops)
            except CertificateRefused as error:
                await self._store.claim(trunk, ())
                await self._be_at(())
                await self._tell(Condition(condition=TrunkCondition.FORBIDDEN, reason=str(error)))
                return RESOLVE_EVERY
            except CertificateUnknown as error:
                await self._tell(Condition(condition=TrunkCondition.UNANSWERED, reason=str(error)))
                return LOOK_EVERY
        found, hops = hops, await self._store.claim(trunk, hops)
        if self._hop is not None and self._hop not in hops:
            self._hop, self._due = None, -math.inf
        await self._be_at(hops)
        if not hops:
            await self._tell(Condition(condition=TrunkCondition.FORBIDDEN, reason=_taken(found)))
            return LOOK_EVERY
        if self._registration is None:
            await self._tell(Condition(condition=TrunkCondition.BY_ADDRESS))
            return RESOLVE_EVERY
        if time.monotonic() >= self._due:
            await self._register(self._registration, hops)
        return min(max(self._due - time.monotonic(), 0), RESOLVE_EVERY)

    async def _register(self, registration: Registration, hops: Sequence[Hop]) -> None:
        """At the address where it is registered, else at the first that takes it."""
        first = () if self._hop is None else (self._hop,)
        outcome = Outcome(408, "no answer")
        for hop in dict.fromkeys((*first, *hops[:_MOST_HOPS])):
            outcome = await registration.register(self._next_hop(hop))
            if outcome.is_registered:
                self._hop = hop
            if outcome.status not in _GOES_ON:
                break
        else:
            self._hop = None
        self._due = time.monotonic() + registration.pause(outcome)
        await self._tell(_condition(outcome))

    def _next_hop(self, hop: Hop) -> tuple[tuple[str, str], ...]:
        return hop.headers(verifies_certificate=self.trunk.verifies_certificate)

    async def _be_at(self, hops: Sequence[Hop]) -> None:
        """Have calls of the trunk known by these addresses."""
        places = frozenset(hops) if self.trunk.takes_calls else frozenset[Hop]()
        if not self._is_known or places != self._hops:
            await self._store.write_addresses(self.trunk, places)
            self._hops, self._is_known = places, True

    async def _tell(self, condition: Condition) -> None:
        if condition == self._told:
            return
        if self._told is None or condition.condition is not self._told.condition:
            log.info("trunk", trunk_id=self.trunk.id, condition=condition.condition, reason=condition.reason)
        number = 1 if self._registration is None else self._registration.number
        await self._store.note(self.trunk, condition, number)
        self._told = condition
        self.condition = condition.condition
        self._on_change()


def _count(tasks: Mapping[int, _TrunkTask]) -> None:
    found = Counter(task.condition for task in tasks.values())
    for condition in TrunkCondition:
        TRUNKS.labels(condition.value).set(found[condition])


class _NoCalls:
    """Owner of a user agent that only registers."""

    def on_call(self, call: IncomingCall) -> None:
        call.refuse(403)

    def on_message(self, request: Request) -> int:
        return 403


def _condition(outcome: Outcome) -> Condition:
    if outcome.is_registered:
        until = now() + timedelta(seconds=outcome.expires)
        return Condition(condition=TrunkCondition.REGISTERED, code=outcome.status, expires_at=until)
    is_silent = outcome.status in (408, 503, 504)
    condition = TrunkCondition.UNANSWERED if is_silent else TrunkCondition.REFUSED
    return Condition(condition=condition, code=outcome.status, reason=text(clean(outcome.reason)))


def _taken(hops: Sequence[Hop]) -> str:
    places = ", ".join(hop.address for hop in hops)
    return f"another account has the carrier at {places}; the operator may allow to share it"


def _host(trunk: ConfiguredTrunk) -> str:
    """The server as it stands in a URI."""
    server = trunk.server
    return f"[{server}]" if ":" in server and not server.startswith("[") else server
