"""Call services: the parts of a telephony worker."""

from __future__ import annotations

from switchroom.platform.carriers import carrier_addresses, own_side
from switchroom.platform.engines import Engines
from switchroom.platform.identity import IdentityServices
from switchroom.platform.storage import Storage
from switchroom.platform.telephony import TelephonyServices
from switchroom.settings import Settings
from switchroom.telephony.calls.dialling import TrunkDialler
from switchroom.telephony.calls.forwarding import Forwarding
from switchroom.telephony.calls.kept_loader import KeptLoader
from switchroom.telephony.calls.loader import Loader
from switchroom.telephony.calls.mailbox import Voicemail
from switchroom.telephony.calls.media_services import MediaServices
from switchroom.telephony.calls.prompt_files import PromptFiles
from switchroom.telephony.calls.snapshot import CallSnapshot, Happened
from switchroom.telephony.calls.switchboard import Switchboard
from switchroom.telephony.prompts.library import PromptLibrary
from switchroom.telephony.routing.actions import ChangeForwarding


class _Nobody:
    """Journal that keeps nothing."""

    def note(self, snapshot: CallSnapshot, happened: Happened) -> None:
        pass


class CallServices:
    """Everything that a telephony worker has of the platform, put together from the settings."""

    def __init__(self, settings: Settings, number: int) -> None:
        self.number = number
        self.storage = Storage(settings, Engines(settings, ()))
        identity = IdentityServices(settings, self.storage)
        self._passwords = identity.passwords
        telephony = TelephonyServices(settings, self.storage, identity)
        connection = self.storage.messages.connection
        loader = Loader(self.storage.database, telephony.vault, telephony.resources.kinds)
        self.loader = KeptLoader(
            loader, self.storage.bus, lambda: connection is not None and connection.connected
        )
        library = PromptLibrary(settings.data_directory / "telephony" / "prompts")
        prompts = PromptFiles(library, telephony.sounds, self.loader)
        dialler = TrunkDialler(carrier_addresses(settings), own_side(settings).host)
        self.board = Switchboard(self.loader, prompts, _Nobody(), dialler)
        voicemail = Voicemail(telephony.mailboxes, telephony.message_files.parts)
        self.board.performers.update(voicemail.performers())
        self.board.performers[ChangeForwarding] = Forwarding(telephony.resources).perform

    async def open(self) -> None:
        """Connect to what is shared with other processes."""
        await self.storage.messages.connect()

    async def begin(self, services: MediaServices) -> None:
        """Take calls in, and up."""
        self.board.begin(services)

    async def close(self) -> None:
        await self.storage.messages.disconnect()
        self._passwords.close()
        await self.storage.database.close()
