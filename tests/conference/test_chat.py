"""What is written, and who reads it."""

from __future__ import annotations

from switchroom.rooms.models import RoomMode
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT, SPECTATOR, Permission
from tests.conference.room import Client, RoomServer


async def read(client: Client) -> list[str]:
    """The texts that somebody has been sent."""
    return [one["message"]["text"] for one in await client.everything() if one["type"] == "chat"]


async def test_the_room_reads_what_is_written_and_so_does_the_sender(server: RoomServer) -> None:
    ada, ben = await server.enter("Ada"), await server.enter("Ben")
    await ada.does("chat", text="hello")
    message = (await ben.hears("chat"))["message"]
    assert (message["kind"], message["from"], message["fromName"], message["text"]) == (
        "room",
        ada.id,
        "Ada",
        "hello",
    )
    assert "to" not in message
    assert await read(ada) == ["hello"]


async def test_a_private_message_is_for_two(server: RoomServer) -> None:
    ada, ben, cem = await server.enter("Ada", MODERATOR), await server.enter("Ben"), await server.enter("Cem")
    await ben.does("chat", text="psst", to=cem.id)
    message = (await cem.hears("chat"))["message"]
    assert (message["kind"], message["to"], message["toName"]) == ("private", cem.id, "Cem")
    assert await read(ben) == ["psst"]
    assert await read(ada) == []
    late = await server.enter("Dee", MODERATOR)
    assert late.joined["chat"] == []
    await cem.send("leave")
    await cem.closed()
    assert [one["text"] for one in (await server.join("Cem")).joined["chat"]] == ["psst"]


async def test_those_who_come_later_read_what_was_written(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    for n in range(3):
        await ada.does("chat", text=f"line {n}")
    ben = await server.enter("Ben")
    assert [one["text"] for one in ben.joined["chat"]] == ["line 0", "line 1", "line 2"]


async def test_writing_takes_the_permission(server: RoomServer) -> None:
    ada = await server.enter("Ada", PARTICIPANT & ~Permission.CHAT)
    assert await ada.is_refused("chat", text="hello") == "not_allowed"
    ben = await server.enter("Ben")
    assert await ben.is_refused("chat", text="hello", broadcast=True) == "not_allowed"


async def test_texts_have_bounds(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    assert await ada.is_refused("chat", text="") == "bad_request"
    assert await ada.is_refused("chat", text=" \n ") == "bad_request"
    assert await ada.is_refused("chat", text="x" * 4001) == "bad_request"
    await ada.does("chat", text="ü" * 4000)


async def test_nobody_to_write_to(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    assert await ada.is_refused("chat", text="hello", to="nobody") == "participant_not_found"
    assert await ada.is_refused("chat", text="hello", to=ada.id) == "participant_not_found"


async def test_in_an_exam_participants_write_to_moderators_only(server: RoomServer) -> None:
    exam = RoomMode.EXAM
    mod = await server.enter("Mod", MODERATOR, mode=exam)
    ada, ben = await server.enter("Ada", mode=exam), await server.enter("Ben", mode=exam)
    await ada.does("chat", text="a question")
    await mod.does("chat", text="an answer")
    assert await ada.is_refused("chat", text="the solution?", to=ben.id) == "participant_not_found"
    await ada.does("chat", text="quietly", to=mod.id)
    assert await read(mod) == ["a question", "an answer", "quietly"]
    assert await read(ada) == ["a question", "an answer", "quietly"]
    assert await read(ben) == ["an answer"]
    late = await server.enter("Cem", mode=exam)
    assert [one["text"] for one in late.joined["chat"]] == ["an answer"]


async def test_a_broadcast_reaches_everybody(server: RoomServer) -> None:
    exam = RoomMode.EXAM
    speaker = PARTICIPANT | Permission.CHAT_BROADCAST
    ada, ben = await server.enter("Ada", speaker, mode=exam), await server.enter("Ben", mode=exam)
    await ada.does("chat", text="five minutes left", broadcast=True)
    assert (await ben.hears("chat"))["message"]["kind"] == "broadcast"


async def test_spectators_read_and_are_written_to_by_moderators_only(server: RoomServer) -> None:
    stage = RoomMode.SPECTATOR
    mod = await server.enter("Mod", MODERATOR, mode=stage)
    ada = await server.enter("Ada", mode=stage)
    sam = await server.enter("Sam", SPECTATOR, mode=stage)
    await ada.does("chat", text="welcome")
    assert await ada.is_refused("chat", text="hi", to=sam.id) == "participant_not_found"
    await mod.does("chat", text="come up?", to=sam.id)
    await sam.does("chat", text="gladly", to=mod.id)
    assert await read(sam) == ["welcome", "come up?", "gladly"]


async def test_writing_too_fast_is_refused(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    answers = [await ada.ask("chat", text=f"{n}") for n in range(15)]
    assert [one["type"] for one in answers[:10]] == ["ok"] * 10
    assert {one.get("code") for one in answers[12:]} == {"too_many"}


async def test_control_characters_are_left_out_of_what_is_written(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    await ada.does("chat", text="first\x00\x1b[31m line\nsecond\tline\x7f")
    assert await read(ada) == ["first[31m line\nsecond\tline"]
    assert await ada.is_refused("chat", text="\x00 \x07") == "bad_request"
