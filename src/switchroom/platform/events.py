"""Event services: the event log, and the web hooks that are sent what is in it."""

from __future__ import annotations

from datetime import timedelta

from switchroom.events.buffer import EventBuffer
from switchroom.events.log import EventLog
from switchroom.events.tail import EventTail
from switchroom.events.webhooks.delivery import ANSWER_LIMIT, HookDelivery
from switchroom.events.webhooks.hooks import WebHooks
from switchroom.events.webhooks.outbound import Outbound
from switchroom.events.webhooks.payloads import Renderer
from switchroom.events.webhooks.queueing import Queueing
from switchroom.meetings.attendance import needed_events
from switchroom.platform.background import Background
from switchroom.platform.storage import Storage
from switchroom.settings import Settings


class EventServices:
    """The log, its buffer for what no transaction causes, and web hooks."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        database, bus = storage.database, storage.bus
        self.log = EventLog(database, keep=timedelta(days=settings.events.keep_days), needed=needed_events())
        self.tail = EventTail(self.log, bus)
        self.buffer = EventBuffer(database)
        self.webhooks = WebHooks(database)
        self.delivery = HookDelivery(
            database, Outbound(settings.events.webhook_networks, timeout=ANSWER_LIMIT), bus
        )
        self.payloads: dict[str, Renderer] = {}
        """The forms, by name, in which web hooks can ask for events; dialects add theirs."""
        self.queueing = Queueing(database, bus, self.tail, self.payloads)

    def background(self) -> list[Background]:
        return [
            Background("old events", self.log.tidy),
            Background("event log", self.tail.run),
            Background("web hooks", self.delivery.run),
            Background("events for web hooks", self.queueing.run),
            Background("events", self.buffer.run, self.buffer.finish),
        ]
