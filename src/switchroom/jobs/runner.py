"""Running background work of one kind in a process."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

import structlog

from switchroom.errors import Unavailable
from switchroom.jobs.lease import LeaseLost, Leases
from switchroom.jobs.metrics import FAILED, RUNNING, WAITING
from switchroom.jobs.retry import DATABASE_AWAY, Backoff
from switchroom.tasks import set_within

_SHORTEST_REST = 0.02
"""Seconds between two looks that found nothing, however often there is something new."""

_COUNT_EVERY = 15.0
_SHORTEST_WAIT = 0.1
"""Seconds until another look for what is due and could not be taken up."""

log = structlog.stdlib.get_logger(__name__)


class Job(Protocol):
    """A job in hand. The key is that of its lease."""

    @property
    def key(self) -> Any: ...


J = TypeVar("J", bound=Job)


class Work(ABC, Generic[J]):
    """A kind of work: how its jobs are found and done."""

    kind: str
    """The name in the log and in metrics."""

    at_once: int
    """Jobs that a process does side by side, at most."""

    claims_at_once = 1
    look_every: float
    """Seconds after which one looks for jobs without having been told of any: other processes may not be
    heard."""

    finish_limit: float = 5.0
    """Seconds for which what is under way may go on when work ends."""

    leases: Leases[Any]

    @abstractmethod
    async def claim(self, limit: int) -> Sequence[J]:
        """Take up at most so many jobs."""

    @abstractmethod
    async def do(self, job: J) -> None:
        """Do it, and write down what came of it as long as its lease is this worker's.

        Raises LeaseLost when it is not; any other exception leaves the job until its lease is over.
        """

    async def due_in(self) -> timedelta | None:
        """Time until a job is due, None when that is not known."""
        return None

    @abstractmethod
    async def count_waiting(self) -> int:
        """Number of jobs that are due and that no worker does."""

    async def give_way(self) -> None:
        """Wait for as long as others go first."""

    def stop(self, job: J, task: asyncio.Task[None]) -> None:
        """Its lease is lost: end what is done for it. It is cancelled, unless a kind of work knows better."""
        task.cancel()

    def finish(self, job: J) -> None:
        """The worker ends: let the job come to an end soon, if it can do so early."""

    async def give_up(self, jobs: Sequence[J]) -> None:
        """The worker has ended, and these jobs were cancelled: others may do them at once."""
        await self.leases.give_up([job.key for job in jobs])


class Runner(Generic[J]):
    """Does the jobs of one kind as they fall due, some of them side by side, in any number of processes over
    one database.

    While a job is done its lease is renewed; when that is lost, the job is stopped. While the database is
    away nothing new is begun, and what was begun goes on until its lease is over.
    """

    def __init__(self, work: Work[J]) -> None:
        self._work = work
        self._leases = work.leases
        self._jobs: dict[asyncio.Task[None], J] = {}
        self._woken = asyncio.Event()
        self._outage = Backoff()
        self._counted_at = -_COUNT_EVERY
        self._running = RUNNING.labels(work.kind)

    def wake(self) -> None:
        """There is something to do."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled. Then nothing new is begun, what is under way may end, and what does not in
        time is given up for others to do at once."""
        keeping = asyncio.create_task(self._keep_leases(), name=f"leases of {self._work.kind}")
        try:
            while True:
                await self._wait_for_place()
                await self._work.give_way()
                self._woken.clear()
                try:
                    if not await self._begin():
                        await self._rest()
                    self._outage.reset()
                except DATABASE_AWAY as error:
                    self._say("work cannot be looked for", error)
                    await self._outage.rest()
        finally:
            await self._finish()
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def once(self) -> bool:
        """Do one job that is due, to its end. False when none is."""
        jobs = await self._work.claim(1)
        if not jobs:
            return False
        keeping = asyncio.create_task(self._keep_leases())
        task = self._start(jobs[0])
        try:
            await asyncio.wait({task})
        finally:
            for one in (task, keeping):
                one.cancel()
            await asyncio.gather(task, keeping, return_exceptions=True)
        return True

    async def _begin(self) -> bool:
        """Begin what is due, as far as there is place. Whether there was anything."""
        limit = min(self._work.at_once - len(self._jobs), self._work.claims_at_once)
        jobs = await self._work.claim(limit)
        for job in jobs:
            self._start(job)
        return bool(jobs)

    def _start(self, job: J) -> asyncio.Task[None]:
        task = asyncio.create_task(self._do(job), name=f"{self._work.kind} {job.key}")
        self._jobs[task] = job
        task.add_done_callback(self._ended)
        return task

    async def _do(self, job: J) -> None:
        with self._running.track_inprogress():
            try:
                await self._work.do(job)
            except LeaseLost:
                log.info(
                    "result not written: no longer this worker's to do", kind=self._work.kind, job=job.key
                )
            except Unavailable as error:
                self._say("job left for later", error)
            except Exception:
                FAILED.labels(self._work.kind).inc()
                log.exception("job failed", kind=self._work.kind, job=job.key)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._leases.forget([self._jobs.pop(task).key])
        self._woken.set()

    async def _wait_for_place(self) -> None:
        while len(self._jobs) >= self._work.at_once:
            await asyncio.wait(self._jobs, return_when=asyncio.FIRST_COMPLETED)

    async def _rest(self) -> None:
        """Until something is to be done, perhaps."""
        await asyncio.sleep(_SHORTEST_REST)
        await self._count()
        wait, due = self._work.look_every, await self._work.due_in()
        if due is not None:
            wait = min(wait, max(_SHORTEST_WAIT, due.total_seconds()))
        await set_within(self._woken, wait)

    async def _count(self) -> None:
        moment = asyncio.get_running_loop().time()
        if moment - self._counted_at >= _COUNT_EVERY:
            self._counted_at = moment
            WAITING.labels(self._work.kind).set(await self._work.count_waiting())

    async def _keep_leases(self) -> None:
        """Renew them, and stop what is done under one that is lost."""
        loop = asyncio.get_running_loop()
        bounded_at = loop.time()
        while True:
            await asyncio.sleep(max(_SHORTEST_REST, min(self._leases.renew_every, self._leases.remaining)))
            renewing = asyncio.create_task(self._renew())
            try:
                # The database may not answer in time, or at all.
                while not (await asyncio.wait({renewing}, timeout=self._leases.remaining))[0]:
                    self._stop(self._leases.overdue())
            finally:
                renewing.cancel()
            if loop.time() - bounded_at >= self._leases.lease.total_seconds():
                bounded_at = loop.time()
                await self._bound()

    async def _renew(self) -> None:
        self._stop(self._leases.overdue())
        try:
            self._stop(await self._leases.renew())
        except DATABASE_AWAY as error:
            self._say("leases not renewed", error)
        except Exception:
            log.exception("leases not renewed", kind=self._work.kind)

    async def _bound(self) -> None:
        try:
            await self._leases.bound()
        except DATABASE_AWAY as error:
            self._say("leases not looked over", error)

    def _stop(self, keys: set[Any]) -> None:
        for task, job in list(self._jobs.items()):
            if job.key in keys:
                log.warning("lease lost", kind=self._work.kind, job=job.key)
                self._work.stop(job, task)

    async def _finish(self) -> None:
        for job in self._jobs.values():
            self._work.finish(job)
        if not self._jobs:
            return
        _, late = await asyncio.wait(self._jobs, timeout=self._work.finish_limit)
        given_up = [self._jobs[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        if given_up:
            log.warning("jobs given up: the worker ends", kind=self._work.kind, jobs=len(given_up))
            try:
                await self._work.give_up(given_up)
            except DATABASE_AWAY as error:
                self._say("leases not given up, they run out", error)
                self._leases.forget([job.key for job in given_up])

    def _say(self, what: str, error: BaseException) -> None:
        # Not the error's text, which repeats the values of the statement.
        log.error(what, kind=self._work.kind, reason=type(error).__name__)
