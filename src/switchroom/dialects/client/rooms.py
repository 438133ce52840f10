"""The HTTP calls around the socket, and everything of this folder that the server mounts."""

from __future__ import annotations

from typing import Any, Literal

from litestar import WebSocket, get, post
from litestar.handlers import BaseRouteHandler, websocket
from litestar.params import JSONBody
from litestar.status_codes import HTTP_200_OK
from msgspec import Struct
from prometheus_client import Gauge

import switchroom
from switchroom.conference.messages import Id
from switchroom.conference.service import ConferenceService
from switchroom.conference.signalling import socket as signalling
from switchroom.db.base import time_of
from switchroom.rooms.admission import LinkState, LinkView

PRODUCT = "Switchroom"
LOCALES = ["en", "de"]

CONNECTIONS = Gauge("switchroom_signalling_connections", "Browsers connected.", multiprocess_mode="liveall")


class ClientConfig(Struct, frozen=True, rename="camel"):
    version: str
    product_name: str
    default_locale: str
    locales: list[str]


class LinkQuery(Struct, frozen=True, rename="camel"):
    company_id: Id
    room_id: Id
    access_key: Id


class LinkAnswer(Struct, frozen=True, rename="camel", omit_defaults=True):
    state: Literal["valid", "not_yet_valid", "expired", "unknown", "full"]
    kind: Literal["guest", "group"] | None = None
    room_name: str | None = None
    company_name: str | None = None
    display_name: str | None = None
    valid_from: str | None = None
    valid_until: str | None = None


def routes(
    service: ConferenceService, router: signalling.RoomRouter | None = None, *, default_locale: str = "en"
) -> list[BaseRouteHandler]:
    """The route handlers of the meeting client's own calls. Without `router`, every room is here."""
    any_router = router or signalling.SingleProcess()
    config = ClientConfig(switchroom.__version__, PRODUCT, default_locale, LOCALES)

    @get("/client/config", sync_to_thread=False)
    def client_config() -> ClientConfig:
        return config

    @post("/client/link", status_code=HTTP_200_OK)
    async def client_link(data: JSONBody[LinkQuery]) -> LinkAnswer:
        link = await service.look_up_link(data.company_id, data.room_id, data.access_key)
        return LinkAnswer("unknown") if link is None else _answer(link, full=service.is_full(link))

    @websocket("/client/socket")
    async def client_socket(socket: WebSocket[Any, Any, Any]) -> None:
        with CONNECTIONS.track_inprogress():
            await signalling.serve(socket, service, any_router)

    return [client_config, client_link, client_socket]


def _answer(link: LinkView, *, full: bool) -> LinkAnswer:
    return LinkAnswer(
        state="full" if full and link.state is LinkState.VALID else link.state.value,
        kind=link.kind.value,
        room_name=link.room_name,
        company_name=link.company_name,
        display_name=link.display_name or None,
        valid_from=time_of(link.valid_from) if link.valid_from else None,
        valid_until=time_of(link.valid_until) if link.valid_until else None,
    )
