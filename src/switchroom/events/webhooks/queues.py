"""Queues of a sender, one for each object."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence

from switchroom.events.webhooks.due import DueDelivery


class Queues:
    """Queues of deliveries that are read and not sent yet, by object. An object is ready, or one about it is
    under way, or it has no queue. Those ready with a retry come before all others.

    `unsent` counts the deliveries, `retries` those among them that were tried before.
    """

    def __init__(self) -> None:
        self.unsent = 0
        self.retries = 0
        self._of: dict[str, deque[DueDelivery]] = {}
        self._with_retry: OrderedDict[str, None] = OrderedDict()
        self._others: OrderedDict[str, None] = OrderedDict()

    @property
    def are_ready(self) -> bool:
        return bool(self._with_retry or self._others)

    def add(self, one: DueDelivery) -> None:
        """Put it at the end of its object's queue. A retry goes to its head: what is read beside it does not
        have to wait for it any more."""
        self._count(one, 1)
        queue = self._of.get(one.object_id)
        if queue is None:
            self._of[one.object_id] = deque([one])
            self._make_ready(one.object_id)
        elif one.attempts:
            queue.appendleft(one)
            if one.object_id in self._others:
                del self._others[one.object_id]
                self._with_retry[one.object_id] = None
        else:
            queue.append(one)

    def reserve(self) -> str:
        """The object whose turn it is: no longer ready, until it is put back or done."""
        return (self._with_retry or self._others).popitem(last=False)[0]

    def put_back(self, object_id: str) -> None:
        """Make an object the next one ready again."""
        self._make_ready(object_id)
        self._ready(object_id).move_to_end(object_id, last=False)

    def take(self, object_id: str) -> DueDelivery:
        """The first delivery about a reserved object: it is under way now."""
        one = self._of[object_id].popleft()
        self._count(one, -1)
        return one

    def done(self, object_id: str) -> None:
        """The one under way has been accepted."""
        if self._of[object_id]:
            self._make_ready(object_id)
        else:
            del self._of[object_id]

    def drop(self, object_id: str) -> Sequence[DueDelivery]:
        """The one under way has failed: those after it, which are no longer in hand."""
        queue = self._of.pop(object_id)
        for one in queue:
            self._count(one, -1)
        return queue

    def _make_ready(self, object_id: str) -> None:
        self._ready(object_id)[object_id] = None

    def _ready(self, object_id: str) -> OrderedDict[str, None]:
        return self._with_retry if self._of[object_id][0].attempts else self._others

    def _count(self, one: DueDelivery, change: int) -> None:
        self.unsent += change
        if one.attempts:
            self.retries += change
