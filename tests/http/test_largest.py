"""What each operation of each API takes, up to the usual 1 MiB, takes the event loop for a moment only: each
list, each map and all texts of its message are as large as that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, cast

import pytest
from fuzz.credentials import Credentials
from fuzz.examples import DOCUMENTS, Request, examples

from switchroom.dialects.body import LARGEST_BODY
from tests.databases import ON_ONE_DATABASE
from tests.dialects.telephony_v3.client import Api
from tests.dialects.webmeeting_v6.client import Account
from tests.platform import RunningPlatform, Tenant
from tests.steps import Steps

pytestmark = pytest.mark.slow

LIMIT = 60.0
PLACE = "the place that is filled"
TEXT = "a@\u0345\u00fc."
LEFT_OUT: Mapping[str, str] = {
    "userInvitations": "thousands of mails would be written: test_invitation_batches.py does so",
}
"""Lists that are not filled with what is good, and why."""


def filled(message: Any) -> Iterator[tuple[str, str]]:
    """Bodies of the message, by what is as large as it may be in each."""
    for name, of, at in places(message, ""):
        value, of[at] = of[at], PLACE
        head, _, tail = json.dumps(message).partition(json.dumps(PLACE))
        of[at] = value
        room = LARGEST_BODY - len(head) - len(tail) - 2
        if isinstance(value, list):
            item = json.dumps(cast("list[Any]", value)[0]) if value and at not in LEFT_OUT else "{}"
            yield name, f"{head}[{','.join([item] * (room // (len(item) + 1)))}]{tail}"
            continue
        for item in ('"b"',) if value else ("{}", "true"):
            entries = (f'"{number:06}":{item}' for number in range(room // (len(item) + 10)))
            yield f"{name} of {item}", f"{head}{{{','.join(entries)}}}{tail}"
    if any(leaves(message)):
        yield "texts", with_long_texts(message)


def places(value: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Lists and maps by their paths, with where they are."""
    for at, one in _entries(value):
        below = f"{path}.{at}"
        if isinstance(one, list) or one in ({}, {"a": "b"}):
            yield below, value, at
        yield from places(one, below)


def leaves(value: Any) -> Iterator[tuple[Any, Any]]:
    """Where the texts are, but for the token of who calls."""
    for at, one in _entries(value):
        if isinstance(one, str) and at != "accessToken":
            yield value, at
        yield from leaves(one)


def with_long_texts(message: Any) -> str:
    message = deepcopy(message)
    texts = list(leaves(message))
    room = LARGEST_BODY - len(json.dumps(message))
    for of, at in texts:
        of[at] = TEXT * (room // len(texts) // len(TEXT.encode()))
    return json.dumps(message, ensure_ascii=False)


def _entries(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from cast("dict[Any, Any]", value).items()
    if isinstance(value, list):
        yield from enumerate(cast("list[Any]", value))


def requests(running: RunningPlatform, tenant: Tenant, path: str) -> Iterator[tuple[str, Request]]:
    """Requests of each operation of a document, by a name for each."""
    account = Account(running)
    headers = {
        "x-api-key": account.instance.key,
        "x-user-id": account.user_id,
        "x-auth-token": Api.of(running, tenant.organization).token,
    }
    known = Credentials([tenant.token], headers, {"linkid": ["1"], "accesstoken": [tenant.token]})
    for request in examples(running.http.get(path).json(), known):
        is_json = isinstance(request.body, dict)
        if is_json:
            for name, body in filled(request.body):
                named = f"{request.method} {request.path} {name}"
                yield named, Request(request.method, request.path, (body.encode(), headers))


@ON_ONE_DATABASE
@pytest.mark.parametrize("path", DOCUMENTS)
def test_no_operation_takes_the_loop_for_long(
    running: RunningPlatform, tenant: Tenant, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Steps(monkeypatch)
    took: dict[str, float] = {}
    for name, request in requests(running, tenant, path):
        body, _ = request.body
        assert len(body) <= LARGEST_BODY, name

        def ask(name: str = name, request: Request = request) -> None:
            content, headers = request.body
            answer = running.http.request(
                request.method, request.path, content=content, headers=headers, timeout=LIMIT
            )
            assert answer.status_code < 500 or answer.status_code in (501, 503), (name, answer.text[:500])
            # The answer is here before the end of the step that has sent it.
            running.run(asyncio.sleep(0))

        took[name] = steps.least(ask)
    print(f"{len(took)} requests of {path}")
    tenant.api("roomService/availableTypes")  # whose token is still good
    assert len(took) > 10
    assert {name: share for name, share in took.items() if share > 1} == {}
