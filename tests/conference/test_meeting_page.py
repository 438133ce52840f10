"""The HTTP calls of a meeting's page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from websockets.asyncio.client import connect

from switchroom.accounts.models import MeetingKind, MeetingTerms
from switchroom.accounts.organizers import Actor
from switchroom.db.base import now
from switchroom.events.log import EventFilter
from switchroom.identity.permissions import Standing
from switchroom.meetings.models import MeetingChatMessage
from switchroom.meetings.recurrence import FrequencyType, Recurrence
from tests.conference.room import Client
from tests.meetings.planning import Planned, plan, soon
from tests.platform import RunningPlatform, Tenant, running_platform

EXTERNAL_ID = "a" * 40


def ask(meeting: Planned, **fields: str) -> dict[str, Any]:
    """What the page shows."""
    body = {"number": meeting.number, **fields}
    answer = meeting.tenant.running.http.post("/client/meeting", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def request_entry(meeting: Planned, **fields: str) -> httpx.Response:
    body = {"number": meeting.number, **fields}
    return meeting.tenant.running.http.post("/client/meeting/enter", json=body)


def enter(meeting: Planned, **fields: str) -> dict[str, Any]:
    answer = request_entry(meeting, **fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def refused(meeting: Planned, **fields: str) -> tuple[int, str]:
    answer = request_entry(meeting, **fields)
    return answer.status_code, answer.json()["code"]


def unpaid(tenant: Tenant) -> None:
    async def work() -> None:
        async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
            await session.execute(update(MeetingTerms).values(paid_until=now() - timedelta(days=1)))

    tenant.running.run(work())


def test_what_the_page_of_a_meeting_shows(tenant: Tenant) -> None:
    meeting = plan(tenant, "Figures", agenda="1. All", timezone="Europe/Berlin", invite="nora@example.org")
    shown = ask(meeting)
    assert shown["state"] == "open"
    assert (shown["topic"], shown["agenda"], shown["kind"]) == ("Figures", "1. All", "standard")
    assert (shown["organizerName"], shown["companyName"]) == ("Ada Admin", "Acme")
    assert (shown["roomId"], shown["companyId"]) == (meeting.room_id, tenant.company_id)
    assert shown["timezone"] == "Europe/Berlin"
    start, end = (datetime.fromisoformat(shown[name]) for name in ("start", "end"))
    assert end - start == timedelta(hours=1)
    assert abs(datetime.now(UTC) - datetime.fromisoformat(shown["now"])) < timedelta(minutes=1)
    flags = ("isRecurring", "isModerator", "isMember", "listens", "waits")
    assert not any(shown[name] for name in flags)
    assert shown["displayName"] == ""


def test_a_personal_link_knows_the_name_and_the_organizers_the_moderator(tenant: Tenant) -> None:
    meeting = plan(tenant, kind=MeetingKind.BOARDROOM, invite="nora@example.org")
    everybody = ask(meeting)
    assert (everybody["waits"], everybody["isModerator"]) == (True, False)
    nora = ask(meeting, key=meeting.key_of("nora@example.org"))
    assert (nora["displayName"], nora["waits"], nora["isModerator"]) == ("Nora Nilsen", True, False)
    organizer = ask(meeting, key=meeting.organizer_key)
    assert (organizer["displayName"], organizer["isModerator"]) == ("Ada Admin", True)
    assert not organizer["waits"]


def test_to_a_webinar_people_come_to_listen_unless_their_group_may_more(tenant: Tenant) -> None:
    meeting = plan(tenant, kind=MeetingKind.WEBINAR)
    assert ask(meeting)["listens"]
    assert not ask(meeting, key=meeting.organizer_key)["listens"]
    meeting.changes(permission_group_id=tenant.permission_group("Participant"))
    assert not ask(meeting)["listens"]


def test_an_account_of_the_organization_counts_and_another_does_not(
    tenant: Tenant, running: RunningPlatform
) -> None:
    meeting = plan(tenant, start=soon(hours=1))
    organizer = ask(meeting, accessToken=tenant.token)
    assert (organizer["state"], organizer["isMember"]) == ("open", True)
    assert (organizer["isModerator"], organizer["displayName"]) == (True, "Ada Admin")
    colleague = ask(meeting, accessToken=tenant.person(Standing.PARTICIPANT).token)
    assert (colleague["state"], colleague["isMember"]) == ("not_started", True)
    assert not colleague["isModerator"]
    for token in (running.organization("Other").token, "nonsense"):
        stranger = ask(meeting, accessToken=token)
        assert (stranger["state"], stranger["isMember"]) == ("not_started", False)


def test_before_the_start_only_moderators_get_a_token(tenant: Tenant) -> None:
    meeting = plan(tenant, start=soon(hours=2), early_access_minutes=30)
    shown = ask(meeting)
    assert shown["state"] == "not_started"
    opens, start = (datetime.fromisoformat(shown[name]) for name in ("opensAt", "start"))
    assert start - opens == timedelta(minutes=30)
    answer = request_entry(meeting, displayName="Ben")
    assert answer.status_code == 403
    assert answer.json()["code"] == "meeting_not_started"
    assert answer.json()["details"] == {"opensAt": shown["opensAt"]}
    assert enter(meeting, key=meeting.organizer_key)["isModerator"]


def test_a_recurring_meeting_shows_its_next_time(tenant: Tenant) -> None:
    start = soon(minutes=-5).replace(microsecond=0)
    meeting = plan(tenant, start=start, recurrence=Recurrence(frequency_type=FrequencyType.DAILY))
    shown = ask(meeting)
    assert (shown["state"], shown["isRecurring"]) == ("open", True)
    assert datetime.fromisoformat(shown["start"]) == start
    meeting.closes()
    after = ask(meeting)
    assert after["state"] == "not_started"
    days = (datetime.fromisoformat(after["start"]) - start) / timedelta(days=1)
    assert 0.9 < days < 1.1  # a day with a change of the clock has 23 or 25 hours


def test_after_the_end_nobody_comes_in(tenant: Tenant) -> None:
    meeting = plan(tenant)
    meeting.closes()
    assert ask(meeting)["state"] == "over"
    assert refused(meeting, displayName="Ben") == (403, "meeting_over")
    assert refused(meeting, key=meeting.organizer_key) == (403, "meeting_over")


def test_meetings_of_an_account_that_is_not_paid_for(tenant: Tenant) -> None:
    meeting = plan(tenant)
    unpaid(tenant)
    assert ask(meeting)["state"] == "unavailable"
    assert refused(meeting, displayName="Ben") == (403, "account_unpaid")


@pytest.mark.parametrize("number", ["", "1", "1111222233334444", "x" * 16, "1111-2222"])
def test_numbers_that_are_none(running: RunningPlatform, number: str) -> None:
    answer = running.http.post("/client/meeting", json={"number": number})
    assert answer.json()["state"] == "unknown"
    assert set(answer.json()) == {"state", "now"}
    answer = running.http.post("/client/meeting/enter", json={"number": number, "displayName": "Ben"})
    assert (answer.status_code, answer.json()["code"]) == (404, "link_deleted")


def test_a_key_that_is_none_and_a_meeting_that_was_canceled(tenant: Tenant) -> None:
    meeting = plan(tenant)
    assert ask(meeting, key="wrong")["state"] == "unknown"
    assert refused(meeting, key="wrong", displayName="Ben") == (404, "link_deleted")
    meeting.is_canceled()
    assert ask(meeting)["state"] == "unknown"


def test_a_guest_is_one_person_under_any_name(tenant: Tenant) -> None:
    meeting = plan(tenant, invite="nora@example.org")
    key = meeting.key_of("nora@example.org")
    ben = enter(meeting, displayName="Ben", externalId=EXTERNAL_ID)
    benjamin = enter(meeting, displayName=" Benjamin ", externalId=EXTERNAL_ID)
    assert (ben["displayName"], benjamin["displayName"]) == ("Ben", "Benjamin")
    assert ben["userId"] == benjamin["userId"]
    assert enter(meeting, displayName="Ben")["userId"] != enter(meeting, displayName="Ben")["userId"]
    nora = enter(meeting, key=key)
    assert nora["displayName"] == "Nora Nilsen"
    assert enter(meeting, key=key, displayName="Ms Nilsen")["userId"] == nora["userId"]


def test_bad_input(tenant: Tenant) -> None:
    meeting = plan(tenant)
    answer = request_entry(meeting)
    assert (answer.status_code, answer.json()["details"]) == (400, {"field": "displayName"})
    assert request_entry(meeting, displayName="x" * 201).status_code == 400
    assert request_entry(meeting, displayName="Ben", externalId="short").status_code == 400
    for path in ("/client/meeting", "/client/meeting/enter"):
        for body in ("{}", "[]", "nonsense", '{"number": 1}'):
            assert tenant.running.http.post(path, content=body).status_code == 400


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[RunningPlatform]:
    """A platform that bears with four guesses from one address."""
    with running_platform(tmp_path, address_attempts=4) as running:
        yield running


def test_who_guesses_numbers_is_slowed_down(strict: RunningPlatform) -> None:
    tenant = strict.organization()
    meeting = plan(tenant)
    guess = {"number": "1" * 16}
    answers = [strict.http.post("/client/meeting", json=guess) for _ in range(6)]
    assert [answer.status_code for answer in answers[:4]] == [200] * 4
    last = answers[-1]
    assert (last.status_code, last.json()["code"]) == (429, "too_many_attempts")
    assert int(last.headers["retry-after"]) >= 1
    assert refused(meeting, displayName="Ben") == (429, "too_many_attempts")


async def test_what_happened_and_was_written_in_a_meeting_is_kept(tmp_path: Path) -> None:
    with running_platform(tmp_path) as running:
        tenant = running.organization()
        meeting = plan(tenant)
        platform = running.platform
        socket = await _connected(running)
        ben = enter(meeting, displayName="Ben")
        answer = await socket.ask("join", token=ben["token"], roomId=ben["roomId"])
        assert answer["room"]["displayName"] == "Standup"
        await socket.does("chat", text="Good morning")
        await socket.send("leave")
        await socket.closed()
        running.run(platform.meetings.transcript.finish())
        running.run(platform.events.buffer.finish())

        async def written() -> list[tuple[str, str]]:
            async with platform.storage.database.read(tenant.organization.id) as session:
                lines = await session.scalars(
                    select(MeetingChatMessage).where(MeetingChatMessage.meeting_id == meeting.view.meeting.id)
                )
                return [(line.sender_name, line.text) for line in lines]

        assert running.run(written()) == [("Ben", "Good morning")]
        wanted = EventFilter(object_id=meeting.view.meeting.id)
        events = running.run(platform.events.log.read(tenant.organization.id, wanted))
        happened = [event.type for event in events if event.data.get("display_name") == "Ben"]
        assert happened == ["meeting.joined", "meeting.left"]


async def _connected(running: RunningPlatform) -> Client:
    address = running.base_url.replace("http", "ws", 1)
    return Client(await connect(f"{address}/client/socket", proxy=None))


async def test_a_closed_account_works_for_nobody_and_its_rooms_are_empty(tmp_path: Path) -> None:
    with running_platform(tmp_path) as running:
        tenant = running.organization()
        room = tenant.room()
        link = tenant.group_link(room)
        credentials = {"clientId": "integration", "code": tenant.api_key.code, "companyId": tenant.company_id}
        signed_in = tenant.api.post(
            "authenticationService/authenticate", {"authorizationCodeCredentials": credentials}
        )
        cookie = {"cookie": f"auth={signed_in.cookies['auth']}"}
        admissions = running.platform.rooms.admissions
        guest = running.run(
            admissions.authenticate_guest(tenant.company_id, room, link["accessKey"], "Gast", "")
        )
        address = running.base_url.replace("http", "ws") + "/client/socket"
        client = Client(await connect(address, proxy=None))
        try:
            await client.ask("join", token=guest.token, roomId=room)
            running.run(running.platform.meetings.accounts.close(tenant.organization.hex_id))

            assert (await client.hears("ended"))["reason"] == "revoked"
            assert await client.closed() == 4004
        finally:
            await client.drop()
        token = signed_in.json()["accessToken"]
        assert tenant.api.refused("roomService/list", token=token)["code"] == 16
        renewal = {"refreshTokenCredentials": {"companyId": tenant.company_id}}
        answer = tenant.api.post("authenticationService/authenticate", renewal, headers=cookie)
        assert answer.status_code == 401


async def test_a_restart_ends_the_stays_of_those_inside(tmp_path: Path) -> None:
    with ExitStack() as first:
        running = first.enter_context(running_platform(tmp_path))
        meeting = plan(running.organization())
        socket = await _connected(running)
        ben = enter(meeting, displayName="Ben")
        await socket.ask("join", token=ben["token"], roomId=ben["roomId"])
        stopped = first.pop_all()
    await asyncio.to_thread(stopped.close)
    assert await socket.closed() == 1012
    await socket.drop()

    with running_platform(tmp_path) as running:
        platform, organization = running.platform, meeting.tenant.organization
        actor = Actor(organization.id, meeting.tenant.administrator.id, administers=True)
        (stay,) = running.run(platform.meetings.attendances.participants(actor, meeting.view.hex_id))
        assert stay.left_at is not None
        events = running.run(platform.events.log.read(organization.id, EventFilter(types=["meeting.*"])))
        assert [event.type for event in events][-2:] == ["meeting.left", "meeting.emptied"]


def test_all_that_is_wrong_is_named_in_the_language_of_the_page(tenant: Tenant) -> None:
    body = {"number": 5, "displayName": ["Ben"], "externalId": "short"}
    answer = tenant.running.http.post(
        "/client/meeting/enter", json=body, headers={"accept-language": "de-DE"}
    )

    refusal = answer.json()
    assert (answer.status_code, refusal["code"]) == (400, "bad_request")
    assert refusal["fields"] == {
        "number": "Erwartet: Text, erhalten: ganze Zahl",
        "displayName": "Erwartet: Text, erhalten: Liste",
        "externalId": "Erwartet: Text mit mindestens 32 Zeichen oder Einträgen",
    }
    assert set(refusal["details"]["field"].split(", ")) == set(body)


@pytest.mark.parametrize(
    ("language", "message"),
    [("en-GB", "The meeting has not begun."), ("de", "Das Meeting hat noch nicht begonnen.")],
)
def test_a_refusal_in_the_language_of_the_page(tenant: Tenant, language: str, message: str) -> None:
    meeting = plan(tenant, start=soon(hours=2))
    body = {"number": meeting.number, "displayName": "Ben"}
    headers = {"accept-language": language}
    refusal = tenant.running.http.post("/client/meeting/enter", json=body, headers=headers).json()

    assert (refusal["code"], refusal["message"]) == ("meeting_not_started", message)
