"""Changes of passwords by people who are signed in and know the one so far."""

from __future__ import annotations

from sqlalchemy import select

from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Unauthenticated
from switchroom.identity.models import Person
from switchroom.identity.password_links import write_password
from switchroom.identity.secrets import Passwords
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import AccessToken, SubjectKind, TokenSigner
from switchroom.identity.usernames import folded


class PasswordChanges:
    """Changes of passwords. Callers who guess the password so far are slowed down as at the sign-in."""

    def __init__(
        self, database: Database, passwords: Passwords, signer: TokenSigner, throttle: Throttle
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._signer = signer
        self._throttle = throttle

    async def change(self, token: str, old: str, new: str, address: str, device: str = "") -> str:
        """Set a new password, and end all sessions of the person, the one of the token too. Returns the user
        name, to sign in anew with. `device` is the key that the browser was given at a sign-in.

        Raises Unauthenticated for the token, Forbidden for a wrong password so far, Invalid for a new one
        that cannot be taken, and Exhausted after repeated guesses.
        """
        return await self.change_own(self._signer.verify(token), old, new, address, device)

    async def require_own(self, claims: AccessToken, password: str, address: str, device: str = "") -> None:
        """Raises Forbidden unless it is the password of the person whom the claims are of, and Exhausted
        after repeated guesses."""
        if claims.kind is not SubjectKind.PERSON:
            raise Forbidden(ErrorCode.PEOPLE_ONLY)
        async with self._database.read(None) as session:
            person = await session.get(Person, claims.subject_id)
        if person is None:
            raise Unauthenticated(ErrorCode.TOKEN_INVALID, "access_token")
        await self._verify(person, password, "password", address, device)

    async def change_own(
        self, claims: AccessToken, old: str, new: str, address: str, device: str = ""
    ) -> str:
        """As `change`, for the person of the claims. Raises what `change` raises but for the token."""
        if claims.kind is not SubjectKind.PERSON:
            raise Forbidden(ErrorCode.PEOPLE_ONLY)
        async with self._database.read(None) as session:
            person = await session.get(Person, claims.subject_id)
        if person is None:
            raise Unauthenticated(ErrorCode.TOKEN_INVALID, "access_token")
        await self._verify(person, old, "old_password", address, device)
        password_hash = await self._passwords.hash_chosen(new)
        async with self._database.write(None) as session:
            # Somebody else may have changed it since it was looked at.
            unchanged = select(Person).where(
                Person.id == person.id, Person.password_hash == person.password_hash
            )
            found = await session.scalar(unchanged.with_for_update())
            if found is None:
                raise Forbidden(ErrorCode.PASSWORD_WRONG, "old_password")
            await write_password(session, found, password_hash)
        return found.username

    async def _verify(self, person: Person, password: str, path: str, address: str, device: str) -> None:
        account = f"password:{folded(person.username)}"
        async with self._throttle.few_at_a_time(account, address, device):
            await self._throttle.check(account, address, device)
            if not await self._passwords.verify(person.password_hash, password):
                await self._throttle.failed(account, address, device)
                raise Forbidden(ErrorCode.PASSWORD_WRONG, path)
            await self._throttle.succeeded(account, address, device)
