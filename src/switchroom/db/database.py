"""The database: engine, sessions, and the one place where queries are confined to an organization."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import cache
from typing import Any, TypeVar, TypeVarTuple, cast
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import (
    Delete,
    Dialect,
    Executable,
    Insert,
    Select,
    Table,
    Update,
    bindparam,
    event,
    insert,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, ExceptionContext, make_url
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.util import await_only

from switchroom.bus import Bus
from switchroom.db.base import Base, OfOrganization
from switchroom.db.outages import as_unavailable
from switchroom.db.prepared import PreparedChange, PreparedInsert, PreparedQuery
from switchroom.db.sqlite import DRIVER, LOCK_LIMIT, Checkpoints, SqliteConnection, connect, driver_of
from switchroom.db.sqlite import begin as begin_transaction
from switchroom.errors import ErrorCode, Unavailable
from switchroom.tasks import taking_turns

_ORGANIZATION = "organization_id"
_NOTICES = "notices"
_LAST = "last"
_CONFINED_TO = "confined_to"

_UNWRITABLE = (ErrorCode.DATABASE_FULL, ErrorCode.DATABASE_UNAVAILABLE)
_UNWRITTEN_FOR = 10.0
_WRITE_LIMIT = 1.0
"""Seconds that `check` waits for its write: more is known of the last one already."""

_ANY_ORGANIZATION = text("SELECT id FROM organizations LIMIT 1")
_WRITE_OF_SQLITE = text("PRAGMA user_version = 0")
_WRITE_OF_POSTGRESQL = text("SELECT pg_logical_emit_message(true, 'switchroom', repeat('x', 8192))")
"""Writes that change nothing, and that the disk has to take."""

_CONNECT_LIMIT = 10.0
_STATEMENT_LIMIT = 20.0
"""Seconds for an answer of PostgreSQL, which may hang: less than an operation has."""

_LONGEST_IDLE = 20_000
"""Milliseconds that a transaction may wait for its process, which may hang, or its machine be gone: what it
has locked, and others wait for, is free after that."""

_WRITTEN_AT_ONCE = 100
"""Rows; SQLite writes them in the event loop."""

_MOST_OF_SQLITE = 15
"""Connections to SQLite's file of one process, each with a thread of its own once it has been needed."""

_MAPPED = 1 << 31
"""Bytes of SQLite's file that are read where the kernel keeps them, without a call for each page. SQLite
itself keeps 2 MB, in which there is hardly any page of a large table."""

Columns = TypeVarTuple("Columns")
S = TypeVar("S", bound=Executable)


class Database:
    """Gives sessions. `read` is for looking, `write` is one transaction.

    A session opened for an organization adds `organization_id = …` to every query of a table that has one,
    so that no caller can forget it; `None` opens one that sees all organizations, for authentication and the
    command line.
    """

    def __init__(self, url: str, bus: Bus | None = None, *, pool_size: int = 10) -> None:
        self._url = url
        self._sqlite = url.startswith("sqlite")
        self._bus = bus or Bus()
        self.checkpoints = Checkpoints(_file(url)) if self._sqlite else None
        self.engine: AsyncEngine = (
            _sqlite_engine(url, self.checkpoints)
            if self.checkpoints is not None
            else _postgresql_engine(url, pool_size)
        )
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._writing_sessions = async_sessionmaker(
            self.engine.execution_options(write=True), expire_on_commit=False
        )
        self._one_writer = asyncio.Lock() if self._sqlite else None
        self._unwritten: Unavailable | None = None
        self._unwritten_until = -math.inf

    @property
    def has_one_writer(self) -> bool:
        """Whether transactions that write come one after the other, whatever they write."""
        return self._one_writer is not None

    @asynccontextmanager
    async def read(self, organization_id: int | None) -> AsyncGenerator[AsyncSession]:
        """Raises Unavailable, as `write` does, when the database is away, locked or full."""
        with as_unavailable():
            session = self._sessions(info={_ORGANIZATION: organization_id})
            try:
                yield session
            finally:
                await session.close()

    @asynccontextmanager
    async def write(self, organization_id: int | None) -> AsyncGenerator[AsyncSession]:
        """One transaction, committed at the end of the block, then its notices are published.

        SQLite has one writer at a time; waiting for it here is fairer and cheaper than in its busy loop.
        """
        async with AsyncExitStack() as stack:
            if self._one_writer is not None:
                await _acquire(self._one_writer)
                stack.callback(self._one_writer.release)
            stack.enter_context(self._noting_outages())
            stack.enter_context(as_unavailable())
            session = self._writing_sessions(info={_ORGANIZATION: organization_id, _NOTICES: [], _LAST: []})
            # Not by the session's own context manager: that takes a task for it.
            stack.push_async_callback(session.close)
            async with _commit(session):
                yield session
            notices: list[object] = session.info[_NOTICES]
        for notice in notices:
            await self._bus.publish(notice)

    @asynccontextmanager
    async def changing_schema(self) -> AsyncGenerator[AsyncConnection]:
        """One transaction that changes tables, which takes and waits as long as it does."""
        engine = self.engine if self._sqlite else _postgresql_engine(self._url, 1, is_patient=True)
        try:
            async with engine.execution_options(write=True).begin() as connection:
                yield connection
        finally:
            if engine is not self.engine:
                await engine.dispose()

    async def check(self, limit: float) -> None:
        """Look whether the database answers, and, once a write has found it away or full, whether it can be
        written. Raises TimeoutError when it does not answer within so many seconds, and Unavailable; for some
        seconds after such a write at once, for there may be room for little and not for more."""
        async with asyncio.timeout(limit), self.read(None) as session:
            await session.execute(_ANY_ORGANIZATION)
        unwritten = self._unwritten
        if unwritten is None:
            return
        if time.monotonic() < self._unwritten_until:
            raise unwritten
        try:
            async with asyncio.timeout(_WRITE_LIMIT), self.write(None) as session:
                await session.execute(_WRITE_OF_SQLITE if self._sqlite else _WRITE_OF_POSTGRESQL)
        except TimeoutError:
            raise unwritten from None
        self._unwritten = None

    @contextmanager
    def _noting_outages(self) -> Generator[None]:
        """Note that a write has found the database away, for `check`. A lock of PostgreSQL's is of some rows:
        whoever holds it must not put the others out."""
        try:
            yield
        except Unavailable as error:
            if isinstance(error.__cause__, PoolTimeout):
                raise  # our own connections are all in use: the database is there
            if error.code in _UNWRITABLE or (self._sqlite and error.code is ErrorCode.DATABASE_LOCKED):
                self._unwritten = Unavailable(error.code)
                self._unwritten_until = time.monotonic() + _UNWRITTEN_FOR
            raise

    async def close(self) -> None:
        await self.engine.dispose()
        if self.checkpoints is not None:
            self.checkpoints.close()


async def _acquire(lock: asyncio.Lock) -> None:
    """Raises Unavailable after as long as the writer before may wait for another process' write: whoever
    comes behind it would wait for that once more."""
    if not lock.locked():
        await lock.acquire()
        return
    try:
        async with asyncio.timeout(LOCK_LIMIT / 1000):
            await lock.acquire()
    except TimeoutError:
        raise Unavailable(ErrorCode.DATABASE_LOCKED) from None


@asynccontextmanager
async def _commit(session: AsyncSession) -> AsyncGenerator[None]:
    try:
        yield
        await session.run_sync(_finish)
    except BaseException:
        await session.rollback()
        raise


def _finish(session: Session) -> None:
    for work in session.info[_LAST]:
        work(session)
    session.commit()


def notify(session: AsyncSession | Session, notice: object) -> None:
    """Publish `notice` on the bus once the session's transaction is committed."""
    session.info[_NOTICES].append(notice)


def do_last(session: AsyncSession, work: Callable[[Session], None]) -> None:
    """Do `work` as the last thing of the session's transaction, before it is committed."""
    session.info[_LAST].append(work)


async def insert_at_once(session: AsyncSession, rows: Sequence[Base]) -> None:
    """Write new rows of one table without the unit of work, in a third of its time.

    The session does not follow them afterwards, and what their columns default to is written and not known
    to them.
    """
    if not rows:
        return
    names: list[str] = rows[0].__table__.columns.keys()
    values = [{name: row.__dict__[name] for name in names if name in row.__dict__} for row in rows]
    await insert_values(session, type(rows[0]), values)


async def insert_values(session: AsyncSession, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new rows of one table by their columns, all the same."""
    async for piece in taking_turns(_pieces(rows)):
        if not _is_sqlite(session):
            await session.run_sync(insert_rows, table, piece)
            continue
        sql, values = _prepared_rows(session.sync_session, table, piece)
        await (await _driver(session)).run(sql, values)


def _pieces(rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    return (rows[begin : begin + _WRITTEN_AT_ONCE] for begin in range(0, len(rows), _WRITTEN_AT_ONCE))


def insert_rows(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """`insert_values` for what is done last."""
    if not _is_sqlite(session):
        statement, connection = _insert_into(cast("Table", table.__table__)), session.connection()
        for piece in _pieces(rows):
            connection.execute(statement, piece)
        return
    for number, piece in enumerate(_pieces(rows)):
        if number:
            await_only(asyncio.sleep(0))  # the others' turn
        sql, values = _prepared_rows(session, table, piece)
        await_only(driver_of(session).run(sql, values))


def insert_numbered(session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> Sequence[int]:
    """Ids of new rows, in their order: as `insert_rows`, into a table whose `id` the database counts up."""
    if not _is_sqlite(session):
        statement, connection = _numbered(cast("Table", table.__table__)), session.connection()
        return [row[0] for piece in _pieces(rows) for row in connection.execute(statement, piece)]
    insert_rows(session, table, rows)
    # There is one writer, so there are no gaps: RETURNING takes half as long again.
    ((last,),) = await_only(driver_of(session).rows("SELECT last_insert_rowid()", ()))
    return range(last - len(rows) + 1, last + 1)


async def execute_many(
    session: AsyncSession, statement: Update | Delete | Insert, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute a statement, kept by its module, once for each row of parameters, all the same: an UPDATE or
    INSERT sets the columns among their names, and what its condition binds has other names. It is not
    confined to an organization."""
    async for piece in taking_turns(_pieces(rows)):
        if not _is_sqlite(session):
            await (await session.connection()).execute(statement, piece)
            continue
        prepared = _prepared_change(statement, tuple(piece[0]), session.get_bind().dialect)
        await (await _driver(session)).run(prepared.sql, [prepared.parameters(row) for row in piece])


async def columns_of(
    session: AsyncSession, query: Select[*Columns], parameters: Mapping[str, Any]
) -> Sequence[tuple[*Columns]]:
    """The rows of a query of columns, without the session, which looks for entities in them. The query is
    kept by its module, and its parameters are named. Confined to the organization as all queries are; what is
    not flushed is not seen."""
    organization_id = session.info.get(_ORGANIZATION)
    if organization_id is not None:
        query = _confined(query)
        parameters = {**parameters, _CONFINED_TO: organization_id}
    if not _is_sqlite(session):
        connection = await session.connection()
        return cast("Sequence[tuple[*Columns]]", (await connection.execute(query, parameters)).all())
    statement = _prepared_query(query, session.get_bind().dialect)
    return statement.rows(
        await (await _driver(session)).rows(statement.sql, statement.parameters(parameters))
    )


def _is_sqlite(session: Session | AsyncSession) -> bool:
    return session.get_bind().dialect.name == "sqlite"


async def _driver(session: AsyncSession) -> SqliteConnection:
    """As `driver_of`."""
    return session.info.get(DRIVER) or await session.run_sync(driver_of)


def _prepared_rows(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]
) -> tuple[str, list[list[Any]]]:
    into = cast("Table", table.__table__)
    statement = _prepared_insert(into, tuple(rows[0]), session.get_bind().dialect)
    return statement.sql, [statement.parameters(row) for row in rows]


def _prepared_query(query: Select[*Columns], dialect: Dialect) -> PreparedQuery[*Columns]:
    prepared = _prepared_queries.get(query)
    if prepared is None:
        prepared = _prepared_queries[query] = PreparedQuery(query, dialect)
    return cast("PreparedQuery[*Columns]", prepared)


_prepared_queries: WeakKeyDictionary[Executable, PreparedQuery[*tuple[Any, ...]]] = WeakKeyDictionary()
"""Prepared queries of SQLite, whose dialects are all set up the same here."""


@cache
def _prepared_insert(table: Table, names: tuple[str, ...], dialect: Dialect) -> PreparedInsert:
    return PreparedInsert(table, names, dialect)


@cache
def _prepared_change(
    statement: Update | Delete | Insert, names: tuple[str, ...], dialect: Dialect
) -> PreparedChange:
    return PreparedChange(statement, names, dialect)


@cache
def _insert_into(table: Table) -> Insert:
    return insert(table)


@cache
def _numbered(table: Table) -> ReturningInsert[int]:
    return insert(table).returning(table.c.id, sort_by_parameter_order=True)


def upsert(session: AsyncSession, table: type[Base]) -> sqlite.Insert:
    """An INSERT that can say `on_conflict_do_update`, which both databases spell the same."""
    return upsert_of(session.get_bind().dialect.name, table)


def upsert_of(dialect: str, table: type[Base]) -> sqlite.Insert:
    """As `upsert`, for a statement that its module keeps."""
    if dialect == "postgresql":
        return cast("sqlite.Insert", postgresql.insert(table))
    return sqlite.insert(table)


def _file(url: str) -> str:
    return make_url(url).database or ":memory:"


def _sqlite_engine(url: str, checkpoints: Checkpoints) -> AsyncEngine:
    database = _file(url)
    engine = create_async_engine(
        url,
        async_creator=lambda: connect(database, checkpoints),
        # None is closed before the end: who is cancelled meanwhile would leave half of it, and an error.
        pool_size=_MOST_OF_SQLITE,
        max_overflow=0,
        pool_use_lifo=True,  # a connection's cache is good for as long as no other one writes
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,  # they hold access keys, and errors are logged
    )

    @event.listens_for(engine.sync_engine, "connect")
    def configure(connection: Any, _record: object) -> None:  # pyright: ignore[reportUnusedFunction]
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
            f"busy_timeout={LOCK_LIMIT}",
            "wal_autocheckpoint=0",
            f"mmap_size={_MAPPED}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:  # pyright: ignore[reportUnusedFunction]
        # A writer takes its lock at once: a read lock that grows later can meet another's and fail.
        immediate = bool(connection.get_execution_options().get("write"))
        begin_transaction(connection.connection.driver_connection, immediate=immediate)

    return engine


def _postgresql_engine(url: str, pool_size: int, *, is_patient: bool = False) -> AsyncEngine:
    """`is_patient` is for what may wait for locks, and for answers, without limit."""
    settings = {
        # Compiling a statement takes longer than any of these statements does.
        "jit": "off",
        "idle_in_transaction_session_timeout": str(_LONGEST_IDLE),
        "lock_timeout": "0" if is_patient else str(LOCK_LIMIT),
    }
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        pool_timeout=_CONNECT_LIMIT,
        connect_args={
            "async_creator_fn": _connect_to_postgresql,
            "server_settings": settings,
            "timeout": _CONNECT_LIMIT,
            "command_timeout": None if is_patient else _STATEMENT_LIMIT,
        },
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,  # they hold access keys, and errors are logged
    )

    @event.listens_for(engine.sync_engine, "handle_error")
    def give_up(context: ExceptionContext) -> None:  # pyright: ignore[reportUnusedFunction]
        # Rolling back would wait for an answer as long once more: the transaction ends with its connection.
        if isinstance(context.original_exception, TimeoutError):
            context.is_disconnect = True
            context.invalidate_pool_on_disconnect = False

    return engine


async def _connect_to_postgresql(*arguments: Any, **options: Any) -> Any:
    """A connection of asyncpg. Raises Unavailable where there is none to be had, however it is refused."""
    import asyncpg  # here: for SQLite it is not needed

    with as_unavailable():
        try:
            return await asyncpg.connect(*arguments, **options)  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        except OSError as error:
            raise ConnectionError(str(error)) from error


_BELONGS = with_loader_criteria(
    OfOrganization,
    lambda model: (
        model.organization_id == bindparam("confined_to")
    ),  # not _CONFINED_TO: the lambda would make a parameter of it
    include_aliases=True,
)
_confined_statements: WeakKeyDictionary[Executable, Executable] = WeakKeyDictionary()
"""Statements with the condition, by those without: one that is kept by its module is prepared once."""


def _confined(statement: S) -> S:
    confined = _confined_statements.get(statement)
    if confined is None:
        confined = _confined_statements[statement] = statement.options(_BELONGS)
    return cast("S", confined)


@event.listens_for(Session, "do_orm_execute")
def _confine(state: ORMExecuteState) -> None:  # pyright: ignore[reportUnusedFunction]
    organization_id = state.session.info.get(_ORGANIZATION)
    if organization_id is None or state.is_insert or state.is_column_load or state.is_relationship_load:
        return
    state.statement = _confined(state.statement)
    # Without this value the database is not even asked: the statement wants it.
    state.parameters = {**cast("Mapping[str, Any]", state.parameters or {}), _CONFINED_TO: organization_id}


@event.listens_for(Session, "before_flush")
def _stamp(session: Session, _context: object, _instances: object) -> None:  # pyright: ignore[reportUnusedFunction]
    organization_id = session.info.get(_ORGANIZATION)
    if organization_id is None:
        return
    for row in session.new:
        if isinstance(row, OfOrganization):
            row.organization_id = organization_id
