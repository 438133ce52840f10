"""Health for supervisors and load balancers, metrics for Prometheus."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from litestar import Request, Response, route
from litestar.handlers import HTTPRouteHandler
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from switchroom.http.application import READING
from switchroom.http.observation import client_address

Check = Callable[[], Awaitable[str | None]]
"""Answers what is wrong with a part, None when nothing is."""

Gathering = Callable[[], Awaitable[Sequence[Metric]]]
"""Asks other processes for their metrics. It raises nothing, and takes a second or two at most."""


class _Gathered(Collector):
    """Metrics that were gathered, as a registry takes them."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _registry() -> CollectorRegistry:
    """The metrics of this process; where it is one of several workers, of all of them together."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    return registry


def health_handlers(
    required: Mapping[str, Check],
    optional: Mapping[str, Check],
    metrics_from: Sequence[str],
    *,
    further: Callable[[], Mapping[str, str]],
    collectors: Sequence[Collector],
    gathering: Sequence[Gathering] = (),
) -> list[HTTPRouteHandler]:
    """`/health/live`, `/health/ready`, `/metrics`.

    Ready is 200 when no `required` part has anything wrong; a wrong `optional` part is named, no more, as is
    what is `further` wrong, by part. The metrics of `collectors` and of `gathering` come after those of
    the process.
    """
    further_metrics = CollectorRegistry()
    for collector in collectors:
        further_metrics.register(collector)
    networks = [ip_network(address, strict=False) for address in metrics_from]

    @route("/health/live", http_method=READING, sync_to_thread=False, include_in_schema=False)
    def live() -> dict[str, str]:
        return {"status": "live"}

    @route("/health/ready", http_method=READING, include_in_schema=False)
    async def ready() -> Response[dict[str, Any]]:
        wrong = {name: problem for name, check in required.items() if (problem := await check())}
        missing = {name: problem for name, check in optional.items() if (problem := await check())}
        missing.update(further())
        state = "unready" if wrong else "degraded" if missing else "ready"
        return Response(
            {"status": state, "problems": {**wrong, **missing}}, status_code=503 if wrong else 200
        )

    @route("/metrics", http_method=READING, include_in_schema=False)
    async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
        address = client_address(request.scope)
        if not address or not any(ip_address(address) in network for network in networks):
            return Response(b"metrics are not for this address\n", status_code=403, media_type="text/plain")
        gathered = CollectorRegistry()
        for found in await asyncio.gather(*(gather() for gather in gathering)):
            gathered.register(_Gathered(found))
        reports = (generate_latest(one) for one in (_registry(), further_metrics, gathered))
        report = b"".join(reports)
        return Response(report, headers={"content-type": CONTENT_TYPE_LATEST})

    return [live, ready, metrics]
