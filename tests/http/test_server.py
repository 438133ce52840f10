"""A socket that several processes accept connections from."""

from __future__ import annotations

import os
import socket
from typing import Any

import httpx
import pytest
from granian._granian import SocketHolder
from litestar.types import Receive, Scope, Send

from switchroom.http import server
from switchroom.http.listening import listen
from tests.plain_http import NO_CERTIFICATES, PATIENCE


async def test_a_process_that_joins_leaves_the_socket_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were it made to block, even for a moment, another process could hang in accepting."""
    blocking: list[bool] = []

    def holder(descriptor: int, *rest: Any) -> object:
        blocking.append(os.get_blocking(descriptor))
        return SocketHolder(descriptor, *rest)  # pyright: ignore[reportCallIssue]

    monkeypatch.setattr(server, "SocketHolder", holder)
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        # As a worker gets it: by its number.
        with socket.socket(fileno=os.dup(listener.fileno())) as handed_over:
            async with (
                server.serving(_answer, "127.0.0.1", port, handed_over),
                httpx.AsyncClient(verify=NO_CERTIFICATES, timeout=PATIENCE) as client,
            ):
                assert (await client.get(f"http://127.0.0.1:{port}/")).text == "here"
                assert not os.get_blocking(listener.fileno())
    assert blocking == [False]


async def _answer(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"here", "more_body": False})
