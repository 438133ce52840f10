"""Looking again at a room that has changed: who waits for it, how often, and what it costs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import event

from switchroom.conference import reviews
from switchroom.conference.messages import Join
from switchroom.conference.signalling.connection import QueuedConnection
from switchroom.db.database import Database
from switchroom.errors import ErrorCode, Forbidden, Unauthenticated, Unavailable
from switchroom.identity.notices import AccessRevoked, PermissionGroupsChanged
from switchroom.identity.permissions import Standing
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.meetings.drafts import InviteeDraft
from switchroom.rooms.admission import Admission, Verdict, Visitor
from switchroom.rooms.models import RoomMode
from switchroom.rooms.notices import RoomChanged, RoomDestroyed
from switchroom.rooms.permissions import MODERATOR, PARTICIPANT, SPECTATOR, Permission
from tests.conference.room import LIMIT, RoomServer
from tests.meetings.planning import plan
from tests.platform import Tenant

ROOM_CHANGED = RoomChanged(1, "lounge")


async def test_whoever_changes_a_room_does_not_wait_for_its_review(server: RoomServer) -> None:
    ada, ben = await server.enter("Ada"), await server.enter("Ben")
    hold = server.gate.hold("review")
    server.gate.admissions["Ben"] = Forbidden(ErrorCode.PERMISSION_MISSING, permission="join")
    async with asyncio.timeout(LIMIT):
        await server.bus.publish(ROOM_CHANGED)
    await hold.reached.wait()
    assert not [one for one in await ada.everything() if one["type"] == "participant.left"]
    hold.released.set()
    assert await ben.closed() == 4004
    await ada.hears("participant.left")


async def test_a_room_that_changes_often_is_looked_at_once_more_afterwards(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    hold = server.gate.hold("review")
    await server.bus.publish(ROOM_CHANGED)
    await hold.reached.wait()
    server.admit("Ada", mode=RoomMode.EXAM)
    for _ in range(10):
        await server.bus.publish(ROOM_CHANGED)
    hold.released.set()
    assert (await ada.hears("room.updated"))["room"]["mode"] == "exam"
    await ada.everything()
    assert server.gate.reviews == 2


async def test_changed_permission_groups_have_the_organizations_rooms_looked_at(server: RoomServer) -> None:
    ada = await server.enter("Ada")
    server.admit("Ada", mode=RoomMode.EXAM)
    await server.bus.publish(PermissionGroupsChanged(2))
    await ada.everything()
    assert server.gate.reviews == 0
    await server.bus.publish(PermissionGroupsChanged(1))
    assert (await ada.hears("room.updated"))["room"]["mode"] == "exam"


async def test_a_review_that_fails_is_made_later(server: RoomServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reviews, "RETRY_AFTER", 0.01)
    ada = await server.enter("Ada")
    server.admit("Ada", mode=RoomMode.EXAM)
    answer, failures = server.gate.review, [Unavailable(ErrorCode.DATABASE_UNAVAILABLE)] * 2

    async def fail_first(
        organization_id: int, room_id: str, visitors: Sequence[Visitor]
    ) -> Sequence[Verdict]:
        if failures:
            raise failures.pop()
        return await answer(organization_id, room_id, visitors)

    monkeypatch.setattr(server.gate, "review", fail_first)
    await server.bus.publish(ROOM_CHANGED)
    assert (await ada.hears("room.updated"))["room"]["mode"] == "exam"


async def test_whoever_is_shut_out_while_they_are_admitted_does_not_come_in(server: RoomServer) -> None:
    server.admit("Ada")
    hold = server.gate.hold("Ada")
    ada = await server.connect()
    await ada.send("join", id="first", token="Ada", roomId="lounge")
    await hold.reached.wait()
    server.gate.admissions["Ada"] = Unauthenticated(ErrorCode.TOKEN_REVOKED)
    await server.bus.publish(AccessRevoked(1, "user-Ada"))
    hold.released.set()
    assert (await ada.hears(lambda one: one.get("id") == "first"))["code"] == "token_invalid"
    assert await ada.closed() == 4000


async def test_what_a_room_is_does_not_depend_on_who_came_last(server: RoomServer) -> None:
    ada = await server.enter("Ada", MODERATOR, active_limit=3, meeting_id="meeting")
    await server.enter("Ben", meeting_id="meeting", active_limit=3, user_id="b")
    await ada.does("chat", text="kept")
    assert server.transcript.kept == [("meeting", "Ada", "kept")]
    server.admit("Cem", mode=RoomMode.EXAM, active_limit=3, meeting_id="meeting")
    cem = await server.join("Cem")
    # Who comes brings word of what the room has become, for everybody.
    assert (await ada.hears("room.updated"))["room"]["mode"] == "exam"
    assert [one["displayName"] for one in cem.joined["participants"]] == ["Ada"]


async def test_a_room_that_is_closed_is_left_by_all_before_it_is_empty(server: RoomServer) -> None:
    clients = [await server.enter(name) for name in ("Ada", "Ben", "Cem")]
    for client in clients:
        await client.everything()
    await server.bus.publish(RoomDestroyed(1, "lounge"))
    for client in clients:
        assert await client.closed() == 4003
        assert "participant.left" not in {one["type"] for one in client.heard}
    assert [kind for kind, _, _ in server.notes.kept[-4:]] == [*["room.left"] * 3, "room.emptied"]


async def test_in_an_exam_whoever_becomes_a_moderator_sees_all_and_is_seen(server: RoomServer) -> None:
    exam = RoomMode.EXAM
    ada, ben = await server.enter("Ada", mode=exam), await server.enter("Ben", mode=exam)
    mod = await server.enter("Mod", MODERATOR, mode=exam)
    for client in (ada, ben, mod):
        await client.everything()
        client.heard.clear()
    server.admit("Ada", MODERATOR, mode=exam)
    server.admit("Mod", mode=exam)
    await server.bus.publish(ROOM_CHANGED)
    assert (await ben.hears("participant.joined"))["participant"]["id"] == ada.id
    assert (await ben.hears("participant.left"))["participantId"] == mod.id
    assert (await ada.hears("participant.joined"))["participant"]["displayName"] == "Ben"
    shown = (await ada.hears("participant.updated"))["participant"]
    assert (shown["id"], shown["isModerator"], shown["permissions"]["promote"]) == (mod.id, False, False)
    assert (await mod.hears("participant.left"))["participantId"] == ben.id
    assert "permissions" not in (await mod.hears("participant.updated"))["participant"]


async def test_who_becomes_a_moderator_is_told_who_watches(server: RoomServer) -> None:
    stage = RoomMode.SPECTATOR
    ada, mod = await server.enter("Ada", mode=stage), await server.enter("Mod", MODERATOR, mode=stage)
    sam = await server.enter("Sam", SPECTATOR, mode=stage)
    await mod.hears("spectators", joined=[{"id": sam.id, "displayName": "Sam"}])
    await ada.hears("spectators")
    server.admit("Ada", MODERATOR, mode=stage)
    server.admit("Mod", mode=stage)
    await server.bus.publish(ROOM_CHANGED)
    assert (await ada.hears("spectators"))["list"] == [{"id": sam.id, "displayName": "Sam"}]
    assert await mod.hears("spectators") == {"type": "spectators", "count": 1}


async def test_who_may_do_something_else_is_shown_to_moderators_only_where_nobody_else_sees_it(
    server: RoomServer,
) -> None:
    mod, ada, ben = await server.enter("Mod", MODERATOR), await server.enter("Ada"), await server.enter("Ben")
    await ada.does("media", microphone=True, camera=False, screen=False)
    for client in (mod, ada, ben):
        await client.everything()
        client.heard.clear()
    server.admit("Ada", PARTICIPANT & ~Permission.CHAT)
    server.admit("Ben", PARTICIPANT & ~Permission.CHAT)
    await server.bus.publish(ROOM_CHANGED)
    for client in (ada, ben):
        assert (await client.hears("self.updated"))["permissions"]["chat"] is False
    for _ in range(2):
        assert not (await mod.hears("participant.updated"))["participant"]["permissions"]["chat"]
    assert "participant.updated" not in {one["type"] for one in await ben.everything()}


async def test_the_work_of_a_review_grows_with_the_people_and_not_with_their_square(
    server: RoomServer,
) -> None:
    few, many = 40, 640
    seconds: dict[int, float] = {}
    for count in (few, many):
        room = f"room-{count}"
        await _fill(server, room, count)
        seconds[count] = min([await _review(server, room) for _ in range(5)])
    print({count: f"{taken * 1000:.1f} ms" for count, taken in seconds.items()})
    assert seconds[many] < 4 * many / few * seconds[few]


@pytest.mark.parametrize("kind", ["meeting", "room"])
def test_a_review_asks_the_database_as_often_for_many_people_as_for_few(tenant: Tenant, kind: str) -> None:
    room_id, visitors = (_in_meeting if kind == "meeting" else _in_room)(tenant, 12)
    platform, organization_id = tenant.running.platform, tenant.organization.id

    async def review(those: Sequence[Visitor]) -> int:
        with _counted(platform.storage.database) as statements:
            verdicts = await platform.meetings.admission.review(organization_id, room_id, those)
        refused = [one for one in verdicts if not isinstance(one, Admission)]
        assert len(verdicts) == len(those)
        assert [type(one) for one in refused] == [Unauthenticated]
        return len(statements)

    few = [*visitors[:3], visitors[-1]]
    assert tenant.running.run(review(few)) == tenant.running.run(review(visitors)) <= 6


class _Nowhere:
    """A socket that nothing is written to: what is said waits in the queue."""

    async def send_text(self, data: str, /) -> None:
        raise AssertionError(data)


async def _fill(server: RoomServer, room: str, count: int) -> None:
    """So many people in a room, without sockets."""
    for number in range(count):
        name = f"{room}-{number}"
        server.admit(name, room=room)
        await server.service.join(Join(token=name, room_id=room), QueuedConnection(_Nowhere()))


async def _review(server: RoomServer, room: str) -> float:
    """The seconds of the loop's processor time that a review takes which finds nothing new."""
    done = asyncio.Event()
    server.service.on_change = lambda room_id: done.set() if room_id == room else None
    started = time.thread_time()
    server.service.review(room)
    async with asyncio.timeout(LIMIT):
        await done.wait()
    return time.thread_time() - started


def _in_meeting(tenant: Tenant, count: int) -> tuple[str, list[Visitor]]:
    """Of each kind who may be inside so many, and one whose token is good for nothing."""
    people = [tenant.person(Standing.PARTICIPANT) for _ in range(count)]
    emails = [f"guest-{number}@example.org" for number in range(count)]
    planned = plan(tenant, invitees=[InviteeDraft(email=email) for email in emails])
    by_email = {one.email: one.id for one in planned.view.invitees}
    tokens = [
        token
        for number in range(count)
        for token in (
            _guest(tenant, planned.room_id, by_email[emails[number]]),
            _guest(tenant, planned.room_id, planned.view.meeting.id),
            people[number].token,
        )
    ]
    return planned.room_id, [Visitor(token, "Pat", datetime.now(UTC)) for token in (*tokens, "bad")]


def _in_room(tenant: Tenant, count: int) -> tuple[str, list[Visitor]]:
    """As `_in_meeting`."""
    room_id = tenant.room()
    tokens = [
        token
        for _ in range(count)
        for token in (
            _guest(tenant, room_id, tenant.group_link(room_id)["id"]),
            tenant.person(Standing.MODERATOR).token,
            tenant.person(Standing.PARTICIPANT).token,
        )
    ]
    return room_id, [Visitor(token, "Pat", datetime.now(UTC)) for token in (*tokens, "bad")]


def _guest(tenant: Tenant, room_id: str, link_id: str) -> str:
    moment = time.time()
    return tenant.running.platform.identity.signer.sign(
        AccessToken(
            organization_id=tenant.organization.id,
            company_id=tenant.company_id,
            subject_id=link_id,
            kind=SubjectKind.GUEST,
            issued_at=moment,
            expires_at=int(moment) + 3600,
            administration=0,
            display_name="Pat",
            room_id=room_id,
            link_id=link_id,
        )
    )


@contextmanager
def _counted(database: Database) -> Generator[list[str]]:
    """The statements that the task which is here executes while the block runs."""
    statements: list[str] = []
    mine = asyncio.current_task()

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if asyncio.current_task() is mine:
            statements.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
