"""Requests to named addresses reach public ones, and those that the operator allows."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from switchroom.errors import Invalid
from switchroom.events.webhooks import resolver as resolving
from switchroom.events.webhooks.addresses import Answer, check_url
from switchroom.events.webhooks.outbound import Outbound
from tests.events.receiver import Receiver, listening

LOOPBACK = ("127.0.0.0/8",)
LIMIT = 60.0


async def send(outbound: Outbound, url: str) -> Answer:
    try:
        return await outbound.send("POST", url, {"X-Test": "1"}, b"{}")
    finally:
        await outbound.close()


async def test_an_allowed_address_gets_the_request() -> None:
    async with listening() as receiver:
        answer = await send(Outbound(LOOPBACK, timeout=LIMIT), f"{receiver.url}/a/b?c=d")
    assert answer == Answer(200)
    assert answer.is_accepted
    (request,) = receiver.requests
    assert (request.method, request.path, request.body) == ("POST", "/a/b", b"{}")
    assert request.headers["x-test"] == "1"


@pytest.mark.parametrize(
    "name", ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "0x7f000001", "127.1"]
)
async def test_loopback_is_not_reached_by_any_name(name: str) -> None:
    async with listening() as receiver:
        port = receiver.url.rpartition(":")[2]
        answer = await send(Outbound((), timeout=LIMIT), f"http://{name}:{port}/")
        assert answer.status == 0
        assert not answer.is_accepted
    assert receiver.requests == []


async def test_a_redirect_is_not_followed() -> None:
    async with listening() as receiver, listening() as inside:
        receiver.status, receiver.location = 302, inside.url
        answer = await send(Outbound(LOOPBACK, timeout=LIMIT), receiver.url)
    assert answer == Answer(302)
    assert not answer.is_accepted
    assert inside.requests == []


async def test_a_name_that_has_come_to_lead_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name led to when it was checked says nothing: the address of the connection counts."""
    async with listening() as receiver:
        port = int(receiver.url.rpartition(":")[2])

        def lookup(*_: Any, **__: Any) -> list[Any]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)
        answer = await send(Outbound((), timeout=LIMIT), f"http://rebinding.example:{port}/")
    assert answer == Answer(0, "127.0.0.1 is not a public address")
    assert receiver.requests == []


async def test_names_that_nobody_answers_keep_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    given_up, real = threading.Event(), socket.getaddrinfo
    asked: list[str] = []

    def lookup(host: str, *how: Any) -> list[Any]:
        if not host.startswith("silent"):
            return list(real(host, *how))
        asked.append(host)
        given_up.wait(LIMIT)
        raise socket.gaierror(socket.EAI_AGAIN, "nobody answers")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    monkeypatch.setattr(resolving, "LOOKUP_LIMIT", 2.0)  # others are answered within it on any machine
    outbound = Outbound(LOOPBACK, timeout=LIMIT)

    async def to_silent_names() -> list[Answer]:
        urls = [f"http://silent{number % 10}.example/" for number in range(20)]
        return await asyncio.gather(*(outbound.send("POST", url, {}, b"{}") for url in urls))

    try:
        async with listening() as receiver, asyncio.timeout(LIMIT):
            good = receiver.url.replace("127.0.0.1", "localhost")
            assert await outbound.send("POST", good, {}, b"{}") == Answer(200)
            silent = asyncio.create_task(to_silent_names())
            await asyncio.sleep(0)
            await asyncio.to_thread(str)
            assert await outbound.send("POST", good + "/again", {}, b"{}") == Answer(200)
            for answer in [*await silent, *await to_silent_names()]:
                assert answer.status == 0
                assert "not answered within 2 s" in answer.problem
            assert len(asked) == 10  # no name twice
            # Others that nobody has heard of before find threads too.
            assert (await outbound.send("POST", "http://unheard.invalid/", {}, b"{}")).status == 0
    finally:
        given_up.set()
        await outbound.close()


async def test_a_name_that_leads_nowhere() -> None:
    outbound = Outbound((), timeout=LIMIT)
    for url in (
        "http://no-such-name.invalid/",
        "http://no-such-name.invalid/again",
        f"http://{'a' * 64}.org/",
    ):
        answer = await outbound.send("POST", url, {}, b"{}")
        assert answer.status == 0
        assert answer.problem
    await outbound.close()


@pytest.mark.parametrize(
    ("address", "permitted"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("fd00:ec2::254", False),
        ("fe80::1%eth0", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("::", False),
        ("224.0.0.1", False),
        ("ff02::1", False),
        ("255.255.255.255", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("168.63.129.16", False),
        ("168.63.129.17", True),
        ("192.0.0.9", False),
        ("::7f00:1", False),
        ("::8.8.8.8", False),
        ("::ffff:0:7f00:1", False),
        ("fec0::1", False),
        ("3fff::1", False),
        ("5f00::1", False),
        ("100.100.100.200", False),
    ],
)
def test_which_addresses_are_public(address: str, permitted: bool) -> None:
    assert Outbound((), timeout=1).permits(address) is permitted


def test_networks_that_the_operator_allows() -> None:
    outbound = Outbound(("10.1.0.0/16", "fd00::/8"), timeout=1)
    assert outbound.permits("10.1.2.3")
    assert outbound.permits("::ffff:10.1.2.3")
    assert outbound.permits("fd00::5")
    assert not outbound.permits("10.2.0.1")


async def test_a_receiver_that_does_not_answer_is_given_up() -> None:
    async with listening() as receiver:
        receiver.hold = asyncio.Event()
        answer = await send(Outbound(LOOPBACK, timeout=0.2), receiver.url)
    assert answer == Answer(0, "no answer within 0.2 s")


@pytest.mark.parametrize(
    "answer",
    [b"garbage\r\n\r\n", b"HTTP/9.9 x\r\n\r\n", b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", b""],
)
async def test_what_is_told_of_a_failure_has_no_path_which_is_often_secret(answer: bytes) -> None:
    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(receive, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await send(
            Outbound(LOOPBACK, timeout=LIMIT), f"http://127.0.0.1:{port}/services/T0P53CR3T?k=v"
        )
    assert told.status == 0
    assert told.problem
    assert "T0P53CR3T" not in told.problem


async def test_nobody_listens() -> None:
    async with Receiver().listening() as receiver:
        url = receiver.url
    answer = await send(Outbound(LOOPBACK, timeout=LIMIT), url)
    assert answer.status == 0
    assert "refused" in answer.problem.lower() or "connect" in answer.problem.lower()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "http://",
        "http://:80/",
        "https://user:secret@example.org/",
        "http://example.org:99999/",
        "http://example.org:0/",
        "http://exa mple.org/",
        "http://example.org/\r\nX: y",
        "file:///etc/passwd",
        "http://a..b/",
        "http://.example.org/",
        "http://example.org../",
        "http://./",
        f"http://{'a' * 64}.org/",
        f"http://{'a.' * 127}org/",
        f"http://{'ü' * 60}.org/",
        "http://example.org/" + "x" * 2000,
    ],
)
def test_urls_that_are_none(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_url(url)
    assert refused.value.path == "url"


def test_a_url_is_taken_as_it_is() -> None:
    assert check_url(" https://example.org/hook?a=b ") == "https://example.org/hook?a=b"
    for url in (
        "http://bücher.example/",
        "http://[2001:db8::1]/",
        "http://192.0.2.1:81/",
        "http://a_b.example./",
    ):
        assert check_url(url) == url
