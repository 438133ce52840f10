"""Telephony services: what is configured for calls, and the records of them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from switchroom.engines.kamailio.configuration import Interfaces, read_interfaces
from switchroom.engines.kamailio.engine import KamailioEngine
from switchroom.engines.rtpengine.configuration import RtpengineInterfaces
from switchroom.engines.rtpengine.configuration import read_interfaces as read_relay
from switchroom.engines.rtpengine.engine import RtpengineEngine
from switchroom.events.webhooks.outbound import Outbound
from switchroom.jobs.periodic import Periodic
from switchroom.meetings.account_changes import AccountMeetings
from switchroom.platform import media_relay, sip_server
from switchroom.platform.background import Background
from switchroom.platform.call_control import CALL_CONTROL
from switchroom.platform.engine_reports import Reports
from switchroom.platform.identity import IdentityServices
from switchroom.platform.storage import Storage
from switchroom.platform.telephony_metrics import TelephonyMetrics
from switchroom.settings import Settings
from switchroom.telephony.calls.device_states import device_states
from switchroom.telephony.control.live_calls import LiveCalls
from switchroom.telephony.control.workers import CallWorkers
from switchroom.telephony.resources.account_changes import AccountTelephony
from switchroom.telephony.resources.calendar_fetching import FETCH_LIMIT, CalendarFetching
from switchroom.telephony.resources.calls_history import CallHistory
from switchroom.telephony.resources.catalogue import all_kinds
from switchroom.telephony.resources.service import Resources
from switchroom.telephony.resources.sounds import SoundFiles
from switchroom.telephony.resources.users import UserIds
from switchroom.telephony.resources.vault import Vault
from switchroom.telephony.voicemail.files import MessageFiles
from switchroom.telephony.voicemail.mailboxes import Mailboxes
from switchroom.telephony.voicemail.messages import Messages
from switchroom.telephony.voicemail.retention import EVERY, Retention

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z][a-z0-9-]*")
_NO_DOMAIN = "sip.internal"
"""End of realms where the platform has no domain name; its top-level domain belongs to nobody."""


class TelephonyServices:
    def __init__(
        self, settings: Settings, storage: Storage, identity: IdentityServices, reports: Reports
    ) -> None:
        """`reports` tells how the engines of this machine are."""
        database, directory = storage.database, settings.data_directory.absolute() / "telephony"
        self.sounds = SoundFiles(directory / "medias", settings.telephony.sounds_mb << 20)
        self.vault = Vault(identity.secret)
        self.message_files = MessageFiles(directory / "voicemail")
        kinds = all_kinds(
            identity.password_requests,
            AccountMeetings(),
            self.sounds,
            self.message_files.directory,
            directory / "recordings",
            numbers_claimed=settings.telephony.numbers_claimed,
            device_states=device_states,
        )
        suffix = settings.telephony.realm_suffix or _domain_of(settings.base_url)
        self.workers = CallWorkers(control_directory(settings), storage.bus, self._why_away)
        self.resources = Resources(
            database, identity.passwords, self.vault, kinds, suffix, self.workers.forget_loaded
        )
        self.account_dependents = AccountTelephony(self.resources.kinds)
        self.call_history = CallHistory(database)
        self.live_calls = LiveCalls(self.workers, self.resources)
        self.metrics = TelephonyMetrics(self.workers, database, self._relay)
        self.user_ids = UserIds(database)
        outbound = Outbound(settings.events.webhook_networks, timeout=FETCH_LIMIT)
        self.calendar_fetching = CalendarFetching(database, outbound, storage.bus)
        self.mailboxes = Mailboxes(
            database,
            identity.passwords,
            identity.throttle,
            self.message_files,
            self.sounds,
            most_bytes=settings.telephony.voicemail_megabytes * 1_000_000,
        )
        self.voicemail = Messages(self.resources, self.message_files, self.sounds, self.mailboxes)
        kept = timedelta(days=settings.telephony.voicemail_days)
        retention = Retention(database, self.message_files, kept)
        self._old_voicemail = Periodic(database, "old voicemail", EVERY, retention.tidy)
        self._reports = reports
        self._settings = settings
        self._storage = storage

    def background(self) -> list[Background]:
        always = [
            Background("old voicemail", self._old_voicemail.run),
            Background("external calendars", self.calendar_fetching.run),
        ]
        if not sip_server.wanted(self._settings):
            return always
        # Here: who serves no telephones speaks no SIP.
        from switchroom.platform.registrations import registrations

        return [
            *always,
            *registrations(self._settings, self._storage, self.vault),
            Background("telephony workers", self.workers.run),
        ]

    def sip_server(self) -> Interfaces | None:
        """Interfaces of the SIP server of this machine, None where none runs. Reads a file."""
        if not sip_server.wanted(self._settings):
            return None
        return read_interfaces(sip_server.directory(self._settings))

    def _why_away(self) -> str:
        """Reason why no calls are controlled, with the command that installs what is missing; empty where it
        is not known."""
        if not sip_server.wanted(self._settings):
            return "telephony.enabled is false"
        problems = {one.name: one.problem for one in self._reports()}
        names = (KamailioEngine.name, RtpengineEngine.name, CALL_CONTROL)
        return next((problems[one] for one in names if problems.get(one)), "")

    def _relay(self) -> RtpengineInterfaces | None:
        """Interfaces of the relay of this machine, None where none runs."""
        if not sip_server.wanted(self._settings):
            return None
        return read_relay(media_relay.directory(self._settings))


def control_directory(settings: Settings) -> Path:
    """Directory of the sockets of the telephony workers."""
    return settings.data_directory.resolve() / "telephony"


def _domain_of(url: str) -> str:
    host = (urlsplit(url).hostname or "").lower()
    return host if _DOMAIN.fullmatch(host) else _NO_DOMAIN
