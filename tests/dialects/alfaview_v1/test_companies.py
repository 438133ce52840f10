"""Companies found, changed, billed and founded."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from switchroom.db.base import now
from switchroom.identity.models import PasswordLink, Person
from switchroom.identity.permissions import Standing
from tests.dialects.alfaview_v1.test_credentials import shared_person
from tests.dialects.alfaview_v1.test_signed_tokens import sign
from tests.dialects.alfaview_v1.test_users import (
    OTHER_PASSWORD,
    change,
    events_of,
    sign_in,
)
from tests.mail.mail_program import part
from tests.mail.outbox import mails_to
from tests.platform import PASSWORD, RunningPlatform, Tenant, refusal, running_platform

GET, UPDATE, SEARCH = "companyService/get", "companyService/update", "companyService/search"
BILLING = "companyService/billingInformationUpdate"
CREATE, FOUND = "companyService/create", "businessLogicService/companies/create"
SIGN_UP = "businessLogicService/companies/signup"


def get(tenant: Tenant, *, token: str | None = None) -> dict[str, Any]:
    return tenant.api(GET, token=token)["company"]


def address() -> str:
    return f"{secrets.token_hex(6)}@example.org"


def test_one_gets_ones_own_companies_and_no_others(tenant: Tenant, running: RunningPlatform) -> None:
    other = running.organization("Other")
    shared = shared_person(tenant, other)

    assert get(tenant)["displayName"] == "Acme"
    assert (
        tenant.api(GET, token=shared.token, companyId=other.company_id)["company"]["displayName"] == "Other"
    )
    for token, company_id in (
        (None, other.company_id),
        (None, "nope"),
        (sign(tenant, token=shared.token)["accessToken"], other.company_id),
    ):
        refused = tenant.api.refused(GET, token=token, companyId=company_id)
        assert (refused["code"], refused["details"][0]["statusCode"]) == (5, "NOT_FOUND")
    status = {"accountStatus": "DEACTIVATED"}
    change(other, "userService/update", userId=shared.id, authenticationRequest=status)
    assert tenant.api.refused(GET, token=shared.token, companyId=other.company_id)["code"] == 5


def test_a_company_is_changed_by_what_is_said(tenant: Tenant) -> None:
    heir = tenant.person(Standing.ADMINISTRATOR)
    tenant.api(UPDATE, company={"displayName": " Größe ", "metadata": {"a": "b", "c": "d"}})
    tenant.api(UPDATE, companyId=tenant.company_id, company={"ownerId": heir.id, "metadata": {"a": ""}})

    found = get(tenant)
    assert (found["displayName"], found["ownerId"]) == ("Größe", heir.id)
    assert found["metadata"] == {"c": "d"}
    told = ("organization.updated", {"display_name": "Größe", "by": tenant.administrator.id})
    assert told in events_of(tenant, tenant.company_id)


@pytest.mark.parametrize(
    ("company", "named"),
    [
        ({"displayName": " "}, "displayName"),
        ({"displayName": "\u200b"}, "displayName"),
        ({"displayName": "x" * 201}, "displayName"),
        ({"metadata": {"a": "x" * 10_001}}, "metadata"),
        ({"branding": {"logoURL": "http://example.org/x.png"}}, "logoURL"),
        ({"branding": {"logoURL": "javascript:alert(1)"}}, "logoURL"),
        ({"branding": {"logoURL": "data:image/svg+xml,<svg onload=alert(1)>"}}, "logoURL"),
        ({"branding": {"logoURL": 'https://example.org/" onerror="alert(1)'}}, "logoURL"),
        ({"branding": {"logoURL": "https://example.org/'><script>"}}, "logoURL"),
        ({"branding": {"logoURL": "https://example.org/x.png);color:red"}}, "logoURL"),
        ({"branding": {"logoURL": "https://example.org/x.png;color:red"}}, "logoURL"),
        ({"branding": {"logoURL": "https://example.org/x(1.png"}}, "logoURL"),
        ({"branding": {"logoURL": "https://example.org/x.png\n"}}, ""),
        ({"branding": {"logoURL": "https://user:word@example.org/x.png"}}, "logoURL"),
        ({"branding": {"logoURL": "https:///x.png"}}, "logoURL"),
        ({"branding": {"logoURL": "https://example.org:99999/x.png"}}, "logoURL"),
        ({"branding": {"logoURL": "https://example.org/" + "x" * 2000}}, "logoURL"),
        ({"branding": {"logoAlternativeURL": "x"}}, "logoAlternativeURL"),
        ({"branding": {"logoSquare48URL": "x"}}, "logoSquare48URL"),
        ({"branding": {"logoSquare96URL": "x"}}, "logoSquare96URL"),
        ({"branding": {"logoSquare256URL": "x"}}, "logoSquare256URL"),
        ({"branding": {"navbarBg": "red;background:url(//evil)"}}, "navbarBg"),
        ({"branding": {"navbarBg": "expression(alert(1))"}}, "navbarBg"),
        ({"branding": {"title": "x" * 201}}, "title"),
        ({"branding": {"logoHeight": 10_001}}, "logoHeight"),
        ({"branding": {"logoWidth": "-1"}}, "logoWidth"),
    ],
)
def test_what_cannot_be_taken_is_named_and_changes_nothing(
    tenant: Tenant, company: dict[str, Any], named: str
) -> None:
    before = get(tenant)

    answer = tenant.api.send(UPDATE, company={"metadata": {"x": "y"}, **company})

    if not named:  # what stands around it is cut off
        assert answer.status_code == 200
        return
    refused = refusal(answer)
    assert refused["code"] == 3
    assert named in refused["message"]
    assert get(tenant) == before


def test_branding_is_kept_as_a_whole(tenant: Tenant) -> None:
    branding = {
        "title": "Acme <b>&</b> Söhne",
        "navbarBg": "#1864AB",
        "logoURL": "https://example.org/logo.png?size=2&x=%20",
        "logoHeight": "40",
        "logoWidth": "120",
        "enabled": True,
        "logoAlternativeURL": "https://example.org/dark.png",
        "logoSquare48URL": "https://example.org/48.png",
        "logoSquare96URL": "https://example.org/96.png",
        "logoSquare256URL": "https://example.org/256.png",
        "stockBrandingDisabled": True,
        "logoInMeetingRoomEnabled": True,
    }
    tenant.api(UPDATE, company={"branding": branding})
    assert get(tenant)["branding"] == branding
    tenant.api(UPDATE, company={"displayName": "Acme 2"})
    assert get(tenant)["branding"] == branding
    assert tenant.api("companyService/list")["companies"][tenant.company_id]["branding"] == branding
    tenant.api(UPDATE, company={"branding": {"title": "Only"}})
    assert get(tenant)["branding"] == {"title": "Only"}
    tenant.api(UPDATE, company={"branding": {}})
    assert "branding" not in get(tenant)


def test_only_those_who_manage_a_company_change_it(tenant: Tenant, running: RunningPlatform) -> None:
    other, clerk = running.organization("Other"), tenant.person()
    wish = {"company": {"displayName": "Mine"}}

    assert tenant.api.refused(UPDATE, token=clerk.token, **wish)["code"] == 7
    narrowed = sign(tenant, permissions={"4": True})["accessToken"]
    assert tenant.api.refused(UPDATE, token=narrowed, **wish)["code"] == 7
    for path in (UPDATE, BILLING):
        body: dict[str, Any] = {**wish, "companyId": tenant.company_id, "customerId": "x"}
        assert other.api.refused(path, **body)["code"] == 5
    assert tenant.api.refused(UPDATE)["code"] == 3
    for owner in (clerk.id, other.administrator.id, "nope"):
        refused = tenant.api.refused(UPDATE, company={"ownerId": owner})
        assert refused["code"] == 5
        assert "ownerId" in refused["message"]
    # Who may change the company without managing all of it does not choose who owns it.
    rights = {"permissions": {"9": True}}
    change(tenant, "userService/update", userId=clerk.id, authenticationRequest=rights)
    token = sign_in(tenant, clerk.username).json()["accessToken"]
    assert tenant.api(UPDATE, token=token, company={"displayName": "Acme 3"})
    admin = tenant.person(Standing.ADMINISTRATOR)
    assert tenant.api.refused(UPDATE, token=token, company={"ownerId": admin.id})["code"] == 7


def test_billing_is_noted_and_told_to_those_who_manage_it(tenant: Tenant) -> None:
    clerk = tenant.person()
    tenant.api(BILLING, customerId="customer 7", planId="basic")
    tenant.api(BILLING, companyId=tenant.company_id, planId="large")

    assert (get(tenant)["customerId"], get(tenant)["planId"]) == ("customer 7", "large")
    assert not {"customerId", "planId"} & set(get(tenant, token=clerk.token))
    assert tenant.api.refused(BILLING, token=clerk.token, planId="x")["code"] == 7
    for wrong in ({}, {"customerId": "x" * 201}, {"planId": "x" * 201}):
        assert tenant.api.refused(BILLING, **wrong)["code"] == 3


def test_companies_are_searched_a_page_at_a_time(tenant: Tenant, running: RunningPlatform) -> None:
    person = tenant.person()
    names = ["Beta 100%", "Beta_2", "Gamma"]
    others = [running.organization(name) for name in names]
    for other in others:
        running.run(
            running.platform.identity.organizations.add_person(
                other.organization, username=person.username, password=None, standing=Standing.PARTICIPANT
            )
        )

    def found(**asked: Any) -> list[str]:
        reply = tenant.api(SEARCH, token=person.token, **asked)
        assert set(reply.get("companies", {})) == set(reply.get("orderedCompanyIDs", []))
        return [reply["companies"][one]["displayName"] for one in reply.get("orderedCompanyIDs", [])]

    assert found() == ["Acme", *names]
    assert found(term="BETA") == names[:2]
    assert found(term="100%") == names[:1]
    assert found(term="_") == names[1:2]
    assert found(term=others[2].company_id) == ["Gamma"]
    assert found(term="Other") == []
    assert found(orderByMostRecent=True) == [*reversed(names), "Acme"]
    for recent in (False, True):
        pages, continuation = list[str](), ""
        while True:
            asked: dict[str, Any] = {"limit": 3, "continue": continuation, "orderByMostRecent": recent}
            reply = tenant.api(SEARCH, token=person.token, **asked)
            assert (reply["totalResults"], reply["accurateTotal"]) == (4, True)
            pages.extend(reply["orderedCompanyIDs"])
            if not (continuation := reply.get("continue", "")):
                break
        assert len(pages) == len(set(pages)) == 4
    assert tenant.api.refused(SEARCH, **{"continue": "nope"})["code"] == 3
    assert tenant.api.refused(SEARCH, term="x" * 201)["code"] == 3


def test_another_company_is_founded_with_an_administrator_of_its_own(
    tenant: Tenant, running: RunningPlatform
) -> None:
    username, email = secrets.token_hex(6), address()
    wish = {
        "user": {"email": email, "userProfile": {"firstname": "Grace"}, "metadata": {"staff": "7"}},
        "authenticationRequest": {
            "usernamePasswordCredentials": {"username": username, "password": PASSWORD},
        },
    }

    made = tenant.api(CREATE, company={"displayName": "New", "planId": "basic"}, userCreateRequest=wish)

    signed_in = sign_in_anywhere(tenant, username)
    assert signed_in["companyId"] == made["companyId"]
    assert "16" in signed_in["permissions"]
    company = tenant.api(GET, token=signed_in["accessToken"])["company"]
    assert (company["displayName"], company["planId"]) == ("New", "basic")
    assert company["ownerId"] == signed_in["userId"]
    groups = tenant.api("businessLogicService/permissionGroups", token=signed_in["accessToken"])
    assert len(groups["permissionGroups"]) == 6
    assert tenant.api.refused(GET, companyId=made["companyId"])["code"] == 5
    again = tenant.api.refused(CREATE, company={"displayName": "New"}, userCreateRequest=wish)
    assert (again["code"], again["details"][0]["statusCode"]) == (6, "ALREADY_EXISTS")


def test_another_company_is_founded_by_mail_with_a_room(tenant: Tenant) -> None:
    email = address()

    tenant.api(FOUND, companyName="New", user={"email": email}, room={"displayName": "Lounge"}, planId="x")

    assert _set_by_mail(tenant, email)
    signed_in = sign_in_anywhere(tenant, email, OTHER_PASSWORD)
    rooms = tenant.api("roomService/list", token=signed_in["accessToken"])["rooms"]
    assert [room["displayName"] for room in rooms.values()] == ["Lounge"]


def test_whoever_manages_a_company_founds_another_of_their_own(tenant: Tenant) -> None:
    made = tenant.api(CREATE, company={"displayName": "Second"})

    own = tenant.api(SEARCH)
    assert [own["companies"][one]["displayName"] for one in own["orderedCompanyIDs"]] == ["Acme", "Second"]
    switch = {"companySwitchCredentials": {"accessToken": tenant.token, "companyId": made["companyId"]}}
    answer = tenant.api.post("authenticationService/authenticate", switch)
    assert "16" in answer.json()["permissions"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"company": {"displayName": " "}},
        {"company": {"displayName": "x", "planId": "x" * 201}},
        {"company": {"displayName": "x"}, "userCreateRequest": {}},
        {"company": {"displayName": "x"}, "userCreateRequest": {"user": {"email": "nobody"}}},
        {
            "company": {"displayName": "x"},
            "userCreateRequest": {
                "user": {"email": "a@example.org"},
                "authenticationRequest": {"usernamePasswordCredentials": {"password": "short"}},
            },
        },
    ],
)
def test_a_company_that_cannot_be_founded(tenant: Tenant, fields: dict[str, Any]) -> None:
    before = tenant.api(SEARCH)["totalResults"]

    assert tenant.api.refused(CREATE, **fields)["code"] == 3
    assert tenant.api(SEARCH)["totalResults"] == before


def test_a_stranger_signs_up_by_mail(tenant: Tenant) -> None:
    email = address()
    body = sign_up_body(email)
    body["user"]["userProfile"] = {"firstname": "Buy", "lastname": "now"}

    answer = tenant.api.post(SIGN_UP, body)

    assert answer.json() == {"replyInfo": {"requestId": "r", "statusMessage": "OK"}}
    (mail,) = mails_to(tenant.running, email)
    # Whoever has signed up may be another than who is written to.
    assert mail["Subject"] == "Bestätigen Sie Ihre Registrierung"
    assert "Buy" not in part(mail, "plain") + str(mail["To"])
    assert _set_by_mail(tenant, email)
    signed_in = sign_in_anywhere(tenant, email, OTHER_PASSWORD)
    company = tenant.api(GET, token=signed_in["accessToken"])["company"]
    assert (company["displayName"], company["planId"]) == ("Frisch & Neu", "basic")
    assert company["ownerId"] == signed_in["userId"]


def test_a_strangers_words_are_in_no_later_mail_either(tenant: Tenant) -> None:
    email = address()
    body = sign_up_body(email)
    body["user"]["userProfile"] = {"firstname": "Buy", "lastname": "now"}
    tenant.api.post(SIGN_UP, body)
    mails_to(tenant.running, email)

    async def later() -> None:
        async with tenant.running.platform.storage.database.write(None) as session:
            person = select(Person.id).where(Person.username == email).scalar_subquery()
            links = update(PasswordLink).where(PasswordLink.person_id == person)
            await session.execute(links.values(created_at=now() - timedelta(minutes=10)))

    tenant.running.run(later())
    tenant.api.post(SIGN_UP, body)
    mails = mails_to(tenant.running, email, count=2)
    assert {mail["Subject"] for mail in mails} == {"Bestätigen Sie Ihre Registrierung"}
    assert "Buy" not in "".join(part(mail, "plain") + str(mail["To"]) for mail in mails)


def test_whoever_has_an_account_is_answered_alike_and_gets_no_company(tenant: Tenant) -> None:
    known = tenant.person()

    answers = [tenant.api.post(SIGN_UP, sign_up_body(email)) for email in (known.username, address())]

    assert len({(one.status_code, one.text) for one in answers}) == 1
    assert _set_by_mail(tenant, known.username)
    signed_in = sign_in_anywhere(tenant, known.username, OTHER_PASSWORD)
    assert signed_in["companyId"] == tenant.company_id
    assert tenant.api(SEARCH, token=signed_in["accessToken"])["totalResults"] == 1


def test_a_signup_that_is_wrong_says_all_of_it(tenant: Tenant) -> None:
    for wrong, named in (
        ({"company": " "}, "company"),
        ({"company": "x" * 201}, "company"),
        ({"user": None}, "email"),
        ({"user": {"email": "nobody"}}, "email"),
        ({"agreedToTerms": False}, "agreedToTerms"),
        ({"agreedToPrivacyPolicy": None}, "agreedToPrivacyPolicy"),
        ({"planId": "x" * 201}, "planId"),
    ):
        refused = refusal(tenant.api.post(SIGN_UP, {**sign_up_body(address()), **wrong}))
        assert refused["code"] == 3
        assert named in refused["message"]


def test_a_signup_that_says_too_much_is_refused_and_others_are_carried_out(tenant: Tenant) -> None:
    for metadata in ({str(one): "x" for one in range(101)}, {str(one): "x" * 9000 for one in range(10)}):
        body = sign_up_body(address())
        body["user"]["metadata"] = metadata
        assert refusal(tenant.api.post(SIGN_UP, body))["code"] == 3

    email = address()
    body = sign_up_body(email)
    body["user"]["metadata"] = {"staff": "7"}
    assert tenant.api.post(SIGN_UP, body).status_code == 200
    assert _set_by_mail(tenant, email)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A platform whose operator has said nothing of signing up."""
    with running_platform(Path(tmp_path_factory.mktemp("closed"))) as platform:
        yield platform


def test_nobody_founds_a_company_unless_the_operator_has_opened_it(closed: RunningPlatform) -> None:
    tenant = closed.organization()

    for answer in (
        tenant.api.post(SIGN_UP, sign_up_body(address())),
        tenant.api.send(CREATE, company={"displayName": "New"}),
        tenant.api.send(FOUND, companyName="New"),
    ):
        refused = refusal(answer)
        assert (refused["code"], refused["details"][0]["statusCode"]) == (7, "FEATURE_DISABLED")


def sign_up_body(email: str) -> dict[str, Any]:
    return {
        "requestId": "r",
        "accessInfo": {"requestId": "r"},
        "company": "Frisch & Neu",
        "accountName": "frisch",
        "user": {"email": email, "locale": {"UILanguage": "de"}},
        "agreedToTerms": True,
        "agreedToPrivacyPolicy": True,
        "planId": "basic",
    }


def sign_in_anywhere(tenant: Tenant, username: str, password: str = PASSWORD) -> dict[str, Any]:
    body = {"usernamePasswordCredentials": {"username": username, "password": password}}
    answer = tenant.api.post("authenticationService/authenticate", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def _set_by_mail(tenant: Tenant, email: str) -> bool:
    (mail,) = mails_to(tenant.running, email)
    found = re.search(r"/#/password/(\w{32})\s", part(mail, "plain"))
    assert found
    new = {"key": found[1], "password": OTHER_PASSWORD}
    return tenant.running.http.post("/client/password", json=new).json()["state"] == "set"
