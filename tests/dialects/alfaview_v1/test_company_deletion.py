"""A company deleted by who manages it, confirmed by mail, with what goes along."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select, update

from switchroom.db.base import now
from switchroom.identity.models import Membership, Organization, OrganizationDeletion, Person
from switchroom.identity.permissions import Standing
from switchroom.rooms.models import Link, Room
from tests.dialects.alfaview_v1.catalogue import confirmed_deletion
from tests.dialects.alfaview_v1.test_credentials import shared_person
from tests.dialects.alfaview_v1.test_signed_tokens import key_token, sign
from tests.dialects.alfaview_v1.test_users import is_good, sign_in
from tests.mail.outbox import deletion_key
from tests.platform import RunningPlatform, Tenant, refusal

SEND = "authenticationService/sendCompanyDeletionEmail"
DESTROY = "companyService/destroy"


def ask(tenant: Tenant) -> str:
    tenant.api(SEND)
    return deletion_key(tenant.running, tenant.administrator.username)


def page(tenant: Tenant, key: str, path: str = "") -> dict[str, Any]:
    answer = tenant.running.http.post(f"/client/company-deletion{path}", json={"key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


def confirm(tenant: Tenant, key: str, token: str) -> httpx.Response:
    credentials = {"activationToken": key, "keyType": "COMPANY_DELETION"}
    body = {"activationTokenCredentials": credentials, "accessInfo": {"accessToken": token}}
    return tenant.api.post("authenticationService/authenticate", body)


def purge(running: RunningPlatform) -> None:
    running.run(running.platform.meetings.deletions.purge())


def test_the_page_of_the_link_deletes_with_what_goes_along(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    gone, stays = tenant.person(), shared_person(tenant, other)
    department = tenant.department()
    link = tenant.group_link(tenant.room("Lounge", parentId=department))
    theirs = other.room("Theirs")
    key = ask(tenant)

    shown = page(tenant, key, "/look-up")
    assert (shown["state"], shown["companyName"], shown["people"], shown["rooms"]) == ("open", "Acme", 3, 2)
    assert page(tenant, key) == {"state": "deleted", "companyName": "Acme"}

    assert page(tenant, key) == page(tenant, key, "/look-up") == {"state": "unknown"}
    for account in (tenant.administrator, gone, stays):
        assert not is_good(tenant, account.token)
        assert sign_in(tenant, account.username).status_code == 401
    visit = {"companyId": tenant.company_id, "roomId": link["roomId"], "accessKey": link["accessKey"]}
    visit["displayName"] = "Grace"
    purge(running)
    assert tenant.api.post("guestService.v2/authenticate", visit).status_code == 404
    assert counted(running, tenant) == {"rooms": 0, "links": 0, "members": 0, "deletions": 0}
    assert person_exists(running, stays.id)
    assert not person_exists(running, gone.id)
    assert sign_in(other, stays.username).status_code == 200
    assert set(other.api("roomService/list")["rooms"]) == {theirs}
    kept = running.run(_organization(running, tenant.organization.id))
    assert (kept.display_name, kept.owner_id, kept.properties) == ("", None, {})
    purge(running)  # nothing is left to do


def test_the_api_deletes_what_was_confirmed(tenant: Tenant, running: RunningPlatform) -> None:
    unconfirmed = tenant.api.refused(DESTROY, companyId=tenant.company_id)
    assert (unconfirmed["code"], unconfirmed["details"][0]["statusCode"]) == (9, "FAILED_PRECONDITION")
    body = confirmed_deletion(tenant)
    other = tenant.person(Standing.ADMINISTRATOR)
    assert tenant.api.refused(DESTROY, token=other.token, **body)["code"] == 9

    tenant.api("businessLogicService/companies/destroy", **body)

    assert not is_good(tenant, tenant.token)
    assert not is_good(tenant, other.token)


def test_a_confirmation_holds_for_an_hour(tenant: Tenant, running: RunningPlatform) -> None:
    body = confirmed_deletion(tenant)
    _write(running, tenant, confirmed_at=now() - timedelta(hours=1, seconds=1))

    assert tenant.api.refused(DESTROY, **body)["code"] == 9


def test_only_who_was_mailed_the_key_confirms(tenant: Tenant, running: RunningPlatform) -> None:
    other, second = running.organization("Other"), tenant.person(Standing.ADMINISTRATOR)
    key = ask(tenant)

    for token in (second.token, other.token):
        assert refusal(confirm(tenant, key, token))["code"] == 5
    assert refusal(confirm(tenant, "nonsense", tenant.token))["code"] == 5
    assert refusal(confirm(tenant, key, ""))["code"] == 16
    narrowed = sign(tenant, permissions={"16": True})["accessToken"]
    assert refusal(confirm(tenant, key, narrowed))["code"] == 7
    assert is_good(tenant, tenant.token)


def test_only_people_who_manage_a_company_ask(tenant: Tenant) -> None:
    for token in (tenant.person().token, key_token(tenant), sign(tenant)["accessToken"]):
        assert tenant.api.refused(SEND, token=token)["code"] == 7


def test_a_newer_mail_replaces_the_one_before_after_a_minute(
    tenant: Tenant, running: RunningPlatform
) -> None:
    key = ask(tenant)
    assert tenant.api.refused(SEND)["code"] == 8
    _write(running, tenant, asked_at=now() - timedelta(minutes=2))
    tenant.api(SEND)

    assert page(tenant, key, "/look-up") == {"state": "unknown"}
    assert page(tenant, key) == {"state": "unknown"}
    assert is_good(tenant, tenant.token)


def test_an_old_link_and_one_of_who_manages_nothing_any_more(
    tenant: Tenant, running: RunningPlatform
) -> None:
    key = ask(tenant)
    _write(running, tenant, expires_at=now() - timedelta(seconds=1))
    assert page(tenant, key)["state"] == "expired"
    _write(running, tenant, expires_at=now() + timedelta(hours=1))
    tenant.person(Standing.ADMINISTRATOR)

    async def demote() -> None:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            mine = Membership.person_id == tenant.administrator.id
            await session.execute(update(Membership).where(mine).values(administration=0))

    running.run(demote())
    answer = running.http.post("/client/company-deletion", json={"key": key})
    assert answer.status_code == 403
    assert is_good(tenant, tenant.token)


@pytest.mark.parametrize("company_id", ["", "nope"])
def test_the_company_is_named(tenant: Tenant, company_id: str) -> None:
    confirmed_deletion(tenant)
    assert tenant.api.refused(DESTROY, companyId=company_id)["code"] in (3, 5)
    assert is_good(tenant, tenant.token)


def counted(running: RunningPlatform, tenant: Tenant) -> dict[str, int]:
    async def count() -> dict[str, int]:
        tables = {"rooms": Room, "links": Link, "members": Membership, "deletions": OrganizationDeletion}
        async with running.platform.storage.database.read(None) as session:
            return {
                name: await session.scalar(
                    select(func.count()).where(table.organization_id == tenant.organization.id)
                )
                or 0
                for name, table in tables.items()
            }

    return running.run(count())


def person_exists(running: RunningPlatform, person_id: str) -> bool:
    async def look() -> bool:
        async with running.platform.storage.database.read(None) as session:
            return await session.get(Person, person_id) is not None

    return running.run(look())


async def _organization(running: RunningPlatform, organization_id: int) -> Organization:
    async with running.platform.storage.database.read(None) as session:
        return await session.get_one(Organization, organization_id)


def _write(running: RunningPlatform, tenant: Tenant, **values: Any) -> None:
    async def work() -> None:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            await session.execute(update(OrganizationDeletion).values(**values))

    running.run(work())
