"""That there is one frame: all that is answered below a dialect's base is an operation of it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from litestar.handlers import WebsocketRouteHandler

import switchroom.dialects
from switchroom.dialects.dialect import Dialect
from switchroom.platform.build import Platform
from switchroom.settings import Settings

DIALECTS = Path(switchroom.dialects.__file__).parent
NAMES = {one.name for one in DIALECTS.iterdir() if one.is_dir() and not one.name.startswith("__")}


@pytest.fixture
def platform(tmp_path: Path) -> Platform:
    return Platform(Settings(data=str(tmp_path)))


def _module(api: Dialect[Any, Any]) -> str:
    return type(api).__module__.split(".")[2]


def test_all_dialects_are_of_the_frame(platform: Platform) -> None:
    apis = platform.dialects.apis()

    assert (
        {_module(api) for api in apis} == NAMES == {"alfaview_v1", "client", "telephony_v3", "webmeeting_v6"}
    )
    assert len({api.base for api in apis}) == len(apis)
    assert all(api.operations() for api in apis)


def test_beside_operations_there_are_websockets_only(platform: Platform) -> None:
    sockets = platform.dialects.sockets()

    assert {path for socket in sockets for path in socket.paths} == {
        "/client/socket",
        "/v3.0/websockets/events",
        "/v3.0/websockets/sip",
    }
    assert all(isinstance(socket, WebsocketRouteHandler) for socket in sockets)


def test_no_dialect_makes_routes_of_the_framework() -> None:
    """Of which `sockets` would not tell."""
    framework: set[str] = set()
    allowed = {"WebSocket", "BaseRouteHandler", "websocket", "WebSocketDisconnect", "WebSocketException"}
    for path in DIALECTS.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ImportFrom) or node.module in (None, "litestar.types"):
                continue
            if node.module.split(".")[0] == "litestar":
                framework |= {one.name for one in node.names}
    assert framework <= allowed


def test_every_dialect_has_a_document(platform: Platform) -> None:
    for api in platform.dialects.apis():
        hidden = [one.path for one in api.operations() if not one.is_documented and one.method == "GET"]
        assert hidden, api.base
        assert set(hidden) <= {"/documentation/swagger", "/openapi.json"}, api.base
