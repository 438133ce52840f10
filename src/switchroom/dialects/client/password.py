"""Operations on passwords: one that was forgotten, one that is changed, and links by which one is set."""

from __future__ import annotations

from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.password import (
    ForgottenPassword,
    NewPassword,
    PasswordChange,
    PasswordChanged,
    PasswordLinkAnswer,
    PasswordLinkQuery,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import DEVICE_COOKIE, Operation
from switchroom.dialects.services import Services
from switchroom.errors import LinkExpired, LinkNotFound


class PasswordOperations:
    def __init__(self, services: Services) -> None:
        self._changes = services.password_changes
        self._links = services.password_links
        self._resets = services.password_resets

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/password/look-up",
                summary="What a link is good for.",
                request=PasswordLinkQuery,
                reply=PasswordLinkAnswer,
                handler=self.look_up,
            ),
            operation(
                path="/password",
                summary="Set a password by a link.",
                request=NewPassword,
                reply=PasswordLinkAnswer,
                handler=self.set_password,
            ),
            operation(
                path="/password/forgotten",
                summary="Mail a link to whoever has the name; the answer is the same when nobody has.",
                request=ForgottenPassword,
                reply=None,
                status=204,
                handler=self.forget,
            ),
            operation(
                path="/password/change",
                summary="Set another password, and end all sessions of the person.",
                request=PasswordChange,
                reply=PasswordChanged,
                handler=self.change,
            ),
        ]

    async def look_up(self, context: Context, request: PasswordLinkQuery) -> PasswordLinkAnswer:
        try:
            link = await self._links.look_up(request.key, context.address)
        except (LinkExpired, LinkNotFound) as error:
            return _without(error)
        names = list(link.organization_names)
        return PasswordLinkAnswer("valid", link.username, link.display_name, names, link.expires_at)

    async def set_password(self, context: Context, request: NewPassword) -> PasswordLinkAnswer:
        try:
            username = await self._links.set_password(request.key, request.password, context.address)
        except (LinkExpired, LinkNotFound) as error:
            return _without(error)
        return PasswordLinkAnswer("set", username)

    async def forget(self, context: Context, request: ForgottenPassword) -> None:
        self._resets.ask_for(request.username, context.address)

    async def change(self, context: Context, request: PasswordChange) -> PasswordChanged:
        username = await self._changes.change(
            request.access_token,
            request.old_password,
            request.new_password,
            context.address,
            context.cookie(DEVICE_COOKIE),
        )
        return PasswordChanged(username)


def _without(error: LinkExpired | LinkNotFound) -> PasswordLinkAnswer:
    """Answer for a link that is good no more, or never was."""
    if isinstance(error, LinkExpired):
        return PasswordLinkAnswer("expired", valid_until=error.valid_until)
    return PasswordLinkAnswer("unknown")
