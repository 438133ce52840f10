"""Metrics of background work, by its kind."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

WAITING = Gauge(
    "switchroom_jobs_waiting",
    "Jobs that are due and that nobody does yet, as last counted.",
    ["kind"],
    multiprocess_mode="livemostrecent",
)
RUNNING = Gauge("switchroom_jobs_running", "Jobs under way.", ["kind"], multiprocess_mode="livesum")
FAILED = Counter("switchroom_jobs_failed", "Attempts at a job that failed.", ["kind"])

MOST_COUNTED = 10_000
"""Limit of the waiting jobs that are counted; counting takes time."""
