"""Identity services: who somebody is, and what they may sign in to."""

from __future__ import annotations

import os
import secrets

from switchroom.identity.api_keys import ApiKeys
from switchroom.identity.authentication import Authentication
from switchroom.identity.credentials import Credentials
from switchroom.identity.keys import PlatformKeys
from switchroom.identity.magic_tokens import MagicTokens
from switchroom.identity.members import Members
from switchroom.identity.organizations import Organizations
from switchroom.identity.password_changes import PasswordChanges
from switchroom.identity.password_links import PasswordLinks
from switchroom.identity.people import People
from switchroom.identity.permission_groups import PermissionGroups
from switchroom.identity.revocation import RevocationFollower
from switchroom.identity.secrets import Passwords
from switchroom.identity.sessions import Sessions
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import TokenSigner
from switchroom.mail.password_requests import PasswordRequests
from switchroom.mail.password_resets import MOST_ASKED, PasswordResets
from switchroom.platform.background import Background
from switchroom.platform.storage import Storage
from switchroom.settings import Settings


class IdentityServices:
    """Organizations, people, keys, tokens and sign-in. `secret` is what tokens are signed with."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        security, database = settings.security, storage.database
        self.secret = _secret(settings)
        self.signer = TokenSigner(self.secret)
        self.passwords = Passwords()
        self.organizations = Organizations(database, self.passwords)
        self.people = People(database)
        self.members = Members(database)
        self.permission_groups = PermissionGroups(database)
        self.api_keys = ApiKeys(database)
        self.keys = PlatformKeys(database)
        self.throttle = Throttle(
            database,
            account_attempts=security.account_attempts,
            address_attempts=security.address_attempts,
        )
        self.authentication = Authentication(
            database,
            self.passwords,
            self.signer,
            self.throttle,
            access_token_lifetime=security.access_token_lifetime,
            refresh_token_lifetime=security.refresh_token_lifetime,
        )
        self.magic_tokens = MagicTokens(database, self.authentication, self.throttle, settings.base_url)
        self.credentials = Credentials(database)
        self.password_links = PasswordLinks(database, self.passwords, self.throttle)
        self.password_requests = PasswordRequests(self.password_links, settings.base_url)
        self.password_resets = PasswordResets(
            database, self.password_requests, most_asked=max(MOST_ASKED, security.address_attempts)
        )
        self.password_changes = PasswordChanges(database, self.passwords, self.signer, self.throttle)
        self.sessions = Sessions(database)
        self.revocations = RevocationFollower(database, self.signer, storage.bus)

    async def prepare(self) -> None:
        """Load what is to be known before the first request."""
        await self.revocations.load()
        await self.revocations.tidy()

    def background(self) -> list[Background]:
        return [
            Background("revocations", self.revocations.follow),
            Background("password resets", self.password_resets.run),
        ]


def _secret(settings: Settings) -> bytes:
    """The key that access tokens are signed with: the setting's, or a file made at the first start."""
    if settings.security.secret:
        return settings.security.secret.encode()
    path = settings.data_directory / "secret.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
    return path.read_bytes()
