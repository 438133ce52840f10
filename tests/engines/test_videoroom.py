"""The VideoRoom plugin, with the real server. What needs media is tested with browsers in `conference`."""

from __future__ import annotations

import asyncio

import pytest

from switchroom.engines.janus.client import JanusClient, JanusRefused
from switchroom.engines.janus.videoroom import (
    NO_SUCH_FEED,
    Publisher,
    RoomOptions,
    SubscribeStream,
    VideoRoom,
)

pytestmark = pytest.mark.janus

_NAME_TAKEN = 436


async def enter(room: VideoRoom, feed: str) -> Publisher:
    return await room.publisher(
        feed, on_up=lambda: None, on_down=lambda _: None, on_talking=lambda _, __: None
    )


async def _can_enter(room: VideoRoom, feed: str) -> bool:
    """The server answers that somebody leaves a moment before they have left."""
    try:
        await enter(room, feed)
    except JanusRefused as error:
        if error.code != _NAME_TAKEN:
            raise
        return False
    return True


async def test_a_room_is_made_once_and_ended(client: JanusClient) -> None:
    room = await VideoRoom.create(client, "lounge", RoomOptions())
    with pytest.raises(JanusRefused):
        await VideoRoom.create(client, "lounge", RoomOptions())
    await room.destroy()
    again = await VideoRoom.create(client, "lounge", RoomOptions())
    await again.destroy()


async def test_nobody_else_enters_or_changes_a_room(client: JanusClient) -> None:
    room = await VideoRoom.create(client, "lounge", RoomOptions())
    await enter(room, "ada")
    handle = await client.attach("janus.plugin.videoroom", lambda event: None)
    for body in (
        {"request": "join", "ptype": "publisher", "room": "lounge", "id": "eve"},
        {"request": "moderate", "room": "lounge", "id": "ada", "mid": "0", "mute": False},
        {"request": "destroy", "room": "lounge"},
    ):
        with pytest.raises(JanusRefused):
            await handle.request(body)
    assert (await handle.request({"request": "list"})).data["list"] == []


async def test_a_name_is_taken_until_its_publisher_leaves(client: JanusClient) -> None:
    room = await VideoRoom.create(client, "lounge", RoomOptions())
    ada = await enter(room, "ada")
    with pytest.raises(JanusRefused) as caught:
        await enter(room, "ada")
    assert caught.value.code == _NAME_TAKEN
    await ada.close()
    async with asyncio.timeout(60):
        while not await _can_enter(room, "ada"):
            pass


async def test_who_publishes_nothing_cannot_be_subscribed_to(client: JanusClient) -> None:
    room = await VideoRoom.create(client, "lounge", RoomOptions())
    await enter(room, "ada")
    assert await room.feeds() == []
    with pytest.raises(JanusRefused) as caught:
        await room.subscriber(
            [SubscribeStream("ada", "0")], on_down=lambda _: None, on_substream=lambda _, __: None
        )
    assert caught.value.code == NO_SUCH_FEED


async def test_what_is_no_offer_is_refused(client: JanusClient) -> None:
    room = await VideoRoom.create(client, "lounge", RoomOptions())
    ada = await enter(room, "ada")
    with pytest.raises(JanusRefused):
        await ada.publish("nonsense")


async def test_who_is_put_out_is_told(client: JanusClient) -> None:
    room = await VideoRoom.create(client, "lounge", RoomOptions())
    ada = await enter(room, "ada")
    await room.kick("ada")
    with pytest.raises(JanusRefused):
        await ada.publish("v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n")
