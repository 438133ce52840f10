"""Progress of tasks that requests began: batches of invitations, and of mails."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum

import msgspec
from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Exhausted, Forbidden, NotFound
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, TokenSigner
from switchroom.jobs.batches import Batch, BatchFailure, BatchPiece, BatchState
from switchroom.mail.delivery import RETRY_DELAYS
from switchroom.mail.models import MailState, QueuedMail

_LOOK_EVERY = 0.5
"""Seconds between two looks: what another process does is heard of by no other way."""

_SAY_AGAIN_EVERY = 15.0
"""Seconds after which progress is told that is none, so that nobody between takes the connection for dead."""

_MOST_FOLLOWED = 20
"""Tasks that one organization follows in a process at the same time."""

_PIECES_AT_ONCE = 100


class TaskState(StrEnum):
    """A task is QUEUED until somebody begins it, ASSIGNED while it is carried out, FAILED until it is tried
    again, and comes to an end as DONE or, if nothing of it succeeded, as FAILED_PERMANENTLY."""

    QUEUED = "QUEUED"
    ASSIGNED = "ASSIGNED"
    FAILED = "FAILED"
    FAILED_PERMANENTLY = "FAILED_PERMANENTLY"
    DONE = "DONE"

    @property
    def is_end(self) -> bool:
        return self in (TaskState.DONE, TaskState.FAILED_PERMANENTLY)


class TaskProgress(Struct, frozen=True, kw_only=True):
    """Progress of a task: `done` of `total` are, the `failed` ones among them. `execution` counts the times
    it was begun, of at most `retries` more. `failures` are told at its end, in the order of what was
    asked."""

    state: TaskState
    total: int
    done: int
    failed: int
    execution: int = 0
    retries: int = 0
    next_run: datetime | None = None
    failures: Sequence[BatchFailure] = ()


class BatchTasks:
    """Tasks of batch work, each seen by the person who began it, and by administrators of people."""

    def __init__(self, database: Database, signer: TokenSigner) -> None:
        self._database = database
        self._signer = signer
        self._followed: Counter[int] = Counter()

    def followed(self, organization_id: int) -> int:
        """Number of tasks that the organization follows in this process."""
        return self._followed[organization_id]

    async def progress(self, token: AccessToken, task_id: str) -> TaskProgress:
        """Raises NotFound, and Forbidden for guests."""
        if token.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        async with self._database.read(token.organization_id) as session:
            batch = await session.scalar(select(Batch).where(Batch.id == task_id))
            if batch is None or not _sees(token, batch):
                raise NotFound(ErrorCode.TASK_NOT_FOUND, "task_id", id=task_id[:100])
            if batch.state == BatchState.FOLLOWED:
                return await _of_mails(session, batch)
            return await _of_batch(session, batch)

    async def follow(self, token: AccessToken, task_id: str) -> AsyncGenerator[TaskProgress]:
        """The progress as it is now and whenever it is another, until the task has ended.

        Raises NotFound, also for a task that is forgotten meanwhile, Unauthenticated once the token is
        revoked, and Exhausted for an organization that follows very many.
        """
        with self._counting(token.organization_id):
            told: TaskProgress | None = None
            told_at = 0.0
            while True:
                self._signer.require_unrevoked(token)
                progress = await self.progress(token, task_id)
                moment = time.monotonic()
                if progress != told or moment - told_at >= _SAY_AGAIN_EVERY:
                    told, told_at = progress, moment
                    yield progress
                if progress.state.is_end:
                    return
                await asyncio.sleep(_LOOK_EVERY)

    @contextmanager
    def _counting(self, organization_id: int) -> Generator[None]:
        if self._followed[organization_id] >= _MOST_FOLLOWED:
            raise Exhausted(ErrorCode.TOO_MANY_REQUESTS)
        self._followed[organization_id] += 1
        try:
            yield
        finally:
            self._followed[organization_id] -= 1
            if not self._followed[organization_id]:
                del self._followed[organization_id]


def _sees(token: AccessToken, batch: Batch) -> bool:
    return batch.created_by == token.subject_id or token.may(Administration.USER_ADMIN)


async def _of_batch(session: AsyncSession, batch: Batch) -> TaskProgress:
    state, failures = TaskState.QUEUED, list[BatchFailure]()
    if batch.state == BatchState.DONE:
        state = TaskState.FAILED_PERMANENTLY if batch.failed == batch.total else TaskState.DONE
        failures = await _failures(session, batch.id)
    elif batch.worker or batch.done:
        state = TaskState.ASSIGNED
    return TaskProgress(
        state=state,
        total=batch.total,
        done=batch.done,
        failed=batch.failed,
        execution=batch.attempts,
        failures=failures,
    )


async def _failures(session: AsyncSession, batch_id: str) -> list[BatchFailure]:
    found: list[BatchFailure] = []
    query = (
        select(BatchPiece.number, BatchPiece.failures)
        .where(BatchPiece.batch_id == batch_id, BatchPiece.failures != "")
        .order_by(BatchPiece.number)
        .limit(_PIECES_AT_ONCE)
    )
    after = -1
    while rows := (await session.execute(query.where(BatchPiece.number > after))).all():
        for number, failures in rows:
            found += msgspec.json.decode(failures, type=list[BatchFailure])
            after = number
        await asyncio.sleep(0)
    return found


async def _of_mails(session: AsyncSession, batch: Batch) -> TaskProgress:
    """Mails that were forgotten in the meantime have been sent long ago."""
    query = (
        select(
            QueuedMail.state,
            func.count(),
            func.max(QueuedMail.attempts),
            func.max(QueuedMail.worker),
            func.min(QueuedMail.next_attempt_at),
        )
        .where(QueuedMail.batch_id == batch.id)
        .group_by(QueuedMail.state)
    )
    of_state = {row[0]: row for row in await session.execute(query)}
    queued, failed = of_state.get(MailState.QUEUED), of_state.get(MailState.FAILED)
    waiting, given_up = queued[1] if queued else 0, failed[1] if failed else 0
    attempts = max((row[2] for row in of_state.values()), default=0)
    state = TaskState.DONE
    if queued is not None:
        if queued[3] or waiting < batch.total:
            state = TaskState.ASSIGNED
        else:
            state = TaskState.FAILED if attempts else TaskState.QUEUED
    elif given_up == batch.total:
        state = TaskState.FAILED_PERMANENTLY
    return TaskProgress(
        state=state,
        total=batch.total,
        done=batch.total - waiting,
        failed=given_up,
        execution=attempts,
        retries=len(RETRY_DELAYS),
        next_run=queued[4] if queued is not None and state is TaskState.FAILED else None,
    )
