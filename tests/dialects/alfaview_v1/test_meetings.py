"""`meetingService`: meetings of whoever calls, and the links into them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchroom.identity.permissions import Standing
from switchroom.rooms.permissions import MODERATOR, SPECTATOR
from tests.dialects.alfaview_v1.catalogue import CALLS
from tests.mail.outbox import mails_to
from tests.platform import RunningPlatform, Tenant

CREATE, GET, LIST = "meetingService/create", "meetingService/get", "meetingService/list"
UPDATE, CANCEL = "meetingService/update", "meetingService/cancel"


def at(minutes: float) -> str:
    """So many minutes from now."""
    moment = (datetime.now(UTC) + timedelta(minutes=minutes)).replace(microsecond=0)
    return moment.isoformat().replace("+00:00", "Z")


def wish(**more: Any) -> dict[str, Any]:
    return {"title": "Planning", "start": at(60), "end": at(120), **more}


def make(tenant: Tenant, token: str | None = None, **more: Any) -> dict[str, Any]:
    return tenant.api(CREATE, token=token, meeting=wish(**more))["meeting"]


def enter(tenant: Tenant, link: str, name: str = "Grace") -> Any:
    """What a guest is admitted with by a join link. Raises what admission raises."""
    company_id, room_id, key = link.split("/#/join/")[1].split("/")[:3]
    signed_in = tenant.api.post(
        "guestService.v2/authenticate",
        {"companyId": company_id, "roomId": room_id, "accessKey": key, "displayName": name},
    )
    token = signed_in.json()["accessToken"]
    admission = tenant.running.platform.meetings.admission
    return tenant.running.run(admission.admit(token, room_id))


def test_a_meeting_is_made_and_read(tenant: Tenant) -> None:
    request = CALLS[CREATE](tenant)

    made = tenant.api(CREATE, **request)

    meeting, asked = made["meeting"], request["meeting"]
    assert made["meetingId"] == meeting["id"]
    for field in ("title", "agenda", "timezone", "earlyAccessMinutes", "waitingRoomEnabled"):
        assert meeting[field] == asked[field]
    assert meeting["waitingRoomWelcomeNote"] == "A moment, please"
    assert meeting["features"] == [{"id": "RAISE_HANDS", "state": "ENABLED"}]
    assert (meeting["state"], meeting["roomAvailable"]) == ("SCHEDULED", True)
    assert "canJoin" not in meeting
    assert datetime.fromisoformat(meeting["start"]) - datetime.fromisoformat(
        meeting["canJoinAfter"]
    ) == timedelta(minutes=5)
    assert meeting["createdBy"] == tenant.administrator.id
    assert list(meeting["groupLinks"]) == [tenant.permission_group()]
    assert len(meeting["guestLinks"]) == 1
    assert tenant.api(GET, meetingId=meeting["id"])["meeting"] == meeting
    (listed,) = tenant.api(LIST)["meetings"]
    shown = {"groupLinks", "guestLinks", "features", "waitingRoomWelcomeNote"}
    assert listed == {name: value for name, value in meeting.items() if name not in shown}


def test_everybody_with_an_account_has_meetings_and_sees_their_own_only(
    tenant: Tenant, running: RunningPlatform
) -> None:
    person, other = tenant.person(), tenant.person(Standing.MODERATOR)
    meeting = make(tenant, person.token)

    tokens = [other.token, tenant.token, running.organization().token]
    for token in tokens:
        assert "meetings" not in tenant.api(LIST, token=token)
        for path, more in (
            (GET, {}),
            (UPDATE, {"meeting": {"title": "Taken"}}),
            (CANCEL, {"sendNotification": True}),
        ):
            refused = tenant.api.refused(path, token=token, meetingId=meeting["id"], **more)
            assert refused["code"] == 5, (path, refused)
    assert tenant.api(GET, token=person.token, meetingId=meeting["id"])["meeting"] == meeting


def test_a_meeting_has_four_links_unless_others_are_said(tenant: Tenant) -> None:
    names = ("Moderator", "Participant", "Guest", "Spectator")
    assert list(make(tenant)["groupLinks"]) == [tenant.permission_group(name) for name in names]
    none = tenant.api(CREATE, meeting=wish(), groupLinkCreations=[])["meeting"]
    assert "groupLinks" not in none


def test_who_comes_by_a_link_has_what_its_group_permits(tenant: Tenant) -> None:
    meeting = make(tenant, start=at(10), end=at(60), earlyAccessMinutes=15)
    assert meeting["canJoin"]

    moderator, spectator = (
        enter(tenant, meeting["groupLinks"][tenant.permission_group(name)])
        for name in ("Moderator", "Spectator")
    )

    assert (moderator.permissions, moderator.is_guest) == (MODERATOR, True)
    assert (spectator.permissions, spectator.display_name) == (SPECTATOR, "Grace")
    assert moderator.room.meeting_id


def test_a_guest_link_has_the_name_and_waits_in_a_waiting_room(tenant: Tenant) -> None:
    creations = [{"displayName": "Gil Guest", "permissionGroupId": tenant.permission_group("Guest")}]
    made = tenant.api(
        CREATE,
        meeting=wish(start=at(1), earlyAccessMinutes=30, waitingRoomEnabled=True),
        guestLinkCreations=creations,
    )["meeting"]

    admission = enter(tenant, made["guestLinks"][0])

    assert (admission.display_name, admission.waits) == ("Gil Guest", True)
    assert not enter(tenant, made["groupLinks"][tenant.permission_group("Moderator")]).waits


def test_nobody_comes_by_a_link_before_and_after_the_meeting(tenant: Tenant) -> None:
    meeting = make(tenant)
    link = meeting["groupLinks"][tenant.permission_group("Participant")]

    with pytest.raises(Exception, match="meeting_not_started"):
        enter(tenant, link)
    tenant.api(CANCEL, meetingId=meeting["id"])
    with pytest.raises(Exception, match="meeting_over"):
        enter(tenant, link)


def test_further_links_are_made_by_whoever_organizes_it(tenant: Tenant) -> None:
    person = tenant.person()
    meeting = make(tenant, person.token)
    creation = {"description": "More", "permissionGroupId": tenant.permission_group("Spectator")}

    tenant.api(
        "guestService.v2/createGroupLinks",
        token=person.token,
        roomId=meeting["id"],
        groupLinkCreations=[creation],
    )

    links = tenant.api("guestService.v2/listGroupLinks", token=person.token, roomId=meeting["id"])
    assert len(links["groupLinks"]) == 5


def test_what_is_said_is_changed_and_nothing_else(tenant: Tenant) -> None:
    meeting = make(tenant, agenda="Everything", earlyAccessMinutes=10, timezone="Europe/Berlin")

    changed = tenant.api(UPDATE, meetingId=meeting["id"], meeting={"title": "Übung", "end": at(90)})

    expected = {**meeting, "title": "Übung", "end": changed["meeting"]["end"]}
    assert changed["meeting"] == expected
    assert changed["meeting"]["end"] < meeting["end"]
    none = tenant.api(UPDATE, meetingId=meeting["id"], meeting={"earlyAccessMinutes": 0})["meeting"]
    assert "earlyAccessMinutes" not in none


def test_a_meeting_that_has_begun_or_is_over_is_not_changed(tenant: Tenant) -> None:
    now = tenant.api(CREATE, meeting={"title": "Now"})["meeting"]
    assert (now["state"], now["canJoin"]) == ("ONGOING", True)
    canceled = make(tenant)
    tenant.api(CANCEL, meetingId=canceled["id"])

    for meeting, reason in ((now, "The meeting has begun."), (canceled, "The meeting is over.")):
        refused = tenant.api.refused(UPDATE, meetingId=meeting["id"], meeting={"title": "Later"})
        assert (refused["code"], refused["message"]) == (9, reason)
        assert refused["details"][0]["statusCode"] == "FAILED_PRECONDITION"


def test_a_canceled_meeting_is_shown_as_such_and_listed_no_more(tenant: Tenant) -> None:
    meeting = make(tenant)

    assert set(tenant.api(CANCEL, meetingId=meeting["id"])) == {"replyInfo"}

    shown = tenant.api(GET, meetingId=meeting["id"])["meeting"]
    assert shown["state"] == "CANCELED"
    assert shown["canceledAt"]
    assert not {"roomAvailable", "canJoin", "canJoinAfter"} & set(shown)
    assert "meetings" not in tenant.api(LIST)
    assert tenant.api.refused(CANCEL, meetingId=meeting["id"])["code"] == 5


@pytest.mark.parametrize("tells", [True, False])
def test_who_was_invited_hears_that_it_does_not_take_place_and_why(tenant: Tenant, tells: bool) -> None:
    address = f"grace-{tenant.company_id.lower()}@example.org"
    creation = {
        "email": address,
        "displayName": "Grace",
        "locale": "de",
        "sendEmail": True,
        "permissionGroupId": tenant.permission_group("Guest"),
    }
    made = tenant.api(CREATE, meeting=wish(), guestLinkCreations=[creation])
    assert made["trackingInfo"]["taskId"]
    assert mails_to(tenant.running, address, count=1)

    tenant.api(CANCEL, meetingId=made["meetingId"], reason="Niemand hat Zeit", sendNotification=tells)

    if tells:
        mails = mails_to(tenant.running, address, count=2)
        assert any("Niemand hat Zeit" in mail.as_string() or "Niemand" in _text(mail) for mail in mails)
    else:
        assert len(mails_to(tenant.running, address, count=1)) == 1


def _text(mail: Any) -> str:
    body = mail.get_body(("plain",))
    return body.get_content() if body is not None else ""


def test_a_list_has_what_is_in_its_time(tenant: Tenant) -> None:
    first, second = make(tenant), make(tenant, start=at(3000), end=at(3060))

    def listed(**fields: Any) -> list[str]:
        return [one["id"] for one in tenant.api(LIST, **fields).get("meetings", [])]

    assert listed() == [first["id"], second["id"]]
    assert listed(to=at(1000)) == [first["id"]]
    assert listed(**{"from": at(1000)}) == [second["id"]]
    assert tenant.api.refused(LIST, **{"from": at(1000), "to": at(10)})["code"] == 3


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"agenda": "x" * 20_001}, "agenda"),
        ({"end": "2020-01-01T00:00:00Z"}, "end"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"earlyAccessMinutes": 31}, "earlyAccessMinutes"),
        ({"features": [{"state": "ENABLED"}]}, "features[0].id"),
    ],
)
def test_what_a_meeting_cannot_be_like(tenant: Tenant, change: dict[str, Any], named: str) -> None:
    refused = tenant.api.refused(CREATE, meeting=wish(**change))
    assert refused["code"] == 3
    assert named in refused["message"]
    assert "meetings" not in tenant.api(LIST)


def test_a_room_with_too_many_parts_makes_no_meeting(tenant: Tenant) -> None:
    parts = {str(number): {"displayName": f"Part {number}"} for number in range(201)}
    assert tenant.api.refused(CREATE, meeting=wish(subRooms=parts))["code"] == 3
    assert "meetings" not in tenant.api(LIST)


def test_a_link_that_cannot_be_made_makes_no_meeting(tenant: Tenant, running: RunningPlatform) -> None:
    theirs = running.organization().permission_group("Guest")
    group, guest = [{"permissionGroupId": theirs}], [{"permissionGroupId": theirs, "displayName": "Grace"}]
    assert tenant.api.refused(CREATE, meeting=wish(), groupLinkCreations=group)["code"] == 5
    assert tenant.api.refused(CREATE, meeting=wish(), guestLinkCreations=guest)["code"] == 5
    assert "meetings" not in tenant.api(LIST)


def test_of_two_who_cancel_at_once_one_does(tenant: Tenant) -> None:
    meeting = make(tenant)
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(tenant.api.send, CANCEL, meetingId=meeting["id"]) for _ in range(4)]
        statuses = sorted(one.result().status_code for one in calls)
    assert statuses == [200, 404, 404, 404]


def test_programs_have_no_meetings(tenant: Tenant) -> None:
    credentials = {
        "clientId": tenant.api_key.client_id,
        "code": tenant.api_key.code,
        "companyId": tenant.company_id,
    }
    signed_in = tenant.api.post(
        "authenticationService/authenticate", {"authorizationCodeCredentials": credentials}
    ).json()
    assert tenant.api.refused(LIST, token=signed_in["accessToken"])["code"] == 7
