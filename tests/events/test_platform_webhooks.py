"""Hooks of the platform hear the events of all organizations, in the words of their view."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from msgspec.structs import replace

from switchroom.db.base import now
from switchroom.errors import Conflict, Invalid, NotFound
from switchroom.events.append import append
from switchroom.events.log import LoggedEvent
from switchroom.events.webhooks.hooks import WebHookDraft
from switchroom.events.webhooks.models import Delivery, DeliveryState, Message, Verb, WebHook
from switchroom.events.webhooks.retention import KEPT, remove_old
from switchroom.identity.models import Organization
from tests.events.receiver import listening
from tests.events.source import Source
from tests.happened import happened


def draft(name: str, url: str, **fields: Any) -> WebHookDraft:
    return replace(WebHookDraft(name=name, url=url, types=["test.*"]), **fields)


async def other_organization(events: Source) -> int:
    async with events.database.write(None) as session:
        organization = Organization(ulid="01FHHEX2VQQ378MV7Z5NAGHESL", display_name="Other")
        session.add(organization)
        await session.flush()
        return organization.id


async def test_it_hears_all_organizations_and_sends_its_key(events: Source) -> None:
    other = await other_organization(events)
    async with listening() as receiver, events.delivering():
        own = await events.hook(f"{receiver.url}/own")
        hook = await events.hooks.create(
            None, draft("all", f"{receiver.url}/all", verb=Verb.PUT, api_key="k3y")
        )
        await events.happens(number=1)
        async with events.database.write(None) as session:
            append(session, other, happened("test.happened", number=2), "y")
        await events.until(hook, "delivered", "delivered")
        await events.until(own, "delivered")
    of_all = [request for request in receiver.requests if request.path == "/all"]
    assert sorted(json.loads(request.body)["account"] for request in of_all) == [
        events.organization_id,
        other,
    ]
    assert {(request.method, request.headers["x-api-key"]) for request in of_all} == {("PUT", "k3y")}
    assert all("x-webhook-signature" in request.headers for request in of_all)
    (of_own,) = (request for request in receiver.requests if request.path == "/own")
    assert "x-api-key" not in of_own.headers


async def test_a_view_renders_once_what_its_hooks_get(events: Source) -> None:
    asked: list[int] = []

    async def shouting(event: LoggedEvent) -> object | None:
        asked.append(event.id)
        await asyncio.sleep(0)
        if event.data.get("secret"):
            return None
        return {"LOUD": event.data["word"].upper(), "organization": event.organization_id}

    async with listening() as receiver, events.delivering(renderers={"shouting": shouting}):
        first = await events.hooks.create(None, draft("first", receiver.url, view="shouting"))
        second = await events.hooks.create(
            None, draft("second", receiver.url, view="shouting", custom_data={"more": 1})
        )
        plain = await events.hook(receiver.url)
        await events.happens(word="küche")
        await events.happens(word="psst", secret=True)
        for hook in (first, second):
            await events.until(hook, "delivered")
        await events.until(plain, "delivered", "delivered")
    loud = [json.loads(request.body) for request in receiver.requests if b"LOUD" in request.body]
    said = {"LOUD": "KÜCHE", "organization": events.organization_id}
    assert sorted(loud, key=len) == [said, {**said, "custom_data": {"more": 1}}]
    assert len(asked) == len(set(asked)) == 2


async def test_a_view_that_fails_or_is_missing_keeps_nobody_waiting(events: Source) -> None:
    async def broken(event: LoggedEvent) -> object | None:
        raise KeyError(event.id)

    async with listening() as receiver, events.delivering(renderers={"broken": broken}):
        await events.hooks.create(None, draft("broken", receiver.url, view="broken"))
        await events.hooks.create(None, draft("missing", receiver.url, view="missing"))
        hook = await events.hook(receiver.url)
        await events.happens()
        await events.until(hook, "delivered")
    assert len(receiver.requests) == 1


async def test_no_organization_sees_or_touches_it(events: Source) -> None:
    hook = await events.hooks.create(None, draft("all", "https://example.org/"))
    own = await events.hook("https://example.org/own")
    organization = events.organization_id
    assert [one.id for one in await events.hooks.list(organization)] == [own.id]
    assert [one.id for one in await events.hooks.list(None)] == [hook.id]
    for refused in (
        events.hooks.get(organization, hook.id),
        events.hooks.get(None, own.id),
        events.hooks.update(organization, hook.id, WebHookDraft(enabled=False)),
        events.hooks.update(None, own.id, WebHookDraft(enabled=False)),
        events.hooks.deliveries(organization, hook.id),
        events.hooks.deliveries(None, own.id),
        events.hooks.delete(organization, hook.id),
        events.hooks.delete(None, own.id),
    ):
        with pytest.raises(NotFound):
            await refused
    async with events.database.read(organization) as session:
        assert await session.get(WebHook, hook.id) is None


async def test_its_deliveries_are_listed_by_pages_and_not_to_organizations(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        first = await events.hooks.create(None, draft("first", receiver.url))
        second = await events.hooks.create(None, draft("second", receiver.url))
        own = await events.hook(receiver.url)
        for number in range(3):
            await events.happens(number=number)
        for hook in (first, second, own):
            await events.until(hook, *["delivered"] * 3)
    page = await events.hooks.deliveries(None, limit=4)
    rest = await events.hooks.deliveries(None, before=page[-1].id)
    expected = {(hook.id, one.id) for hook in (first, second) for one in await events.deliveries(hook)}
    assert {(one.hook_id, one.id) for one in (*page, *rest)} == expected
    ids = [one.id for one in (*page, *rest)]
    assert ids == sorted(ids, reverse=True)
    assert {one.hook_id for one in await events.hooks.deliveries(events.organization_id)} == {own.id}
    assert len(await events.hooks.deliveries(None, first.id, state=DeliveryState.DELIVERED)) == 3
    delivery = (await events.hooks.deliveries(None, first.id))[0]
    with pytest.raises(NotFound):
        await events.hooks.redeliver(events.organization_id, first.id, delivery.id)
    await events.hooks.redeliver(None, first.id, delivery.id)


async def test_put_makes_or_replaces_by_name(events: Source) -> None:
    (put,) = await events.hooks.put(
        [draft("onThis", "https://example.org/1", verb=Verb.PUT, api_key="k", view="some_view")]
    )
    (again,) = await events.hooks.put([draft("onThis", "https://example.org/2")])
    made, replaced = put.hook, again.hook
    assert (put.is_new, again.is_new) == (True, False)
    assert replaced.id == made.id
    assert (replaced.url, replaced.verb, replaced.api_key, replaced.view) == (
        "https://example.org/2",
        Verb.POST,
        "",
        "",
    )
    assert replaced.secret == made.secret
    (put,) = await events.hooks.put([draft("onThat", "https://example.org/3")])
    other = put.hook
    assert [one.name for one in await events.hooks.list(None)] == ["onThis", "onThat"]
    with pytest.raises(Conflict):
        await events.hooks.create(None, draft("onThat", "https://example.org/"))
    with pytest.raises(Conflict):
        await events.hooks.update(None, other.id, WebHookDraft(name="onThis"))
    with pytest.raises(Invalid):
        await events.hooks.put(
            [draft("onAll", "https://example.org/"), WebHookDraft(name="onThat", url="nonsense")],
            remove=["onThis"],
        )
    with pytest.raises(Invalid):
        await events.hooks.put([WebHookDraft(url="https://example.org/")])
    assert [one.name for one in await events.hooks.list(None)] == ["onThis", "onThat"]
    await events.hooks.put([draft("onAll", "https://example.org/")], remove=["onThis"])
    assert [one.name for one in await events.hooks.list(None)] == ["onThat", "onAll"]
    for field, value in (("api_key", "two\r\nlines"), ("api_key", "x" * 201), ("view", "A view")):
        with pytest.raises(Invalid) as refused:
            await events.hooks.put([draft("onThat", "https://example.org/", **{field: value})])
        assert refused.value.path == f"onThat.{field}"
    assert (await events.hooks.get(None, other.id)).url == "https://example.org/3"


async def test_what_is_old_goes_unless_it_waits(events: Source) -> None:
    async with listening() as receiver, events.delivering():
        hook = await events.hook(receiver.url)
        for number in range(4):
            await events.happens(number=number)
        first, second, third, _ = await events.until(hook, *["delivered"] * 4)
    long_ago = now() - 2 * KEPT
    async with events.database.write(None) as session:
        for one in (first, second, third):
            message = await session.get_one(Message, one.message_id)
            message.created_at = long_ago
        waiting = await session.get_one(Delivery, second.id)
        waiting.state = DeliveryState.WAITING
    await remove_old(events.database)
    async with events.database.read(None) as session:
        kept = [one.message_id for one in await events.deliveries(hook)]
        assert len(kept) == 2
        assert second.message_id in kept
        assert all([await session.get(Message, message_id) for message_id in kept])
        assert await session.get(Message, first.message_id) is None
