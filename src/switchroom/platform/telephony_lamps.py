"""Lamp services: what a telephony worker shows phones of messages and calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from switchroom.engines.kamailio.configuration import read_interfaces
from switchroom.engines.kamailio.dispatching import worker_of
from switchroom.engines.sip.user_agent import UserAgent
from switchroom.events.log import EventLog
from switchroom.events.tail import EventTail
from switchroom.platform import sip_server
from switchroom.platform.storage import Storage
from switchroom.settings import Settings
from switchroom.tasks import Tasks
from switchroom.telephony.calls.call_lamps import CallLamps
from switchroom.telephony.calls.snapshot import CallSnapshot, ChangeKind, Happened, Journal
from switchroom.telephony.lamps.message_lamps import CHANGES, MessageLamps
from switchroom.telephony.lamps.publisher import Publisher

_CALL_EXPIRES = 180
"""Seconds: a lamp of a call that was lost with its worker, and that nobody has taken up, is lit no longer."""

_MESSAGES_EXPIRE = 1800


class LampServices:
    """Lamps of the worker's calls, which hear what the journal hears; and of messages, which one worker of
    all keeps."""

    def __init__(self, settings: Settings, storage: Storage, journal: Journal, number: int) -> None:
        """`journal` is told before the lamps are; `number` is the worker's."""
        self._number = number
        self._workers: Sequence[int] = ()
        self._storage = storage
        self._journal = journal
        self._directory = sip_server.directory(settings)
        self._keep = timedelta(days=settings.events.keep_days)
        self._calls: CallLamps | None = None
        self._tasks = Tasks()

    def note(
        self, snapshot: CallSnapshot, happened: Happened, save: Callable[[], bytes] | None = None
    ) -> None:
        """Take in a change of a call. It neither blocks nor raises."""
        self._journal.note(snapshot, happened, save)
        if self._calls is not None:
            self._calls.note(snapshot, happened)

    def begin(self, agent: UserAgent, left: Iterable[CallSnapshot]) -> None:
        """Show lamps from now on, by the socket that the SIP server knows the worker by. `left` are calls of
        the process before, whose lamps are on."""
        database, bus = self._storage.database, self._storage.bus
        interfaces = read_interfaces(self._directory)
        assert interfaces is not None  # the agent's socket is one of them
        self._workers = interfaces.workers
        publisher = Publisher(agent, self._directory, expires=_CALL_EXPIRES)
        number = self._number if len(self._workers) > 1 else None
        self._calls = CallLamps(database, bus, publisher, self._has_account, number=number)
        for snapshot in left:
            self._calls.note(snapshot, Happened(ChangeKind.CHANGED))
        log = EventLog(database, keep=self._keep)
        tail = EventTail(log, bus, CHANGES.types)
        messages = MessageLamps(
            database, bus, log, tail, Publisher(agent, self._directory, expires=_MESSAGES_EXPIRE)
        )
        self._tasks.keep(self._calls.run, "lamps of calls")
        self._tasks.keep(tail.run, "event log")
        self._tasks.keep(messages.run, "lamps of messages")

    def _has_account(self, organization_id: int) -> bool:
        """Whether the SIP server gives the calls of an account to this worker."""
        return worker_of(organization_id, self._workers) == self._workers[self._number - 1]

    async def close(self) -> None:
        await self._tasks.close()
