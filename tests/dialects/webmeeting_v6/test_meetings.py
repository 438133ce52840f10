"""Meetings that take place once: scheduled, listed, changed, canceled, closed; who was there."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import delete, select

from switchroom.events.append import append
from switchroom.events.log import EventFilter
from switchroom.identity.models import PermissionGroup
from switchroom.meetings.models import Invitee, Meeting, MeetingChatMessage, OccurrenceChange
from switchroom.platform.build import Platform
from tests.dialects.webmeeting_v6.calendars import calendar_of, event_of
from tests.dialects.webmeeting_v6.client import Account, invited, moment_of, text_of, tomorrow
from tests.happened import happened
from tests.mail.outbox import mails_to


def test_only_a_topic(account: Account) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    meeting = account.api.post("/meeting", {"topic": "  Now  "})

    start, end = moment_of(meeting["startTime"]), moment_of(meeting["endTime"])
    assert before <= start <= datetime.now(UTC)
    assert end - start == timedelta(minutes=60)
    assert (meeting["topic"], meeting["duration"], meeting["type"]) == ("Now", "60", "standard")
    assert (meeting["isOpen"], meeting["isActive"], meeting["isClosed"]) == (True, False, False)


def test_every_field(account: Account) -> None:
    group = account.permission_groups()["Spectator"]
    wish: dict[str, Any] = {
        "topic": "Jahresgespräch 🎉",
        "startTime": "2030-07-01T09:30:00.250+02:00",
        "endTime": "2030-07-01T08:15:00Z",
        "type": "boardroom",
        "timezone": "America/New_York",
        "agenda": "1. Begrüßung\n2. Ende",
        "documents": [{"name": "Plan.pdf", "url": "https://example.org/plan"}, "text", 7, None],
        "isRecorded": True,
        "isDialin": True,
        "meetingPermissionId": group,
        "videoResolution": "hd",
        "invitedParticipants": [
            {
                "email": "Zoë@Example.org".replace("ë", "e"),
                "firstName": "Zoë",
                "lastName": "Weiß",
                "preferredLanguage": "de",
                "role": "moderator",
            },
            {"email": f"{secrets.token_hex(4)}@example.org"},
        ],
    }
    meeting = account.api.post("/meeting", wish)

    first, second = meeting["invitedParticipants"]
    assert first == {**wish["invitedParticipants"][0], "email": "zoe@example.org"}
    assert second == {
        "email": wish["invitedParticipants"][1]["email"],
        "firstName": "",
        "lastName": "",
        "preferredLanguage": "en",
        "role": "participant",
    }
    assert meeting["startTime"] == "2030-07-01T07:30:00.250Z"
    assert meeting["endTime"] == "2030-07-01T08:15:00.000Z"
    assert meeting["duration"] == "45"
    same = set(wish) - {"invitedParticipants", "startTime", "endTime"}
    assert {name: meeting[name] for name in same} == {name: wish[name] for name in same}
    assert (len(meeting["dialInConferenceRoom"]), len(meeting["dialInPin"])) == (8, 6)
    for name in (meeting["id"], meeting["meetingId"], meeting["meetingId"].replace("-", "")):
        assert account.api.get(f"/meeting/{name}") == meeting


@pytest.mark.parametrize("duration", [90, "90"])
def test_a_duration_counts_where_there_is_no_end(account: Account, duration: int | str) -> None:
    start = text_of(tomorrow())
    meeting = account.api.post("/meeting", {"topic": "x", "startTime": start, "duration": duration})
    both = account.api.post(
        "/meeting",
        {"topic": "x", "startTime": start, "duration": duration, "endTime": text_of(tomorrow(10))},
    )

    assert (meeting["endTime"], meeting["duration"]) == (text_of(tomorrow() + timedelta(minutes=90)), "90")
    assert (both["endTime"], both["duration"]) == (text_of(tomorrow(10)), "60")


def test_putting_back_what_was_got(account: Account) -> None:
    """It changes nothing but the sequence, also of a meeting that has begun or is over."""
    guest = _address()
    for meeting in (
        account.api.meeting(invitedParticipants=[invited(guest, role="moderator")], isDialin=True),
        account.api.post("/meeting", {"topic": "On"}),
        account.api.meeting("Over", startTime="2020-01-01T10:00:00Z"),
    ):
        got = account.api.get(f"/meeting/{meeting['id']}")
        put = account.api.put(f"/meeting/{meeting['id']}/false", got)
        assert put == {**got, "icalSequence": "1", "dtClosedAt": put["dtClosedAt"]}
        assert account.api.put(f"/meeting/{meeting['id']}/true", put)["icalSequence"] == "2"


def test_changing(account: Account) -> None:
    meeting = account.api.meeting(isDialin=True, agenda="As it was")
    path = f"/meeting/{meeting['id']}/false"
    later = tomorrow(15)
    moved = account.api.put(path, {"startTime": text_of(later)})
    longer = account.api.put(path, {"duration": 90})
    other = account.api.put(path, {"topic": "Other", "isDialin": False, "type": "webinar"})

    assert moved == {
        **meeting,
        "startTime": text_of(later),
        "endTime": text_of(later + timedelta(hours=1)),
        "icalSequence": "1",
    }
    assert longer["endTime"] == text_of(later + timedelta(minutes=90))
    assert (other["topic"], other["agenda"], other["type"]) == ("Other", "As it was", "webinar")
    assert (other["dialInPin"], other["dialInConferenceRoom"], other["icalSequence"]) == (None, None, "3")
    assert account.api.get(f"/meeting/{meeting['meetingId']}") == other


def test_two_changes_at_once(account: Account) -> None:
    """Both are in it, and each has a sequence of its own."""
    meeting = account.api.meeting()

    def change(fields: dict[str, object]) -> str:
        return account.api.put(f"/meeting/{meeting['id']}/false", fields)["icalSequence"]

    wishes: list[dict[str, object]] = [
        {"topic": "New"},
        {"agenda": "New"},
        {"type": "webinar"},
        {"isRecorded": True},
    ]
    with ThreadPoolExecutor(4) as threads:
        sequences = sorted(threads.map(change, wishes))
    changed = account.api.get(f"/meeting/{meeting['id']}")

    assert sequences == ["1", "2", "3", "4"]
    assert (changed["topic"], changed["agenda"], changed["type"]) == ("New", "New", "webinar")
    assert changed["isRecorded"] is True


def test_who_gets_which_mail(account: Account) -> None:
    stays, comes, goes = (_address() for _ in range(3))
    meeting = account.api.meeting(invitedParticipants=[invited(stays), invited(goes, preferredLanguage="de")])
    path = f"/meeting/{meeting['id']}/false"
    # A mail that waits gives way to a newer one: each is waited for.
    (invitation,) = mails_to(account.running, goes)
    mails_to(account.running, stays)
    changed = account.api.put(
        path, {"topic": "Planning, anew", "invitedParticipants": [invited(stays.upper()), invited(comes)]}
    )
    assert [one["email"] for one in changed["invitedParticipants"]] == [stays, comes]
    mails_to(account.running, stays, count=2)
    mails_to(account.running, comes)
    account.api.delete(path)

    assert "Einladung" in str(invitation["Subject"])
    said = {
        who: mails_to(account.running, who, count=count) for who, count in ((stays, 3), (comes, 2), (goes, 2))
    }
    assert _methods(said[stays]) == [
        ("REQUEST", "0", "CONFIRMED"),
        ("REQUEST", "1", "CONFIRMED"),
        ("CANCEL", "2", "CANCELLED"),
    ]
    assert _methods(said[comes]) == [("REQUEST", "1", "CONFIRMED"), ("CANCEL", "2", "CANCELLED")]
    assert _methods(said[goes]) == [("REQUEST", "0", "CONFIRMED"), ("CANCEL", "1", "CANCELLED")]
    uids = {event_of(mail).uid.value for mails in said.values() for mail in mails}
    assert uids == {f"{meeting['id']}@{urlsplit(account.running.base_url).hostname}"}


def test_an_old_meeting_is_canceled_in_silence(account: Account) -> None:
    """Nobody wants a mail that last year's meeting does not take place."""
    guest, last = _address(), _address()
    meeting = account.api.meeting(startTime="2020-01-01T10:00:00Z", invitedParticipants=[invited(guest)])
    account.api.delete(f"/meeting/{meeting['id']}/true")
    account.api.meeting(invitedParticipants=[invited(last)])
    mails_to(account.running, last)

    assert _methods(mails_to(account.running, guest)) == [("REQUEST", "0", "CONFIRMED")]


def test_canceling(account: Account) -> None:
    meeting = account.api.meeting()

    assert account.api.delete(f"/meeting/{meeting['id']}/false") == {"id": meeting["id"]}
    assert account.api.get("/meeting") == []
    for method, path in (
        ("GET", f"/meeting/{meeting['id']}"),
        ("GET", f"/meeting/{meeting['meetingId']}"),
        ("PUT", f"/meeting/{meeting['id']}/false"),
        ("DELETE", f"/meeting/{meeting['id']}/false"),
        ("POST", f"/meeting/close/{meeting['id']}"),
        ("GET", f"/meeting/{meeting['id']}/participants"),
        ("GET", f"/meeting/calendar/meeting/{meeting['icsToken']}"),
    ):
        assert account.api.refused(method, path, {} if method == "PUT" else None).code == -5, (method, path)


def test_closing(account: Account) -> None:
    meeting = account.api.post("/meeting", {"topic": "On"})
    closed = account.api.post(f"/meeting/close/{meeting['meetingId']}")

    assert (closed["isOpen"], closed["isActive"], closed["isClosed"]) == (False, False, True)
    assert moment_of(meeting["startTime"]) <= moment_of(closed["dtClosedAt"]) <= datetime.now(UTC)
    assert account.api.get(f"/meeting/{meeting['id']}") == closed
    again = account.api.refused("POST", f"/meeting/close/{meeting['id']}")
    assert (again.code, again.message) == (-3, "The meeting is over.")


def test_what_is_not_open_cannot_be_closed(account: Account) -> None:
    to_come = account.api.meeting()
    over = account.api.meeting(startTime="2020-01-01T10:00:00Z")

    early = account.api.refused("POST", f"/meeting/close/{to_come['id']}")
    assert (early.code, early.message) == (-3, "The meeting has not begun.")
    assert account.api.refused("POST", f"/meeting/close/{over['id']}").message == "The meeting is over."
    assert account.api.get(f"/meeting/{to_come['id']}") == to_come


def test_a_closed_meeting_opens_again_by_new_times_only(account: Account) -> None:
    meeting = account.api.post("/meeting", {"topic": "On"})
    account.api.post(f"/meeting/close/{meeting['id']}")
    path = f"/meeting/{meeting['id']}/false"

    noted = account.api.put(path, {"agenda": "What was said"})
    assert (noted["isClosed"], noted["isOpen"]) == (True, False)
    longer = account.api.put(path, {"duration": 120})
    assert (longer["isClosed"], longer["isOpen"], longer["dtClosedAt"]) == (False, True, None)


def test_a_list(account: Account) -> None:
    days = [tomorrow() + timedelta(days=number) for number in (2, 0, 1)]
    last, first, second = (account.api.meeting(startTime=text_of(day), duration=60) for day in days)
    hour = timedelta(hours=1)

    assert account.api.get("/meeting") == [first, second, last]
    assert account.api.get("/meeting", limit=1, offset=1) == [second]
    assert account.api.get("/meeting", from_=text_of(days[2])) == [second, last]
    assert account.api.get("/meeting", from_=text_of(days[1] + hour), to=text_of(days[0])) == [second]
    assert account.api.get("/meeting", from_=text_of(days[1] + hour - timedelta(seconds=1)), limit=1) == [
        first
    ]
    assert account.api.get("/meeting", to=text_of(days[1])) == []
    assert account.api.get("/meeting", from_="0001-01-01T00:00:00Z") == [first, second, last]
    assert account.api.get("/meeting", to="9999-12-31T23:59:59Z", offset=2) == [last]
    assert account.api.get("/meeting", offset=1_000_000) == []


def test_a_permission_group_that_is_deleted(account: Account) -> None:
    """The meeting stays, with what its type has."""
    group_id = account.permission_groups()["Spectator"]
    meeting = account.api.meeting(startTime=text_of(datetime.now(UTC)), meetingPermissionId=group_id)
    account.change(defaultMeetingPermissions=group_id)
    visit = {"number": meeting["meetingId"]}
    assert account.running.http.post("/client/meeting", json=visit).json()["listens"] is True

    async def remove() -> None:
        async with account.running.platform.storage.database.write(None) as session:
            await session.execute(delete(PermissionGroup).where(PermissionGroup.id == group_id))

    account.running.run(remove())
    assert account.api.get(f"/meeting/{meeting['id']}") == {**meeting, "meetingPermissionId": None}
    assert account.instance.get(f"/account/{account.id}")["defaultMeetingPermissions"] is None
    assert account.running.http.post("/client/meeting", json=visit).json()["listens"] is False
    assert account.api.put(f"/meeting/{meeting['id']}/false", {"topic": "Still"})["topic"] == "Still"


def test_who_was_there_and_what_was_said(account: Account) -> None:
    meeting = account.api.post("/meeting", {"topic": "Review", "agenda": "All of it"})
    platform = account.running.platform
    organization_id = account.organization.id

    async def happen() -> None:
        room_id = (await platform.meetings.admission.look_up(meeting["meetingId"])).room_id
        async with platform.storage.database.write(organization_id) as session:
            named = (await session.scalars(select(Meeting.id).where(Meeting.room_id == room_id))).one()
            data = {"participant_id": "p1", "user_id": "u1", "display_name": "Änne", "is_guest": True}
            append(session, organization_id, happened("meeting.joined", **data), named)
            append(
                session,
                organization_id,
                happened("meeting.joined", **{**data, "participant_id": "p2"}),
                named,
            )
            append(session, organization_id, happened("meeting.left", **data), named)
            line = MeetingChatMessage(sent_at=datetime.now(UTC), sender_name="Änne", text="Grüße")
            line.meeting_id = named
            session.add(line)

    account.running.run(happen())
    first, second = account.api.get(f"/meeting/{meeting['id']}/participants")
    assert (first["name"], first["userId"], first["isGuest"]) == ("Änne", "u1", True)
    assert first["email"] is None
    assert first["leftAt"] is not None
    assert second["leftAt"] is None
    open_ = account.api.get(f"/meeting/{meeting['id']}/summary")
    assert (open_["topic"], open_["agenda"], open_["closedAt"]) == ("Review", "All of it", None)
    assert open_["participants"] == [first, second]
    assert [(line["name"], line["text"]) for line in open_["chat"]] == [("Änne", "Grüße")]
    closed = account.api.post(f"/meeting/close/{meeting['id']}")
    summary = account.api.get(f"/meeting/{meeting['meetingId']}/summary")
    assert summary == {**open_, "closedAt": closed["dtClosedAt"]}


def test_who_was_there_is_known_by_what_a_program_knows(account: Account) -> None:
    invited = [{"email": "bob@example.org", "firstName": "Bob"}]
    meeting = account.api.post("/meeting", {"topic": "Review", "invitedParticipants": invited})
    platform = account.running.platform
    organizer = account.running.run(
        platform.meetings.accounts.member(account.organization.id, account.user_id)
    )

    async def happen() -> None:
        async with platform.storage.database.write(account.organization.id) as session:
            named = (await session.scalars(select(Meeting.id).where(Meeting.hex_id == meeting["id"]))).one()
            guest = (await session.scalars(select(Invitee.id).where(Invitee.meeting_id == named))).one()
            for number, user_id in enumerate((organizer.person.id, guest, "walk-in")):
                data = {"participant_id": f"p{number}", "user_id": user_id, "display_name": "X"}
                append(session, account.organization.id, happened("meeting.joined", **data), named)

    account.running.run(happen())
    stays = account.api.get(f"/meeting/{meeting['id']}/participants")
    assert [stay["email"] for stay in stays] == [account.email, "bob@example.org", None]
    assert stays[0]["userId"] == account.user_id


def test_who_was_at_an_occurrence(account: Account) -> None:
    """Of a long series, with what was said after an occurrence's end when that was extended."""
    account.change(autoExtendMeetings=True)
    start = (datetime.now(UTC) - timedelta(days=40)).replace(microsecond=0)
    meeting = account.api.meeting(
        startTime=text_of(start), timezone="UTC", isRecurring=True, recurring={"frequencyType": "daily"}
    )
    platform, organization_id = account.running.platform, account.organization.id
    days = [start + timedelta(days=number) for number in (0, 29, 30, 31)]
    extended = timedelta(hours=3)

    async def happen() -> None:
        async with platform.storage.database.write(organization_id) as session:
            row = (await session.scalars(select(Meeting).where(Meeting.hex_id == meeting["id"]))).one()
            for day, name in zip(days, ("early", "before", "there", "after"), strict=True):
                for number in range(10_001 if name == "early" else 1):
                    data = {"participant_id": f"{name}{number}", "display_name": name}
                    for kind, at in (("joined", day), ("left", day + extended)):
                        append(session, organization_id, happened(f"meeting.{kind}", **data), row.id, at=at)
                line = MeetingChatMessage(sent_at=day + extended, sender_name=name, text=name)
                line.meeting_id = row.id
                session.add(line)
            session.add(
                OccurrenceChange(
                    meeting_id=row.id, original_start_at=days[2], closed_at=days[2] + extended, canceled=False
                )
            )

    account.running.run(happen())
    listed = account.api.get("/meeting", from_=text_of(days[2]), to=text_of(days[2] + timedelta(hours=1)))
    summary = account.api.get(f"/meeting/{listed[0]['id']}/summary")
    assert [(one["name"], one["joinedAt"], one["leftAt"]) for one in summary["participants"]] == [
        ("there", text_of(days[2]), text_of(days[2] + extended))
    ]
    assert [line["text"] for line in summary["chat"]] == ["there"]
    stays = account.api.get(f"/meeting/{listed[0]['id']}/participants")
    assert stays == summary["participants"]


def test_who_was_there_is_known_as_long_as_the_meeting_is(account: Account) -> None:
    """Longer than the log of other events is kept."""
    meeting = account.api.post("/meeting", {"topic": "Long ago"})
    platform, organization_id = account.running.platform, account.organization.id

    async def happen() -> str:
        long_ago = datetime.now(UTC) - timedelta(days=200)
        async with platform.storage.database.write(organization_id) as session:
            query = select(Meeting.id).where(Meeting.hex_id == meeting["id"])
            meeting_id = (await session.scalars(query)).one()
            data = {"participant_id": "p", "display_name": "Änne"}
            for kind in ("joined", "emptied"):
                append(session, organization_id, happened(f"meeting.{kind}", **data), meeting_id, at=long_ago)
        await platform.events.log.remove_old()
        return meeting_id

    meeting_id = account.running.run(happen())
    (stay,) = account.api.get(f"/meeting/{meeting['id']}/participants")
    assert stay["name"] == "Änne"
    kept = account.running.run(platform.events.log.read(organization_id, EventFilter(object_id=meeting_id)))
    assert [event.type for event in kept] == ["meeting.created", "meeting.joined"]
    account.running.run(_delete(platform, meeting_id))
    account.running.run(platform.events.log.remove_old())
    kept = account.running.run(platform.events.log.read(organization_id, EventFilter(object_id=meeting_id)))
    assert [event.type for event in kept] == ["meeting.created"]


async def _delete(platform: Platform, meeting_id: str) -> None:
    async with platform.storage.database.write(None) as session:
        await session.execute(delete(Meeting).where(Meeting.id == meeting_id))


def _methods(mails: Sequence[EmailMessage]) -> list[tuple[str, str, str]]:
    """Method, sequence and status of the mails' calendars, in order of sequence."""
    found: list[tuple[str, str, str]] = []
    for mail in mails:
        calendar, event = calendar_of(mail), event_of(mail)
        found.append((calendar.method.value, event.sequence.value, event.status.value))
    return sorted(found, key=lambda one: one[1])


def _address() -> str:
    return f"{secrets.token_hex(6)}@example.org"
