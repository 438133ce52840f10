"""Attacks the platform with what no client should send: `make fuzz`."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.postgresql import postgresql_server

from fuzz.bodies import Bodies
from fuzz.calls import Calls
from fuzz.credentials import Credentials, credentials
from fuzz.feeds import Feeds
from fuzz.findings import GROWTH, Findings, growth
from fuzz.sockets import Frames, Messages
from fuzz.tally import Tally
from fuzz.target import Target, target

_ROUNDS = 4
_MORE_ROUNDS = 4
"""At most, while memory grows: what stays is a leak, what is kept once is none."""

_REST = 3.0
"""Seconds after which what a round has taken in should have been given back."""

_DATABASES = ("sqlite", "postgresql")
_WORKERS = (1, 2)


def main() -> int:
    arguments = _arguments()
    configurations = [(database, workers) for database in arguments.database for workers in arguments.workers]
    seconds = arguments.seconds / len(configurations)
    print(f"seed {arguments.seed}")
    # Its client writes what it meets at the end of a connection that is cut.
    logging.getLogger("websockets").addHandler(logging.NullHandler())
    logging.getLogger("websockets").propagate = False
    faults: list[str] = []
    for database, workers in configurations:
        findings = _attacked(database, workers, seconds, arguments.seed)
        print(findings.figures(), flush=True)
        faults += [f"{findings.configuration}: {fault}" for fault in findings.faults()]
    print("\n".join(faults) or "nothing found")
    return 1 if faults else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=560, help="all that it may take, about")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of what is tried")
    parser.add_argument("--database", nargs="+", choices=_DATABASES, default=_DATABASES)
    parser.add_argument("--workers", nargs="+", type=int, default=_WORKERS, help="numbers of processes")
    return parser.parse_args()


def _attacked(database: str, workers: int, seconds: float, seed: int) -> Findings:
    tally, memory, died = Tally(), list[float](), ""
    configuration = f"{database}, {workers} worker{'s' if workers > 1 else ''}"
    with tempfile.TemporaryDirectory(prefix="switchroom-fuzz-") as place, _database(database) as url:
        started = time.monotonic()
        with target(Path(place) / "platform", database=url, workers=workers) as platform:
            bodies = Bodies(platform, tally, seed)
            attacks = (
                Calls(platform, credentials(platform), tally, seed),
                bodies,
                Messages(platform, tally, seed),
                Feeds(platform, tally, seed),
                Frames(platform, tally, seed),
            )
            # What is loaded and kept with the first call of an operation is not growth.
            bodies.ask_all(credentials(platform))
            time.sleep(_REST)
            memory.append(platform.memory())
            left = seconds - (time.monotonic() - started) - _ROUNDS * _REST
            try:
                for number in range(_ROUNDS + _MORE_ROUNDS):
                    if number >= _ROUNDS and growth(memory, workers) <= GROWTH:
                        break
                    _round(platform, attacks, max(1.0, left / _ROUNDS))
                    memory.append(platform.memory())
            except (OSError, httpx.HTTPError) as error:
                died = f"no longer served: {error!r}"
            if not died and not platform.is_ready:
                died = "does not say that it is ready after the attack"
            return Findings(
                configuration,
                workers,
                tally,
                platform.stalls(),
                platform.idle_stalls(),
                memory,
                platform.logged_errors(),
                died,
            )


def _round(
    platform: Target, attacks: Sequence[Calls | Bodies | Messages | Feeds | Frames], seconds: float
) -> None:
    known: Credentials = credentials(platform)
    shares = sum(attack.share for attack in attacks)
    for attack in attacks:
        attack.attack(known, seconds * attack.share / shares)
    time.sleep(_REST)


@contextmanager
def _database(kind: str) -> Generator[str]:
    """The address of an empty database; none for the one that the platform makes in its directory."""
    if kind == "sqlite":
        yield ""
        return
    with postgresql_server() as server:
        yield f"postgresql+asyncpg://{server}"


if __name__ == "__main__":
    sys.exit(main())
