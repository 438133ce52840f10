"""`roomService/list` beside a handler of the same server that returns the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from benchmarks.api_server import REPLY, ApiServer, serving, token
from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.load import Report
from benchmarks.seed import FEW_ROOMS, MANY_ROOMS, PEOPLE

SHARE_OF_YARDSTICK = 0.60
ANEW_SHARE = 0.05
P99_AT_MOST = 3.0
CHANGE_BELOW = 0.10
_CONNECTIONS = 16
_PATH = "/json/v1/roomService/list"


async def measure(directory: Path, *, rounds: int, seconds: int) -> Result:
    async with serving(directory) as server:
        seeded = server.seeded
        page = {"limit": FEW_ROOMS}
        await server.set_reply(await server.ask(_PATH, token(seeded.few) | page))
        runs = {
            "yardstick": (REPLY, None),
            "few": (_PATH, server.bodies("few", [token(seeded.few) | page])),
            "many": (_PATH, server.bodies("many", [token(seeded.many) | page])),
            "anew": (_PATH, server.bodies("anew", [token(one) | page for one in seeded.people])),
        }
        reports = await _interleaved(server, runs, rounds=rounds, seconds=seconds)
    return _result(reports)


async def _interleaved(
    server: ApiServer, runs: Mapping[str, tuple[str, Path | None]], *, rounds: int, seconds: int
) -> dict[str, list[Report]]:
    """Each run once a round, on a server at rest, in an order that moves on by one; a first round only
    warms up."""
    reports: dict[str, list[Report]] = {name: [] for name in runs}
    order = list(runs)
    for number in range(rounds + 1):
        for name in order:
            path, bodies = runs[name]
            length = seconds if number else 1
            await server.rest()
            report = await server.load(path, bodies, connections=_CONNECTIONS, seconds=length)
            if number:
                reports[name].append(report)
        order.append(order.pop(0))
    return reports


def _result(reports: dict[str, list[Report]]) -> Result:
    yardstick, few, many, anew = (
        Series(
            name=title, unit="requests/s", values=[one.per_second for one in reports[name]], is_yardstick=own
        )
        for name, title, own in (
            ("yardstick", "the same bytes, no token, no database", True),
            ("few", f"roomService/list, {FEW_ROOMS} rooms", False),
            ("many", f"roomService/list, {FEW_ROOMS} of {MANY_ROOMS} rooms", False),
            ("anew", f"roomService/list, {FEW_ROOMS} rooms, composed anew", False),
        )
    )
    share = few.over(yardstick, "share of the yardstick")
    share_anew = anew.over(yardstick, "share of the yardstick, composed anew")
    slowest, slowest_of_yardstick = (
        Series(
            name=f"p99 at {_CONNECTIONS} connections{of}",
            unit="ms",
            values=[one.p99 for one in reports[name]],
            is_yardstick=own,
        )
        for name, of, own in (("few", "", False), ("yardstick", ", the same bytes", True))
    )
    slower = slowest.over(slowest_of_yardstick, "p99 over the yardstick's")
    change = many.over(few, f"{MANY_ROOMS} rooms against {FEW_ROOMS}")
    return Result(
        title="roomService/list",
        series=[
            yardstick,
            few,
            many,
            anew,
            slowest_of_yardstick,
            slowest,
            share,
            share_anew,
            slower,
            change,
        ],
        targets=[
            Target(share, Direction.AT_LEAST, SHARE_OF_YARDSTICK),
            Target(share_anew, Direction.AT_LEAST, ANEW_SHARE),
            Target(slower, Direction.AT_MOST, P99_AT_MOST),
            Target(change, Direction.AT_LEAST, 1 - CHANGE_BELOW),
            Target(change, Direction.AT_MOST, 1 + CHANGE_BELOW),
        ],
        notes=[
            "Lists are kept encoded until the organization's rooms change. “Composed anew” is the same "
            f"request from {PEOPLE} persons in turn, more than there are lists kept: which rooms they see "
            "and what they may do there comes from the database, the rest from parts that the lists share.",
            f"{_CONNECTIONS} connections. The load generator used "
            f"{max(one.generator_share for one in reports['yardstick']):.0%} of a processor at most, the "
            f"server {max(one.server_share for one in reports['yardstick']):.0%} in the yardstick's runs.",
        ],
    )
