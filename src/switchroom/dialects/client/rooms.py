"""Operations on the client's configuration, and on links to rooms."""

from __future__ import annotations

from msgspec import UNSET

import switchroom
from switchroom.conference.service import ConferenceService
from switchroom.db.base import time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.rooms import ClientConfig, LinkAnswer, LinkQuery
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import OPEN, Nothing, Operation
from switchroom.rooms.admission import LinkState, LinkView

PRODUCT = "Switchroom"
LOCALES = ["en", "de"]


class RoomOperations:
    def __init__(self, conference: ConferenceService, *, default_locale: str = "en") -> None:
        self._conference = conference
        self._config = ClientConfig(switchroom.__version__, PRODUCT, default_locale, LOCALES)

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/config",
                summary="What the pages are set up with.",
                reply=ClientConfig,
                access=OPEN,
                handler=self.config,
            ),
            operation(
                path="/link",
                summary="Where a link leads.",
                request=LinkQuery,
                reply=LinkAnswer,
                handler=self.look_up,
            ),
        ]

    async def config(self, _context: Context, _: Nothing) -> ClientConfig:
        return self._config

    async def look_up(self, _context: Context, request: LinkQuery) -> LinkAnswer:
        link = await self._conference.look_up_link(request.company_id, request.room_id, request.access_key)
        return LinkAnswer("unknown") if link is None else _answer(link, full=self._conference.is_full(link))


def _answer(link: LinkView, *, full: bool) -> LinkAnswer:
    return LinkAnswer(
        state="full" if full and link.state is LinkState.VALID else link.state.value,
        kind=link.kind.value,
        room_name=link.room_name,
        company_name=link.company_name,
        privacy_link=link.privacy_link or UNSET,
        display_name=link.display_name or UNSET,
        valid_from=time_of(link.valid_from) if link.valid_from else UNSET,
        valid_until=time_of(link.valid_until) if link.valid_until else UNSET,
    )
