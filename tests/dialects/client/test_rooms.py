"""The HTTP operations around the socket."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from switchroom.rooms.admission import LinkState, LinkView
from switchroom.rooms.models import LinkKind, RoomMode
from switchroom.rooms.permissions import PARTICIPANT, SPECTATOR, Permission
from tests.conference.room import RoomServer
from tests.plain_http import NO_CERTIFICATES, PATIENCE

QUERY = {"companyId": "01HZ0000000000000000000000", "roomId": "lounge", "accessKey": "key"}


async def ask(server: RoomServer, method: str, path: str, **content: Any) -> httpx.Response:
    async with httpx.AsyncClient(
        verify=NO_CERTIFICATES,
        base_url=f"http://127.0.0.1:{server.port}",
        trust_env=False,
        timeout=PATIENCE,
    ) as http:
        return await http.request(method, path, **content)


def link(
    permissions: Permission = PARTICIPANT,
    *,
    state: LinkState = LinkState.VALID,
    kind: LinkKind = LinkKind.GROUP,
    valid_from: datetime | None = None,
    active_limit: int = 2,
) -> LinkView:
    return LinkView(
        id="link-1",
        kind=kind,
        state=state,
        room_id="lounge",
        room_name="Lounge",
        company_name="Acme",
        display_name="",
        valid_from=valid_from,
        valid_until=None,
        mode=RoomMode.NORMAL,
        permissions=permissions,
        active_limit=active_limit,
        passive_limit=1,
    )


async def state(server: RoomServer) -> str:
    return (await ask(server, "POST", "/client/link", json=QUERY)).json()["state"]


async def test_the_clients_configuration(server: RoomServer) -> None:
    answer = (await ask(server, "GET", "/client/config")).json()
    assert answer["productName"] == "Switchroom"
    assert answer["locales"] == ["en", "de"]
    assert answer["defaultLocale"] == "en"
    assert answer["version"]


async def test_an_unknown_link_says_only_that(server: RoomServer) -> None:
    answer = await ask(server, "POST", "/client/link", json=QUERY)
    assert (answer.status_code, answer.json()) == (200, {"state": "unknown"})


async def test_a_link_says_where_it_leads(server: RoomServer) -> None:
    server.gate.links["key"] = link(
        state=LinkState.NOT_YET_VALID, valid_from=datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    )
    answer = await ask(server, "POST", "/client/link", json=QUERY)
    assert answer.json() == {
        "state": "not_yet_valid",
        "kind": "group",
        "roomName": "Lounge",
        "companyName": "Acme",
        "validFrom": "2030-01-02T03:04:05.000Z",
    }


async def test_a_link_to_a_full_room_says_so(server: RoomServer) -> None:
    server.gate.links["key"] = link()
    assert await state(server) == "valid"
    await server.enter("Ada")
    assert await state(server) == "valid"
    ben = await server.enter("Ben")
    assert await state(server) == "full"
    server.gate.links["key"] = link(SPECTATOR)
    assert await state(server) == "valid"
    server.gate.links["key"] = link()
    await ben.send("leave")
    await ben.closed()
    assert await state(server) == "valid"


async def test_the_guest_who_is_inside_has_a_place(server: RoomServer) -> None:
    server.gate.links["key"] = link(kind=LinkKind.GUEST, active_limit=1)
    await server.enter("Gil", user_id="link-1", link_id="link-1")
    assert await state(server) == "valid"


@pytest.mark.parametrize(
    "content",
    [
        {"content": "{"},
        {"json": {}},
        {"json": {**QUERY, "roomId": 7}},
        {"json": {**QUERY, "accessKey": "x" * 600}},
    ],
)
async def test_a_link_query_that_is_none_is_refused(server: RoomServer, content: dict[str, Any]) -> None:
    assert (await ask(server, "POST", "/client/link", **content)).status_code == 400
