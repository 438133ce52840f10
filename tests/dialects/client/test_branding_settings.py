"""Branding of an organization as those who administer it set it, and where it is seen then."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.dialects.client.test_branding import SVG, brand, picture_server, png, shown
from tests.dialects.client.test_people import ask, clerk, send
from tests.mail.mail_program import part
from tests.mail.outbox import mails_to
from tests.platform import RunningPlatform, Tenant, running_platform

JPEG = b64decode(
    "/9j/4AAQSkZJRgABAgAAAQABAAD//gAQTGF2YzU5LjM3LjEwMAD/2wBDAAgEBAQEBAUFBQUFBQYGBgYGBgYGBgYGBgYHBwcICAgHBwcG"
    "BgcHCAgICAkJCQgICAgJCQoKCgwMCwsODg4RERT/xABLAAEBAAAAAAAAAAAAAAAAAAAABgEBAAAAAAAAAAAAAAAAAAAABhABAAAAAAAA"
    "AAAAAAAAAAAAABEBAAAAAAAAAAAAAAAAAAAAAP/AABEIAAQABgMBIgACEQADEQD/2gAMAwEAAhEDEQA/AJQAwFH/2Q=="
)
WEBP = b64decode("UklGRjgAAABXRUJQVlA4ICwAAADQAQCdASoGAAQAAgA0JaACdLoB+AADsAD+795f/yz3mN3um/+QXLC64jAAAA==")
GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

BRANDING: dict[str, Any] = {"isShown": True, "title": "Schule am See", "colour": "#ffc857"}


def change(tenant: Tenant, **fields: Any) -> dict[str, Any]:
    version = ask(tenant, "organization/branding")["version"]
    return ask(tenant, "organization/branding/change", version=version, **{**BRANDING, **fields})


def encoded(picture: bytes) -> str:
    return b64encode(picture).decode()


def test_who_does_not_administer_the_organization_sets_no_branding(tenant: Tenant) -> None:
    wish = {**BRANDING, "version": "x"}
    pat, rooms = tenant.person(), clerk(tenant, "ROOM_ADMIN", "USER_ADMIN")
    for path, fields in (("organization/branding", {}), ("organization/branding/change", wish)):
        for token in ("", "nonsense"):
            assert send(tenant, path, token=token, **fields).status_code == 401
        for account in (pat, rooms):
            assert send(tenant, path, token=account.token, **fields).status_code == 403
    looker = clerk(tenant, "COMPANY_LIST")
    assert send(tenant, "organization/branding", token=looker.token).status_code == 200
    assert send(tenant, "organization/branding/change", token=looker.token, **wish).status_code == 403
    manager = clerk(tenant, "COMPANY_ADMIN")
    version = ask(tenant, "organization/branding")["version"]
    wish = {**BRANDING, "version": version}
    assert send(tenant, "organization/branding/change", token=manager.token, **wish).status_code == 200


@pytest.mark.parametrize(
    ("picture", "content_type"), [(png(), "image/png"), (JPEG, "image/jpeg"), (GIF, "image/gif")]
)
def test_a_logo_is_uploaded_shown_and_taken_away(tenant: Tenant, picture: bytes, content_type: str) -> None:
    set_ = change(tenant, logo=encoded(picture), isInRooms=True, isAlone=True)
    assert set_["logo"] == f"data:{content_type};base64,{encoded(picture)}"
    seen = shown(tenant.running, tenant.company_id)
    assert (seen["title"], seen["colour"], seen["isInRooms"], seen["isAlone"]) == (
        "Schule am See",
        "#ffc857",
        True,
        True,
    )
    for _ in range(2):
        answer = tenant.running.http.get(seen["logo"])
        assert (answer.status_code, answer.content) == (200, picture)
        assert answer.headers["content-type"] == content_type
        assert answer.headers["x-content-type-options"] == "nosniff"
    # What is left out stays, another picture has another address, and null is none.
    assert change(tenant, title="Schule")["logo"] == set_["logo"]
    change(tenant, logo=encoded(png(3, 5)))
    other = shown(tenant.running, tenant.company_id)["logo"]
    assert other != seen["logo"]
    assert tenant.running.http.get(other).content == png(3, 5)
    hidden = change(tenant, isShown=False)
    assert hidden["logo"]
    assert tenant.running.http.get(other).status_code == 404
    assert change(tenant, logo=None)["logo"] == ""
    assert "logo" not in shown(tenant.running, tenant.company_id)
    assert change(tenant, isShown=False, title="", colour="")["title"] == ""


@pytest.mark.parametrize(
    "picture",
    [
        SVG,
        b"",
        b"GIF89a",
        b"<html><script>alert(1)</script>",
        png()[:-1],
        png()[:20],
        JPEG[:-2],
        JPEG[:100] + b"\xff\xd9",
        WEBP,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 50,
        b"\xff\xd8\xff" + b"\xff" * 5000,
        b"\xff\xd8\xff\xe0\0\0" * 5000,
        png(2001, 1),
        png(1, 2001),
        png(0, 3),
        png() + b"\0" * 100_000,
    ],
)
def test_what_is_no_logo_is_refused_and_changes_nothing(tenant: Tenant, picture: bytes) -> None:
    before = change(tenant, logo=encoded(png()))
    wish = {**BRANDING, "version": before["version"], "logo": encoded(picture)}
    answer = send(tenant, "organization/branding/change", **wish)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), answer.text
    assert "logo" in answer.text or "picture" in answer.text
    assert ask(tenant, "organization/branding") == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"colour": "#12345"},
        {"colour": "#1864ab;background:url(//evil)"},
        {"title": "x" * 201},
        {"mailText": "x" * 1001},
        {"mailText": ["x"]},
        {"title": 3},
        {"logo": "no base64!"},
        {"logo": 3},
        {"logo": ["x"]},
        {"isShown": "yes"},
    ],
)
def test_a_wrong_value_is_refused(tenant: Tenant, wrong: dict[str, Any]) -> None:
    before = ask(tenant, "organization/branding")
    wish = {**BRANDING, "version": before["version"], **wrong}
    answer = send(tenant, "organization/branding/change", **wish)
    assert (answer.status_code, answer.json()["details"]["field"]) == (400, next(iter(wrong)))
    assert ask(tenant, "organization/branding") == before


def test_two_administrators_overwrite_nothing_of_each_other(tenant: Tenant) -> None:
    before = ask(tenant, "organization/branding")
    change(tenant, logo=encoded(png()))
    late = send(tenant, "organization/branding/change", **BRANDING, version=before["version"], logo=None)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert ask(tenant, "organization/branding")["logo"]


def test_a_program_that_names_a_logo_replaces_the_one_that_was_uploaded(tenant: Tenant) -> None:
    uploaded = change(tenant, logo=encoded(png()))["logo"]
    branding = {"enabled": True, "title": "By a program"}
    tenant.api("companyService/update", company={"branding": branding})
    assert ask(tenant, "organization/branding")["logo"] == uploaded
    url = "https://example.org/logo.png"
    tenant.api("companyService/update", company={"branding": {**branding, "logoURL": url}})
    now = ask(tenant, "organization/branding")
    assert (now["logo"], now["logoUrl"], now["title"]) == ("", url, "By a program")
    change(tenant, logo=encoded(png()))
    assert ask(tenant, "organization/branding")["logoUrl"] == ""


def test_a_program_leaves_the_text_of_mails(tenant: Tenant) -> None:
    text = "Fragen?\r\nSekretariat: 0221 4711\u202e\x07 \n"
    assert change(tenant, mailText=text)["mailText"] == "Fragen?\nSekretariat: 0221 4711"
    tenant.api("companyService/update", company={"branding": {"enabled": True, "title": "By a program"}})
    now = ask(tenant, "organization/branding")
    assert (now["title"], now["mailText"]) == ("By a program", "Fragen?\nSekretariat: 0221 4711")
    assert change(tenant)["mailText"] == ""


def mail_to(tenant: Tenant, address: str) -> EmailMessage:
    room = tenant.room("Aula")
    link = {"displayName": "Nora", "email": address}
    tenant.guest_link(room, sendEmail=True, **link)
    (mail,) = mails_to(tenant.running, address)
    return mail


def pictures(mail: EmailMessage) -> list[bytes]:
    return [one.get_content() for one in mail.walk() if one.get_content_maintype() == "image"]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[RunningPlatform]:
    with running_platform(tmp_path, webhook_networks=["127.0.0.0/8"]) as running:
        yield running


def test_mails_show_the_branding_of_their_organization(platform: RunningPlatform) -> None:
    tenant, other = platform.organization("Universität Köln"), platform.organization("Other")
    change(tenant, logo=encoded(png()), mailText="Fragen? 0221 4711")
    mail = mail_to(tenant, "nora@example.org")
    assert pictures(mail) == [png()]
    assert "Fragen? 0221 4711" in part(mail, "plain")
    html = part(mail, "html")
    assert "Schule am See" in html
    assert "background:#ffc857" in html
    foreign = mail_to(other, "norbert@example.org")
    assert pictures(foreign) == []
    assert "4711" not in part(foreign, "plain")
    assert "Schule am See" not in part(foreign, "html")
    change(tenant, isShown=False)
    without = mail_to(tenant, "nils@example.org")
    assert pictures(without) == []
    assert "4711" not in part(without, "plain")


def test_mails_carry_a_logo_that_a_program_has_named(platform: RunningPlatform) -> None:
    tenant = platform.organization("Schule")
    with picture_server({"/logo": (200, JPEG), "/webp": (200, WEBP)}) as server:
        for path, carried in (("/logo", [JPEG]), ("/webp", []), ("/none", [])):
            brand(platform, tenant.organization.id, {"enabled": True, "logo_url": server.url + path})
            mail = mail_to(tenant, f"{path[1:]}@example.org")
            assert pictures(mail) == carried
            assert server.url not in mail.as_string()
