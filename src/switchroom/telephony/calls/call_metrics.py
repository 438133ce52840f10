"""Metrics of one worker's calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from switchroom.db.base import now
from switchroom.engines.rtpengine.commands import Quality
from switchroom.telephony.calls.call_state import CallState
from switchroom.telephony.calls.snapshot import (
    CallDirection,
    CallSnapshot,
    ChangeKind,
    Happened,
    Journal,
)
from switchroom.telephony.control.messages import MetricFamily, Sample

SETUP_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds."""

LOSS_BUCKETS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
JITTER_BUCKETS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
"""Seconds."""

_HEARD = (ChangeKind.RINGING, ChangeKind.ANSWERED)
_RINGING, _ANSWERED = "ringing", "answered"


class _Dropped(Collector):
    """Counter of what somebody else counts."""

    def __init__(self, count: Callable[[], int]) -> None:
        self._count = count

    def collect(self) -> Iterable[Metric]:
        name, help_text = "switchroom_call_events_dropped", "Events of calls that the log will never have."
        yield CounterMetricFamily(name, help_text, value=self._count())


class CallMetrics:
    """Metrics of calls, taken from what the journal is told. They have a registry of their own, for processes
    that serve HTTP to ask for (`ListMetrics`)."""

    def __init__(self, journal: Journal, *, unwritten: Callable[[], int], dropped: Callable[[], int]) -> None:
        """`journal` is told before anything is measured; `unwritten` says how many calls it has to write, and
        `dropped` how many events of calls it could not keep."""
        self._journal = journal
        self._registry = CollectorRegistry()
        self._setting_up: dict[str, datetime] = {}
        self._up = Gauge(
            "switchroom_calls",
            "Calls that are up, by whether somebody has answered.",
            ["direction", "state"],
            registry=self._registry,
        )
        self._setup = Histogram(
            "switchroom_call_setup_seconds",
            "Time from a call's INVITE to its first ringing or answer (post-dial delay).",
            ["direction"],
            buckets=SETUP_BUCKETS,
            registry=self._registry,
        )
        self._setups = {one.value: self._setup.labels(one.value) for one in CallDirection}
        self._ended = Counter(
            "switchroom_calls_ended",
            "Calls that are over, by their cause and whether somebody had answered.",
            ["direction", "cause", "answered"],
            registry=self._registry,
        )
        self._loss = Histogram(
            "switchroom_media_loss_ratio",
            "Packets of media lost, as phones report by RTCP: the average of a call, looked at every 10 s.",
            buckets=LOSS_BUCKETS,
            registry=self._registry,
        )
        self._jitter = Histogram(
            "switchroom_media_jitter_seconds",
            "Jitter of media, as phones report by RTCP: the average of a call, looked at every 10 s.",
            buckets=JITTER_BUCKETS,
            registry=self._registry,
        )
        Gauge(
            "switchroom_calls_unwritten",
            "Calls with changes that the database does not have yet.",
            registry=self._registry,
        ).set_function(unwritten)
        self._registry.register(_Dropped(dropped))

    def note(
        self, snapshot: CallSnapshot, happened: Happened, save: Callable[[], bytes] | None = None
    ) -> None:
        """Take in a change of a call. It neither blocks nor raises."""
        self._journal.note(snapshot, happened, save)
        direction = snapshot.direction.value
        if happened.kind is ChangeKind.CREATED:
            self._setting_up[snapshot.id] = snapshot.started_at
        elif happened.kind in _HEARD:
            since = self._setting_up.pop(snapshot.id, None)
            if since is not None:
                self._setups[direction].observe((now() - since).total_seconds())
        elif happened.kind is ChangeKind.ENDED:
            self._setting_up.pop(snapshot.id, None)
            answered = "true" if snapshot.answered_at is not None else "false"
            self._ended.labels(direction, snapshot.hangup_cause, answered).inc()

    def heard(self, quality: Quality) -> None:
        """Take in how a source is heard."""
        self._loss.observe(quality.packet_loss / 100)
        self._jitter.observe(quality.jitter / 1000)

    def families(self, calls: Iterable[CallState]) -> Sequence[MetricFamily]:
        """All of them, with `calls` for those that are up."""
        counts = {(one, state): 0 for one in CallDirection for state in (_RINGING, _ANSWERED)}
        for call in calls:
            counts[call.direction, _RINGING if call.answered_at is None else _ANSWERED] += 1
        for (direction, state), count in counts.items():
            self._up.labels(direction.value, state).set(count)
        return [
            MetricFamily(
                family.name,
                family.documentation,
                family.type,
                [
                    Sample(one.name, one.labels, one.value)
                    for one in family.samples
                    if not one.name.endswith("_created")
                ],
            )
            for family in self._registry.collect()
        ]
