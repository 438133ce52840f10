"""Call services: the parts of a telephony worker."""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import structlog
from msgspec import MsgspecError

from switchroom.db.base import now
from switchroom.engines.sip.errors import MalformedValue
from switchroom.jobs.retry import DATABASE_AWAY
from switchroom.platform.carriers import carrier_addresses, own_side
from switchroom.platform.engines import Engines
from switchroom.platform.identity import IdentityServices
from switchroom.platform.storage import Storage
from switchroom.platform.telephony import TelephonyServices, control_directory
from switchroom.platform.telephony_conferences import ConferenceServices
from switchroom.platform.telephony_lamps import LampServices
from switchroom.settings import ConfigurationError, Settings
from switchroom.tasks import Tasks
from switchroom.telephony.calls.call_metrics import CallMetrics
from switchroom.telephony.calls.control import SwitchboardControl
from switchroom.telephony.calls.dialling import TrunkDialler
from switchroom.telephony.calls.forwarding import Forwarding
from switchroom.telephony.calls.group_login import GroupLogin
from switchroom.telephony.calls.journal import CallJournal, crashed
from switchroom.telephony.calls.journal_writes import MACHINE_LENGTH, WorkerElsewhere
from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.loader import Loader
from switchroom.telephony.calls.mailbox import Voicemail
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.prompt_files import PromptFiles
from switchroom.telephony.calls.snapshot import CallSnapshot, ChangeKind, Happened
from switchroom.telephony.calls.switchboard import Switchboard
from switchroom.telephony.control.server import ControlServer
from switchroom.telephony.prompts.library import PromptLibrary
from switchroom.telephony.routing.actions import ChangeForwarding, LogInToGroup
from switchroom.telephony.trunk_claims import TrunkClaims
from switchroom.telephony.voicemail import unsaved

log = structlog.stdlib.get_logger(__name__)


def machine_id(directory: Path) -> str:
    """The id of the machine that the data directory is on, made at the first start. Raises OSError."""
    file = directory / "machine"
    own = directory / f"machine-{os.getpid()}"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    own.write_text(secrets.token_hex(MACHINE_LENGTH // 2))
    try:
        # Whole or not at all: several workers are started at once.
        with suppress(FileExistsError):
            file.hardlink_to(own)
    finally:
        own.unlink()
    return file.read_text()


class CallServices:
    """Everything that a telephony worker has of the platform, put together from the settings."""

    def __init__(self, settings: Settings, number: int) -> None:
        self.number = number
        self.storage = Storage(settings, Engines(settings, ()))
        identity = IdentityServices(settings, self.storage)
        self._passwords = identity.passwords
        telephony = TelephonyServices(settings, self.storage, identity, reports=list)
        connection = self.storage.messages.connection
        loader = Loader(self.storage.database, telephony.vault, telephony.resources.kinds)
        self.loader = KeptLoader(
            loader, self.storage.bus, lambda: connection is not None and connection.connected
        )
        if connection is not None:
            connection.on_change(lambda _: self.loader.forget_all())
        library = PromptLibrary(settings.data_directory.absolute() / "telephony" / "prompts")
        prompts = PromptFiles(library, telephony.sounds, self.loader)
        dialler = TrunkDialler(
            carrier_addresses(settings), TrunkClaims(self.storage.database), own_side(settings).host
        )
        self.journal = CallJournal(self.storage.database, number, machine_id(control_directory(settings)))
        self.lamps = LampServices(settings, self.storage, self.journal, number)
        self.metrics = CallMetrics(
            self.lamps,
            unwritten=lambda: self.journal.waiting,
            dropped=lambda: self.journal.dropped,
        )
        self.board = Switchboard(self.loader, prompts, self.metrics, dialler)
        voicemail = Voicemail(telephony.mailboxes, telephony.message_files.parts, number)
        self.board.performers.update(voicemail.performers())
        self.board.performers[ChangeForwarding] = Forwarding(telephony.resources).perform
        self.board.performers[LogInToGroup] = GroupLogin(telephony.resources).perform
        self._mixing = ConferenceServices(
            settings, self.storage.database, identity.passwords, identity.throttle
        )
        conferences = self._mixing.conferences
        self.board.performers.update(conferences.performers())
        control = SwitchboardControl(self.board, conferences, self.metrics)
        self.control = ControlServer(control_directory(settings), number, control, self.storage.bus)
        self._tasks = Tasks()
        self._left: Sequence[CallSnapshot] = ()
        self._mailboxes, self._parts = telephony.mailboxes, telephony.message_files.parts
        self._unsaved: Sequence[Path] = ()

    async def open(self) -> None:
        """Connect to what is shared with other processes, and read what the process before has left. Raises
        ConfigurationError where another machine has the worker's place."""
        await self.storage.messages.connect()
        try:
            self._left = await self.journal.left_behind()
        except WorkerElsewhere as error:
            raise ConfigurationError(str(error)) from None
        self._unsaved = unsaved.left_behind(self._parts, self.number)
        await self._mixing.start()

    def take_up(self, services: MediaServices) -> None:
        """Take calls in, and up those that were left; before anything for them comes in, which nobody would
        know."""
        self.board.begin(services)
        left, self._left = self._left, ()
        self.lamps.begin(services.agent, left)
        for snapshot in left:
            try:
                goes_on = self.board.take_up(snapshot)
            except (MsgspecError, MalformedValue, KeyError) as error:
                log.error("a call that was left cannot be taken up", call=snapshot.id, reason=str(error))
                goes_on = False
            if not goes_on:
                self.lamps.note(crashed(snapshot, now()), Happened(ChangeKind.ENDED))

    async def begin(self) -> None:
        """Write what happens, and take commands."""
        self._tasks.keep(self.journal.run, "call journal")
        self._tasks.spawn(unsaved.keep(self._mailboxes, self._unsaved), "messages that were left")
        await self.control.start()

    async def close(self) -> None:
        await self.control.stop()
        await self._mixing.stop()
        await self.lamps.close()
        await self._tasks.close()
        try:
            await self.journal.finish()
            await self.journal.leave()
        except DATABASE_AWAY as error:
            log.error("calls not written", waiting=self.journal.waiting, reason=type(error).__name__)
        await self.storage.messages.disconnect()
        self._passwords.close()
        await self.storage.database.close()
