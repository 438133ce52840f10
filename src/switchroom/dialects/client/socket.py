"""The WebSocket of the room's page."""

from __future__ import annotations

from typing import Any

from litestar import WebSocket
from litestar.handlers import BaseRouteHandler, websocket
from prometheus_client import Gauge

from switchroom.conference.service import ConferenceService
from switchroom.conference.signalling import socket as signalling

CONNECTIONS = Gauge("switchroom_signalling_connections", "Browsers connected.", multiprocess_mode="liveall")


def socket_handler(
    service: ConferenceService, router: signalling.RoomRouter | None = None
) -> BaseRouteHandler:
    """`/client/socket`. Without `router`, every room is here."""
    any_router = router or signalling.SingleProcess()

    @websocket("/client/socket")
    async def client_socket(socket: WebSocket[Any, Any, Any]) -> None:
        with CONNECTIONS.track_inprogress():
            await signalling.serve(socket, service, any_router)

    return client_socket
