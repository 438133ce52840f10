"""Invitations of very many people: batches that a worker carries out piece by piece, as background work."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import cast

import msgspec
import structlog
from msgspec import Struct, structs
from sqlalchemy import Table, delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.accounts.invitations import TO_INVITE, TRIES
from switchroom.accounts.inviting import InvitationDraft, Inviter, Inviting
from switchroom.accounts.people import require_all, require_permission, require_still
from switchroom.accounts.person_drafts import with_permissions
from switchroom.bus import Bus
from switchroom.db.base import now
from switchroom.db.database import Database, notify
from switchroom.db.write_behind import is_unfit
from switchroom.errors import DomainError, ErrorCode, Exhausted, FieldProblem, Invalid
from switchroom.identity.models import new_id
from switchroom.identity.permissions import NO_ADMINISTRATION, Administration
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.jobs.batches import BATCH_WAITS, Batch, BatchFailure, BatchPiece, BatchState, add_pieces
from switchroom.jobs.due_rows import Claim, DueRows
from switchroom.jobs.lease import LEASE
from switchroom.jobs.notices import BatchQueued
from switchroom.jobs.periodic import Periodic
from switchroom.jobs.retry import DATABASE_AWAY, written
from switchroom.jobs.runner import Runner, Work
from switchroom.rooms.drafts import LONGEST_NAME, require_name
from switchroom.tasks import taking_turns

KIND = "invitations"
MOST_INVITED = 10_000
"""Invitations in one batch."""

_PIECE = 25
"""People in one transaction: others wait for it, and on SQLite the whole process does."""

_MOST_WAITING = 10
"""Batches of one organization."""

_AGAIN_AFTER = timedelta(days=15)
"""Time within which a batch does not write again to a person who was written to, by a batch or alone."""

_KEPT = timedelta(days=30)
_TIDIED_EVERY = timedelta(hours=1)
_BATCHES = cast("Table", Batch.__table__)
_PIECES = cast("Table", BatchPiece.__table__)

log = structlog.stdlib.get_logger(__name__)


class BatchTerms(Struct, frozen=True, kw_only=True):
    """Terms of all invitations of a batch: the inviter, and what they give."""

    token: AccessToken
    name: str
    administration: int


class InvitationBatches(Work[Claim[Batch]]):
    """Batches of invitations. Each piece and the note that it is done are one transaction: a batch whose
    process dies is taken up by another where it was, and nobody is written to twice. Between pieces others
    write."""

    kind = KIND
    at_once = 1
    look_every = 15.0
    finish_limit = 0.0

    def __init__(self, database: Database, inviting: Inviting, bus: Bus, *, lease: timedelta = LEASE) -> None:
        self._database = database
        self._inviting = inviting
        self.leases = self._rows = DueRows(
            database,
            Batch,
            key=Batch.id,
            due=Batch.due_at,
            worker=Batch.worker,
            attempts=Batch.attempts,
            waiting=BATCH_WAITS,
            lease=lease,
        )
        self._runner = Runner(self)
        bus.subscribe(BatchQueued, self._wake)

    async def create(
        self,
        token: AccessToken,
        drafts: Sequence[InvitationDraft],
        permissions: Mapping[Administration, bool],
        inviter_name: str = "",
    ) -> str:
        """Invite 1 to 10,000 people, soon; each of them gets the permissions. Returns the batch's id. Raises
        Forbidden, and Exhausted while very many batches wait; what is wrong with one of the invitations is
        found out when it is its turn."""
        require_permission(token, TO_INVITE)
        if not 1 <= len(drafts) <= MOST_INVITED:
            raise Invalid(ErrorCode.ENTRIES_OUT_OF_RANGE, "invitations", least=1, most=MOST_INVITED)
        own_name = token.display_name if token.kind is SubjectKind.PERSON else ""
        name = require_name(inviter_name, "inviter_name") or own_name
        payloads = [
            msgspec.json.encode(drafts[first : first + _PIECE]).decode()
            async for first in taking_turns(range(0, len(drafts), _PIECE))
        ]
        batch = Batch(
            id=new_id(),
            kind=KIND,
            created_by=token.subject_id,
            total=len(drafts),
        )
        async with self._database.write(token.organization_id) as session:
            token = await require_still(session, token, TO_INVITE)
            administration = with_permissions(token, NO_ADMINISTRATION, permissions)
            terms = BatchTerms(token=token, name=name[:LONGEST_NAME], administration=administration)
            batch.terms = msgspec.json.encode(terms).decode()
            waiting = await session.scalar(select(func.count()).select_from(Batch).where(BATCH_WAITS))
            if (waiting or 0) >= _MOST_WAITING:
                raise Exhausted(ErrorCode.TOO_MANY_BATCHES, most=_MOST_WAITING)
            session.add(batch)
            await session.flush()
            await add_pieces(session, batch.id, payloads)
            notify(session, BatchQueued())
        return batch.id

    async def run(self) -> None:
        """Carry out batches until cancelled; what is under way is given up for others."""
        tidying = asyncio.create_task(
            Periodic(self._database, "old batches", _TIDIED_EVERY, self._tidy).run(), name="old batches"
        )
        try:
            await self._runner.run()
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)

    async def claim(self, limit: int) -> Sequence[Claim[Batch]]:
        return await self._rows.claim(limit)

    async def due_in(self) -> timedelta | None:
        return await self._rows.due_in()

    async def count_waiting(self) -> int:
        return await self._rows.count_due()

    async def do(self, job: Claim[Batch]) -> None:
        """Carry out what is left of a batch."""
        batch = job.row
        terms = msgspec.json.decode(batch.terms, type=BatchTerms)
        inviter = Inviter(
            token=terms.token, name=terms.name, administration=terms.administration, again_after=_AGAIN_AFTER
        )
        while (piece := await self._next(batch.id)) is not None:
            number, payload = piece
            drafts = msgspec.json.decode(payload, type=list[InvitationDraft])
            work = partial(self._handle_piece, job, inviter, number, drafts)
            await written(work, "piece of a batch", self.leases.lease)
            await asyncio.sleep(0)
        await written(partial(self._end, job), "end of a batch", self.leases.lease)
        log.info("batch done", batch=batch.id, people=batch.total)

    async def _next(self, batch_id: str) -> tuple[int, str] | None:
        """The number and the payload of the next piece that is not done."""
        query = (
            select(BatchPiece.number, BatchPiece.payload)
            .where(BatchPiece.batch_id == batch_id, BatchPiece.is_done.is_(False))
            .order_by(BatchPiece.number)
            .limit(1)
        )
        async with self._database.read(None) as session:
            row = (await session.execute(query)).one_or_none()
        return None if row is None else (row[0], row[1])

    async def _handle_piece(
        self, job: Claim[Batch], inviter: Inviter, number: int, drafts: Sequence[InvitationDraft]
    ) -> None:
        """Raises LeaseLost, and what a transaction raises while the database is away."""
        organization_id = inviter.token.organization_id
        for _ in range(TRIES):
            try:
                async with self._database.write(organization_id) as session:
                    if not await self._hold(session, job.key, number):
                        return
                    outcomes = await self._invite(session, inviter, drafts)
                    await _note(session, job.key, number, outcomes)
                    return
            except IntegrityError:
                continue  # somebody else has made one of the people meanwhile: they are read anew
            except Exception as error:
                if isinstance(error, DATABASE_AWAY) and not is_unfit(error):
                    raise
                log.exception("piece of a batch cannot be carried out", batch=job.key, piece=number)
                break
        async with self._database.write(organization_id) as session:
            if await self._hold(session, job.key, number):
                await _note(session, job.key, number, [DomainError(ErrorCode.UNKNOWN) for _ in drafts])

    async def _hold(self, session: AsyncSession, batch_id: str, number: int) -> bool:
        """Keep the lease until the end of the transaction. Returns whether the piece is still to be done: a
        commit that nothing came back of may have been carried out. Raises LeaseLost."""
        await self.leases.hold(session, batch_id)
        query = select(BatchPiece.is_done).where(BatchPiece.batch_id == batch_id, BatchPiece.number == number)
        return await session.scalar(query) is False

    async def _invite(
        self, session: AsyncSession, inviter: Inviter, drafts: Sequence[InvitationDraft]
    ) -> Sequence[str | DomainError]:
        """Invite people, unless the inviter may not do so by now, or may not give what they gave."""
        try:
            token = await require_still(session, inviter.token, TO_INVITE)
            require_all(token, Administration(inviter.administration))
        except DomainError as error:
            return [error for _ in drafts]
        return await self._inviting.invite(session, structs.replace(inviter, token=token), drafts)

    async def _end(self, job: Claim[Batch]) -> None:
        async with self._database.write(None) as session:
            await self._rows.settle(session, job, state=BatchState.DONE, terms="")

    async def _tidy(self) -> None:
        """Forget what was done long ago."""
        old = delete(Batch).where(Batch.state != BatchState.WAITING, Batch.created_at < now() - _KEPT)
        async with self._database.write(None) as session:
            await session.execute(old.execution_options(synchronize_session=False))

    async def _wake(self, _: BatchQueued) -> None:
        self._runner.wake()


async def _note(
    session: AsyncSession, batch_id: str, number: int, outcomes: Sequence[str | DomainError]
) -> None:
    """Write down what came of a piece, and count it."""
    failures = [
        _failure(number * _PIECE + place, outcome)
        for place, outcome in enumerate(outcomes)
        if isinstance(outcome, DomainError)
    ]
    written_down = msgspec.json.encode(failures).decode() if failures else ""
    await session.execute(
        update(_PIECES)
        .where(_PIECES.c.batch_id == batch_id, _PIECES.c.number == number)
        .values(payload="", failures=written_down, is_done=True)
    )
    counted = {"done": _BATCHES.c.done + len(outcomes), "failed": _BATCHES.c.failed + len(failures)}
    await session.execute(update(_BATCHES).where(_BATCHES.c.id == batch_id).values(counted))


def _failure(number: int, error: DomainError) -> BatchFailure:
    first = FieldProblem(error.path, error.code, error.facts)
    if isinstance(error, Invalid):
        first = error.problems[0]
    return BatchFailure(number, first.path, first.code, dict(first.facts))
