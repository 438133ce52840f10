"""Load of telephone calls: a platform with its engines and accounts with phones, and sipp as the phones."""

from __future__ import annotations

import asyncio
import csv
import socket
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from msgspec import Struct

from switchroom.engines.ports import free_port
from switchroom.engines.sip.address import NameAddr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.events import Answered, Ended, Failed, Progress, SessionEvent
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.session import Session
from switchroom.engines.sip.uri import parse_uri
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.identity.keys import KeyPermission
from switchroom.platform.build import Platform
from switchroom.platform.telephony import TelephonyServices
from switchroom.settings import Settings, TelephonySettings
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.drafts import draft_of

SCENARIOS = Path(__file__).with_name("sipp")
PASSWORD = "a-password-of-phones"


class Caller(Struct, frozen=True):
    """A phone that calls: its name, the realm of its account, and the account."""

    username: str
    realm: str
    organization_id: int


class Load(Struct, frozen=True):
    """A platform that is called, accounts whose number 201 rings a phone at the port `called`, and the phones
    that call. `place` is where what is written goes."""

    platform: Platform
    place: Path
    called: int
    callers: Sequence[Caller]

    @property
    def server(self) -> tuple[str, int]:
        return "127.0.0.1", self.platform.settings.telephony.sip_port

    async def call(self, calls: int, rate: float, scenario: str = "uac_with_password.xml") -> Called:
        """Make calls, so many a second, by all the phones in turn."""
        names = self.place / "callers.csv"
        secret = f"password={PASSWORD}]"
        rows = [
            f"{one.username};[authentication username={one.username} {secret};{one.realm}"
            for one in self.callers
        ]
        names.write_text("\n".join(["SEQUENTIAL", *rows, ""]))
        scenarios = [*("-sf", str(SCENARIOS / scenario)), *("-inf", str(names))]
        return await call(self.place, self.server, scenarios, calls, rate)


class Called(Struct, frozen=True):
    """What came of calls. `delays` are the milliseconds from the first INVITE to the 180, where it rang; of
    sipp in steps of its clock, 4 ms or more."""

    failed: int
    delays: Sequence[float]


@asynccontextmanager
async def loaded(place: Path, *, accounts: int, workers: int = 1) -> AsyncGenerator[Load]:
    """A platform with so many accounts, alone on free ports, until the block ends. Nothing is at the port
    that is called; see `phone_that_answers`."""
    telephony = TelephonySettings(sip_port=free_port(), workers=workers)
    settings = Settings(host="127.0.0.1", port=free_port(), data=str(place / "data"), telephony=telephony)
    settings.data_directory.mkdir(parents=True)
    platform = Platform(settings, engines=True)
    async with platform.running(), platform.online():
        called = free_port()
        yield Load(platform, place, called, await _accounts(platform, called, accounts))


async def make(
    telephony: TelephonyServices, actor: Actor, kind: str, values: dict[str, object]
) -> dict[str, object]:
    """Make a resource, as its API does; with all its fields."""
    one = telephony.resources.kinds[kind]
    made = await telephony.resources.make(actor, one, draft_of(values, one.draft))
    return await telephony.resources.read(actor, one, int(str(made["id"])))


async def _accounts(platform: Platform, called: int, accounts: int) -> list[Caller]:
    callers: list[Caller] = []
    telephony = platform.telephony
    server = ("127.0.0.1", platform.settings.telephony.sip_port)
    agent = await UserAgent.open(("127.0.0.1", called), AgentOptions(next_hop=server), _Nobody())
    for number in range(accounts):
        organization = await platform.found_organization(f"Bench {number}")
        await platform.identity.keys.create("bench", KeyPermission.TELEPHONY, organization)
        actor = Actor(organization.id, Level.ADMIN)
        caller = await make(telephony, actor, "devices", {"name": "Caller", "password": PASSWORD})
        answering = await make(telephony, actor, "devices", {"name": "Answers", "password": PASSWORD})
        flow = {"module": "device", "data": {"id": answering["id"]}, "children": {}}
        await make(telephony, actor, "callflows", {"name": "201", "numbers": ["201"], "flow": flow})
        kind = telephony.resources.kinds["accounts"]
        realm = str((await telephony.resources.read(actor, kind, organization.id))["realm"])
        await _register(agent, answering["username"], realm)
        callers.append(Caller(str(caller["username"]), realm, organization.id))
    agent.close()
    await _until_free(called)
    return callers


async def _until_free(port: int) -> None:
    """Wait until a socket is closed, some turns of the loop after its transport: sipp does not wait."""
    async with asyncio.timeout(5):
        while True:
            with socket.socket(type=socket.SOCK_DGRAM) as probe:
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    pass
                else:
                    return
            await asyncio.sleep(0.01)


class _Nobody:
    def on_call(self, call: IncomingCall) -> None:
        call.refuse()

    def on_message(self, request: Request) -> int:
        return 405


async def _register(agent: UserAgent, username: object, realm: str) -> None:
    """Register a phone at the agent's port: calls go to where a phone has registered from."""
    address = NameAddr(parse_uri(f"sip:{username}@{realm}"))
    await agent.request(
        "REGISTER",
        f"sip:{realm}",
        from_=address,
        to=address,
        headers=[("Contact", f"<sip:{username}@127.0.0.1:{agent.local[1]}>"), ("Expires", "3600")],
        credentials=Credentials(str(username), PASSWORD),
    )


async def timed_calls(load: Load, calls: int, rate: float) -> Called:
    """Make calls, so many a second, by all the phones in turn, from this process: its clock is finer than
    sipp's."""
    options = AgentOptions(next_hop=load.server, contact_user="phone")
    agent = await UserAgent.open(("127.0.0.1", 0), options, _Nobody())
    try:
        begun: list[_TimedCall] = []
        for number in range(calls):
            begun.append(_TimedCall(agent, load.callers[number % len(load.callers)]))
            await asyncio.sleep(1 / rate)
        async with asyncio.timeout(60):
            await asyncio.gather(*(one.over for one in begun))
    finally:
        agent.close()
    delays = [one.delay for one in begun if one.delay is not None]
    return Called(sum(not one.was_answered for one in begun), delays)


class _TimedCall:
    """A call of 201, which is ended as soon as it is answered."""

    def __init__(self, agent: UserAgent, caller: Caller) -> None:
        self.delay: float | None = None
        self.was_answered = False
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = time.perf_counter()
        agent.call(
            f"sip:201@{caller.realm}",
            self._listen,
            from_=NameAddr(parse_uri(f"sip:{caller.username}@{caller.realm}")),
            sdp=_OFFER,
            credentials=Credentials(caller.username, PASSWORD),
        )

    def _listen(self, session: Session, event: SessionEvent) -> None:
        match event:
            case Progress(status=180) if self.delay is None:
                self.delay = (time.perf_counter() - self._began) * 1000
            case Answered():
                self.was_answered = True
                session.bye()
            case Failed() | Ended() if not self.over.done():
                self.over.set_result(None)
            case _:
                pass


_OFFER = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    b"m=audio 9 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
)


class PhoneError(Exception):
    """A phone of the load ended before the load did; the message has what it wrote."""


@asynccontextmanager
async def phone_that_answers(
    place: Path, port: int, scenario: str = "uas.xml", arguments: Sequence[str] = ()
) -> AsyncGenerator[None]:
    """A phone at the port that takes any number of calls, until the block ends."""
    command = ["sipp", *("-sf", str(SCENARIOS / scenario)), *("-i", "127.0.0.1"), *("-p", str(port))]
    # The SIP server asks phones from time to time whether they are there.
    command += ["-nostdin", "-aa", *("-l", "5000"), *arguments]
    log = place / f"phone-{port}.log"
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=file, cwd=place
        )
    try:
        yield
        if process.returncode is not None:
            raise PhoneError(
                f"sipp ended with {process.returncode}: {log.read_text(errors='replace')[-500:]}"
            )
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def call(
    place: Path, server: tuple[str, int], scenario: Sequence[str], calls: int, rate: float
) -> Called:
    """Make the calls of a scenario of sipp."""
    statistics = place / "calls.csv"
    _forget(place, statistics)
    command = [
        "sipp", *scenario, *("-i", "127.0.0.1"), *("-p", str(free_port())), *_rate(rate),
        *("-m", str(calls)), *("-recv_timeout", "10000"), "-nostdin",
        "-trace_stat", *("-stf", str(statistics)), *("-fd", "1"), "-trace_rtt", *("-rtt_freq", "1"),
        f"{server[0]}:{server[1]}",
    ]  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=place
    )
    try:
        async with asyncio.timeout(60 + 3 * calls / rate):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Called(calls - succeeded(statistics), _delays(place))


def succeeded(statistics: Path) -> int:
    """How many scenarios have gone to their end, as a sipp that has ended has written."""
    with statistics.open() as file:
        return int(list(csv.DictReader(file, delimiter=";"))[-1]["SuccessfulCall(C)"])


def _forget(place: Path, statistics: Path) -> None:
    for old in (statistics, *place.glob("*_rtt.csv")):
        old.unlink(missing_ok=True)


def _rate(rate: float) -> Sequence[str]:
    """In calls of a second, or of ten."""
    return ("-r", str(round(rate))) if rate >= 1 else ("-r", str(round(rate * 10)), "-rp", "10000")


def _delays(place: Path) -> list[float]:
    delays: list[float] = []
    for written in place.glob("*_rtt.csv"):
        with written.open() as file:
            delays += [float(row["response_time_ms"]) for row in csv.DictReader(file, delimiter=";")]
    return delays


WORKER, SIP_SERVER, RELAY = "telephony_start", "kamailio", "rtpengine"
"""What the command lines of a platform's processes have that no other's has."""


def processes(of: str) -> list[psutil.Process]:
    """Processes that this one has started, by a word of their command lines."""
    return [one for one in psutil.Process().children(recursive=True) if of in " ".join(one.cmdline())]


def processor_seconds(of: Sequence[psutil.Process]) -> float:
    """Processor time of processes, so far."""
    times = [one.cpu_times() for one in of]
    return sum(one.user + one.system for one in times)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all do not exceed, infinity where there are none."""
    if not values:
        return float("inf")
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
