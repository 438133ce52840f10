"""Soak of the SIP user agent: an hour of calls, with the objects counted before and after: `make soak`."""

from __future__ import annotations

import argparse
import asyncio
import gc
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import cast

from msgspec import Struct
from tests.sip.bridge import Bridge

from switchroom.engines.sip.address import parse_name_addr
from switchroom.engines.sip.core import AgentOptions
from switchroom.engines.sip.errors import SipError
from switchroom.engines.sip.events import Answered, Ended, Failed, Progress, SessionEvent
from switchroom.engines.sip.incoming import IncomingCall
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.outgoing import OutgoingCall
from switchroom.engines.sip.session import Session, SessionState
from switchroom.engines.sip.timing import Timing
from switchroom.engines.sip.transport import Address
from switchroom.engines.sip.user_agent import UserAgent

_HOST = "127.0.0.1"
_TIMING = Timing(t1=0.05, t2=0.4, t4=0.5)
_REST = 12.0
"""Seconds after which nothing of a call is left: with T1 at 50 ms all is over after 3.2 s, twice over for a
BYE that is sent at the end of one."""

_SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
_WARM_UP = 5.0
_PACKAGE = "switchroom.engines.sip"
_CACHE = type(lru_cache(lambda: None))


class Tally(Struct):
    """Calls by what became of them."""

    made: int = 0
    answered: int = 0
    failed: int = 0
    ended: int = 0


class Callee:
    """Answers, refuses, rings on, hangs up: at random."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def on_call(self, call: IncomingCall) -> None:
        call.listener = _ignore
        way = self._chance.random()
        if way < 0.1:
            call.refuse(self._chance.choice((404, 486, 603)))
            return
        call.progress(180 if way < 0.6 else 183, b"" if way < 0.6 else _SDP)
        if way < 0.9:
            self._later(0.3, lambda: self._answer(call))

    def on_message(self, request: Request) -> int:
        return 200

    def _answer(self, call: IncomingCall) -> None:
        if call.state is SessionState.EARLY:
            call.answer(_SDP)
            if self._chance.random() < 0.3:
                self._later(0.5, call.bye)

    def _later(self, most: float, what: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(self._chance.random() * most, what)


class Caller:
    """Makes calls, and changes, cancels and ends them at random."""

    def __init__(self, agent: UserAgent, to: Address, chance: random.Random, tally: Tally) -> None:
        self._agent = agent
        self._uri = f"sip:callee@{to[0]}:{to[1]}"
        self._chance = chance
        self._tally = tally
        self._tasks: set[asyncio.Task[None]] = set()

    def call(self) -> None:
        """Make one call."""
        self._tally.made += 1
        address = parse_name_addr("<sip:caller@example.org>")
        sdp = None if self._chance.random() < 0.05 else _SDP
        call = self._agent.call(self._uri, self._listen, from_=address, sdp=sdp)
        self._later(self._chance.choice((0.05, 0.3, 1.0)), call.cancel)

    async def idle(self) -> None:
        """Return when no call does anything any more."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    def _listen(self, session: Session, event: SessionEvent) -> None:
        match event:
            case Answered():
                self._tally.answered += 1
                if event.is_offer:
                    session.acknowledge(_SDP)
                task = asyncio.get_running_loop().create_task(self._change(session))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case Failed():
                self._tally.failed += 1
            case Ended():
                self._tally.ended += 1
            case Progress() if isinstance(session, OutgoingCall) and self._chance.random() < 0.1:
                session.cancel()
            case _:
                pass

    async def _change(self, session: Session) -> None:
        try:
            for _ in range(self._chance.randrange(3)):
                match self._chance.randrange(4):
                    case 0:
                        await session.reinvite(_SDP)
                    case 1:
                        await session.update(_SDP)
                    case 2:
                        await session.send_digit("1")
                    case _:
                        await session.refer("<sip:third@example.org>")
        except SipError:
            return

    def _later(self, most: float, what: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(self._chance.random() * most, what)


def objects() -> Counter[str]:
    """Objects of the user agent, tasks and timers by their type, without values that are kept parsed."""
    _forget_parsed()
    gc.collect()
    found: Counter[str] = Counter()
    for one in gc.get_objects():
        kind = cast("type[object]", type(one))
        if kind.__module__.startswith(_PACKAGE) or kind.__name__ in ("TimerHandle", "Task"):
            found[f"{kind.__module__}.{kind.__name__}"] += 1
    return found


def _forget_parsed() -> None:
    """Clear all caches of the package; by itself, so that no variable holds the newest object."""
    for one in gc.get_objects():
        if isinstance(one, _CACHE) and one.__module__.startswith(_PACKAGE):
            one.cache_clear()


async def soak(seconds: float, rate: float, seed: int) -> tuple[Tally, Counter[str], Counter[str]]:
    """What became of the calls of so many seconds, and the objects before and after them."""
    chance, tally, bridge = random.Random(seed), Tally(), Bridge()
    callee = await UserAgent.open((_HOST, 0), AgentOptions(), Callee(chance), _TIMING)
    bridge.agent = await UserAgent.open((_HOST, 0), AgentOptions(), bridge, _TIMING)
    bridge.callee = callee.local
    caller = await UserAgent.open((_HOST, 0), AgentOptions(), Bridge(), _TIMING)
    source = Caller(caller, bridge.agent.local, chance, tally)
    await _calls(source, _WARM_UP, rate)
    before = objects()
    await _calls(source, seconds, rate)
    after = objects()
    for agent in (caller, bridge.agent, callee):
        agent.close()
    return tally, before, after


async def _calls(source: Caller, seconds: float, rate: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        source.call()
        await asyncio.sleep(1 / rate)
    await source.idle()
    await asyncio.sleep(_REST)


def _ignore(session: Session, event: SessionEvent) -> None:
    pass


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="how long calls are made")
    parser.add_argument("--rate", type=float, default=20, help="calls a second")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what they do")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    tally, before, after = asyncio.run(soak(arguments.seconds, arguments.rate, arguments.seed))
    print(f"{tally.made} calls: {tally.answered} answered, {tally.failed} failed, {tally.ended} ended")
    different = {name: (before[name], after[name]) for name in before | after if before[name] != after[name]}
    for name, (first, last) in sorted(different.items()):
        print(f"{name}: {first} objects before, {last} after")
    if not different:
        print(f"{before.total()} objects before and after")
    return 1 if different or tally.made != tally.answered + tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
