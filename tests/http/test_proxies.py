"""Who is asking, behind proxies: what they say counts, what callers say does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from litestar.types import Scope

from switchroom.http import server
from switchroom.http.listening import listen
from switchroom.http.proxies import TrustedProxies
from switchroom.platform.build import Platform
from switchroom.settings import SecuritySettings, Settings
from tests.plain_http import NO_CERTIFICATES, PATIENCE

PROXY, INNER = "10.0.0.1", "10.0.0.2"
CALLER, LIE = "203.0.113.7", "127.0.0.1"


def seen(header: str, lines: Sequence[str], *, peer: str = PROXY, written_to: str | None = None) -> str:
    """The caller's address, where `lines` are those of a header."""
    name = (written_to or header).encode()
    headers = [(b"host", b"example.org"), *((name, line.encode("latin-1")) for line in lines)]
    scope: dict[str, Any] = {"type": "http", "client": (peer, 4711), "headers": headers}
    TrustedProxies(["10.0.0.0/30", "2001:db8::/64"], header).set_client(cast("Scope", scope))
    return scope["client"][0]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], PROXY),
        ([CALLER], CALLER),
        ([f"{LIE}, {CALLER}"], CALLER),
        ([LIE, CALLER], CALLER),
        ([LIE, f"{CALLER}, {INNER}"], CALLER),
        ([LIE, CALLER, INNER], CALLER),
        ([CALLER, INNER], CALLER),
        ([LIE, f"unknown, {CALLER}"], CALLER),
        ([f"{CALLER}:55555"], CALLER),
        (["[2001:db8:1::7]:55555"], "2001:db8:1::7"),
        (["2001:db8:1::7"], "2001:db8:1::7"),
        ([LIE, CALLER, f"::ffff:{INNER}"], CALLER),
        ([LIE, "unknown"], PROXY),
        ([LIE, ""], PROXY),
        ([INNER], INNER),
    ],
)
def test_x_forwarded_for(lines: Sequence[str], expected: str) -> None:
    assert seen("x-forwarded-for", lines) == expected


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([f"for={CALLER}"], CALLER),
        ([f"for={LIE}, for={CALLER};proto=https;by={PROXY}"], CALLER),
        ([f"for={LIE}", f"proto=https; For={CALLER}"], CALLER),
        ([f"for={LIE}", f"for={CALLER}", f"for={INNER}"], CALLER),
        (['for="[2001:db8:1::7]:4711"'], "2001:db8:1::7"),
        ([f'for="{CALLER}:4711"'], CALLER),
        ([f'for="{LIE}, for={CALLER}'], CALLER),
        ([f'for="{LIE}, for="[2001:db8:1::7]"'], "2001:db8:1::7"),
        ([f'for={LIE};a="x, for="{CALLER}"'], CALLER),
        ([f'a="for={LIE}, for={CALLER};host="x, y"'], CALLER),
        ([f'host="; for={LIE}";for={CALLER}'], CALLER),
        ([f"for={LIE}, for=unknown"], PROXY),
        ([f"for={LIE}, for=_hidden"], PROXY),
        ([f"for={LIE}, proto=https"], PROXY),
        ([f"for={LIE},"], PROXY),
        (["," * 10_000], PROXY),
        (['for="' * 5_000], PROXY),
    ],
)
def test_forwarded(lines: Sequence[str], expected: str) -> None:
    assert seen("forwarded", lines) == expected


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_only_proxies_are_believed_and_only_in_their_header(header: str) -> None:
    other = {"x-forwarded-for": "forwarded", "forwarded": "x-forwarded-for"}[header]
    line = f"for={LIE}" if header == "forwarded" else LIE

    assert seen(header, [line], peer=CALLER) == CALLER
    assert seen(header, [f"for={LIE}" if other == "forwarded" else LIE], written_to=other) == PROXY


async def test_lines_of_their_own_reach_the_metrics_and_throttles(tmp_path: Path) -> None:
    security = SecuritySettings(trusted_proxies=["127.0.0.1"], metrics_from=["127.0.0.1"])
    platform = Platform(Settings(data=str(tmp_path), security=security))
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        async with (
            server.serving(platform.asgi(), "127.0.0.1", port, listener),
            httpx.AsyncClient(
                verify=NO_CERTIFICATES, base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE
            ) as client,
        ):
            statuses = [
                (
                    await client.get("/metrics", headers=[("X-Forwarded-For", one) for one in lines])
                ).status_code
                for lines in ([], [LIE], [LIE, CALLER], [f"{LIE}, {CALLER}"])
            ]
    await platform.storage.database.close()
    platform.identity.passwords.close()
    assert statuses == [200, 200, 403, 403]
