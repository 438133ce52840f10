"""Telephony workers of this machine, as a process that serves the API knows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from switchroom.bus import Bus
from switchroom.engines.kamailio.dispatching import worker_of
from switchroom.errors import ErrorCode, NotFound, Unavailable
from switchroom.tasks import Tasks
from switchroom.telephony.control.client import ControlClient, ControlFailed
from switchroom.telephony.control.messages import (
    ForgetLoaded,
    ListMetrics,
    MetricFamily,
    Reply,
    Request,
    WorkerMetrics,
)
from switchroom.telephony.control.sockets import workers_in

LOOK_EVERY = 1.0
"""Seconds between two looks for workers that have come or gone."""

LIMIT = 10.0
"""Seconds for a worker's reply."""

FORGET_LIMIT = 1.0
"""Seconds for a worker to forget what it has loaded. Later, it hears of the change by its notice."""


class CallWorkers:
    """Connections to all workers. All calls of an account are at one of them."""

    def __init__(self, directory: Path, bus: Bus, why_none: Callable[[], str] = lambda: "") -> None:
        """`directory` has the workers' sockets; `why_none` says why there is none, empty where that is not
        known."""
        self._why_none = why_none
        self._directory = directory
        self._bus = bus
        self._clients: dict[int, ControlClient] = {}
        self._running: dict[int, asyncio.Task[None]] = {}

    @property
    def connected(self) -> int:
        """Number of workers that are connected."""
        return sum(one.is_connected for one in self._clients.values())

    async def run(self) -> None:
        """Keep connections to those that there are, until cancelled."""
        tasks = Tasks()
        try:
            while True:
                there = workers_in(self._directory)
                for worker in there - self._clients.keys():
                    client = self._clients[worker] = ControlClient(self._directory, worker, self._bus)
                    self._running[worker] = tasks.spawn(client.run(), f"telephony worker {worker}")
                for worker in self._clients.keys() - there:
                    if not self._clients[worker].is_connected:
                        del self._clients[worker]
                        self._running.pop(worker).cancel()
                await asyncio.sleep(LOOK_EVERY)
        finally:
            await tasks.close()
            self._clients.clear()
            self._running.clear()

    async def ask_all(self, request: Request, limit: float = LIMIT) -> list[Reply]:
        """The replies of all workers. Raises Unavailable where there is none, or one of them is away."""
        clients = self._connected()
        return await asyncio.gather(*(client.request(request, limit) for client in clients))

    async def ask_who_has_it(self, request: Request, limit: float = LIMIT) -> Reply:
        """The reply of the worker that has what the request is about. Raises NotFound where none has it,
        Unavailable where one is away that might."""
        clients = self._connected(also_some=True)
        replies = await asyncio.gather(
            *(client.request(request, limit) for client in clients), return_exceptions=True
        )
        errors: list[BaseException] = []
        for reply in replies:
            if not isinstance(reply, BaseException):
                return reply
            errors.append(reply)
        # The worker that has it answers with another error than that it is not there.
        raise next((one for one in errors if not isinstance(one, NotFound)), self._missing(errors[0]))

    async def ask_for_account(self, organization_id: int, request: Request, limit: float = LIMIT) -> Reply:
        """The reply of the worker that has the calls of an account, or is to have them. Raises Unavailable
        where it is away."""
        numbers = sorted(self._clients)
        if not numbers:
            raise self._nobody()
        return await self._clients[worker_of(organization_id, numbers)].request(request, limit)

    async def forget_loaded(self, organization_id: int) -> None:
        """Have the account's next calls loaded anew, at all workers that answer soon."""
        clients = [one for one in self._clients.values() if one.is_connected]
        asked = (one.request(ForgetLoaded(organization_id), FORGET_LIMIT) for one in clients)
        for reply in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(reply, BaseException) and not isinstance(reply, Unavailable | ControlFailed):
                raise reply

    async def metrics(self, limit: float) -> Mapping[int, Sequence[MetricFamily] | None]:
        """The metrics of workers by their numbers; None of one that is away or does not answer."""
        numbers = sorted(self._clients)
        found = await asyncio.gather(*(self._metrics_of(self._clients[one], limit) for one in numbers))
        return dict(zip(numbers, found, strict=True))

    async def _metrics_of(self, client: ControlClient, limit: float) -> Sequence[MetricFamily] | None:
        try:
            return cast("WorkerMetrics", await client.request(ListMetrics(), limit)).families
        except (Unavailable, ControlFailed):
            return None

    def _connected(self, *, also_some: bool = False) -> list[ControlClient]:
        clients = [one for one in self._clients.values() if one.is_connected]
        if not self._clients:
            raise self._nobody()
        if not clients or (len(clients) < len(self._clients) and not also_some):
            raise Unavailable(ErrorCode.CALL_WORKER_AWAY)
        return clients

    def _nobody(self) -> Unavailable:
        return Unavailable(ErrorCode.TELEPHONY_AWAY, reason=self._why_none() or "it has not been started")

    def _missing(self, error: BaseException) -> BaseException:
        is_whole = all(one.is_connected for one in self._clients.values())
        return error if is_whole else Unavailable(ErrorCode.CALL_WORKER_AWAY)
