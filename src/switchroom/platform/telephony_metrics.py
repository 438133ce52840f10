"""Metrics of telephony, which other processes have: workers, the relay of media, and the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence

import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from sqlalchemy import func, select

from switchroom.db.base import now
from switchroom.db.database import Database
from switchroom.engines.rtpengine.client import NgClient, NgError
from switchroom.engines.rtpengine.commands import RelayStatistics, Statistics, StatisticsReply
from switchroom.engines.rtpengine.configuration import RtpengineInterfaces
from switchroom.errors import Unavailable
from switchroom.telephony.control.messages import MetricFamily
from switchroom.telephony.control.workers import CallWorkers
from switchroom.telephony.resources.devices import Registration

LIMIT = 1.0
"""Seconds for each of the others to answer: what does not is left out."""

_LOOPBACK = "127.0.0.1"

log = structlog.stdlib.get_logger(__name__)


class TelephonyMetrics:
    """Metrics of telephony, asked for when `/metrics` is."""

    def __init__(
        self, workers: CallWorkers, database: Database, relay: Callable[[], RtpengineInterfaces | None]
    ) -> None:
        """`relay` tells where the relay of this machine is, None where none is run."""
        self._workers = workers
        self._database = database
        self._relay = relay

    async def gather(self) -> Sequence[Metric]:
        relay = self._relay()
        if relay is None:
            return ()
        workers, registrations, statistics = await asyncio.gather(
            self._workers.metrics(LIMIT), self._registrations(), _statistics(relay)
        )
        return [*of_workers(workers), *registrations, *(_of_relay(statistics) if statistics else ())]

    async def _registrations(self) -> Sequence[Metric]:
        query = select(func.count(func.distinct(Registration.device_id))).where(
            Registration.expires_at > now()
        )
        try:
            async with asyncio.timeout(LIMIT), self._database.read(None) as session:
                count = await session.scalar(query) or 0
        except (TimeoutError, Unavailable) as error:
            log.warning("registrations not counted", reason=type(error).__name__)
            return ()
        return [
            GaugeMetricFamily(
                "switchroom_registered_devices", "Devices of all accounts that can be reached.", count
            )
        ]


def of_workers(workers: Mapping[int, Sequence[MetricFamily] | None]) -> list[Metric]:
    """The metrics of all workers, by the number of each, and whether each answers."""
    up = GaugeMetricFamily(
        "switchroom_telephony_worker_up", "1 for a telephony worker that answers.", labels=["worker"]
    )
    merged: dict[str, Metric] = {}
    for number, families in workers.items():
        worker = str(number)
        up.add_metric([worker], float(families is not None))
        for family in families or ():
            known = merged.setdefault(family.name, Metric(family.name, family.documentation, family.kind))
            for sample in family.samples:
                known.add_sample(sample.name, {**sample.labels, "worker": worker}, sample.value)
    return [up, *merged.values()]


async def _statistics(relay: RtpengineInterfaces) -> RelayStatistics | None:
    try:
        async with asyncio.timeout(LIMIT), NgClient.connected(_LOOPBACK, relay.control_port) as ng:
            return (await ng.request(Statistics(), StatisticsReply)).statistics
    except (TimeoutError, OSError, NgError) as error:
        log.warning("media relay not asked", reason=str(error) or type(error).__name__)
        return None


def _of_relay(statistics: RelayStatistics) -> Sequence[Metric]:
    total = statistics.total
    ports = GaugeMetricFamily(
        "switchroom_media_ports", "Ports for media, of each interface.", labels=["interface", "state"]
    )
    for one in statistics.interfaces:
        ports.add_metric([one.name, "used"], one.ports.used)
        ports.add_metric([one.name, "free"], one.ports.free)
    return [
        ports,
        GaugeMetricFamily(
            "switchroom_media_sessions", "Legs that the media relay has.", statistics.current.sessions
        ),
        CounterMetricFamily("switchroom_media_packets", "Packets relayed.", total.packets),
        CounterMetricFamily("switchroom_media_packet_errors", "Packets not relayed.", total.errors),
        CounterMetricFamily(
            "switchroom_media_one_way_sessions", "Legs that were heard on one side only.", total.one_way
        ),
        CounterMetricFamily(
            "switchroom_media_timed_out_sessions", "Legs that nobody had ended.", total.timed_out
        ),
    ]
