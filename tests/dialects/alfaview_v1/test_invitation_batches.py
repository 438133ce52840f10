"""Batches of invitations while something changes: who began them, their organization, the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from itertools import islice
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DataError

from switchroom.accounts import invitation_batches
from switchroom.db.base import now
from switchroom.identity.models import Organization
from switchroom.jobs.retry import written
from tests.dialects.alfaview_v1.standing_batches import stand
from tests.dialects.alfaview_v1.test_invitations import address
from tests.dialects.alfaview_v1.test_tasks import invite, lines
from tests.dialects.alfaview_v1.test_users import ROOM_CREATE, change, sign_in
from tests.platform import Account, RunningPlatform, Tenant

USER_INVITE, ROOM_ADMIN = "3", "15"


def clerk_with(tenant: Tenant, *permissions: str) -> tuple[Account, str]:
    """Somebody who may do this, and a token of theirs."""
    clerk = tenant.person()
    give(tenant, clerk, dict.fromkeys(permissions, True))
    return clerk, sign_in(tenant, clerk.username).json()["accessToken"]


def give(tenant: Tenant, person: Account, permissions: dict[str, bool]) -> None:
    change(tenant, "userService/update", userId=person.id, authenticationRequest={"permissions": permissions})


def begin(tenant: Tenant, token: str, *invitations: dict[str, Any], **more: Any) -> str:
    reply = tenant.api(
        "businessLogicService/inviteUsers", token=token, userInvitations=list(invitations), **more
    )
    return reply["trackingInfo"]["taskId"]


def last(tenant: Tenant, task_id: str) -> dict[str, Any]:
    return list(lines(tenant, task_id))[-1]


def test_permissions_that_the_inviter_has_lost_are_not_given(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, token = clerk_with(tenant, USER_INVITE, ROOM_CREATE)
    goes_on = stand(monkeypatch)
    somebody = {"user": {"email": address()}}
    task_id = begin(tenant, token, somebody, userPermissions={ROOM_CREATE: True})
    give(tenant, clerk, {ROOM_CREATE: False})
    goes_on.set()

    ended = last(tenant, task_id)

    assert ended["state"] == "FAILED_PERMANENTLY"
    assert any("ROOM_CREATE" in text for text in ended["metadata"].values())


def test_who_no_longer_administers_rooms_lets_nobody_into_them(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, (clerk, token) = tenant.room(), clerk_with(tenant, USER_INVITE, ROOM_ADMIN)
    goes_on = stand(monkeypatch)
    task_id = begin(tenant, token, {"user": {"email": address()}, "roomIds": [room]})
    give(tenant, clerk, {ROOM_ADMIN: False})
    goes_on.set()

    ended = last(tenant, task_id)

    assert ended["metadata"]["userInvitations[0].roomIds[0]"] == f"there is no room {room}"


def test_an_api_key_that_is_gone_invites_nobody(
    tenant: Tenant, running: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = {
        "clientId": tenant.api_key.client_id,
        "code": tenant.api_key.code,
        "companyId": tenant.company_id,
    }
    signed_in = tenant.api.post(
        "authenticationService/authenticate", {"authorizationCodeCredentials": credentials}
    )
    goes_on = stand(monkeypatch)
    task_id = begin(tenant, signed_in.json()["accessToken"], {"user": {"email": address()}})
    running.run(running.platform.identity.api_keys.revoke(tenant.organization, tenant.api_key.client_id))
    goes_on.set()

    assert last(tenant, task_id)["state"] == "FAILED_PERMANENTLY"


def test_an_organization_that_is_closed_invites_nobody(
    tenant: Tenant, running: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = stand(monkeypatch)
    task_id = invite(tenant, [{"user": {"email": address()}}])

    async def close() -> None:
        async with running.platform.storage.database.write(None) as session:
            of_tenant = update(Organization).where(Organization.id == tenant.organization.id)
            await session.execute(of_tenant.values(closed_at=now()))

    running.run(close())
    goes_on.set()

    assert last(tenant, task_id)["state"] == "FAILED_PERMANENTLY"


def test_a_piece_whose_commit_was_in_doubt_counts_once(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def written_twice(write: Callable[[], Awaitable[object]], what: str, limit: timedelta) -> None:
        await written(write, what, limit)
        if what == "piece of a batch":
            await written(write, what, limit)

    monkeypatch.setattr(invitation_batches, "written", written_twice)

    ended = last(tenant, invite(tenant, [{"user": {"email": address()}} for _ in range(30)]))

    assert ended["metadata"] == {"total": "30", "done": "30", "failed": "0"}


def test_a_batch_that_the_database_never_takes_ends(
    tenant: Tenant, running: RunningPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unfit(*_: object) -> None:
        raise DataError("INSERT", {}, Exception("value too long"))

    with monkeypatch.context() as broken:
        broken.setattr(running.platform.meetings.invitation_batches, "_invite", unfit)
        told = list(islice(lines(tenant, invite(tenant, [{"user": {"email": address()}}])), 3))

    assert told[-1]["state"] == "FAILED_PERMANENTLY"
