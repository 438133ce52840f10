"""Administration: what commands need that look after the database beside what serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from switchroom.events.webhooks.hooks import WebHooks
from switchroom.platform import data_directory
from switchroom.platform.engines import Engines
from switchroom.platform.identity import IdentityServices
from switchroom.platform.storage import Storage
from switchroom.settings import Settings

if TYPE_CHECKING:
    from switchroom.accounts.accounts import Accounts
    from switchroom.identity.models import Organization


class Administration:
    """Organizations, people, keys and web hooks. The whole platform takes more than twice as long to load."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        data_directory.prepare(settings)
        self.storage = Storage(settings, Engines(settings, ()))
        self.identity = IdentityServices(settings, self.storage)
        self.webhooks = WebHooks(self.storage.database)

    async def found_organization(self, display_name: str) -> Organization:
        """A new organization with all that one starts with."""
        from switchroom.accounts.provisioning import found_organization  # here: few commands need it

        async with self.storage.database.write(None) as session:
            return (await found_organization(session, display_name))[0]

    def accounts(self) -> Accounts:
        """Organizations as accounts."""
        # Here: few commands need it, and what depends on accounts is half of the platform.
        from switchroom.accounts.accounts import Accounts
        from switchroom.platform.meetings import all_dependents
        from switchroom.platform.telephony import TelephonyServices

        telephony = TelephonyServices(self._settings, self.storage, self.identity, reports=list)
        dependents = all_dependents(telephony.account_dependents)
        return Accounts(self.storage.database, self.identity.password_requests, dependents)

    async def close(self) -> None:
        self.identity.passwords.close()
        await self.storage.database.close()
