"""Audio of many calls at once, both ways: packets that are lost between the phones and within the relay."""

from __future__ import annotations

import asyncio
from pathlib import Path

from msgspec import Struct

from benchmarks.figures import Direction, Result, Series, Target
from benchmarks.phone_load import (
    RELAY,
    Load,
    loaded,
    phone_that_answers,
    processes,
    processor_seconds,
)
from switchroom.engines.rtpengine.client import NgClient
from switchroom.engines.rtpengine.commands import List, ListReply, Query, QueryReply, StreamStatus, TagStatus
from switchroom.engines.rtpengine.configuration import read_interfaces
from switchroom.platform import media_relay
from switchroom.telephony.media.leg import CORE_TAG, PHONE

CALLS = 200
_A_SECOND, _SOUND, _AFTERWARDS = 40, 15.0, 4.0
"""Calls that begin in a second, seconds that each phone speaks, and seconds until packets are counted; each
call is up for longer than all of it."""

_PACKETS_A_SECOND = 50
_SILENCE = b"\xd5" * int(8000 * _SOUND)
"""In A-law. The scenarios name its file."""


class _Counted(Struct, frozen=True):
    """Packets that phones have sent, by their own clock; that came in from phones; and that came to legs from
    other legs, which is what they pass on to phones. `dropped` found no room in a socket of the relay."""

    legs: int
    sent: int
    from_phones: int
    from_legs: int
    dropped: int


async def measure(directory: Path) -> Result:
    async with loaded(directory / "audio", accounts=40) as load:
        (load.place / "sound.alaw").write_bytes(_SILENCE)
        async with phone_that_answers(load.place, load.called, "uas_with_sound.xml"):
            relay = processes(RELAY)
            calling = asyncio.create_task(load.call(CALLS, _A_SECOND, "uac_with_sound.xml"))
            await asyncio.sleep(CALLS / _A_SECOND + 2)
            used = processor_seconds(relay)
            await asyncio.sleep(5)
            share = (processor_seconds(relay) - used) / 5
            await asyncio.sleep(_SOUND - 7 + _AFTERWARDS)
            counted = await _count(load)
            called = await calling
    return _result(counted, called.failed, share)


async def _count(load: Load) -> _Counted:
    relay = read_interfaces(media_relay.directory(load.platform.settings))
    assert relay is not None
    from_phones = from_legs = 0
    ports: set[int] = set()
    async with NgClient.connected("127.0.0.1", relay.control_port) as ng:
        legs = (await ng.request(List(), ListReply)).calls
        for leg in legs:
            tags = (await ng.request(Query(leg), QueryReply)).tags
            from_phones += sum(one.stats.packets for one in _sound(tags[PHONE]))
            from_legs += sum(one.stats.packets for one in _sound(tags[CORE_TAG]))
            ports |= {one.local_port for tag in tags.values() for one in _sound(tag)}
    sent = len(legs) * int(_SOUND * _PACKETS_A_SECOND)
    return _Counted(len(legs), sent, from_phones, from_legs, _dropped(ports))


def _sound(side: TagStatus) -> list[StreamStatus]:
    return [stream for media in side.medias for stream in media.streams if "RTP" in stream.flags]


def _dropped(ports: set[int]) -> int:
    """Datagrams that found no room in the sockets of these ports (proc(5), net/udp)."""
    rows = [line.split() for line in Path("/proc/net/udp").read_text().splitlines()[1:]]
    return sum(int(row[-1]) for row in rows if int(row[1].partition(":")[2], 16) in ports)


def _result(counted: _Counted, failed: int, share: float) -> Result:
    up = Series(name="calls up at once, both ways", unit="", values=[counted.legs / 2])
    came = Series(name="packets of sound from phones", unit="", values=[float(counted.from_phones)])
    lost = Series(
        name="packets lost from one leg to the other",
        unit="",
        values=[float(counted.from_phones - counted.from_legs)],
    )
    missing = Series(
        name="packets that should have come from phones and did not",
        unit="",
        values=[float(counted.sent - counted.from_phones)],
    )
    dropped = Series(
        name="packets that found no room in a socket of the relay",
        unit="",
        values=[float(counted.dropped)],
    )
    processor = Series(name="of a processor, by the relay with all calls up", unit="%", values=[100 * share])
    unanswered = Series(name="calls that failed", unit="", values=[float(failed)])
    return Result(
        title="Audio of telephone calls",
        series=[up, came, lost, missing, dropped, processor, unanswered],
        targets=[
            Target(lost, Direction.AT_MOST, 0),
            Target(dropped, Direction.AT_MOST, 0),
            Target(unanswered, Direction.AT_MOST, 0),
        ],
        notes=[
            f"{CALLS} calls, each phone of which speaks G.711 for {_SOUND:.0f} s. Once all have spoken "
            "the relay tells what came from phones, and what came to each leg from the other to be passed on."
        ],
    )
