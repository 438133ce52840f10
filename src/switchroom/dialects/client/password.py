"""Operations on links by which a password is set."""

from __future__ import annotations

from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.password import NewPassword, PasswordLinkAnswer, PasswordLinkQuery
from switchroom.dialects.operation import OPEN, Operation
from switchroom.errors import LinkExpired, LinkNotFound
from switchroom.identity.password_links import PasswordLinks


class PasswordOperations:
    def __init__(self, links: PasswordLinks) -> None:
        self._links = links

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="POST",
                path="/password/look-up",
                summary="What a link is good for.",
                request=PasswordLinkQuery,
                reply=PasswordLinkAnswer,
                access=OPEN,
                handler=self.look_up,
            ),
            Operation(
                method="POST",
                path="/password",
                summary="Set a password by a link.",
                request=NewPassword,
                reply=PasswordLinkAnswer,
                access=OPEN,
                handler=self.set_password,
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


def _without(error: LinkExpired | LinkNotFound) -> PasswordLinkAnswer:
    """What there is to say of a link that is good no more, or never was."""
    if isinstance(error, LinkExpired):
        return PasswordLinkAnswer("expired", valid_until=error.valid_until)
    return PasswordLinkAnswer("unknown")
