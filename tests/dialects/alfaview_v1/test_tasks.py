"""Batches of invitations, and the progress of tasks, a line at a time."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Generator
from datetime import timedelta
from typing import Any

import httpx
import pytest

from switchroom.db.base import now
from switchroom.identity.models import new_id
from switchroom.jobs.batches import Batch
from tests.dialects.alfaview_v1.standing_batches import stand
from tests.dialects.alfaview_v1.test_fairness import unsend
from tests.dialects.alfaview_v1.test_invitations import accept, address
from tests.dialects.alfaview_v1.test_users import change, sign_in
from tests.mail.outbox import invitation_key
from tests.platform import Account, RunningPlatform, Tenant

BUSINESS_LOGIC = "businessLogicService/streamTaskProgress"
GUESTS = "guestService.v2/streamTaskProgress"


def invite(tenant: Tenant, invitations: list[dict[str, Any]], **more: Any) -> str:
    reply = tenant.api("businessLogicService/inviteUsers", userInvitations=invitations, **more)
    return reply["trackingInfo"]["taskId"]


def lines(
    tenant: Tenant, task_id: str, *, path: str = BUSINESS_LOGIC, token: str = ""
) -> Generator[dict[str, Any]]:
    """The lines of a stream, as they come."""
    body = {
        "accessInfo": {"requestId": "test", "accessToken": token or tenant.token},
        "trackingInfo": {"taskId": task_id},
    }
    with tenant.running.http.stream("POST", f"/json/v1/{path}", json=body) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        for line in response.iter_lines():
            assert set(json.loads(line)) == {"result"}
            result = json.loads(line)["result"]
            assert result["replyInfo"] == {"requestId": "test", "statusMessage": "OK"}
            assert result["taskProgress"]["trackingInfo"] == {"taskId": task_id}
            yield result["taskProgress"]


def test_a_batch_is_followed_to_its_end_with_what_failed(tenant: Tenant) -> None:
    member, email, room = tenant.person(), address(), tenant.room(defaultPermissions=None)
    group = tenant.permission_group("Moderator")
    invitations: list[dict[str, Any]] = [
        {"user": {"email": email}, "roomIds": [room], "permissionGroupId": group},
        {"user": {"email": member.username}},
        {"user": {"email": "nobody", "userProfile": {"firstname": "x" * 201}}},
        {"user": {"email": email}},
        {"user": {"email": address()}, "roomIds": ["nope"]},
        {"user": {"email": address()}, "roomIds": [room], "permissionGroupId": "nope"},
        {},
    ]

    last = list(lines(tenant, invite(tenant, invitations)))[-1]

    assert (last["state"], last["progress"]) == ("DONE", 1.0)
    assert last["metadata"] == {
        "total": "7",
        "done": "7",
        "failed": "6",
        "userInvitations[1].email": f"{member.username} belongs to Acme already",
        "userInvitations[2].firstname": "firstname is longer than 200 characters",
        "userInvitations[3].email": f"{email} has been invited lately already",
        "userInvitations[4].roomIds[0]": "there is no room nope",
        "userInvitations[5].permissionGroupId": "there is no permission group nope",
        "userInvitations[6].email": "email must not be empty",
    }
    accept(tenant, invitation_key(tenant.running, email))
    token = sign_in(tenant, email).json()["accessToken"]
    permissions = tenant.api("roomService/permissions", token=token, roomId=room)["permissions"]
    assert permissions["promote"] is True


def test_who_was_invited_by_a_batch_is_not_written_to_again_by_another(tenant: Tenant) -> None:
    one = [{"user": {"email": address()}}]
    list(lines(tenant, invite(tenant, one)))

    last = list(lines(tenant, invite(tenant, one)))[-1]

    assert last["state"] == "FAILED_PERMANENTLY"
    assert "invited lately" in last["metadata"]["userInvitations[0].email"]


def test_a_task_is_seen_by_who_began_it_and_who_administers_people(
    tenant: Tenant, running: RunningPlatform
) -> None:
    clerk = tenant.person()
    rights = {"permissions": {"3": True}}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest=rights)
    token = sign_in(tenant, clerk.username).json()["accessToken"]
    body = {"userInvitations": [{"user": {"email": address()}}]}
    theirs = tenant.api("businessLogicService/inviteUsers", token=token, **body)["trackingInfo"]["taskId"]
    mine = invite(tenant, [{"user": {"email": address()}}])

    for seen in (token, tenant.token):
        assert list(lines(tenant, theirs, token=seen))[-1]["state"] == "DONE"
    stranger = running.organization("Stranger")
    for path in (BUSINESS_LOGIC, GUESTS):
        wanted = {"taskId": mine}
        assert tenant.api.refused(path, token=token, trackingInfo=wanted)["code"] == 5
        assert stranger.api.refused(path, trackingInfo=wanted)["code"] == 5
        assert tenant.api.refused(path, trackingInfo={"taskId": "nope"})["code"] == 5
        assert tenant.api.refused(path)["code"] == 3
    # Nobody gives what they do not have.
    given = {"userPermissions": {"4": True}, **body}
    assert tenant.api.refused("businessLogicService/inviteUsers", token=token, **given)["code"] == 7


def test_the_mails_of_guest_links_are_a_task(tenant: Tenant) -> None:
    wishes = [
        {
            "email": f"{secrets.token_hex(6)}@example.org",
            "permissionGroupId": tenant.permission_group(),
            "sendEmail": True,
        }
        for _ in range(20)
    ]
    reply = tenant.api("guestService.v2/createGuestLinks", roomId=tenant.room(), guestLinkCreations=wishes)
    task_id = reply["trackingInfo"]["taskId"]

    seen = list(lines(tenant, task_id, path=GUESTS))

    assert (seen[-1]["state"], seen[-1]["progress"]) == ("DONE", 1.0)
    shares = [one.get("progress", 0.0) for one in seen]
    assert shares == sorted(shares)
    assert list(lines(tenant, task_id))[-1]["metadata"] == {"total": "20", "done": "20", "failed": "0"}


def test_very_many_are_invited_in_pieces_that_nobody_waits_for(
    tenant: Tenant, running: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands halfway until that was told, and others' requests and writes have been answered meanwhile."""
    count = 2000
    invitations = [
        {
            "user": {
                "email": f"{number}-{secrets.token_hex(4)}@example.org",
                "userProfile": {"firstname": "Grace", "lastname": f"Hopper {number}"},
                "locale": {"UILanguage": "de"},
            },
            "roomIds": None,
        }
        for number in range(count)
    ]
    other = running.organization("Other")
    goes_on = stand(monkeypatch, pieces=40)
    seen: list[dict[str, Any]] = []
    for told in lines(tenant, invite(tenant, invitations)):
        seen.append(told)
        if told["metadata"]["done"] == "1000":
            other.api("roomService/availableTypes")
            other.room()
            tenant.room()
            goes_on.set()
    running.run(unsend(running, tenant))

    assert goes_on.is_set()
    assert seen[-1]["metadata"] == {"total": f"{count}", "done": f"{count}", "failed": "0"}
    shares = [one.get("progress", 0.0) for one in seen]
    assert shares == sorted(shares)


def test_who_comes_back_to_a_stream_goes_on_where_the_task_is(
    tenant: Tenant, running: RunningPlatform
) -> None:
    task_id = invite(tenant, [{"user": {"email": address()}} for _ in range(500)])
    first = next(following := lines(tenant, task_id))
    following.close()

    again = list(lines(tenant, task_id))

    assert again[0].get("progress", 0.0) >= first.get("progress", 0.0)
    assert again[-1]["metadata"]["done"] == "500"
    assert len(list(lines(tenant, task_id))) == 1
    running.run(unsend(running, tenant))


def begun_by(tenant: Tenant, person: Account) -> str:
    """The id of a task that nobody carries out."""
    task_id = new_id()
    batch = Batch(id=task_id, kind="test", created_by=person.id, total=1, due_at=now() + timedelta(days=1))

    async def write() -> None:
        async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
            session.add(batch)

    tenant.running.run(write())
    return task_id


def test_a_stream_ends_when_the_token_is_void(tenant: Tenant) -> None:
    clerk = tenant.person()
    body = {
        "accessInfo": {"requestId": "test", "accessToken": clerk.token},
        "trackingInfo": {"taskId": begun_by(tenant, clerk)},
    }
    path = f"/json/v1/{BUSINESS_LOGIC}"
    with tenant.running.http.stream("POST", path, json=body, timeout=httpx.Timeout(60)) as response:
        following = response.iter_lines()
        assert json.loads(next(following))["result"]["taskProgress"]["state"] == "QUEUED"
        request = {"accountStatus": "DEACTIVATED"}
        change(tenant, "userService/update", userId=clerk.id, authenticationRequest=request)
        told = json.loads(next(following))

    assert told["error"]["message"] == "the access token has been revoked"


def test_a_stream_ends_when_the_client_is_gone(tenant: Tenant, running: RunningPlatform) -> None:
    """An organization follows 20 tasks at once in a process; who leaves makes room for others."""
    task_id = begun_by(tenant, tenant.administrator)
    for _ in range(3):
        open_ones = [lines(tenant, task_id) for _ in range(20)]
        for one in open_ones:
            told = next(one)
            assert told["state"] == "QUEUED"
            assert told["metadata"] == {"total": "1", "done": "0", "failed": "0"}
        too_many = tenant.api.refused(BUSINESS_LOGIC, trackingInfo={"taskId": task_id})
        assert too_many["code"] == 8
        for one in open_ones:
            one.close()
        followed = running.platform.meetings.tasks.followed
        deadline = time.monotonic() + 30
        while followed(tenant.organization.id):
            assert time.monotonic() < deadline, "the server goes on for clients that are gone"
            time.sleep(0.05)
