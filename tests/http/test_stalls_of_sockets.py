"""What is sent over the WebSockets of telephony takes the event loop for a moment at most."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.databases import ON_ONE_DATABASE
from tests.dialects.telephony_v3.client import LIMIT, Reader
from tests.dialects.telephony_v3.test_sip_socket import ANSWERED, REGISTER, REGISTERED, SIP, answer, platform
from tests.http.test_stalls import settle
from tests.platform import RunningPlatform, Tenant
from tests.steps import TRIES, Steps

LARGEST = 64 * 1024
"""Characters of a message to either."""


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Steps:
    return Steps(monkeypatch)


def filled(head: str, item: str, tail: str) -> str:
    """A message with as many of `item` as it may have."""
    return head + item * ((LARGEST - len(head) - len(tail)) // len(item)) + tail


def messages(token: str) -> Mapping[str, str]:
    """Messages that are as large as they may be, each of which is answered."""
    subscribe = f'{{"action": "subscribe", "auth_token": "{token}", "data": {{"bindings": ['
    return {
        "a ping": filled('{"action": "ping", "request_id": "', "\u00fc", '"}'),
        "a ping of backslashes": filled('{"action": "ping", "request_id": "', "\\\\", '"}'),
        "an action": filled('{"action": "', "x", '"}'),
        "marks": filled('{"action": "', "` - at `$", '"}'),
        "bindings": filled(subscribe, '"room.*",', '"room.*"]}}'),
        "bindings of one letter": filled(subscribe, '"a",', '"a"]}}'),
        "bindings of stars": filled(subscribe, '"*",', '"*"]}}'),
        "a binding of dots": filled(f'{subscribe}"', ".", '"]}}'),
        "a binding of stars": filled(f'{subscribe}"', "*.", '"]}}'),
        "bindings of numbers": filled(subscribe, "1,", "1]}}"),
        "bindings of lists": filled(subscribe, "[],", "[]]}}"),
        "bindings taken away": filled(
            '{"action": "unsubscribe", "data": {"bindings": [', '"room.*",', '"room.*"]}}'
        ),
        "since": filled(f'{subscribe}"room.*"], "since": "', "9", '"}}'),
        "since, a number": filled(f'{subscribe}"room.*"], "since": ', "9", "}}"),
        "a token": filled('{"action": "subscribe", "data": {"bindings": ["*"]}, "auth_token": "', "x", '"}'),
        "a token of dots": filled(
            '{"action": "subscribe", "data": {"bindings": ["*"]}, "auth_token": "', ".", '"}'
        ),
        "data": filled('{"action": "subscribe", "data": {"x": [', "{},", "1]}}"),
        "fields": filled('{"action": "ping", "data": {"a": ', '{"a": ', "0"),
        "lists": filled("", "[", ""),
        "no JSON": filled("", "\u00fc", ""),
    }


@ON_ONE_DATABASE
@pytest.mark.parametrize("follows", [False, True])
def test_no_message_of_a_follower_takes_the_loop_for_long(
    running: RunningPlatform, tenant: Tenant, steps: Steps, *, follows: bool
) -> None:
    reader = Reader.of(running, tenant.organization)
    took: dict[str, float] = {}
    for name, message in messages(reader.token).items():

        def say(message: str = message) -> None:
            with reader.socket() as follower:
                if follows:
                    assert follower.subscribe("room.*")["status"] == "success"
                steps.longest = 0.0
                follower.connection.send(message)
                assert follower.next()["action"] in ("reply", "pong")
                settle(running)

        took[name] = steps.least(say)
    assert {name: share for name, share in took.items() if share > 1} == {}


@ON_ONE_DATABASE
def test_a_message_that_is_too_large_ends_the_connection_and_takes_no_time(
    running: RunningPlatform, tenant: Tenant, steps: Steps
) -> None:
    reader = Reader.of(running, tenant.organization)

    def say() -> None:
        with reader.socket() as follower:
            steps.longest = 0.0
            follower.connection.send("x" * (LARGEST + 1))
            with pytest.raises(ConnectionClosed):
                follower.next()
            settle(running)

    assert steps.least(say) <= 1


SIP_MESSAGES: Mapping[str, str] = {
    "lines": filled("OPTIONS sip:acme SIP/2.0\r\n", "CSeq: 1\r\n", "\r\n"),
    "empty lines": filled("", "\r\n", ""),
    "one line": filled("OPTIONS sip:acme SIP/2.0\r\nTo: ", "\u00fc", "\r\n\r\n"),
    "no SIP": filled("", "\U0001f600", ""),
}
"""Requests of a phone, each of which the SIP server takes."""

SIP_ANSWERS: Mapping[str, str] = {
    "answer of lines": filled("SIP/2.0 200 OK\r\n", "CSeq: 1\r\n", "\r\n"),
    "answer of numbers": filled("SIP/2.0 200 OK\r\nCSeq: ", "1", " REGISTER"),
    "answer of spaces": filled("SIP/2.0 200 OK\r\nCSeq:", " ", "1"),
    "answer of spaces after a number": filled("SIP/2.0 200 OK\r\nCSeq: 1", " ", "x"),
    "answer of spaces in each line": filled("SIP/2.0 200 OK\r\n", f"CSeq{' ' * 2000}\r\n", "\r\n"),
}
"""Answers of the SIP server to what a phone has not registered by: others' texts are in them."""


async def test_no_message_of_a_phone_takes_the_loop_for_long(steps: Steps) -> None:
    took: dict[str, float] = {}
    async with platform(SIP_ANSWERS) as address, connect(address, subprotocols=[SIP]) as phone:
        for name, message in {**SIP_MESSAGES, **{one: one for one in SIP_ANSWERS}}.items():
            shares: list[float] = []
            while len(shares) < TRIES and min(shares, default=2.0) > 1:
                steps.longest = 0.0
                async with asyncio.timeout(LIMIT):
                    assert await answer(phone, message) == SIP_ANSWERS.get(message, ANSWERED)
                # In a thread of its own: the yardstick would be a long step itself.
                shares.append(await asyncio.to_thread(steps.share))
            took[name] = min(shares)
        assert await answer(phone, REGISTER) == REGISTERED
    assert {name: share for name, share in took.items() if share > 1} == {}
