"""An administrator and the people of an organization; and everybody's own profile."""

from __future__ import annotations

import csv
import secrets
from pathlib import Path
from typing import Unpack

import pytest
from playwright.sync_api import FilePayload, Locator, expect

from switchroom.identity.permissions import Standing
from tests.browser.people import PHONE, Newcomer, Outfit
from tests.browser.person import Person
from tests.browser.test_accessibility import is_sound
from tests.browser.test_portal import sign_in
from tests.mail.outbox import mails_to
from tests.platform import Account, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def address() -> str:
    return f"{secrets.token_hex(6)}@example.org"


def administer(newcomer: Newcomer, account: Account, page: str = "people", **how: Unpack[Outfit]) -> Person:
    """Somebody who administers, on a page of the portal."""
    return sign_in(newcomer("Ada", **how).opens(f"/#/{page}"), account)


def card(person: Person, name: str) -> Locator:
    return person.the("person", name=name)


def says(person: Person, text: str) -> None:
    """Has been told what was done, for all to see."""
    person.announces(text)


def test_somebody_is_invited_changed_disabled_and_removed(university: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, university.administrator)
    ada.reads("So far you are alone here.")
    email = address()
    ada.the("invite-person").click()
    ada.the("invite-email").fill(email)
    ada.the("invite-first").fill("Grace")
    ada.the("invite-last").fill("Höpper")
    ada.the("person-role").select_option("people")
    ada.clicks_twice(ada.the("send-invitation"))
    says(ada, f"The invitation is on its way to {email}.")
    grace = card(ada, "Grace Höpper")
    expect(grace).to_contain_text("Administers people")
    expect(grace).to_have_attribute("data-state", "invited")
    is_sound(ada.page)

    grace.get_by_test_id("send-again").dblclick()
    says(ada, "on its way to Grace Höpper again")
    assert len(mails_to(university.running, email, count=2)) == 2

    grace.get_by_test_id("open-person").click()
    expect(ada.the("person-email")).to_be_disabled()
    ada.the("person-lastName").fill("Hopper")
    is_sound(ada.page)
    ada.clicks_twice(ada.the("save-person"))
    says(ada, "Grace Hopper is changed.")

    card(ada, "Grace Hopper").get_by_test_id("open-person").click()
    ada.the("remove-person").click()
    ada.reads("Take back the invitation of Grace Hopper?")
    ada.the("confirm-delete").click()
    says(ada, "Grace Hopper is removed.")
    expect(card(ada, "Grace Hopper")).to_have_count(0)


def test_a_member_is_shut_out_helped_and_let_in_again(university: Tenant, newcomer: Newcomer) -> None:
    pat = university.person(first_name="Pat", last_name="Groß")
    ada = administer(newcomer, university.administrator)
    card(ada, "Pat Groß").get_by_test_id("open-person").click()
    ada.the("send-password-link").dblclick()
    says(ada, "A link for a new password is on its way to Pat Groß.")
    assert len(mails_to(university.running, pat.username)) == 1
    ada.the("send-password-link").click()
    ada.is_told("too often")
    ada.the("enable-person").dblclick()
    says(ada, "Pat Groß is signed out")
    sign_in(newcomer("Pat").opens("/"), pat).is_told("not right")
    ada.the("enable-person").click()
    says(ada, "Pat Groß can sign in again.")
    expect(sign_in(newcomer("Pat").opens("/"), pat).the("sign-out")).to_be_visible()


def test_two_administrators_at_once_overwrite_nothing(university: Tenant, newcomer: Newcomer) -> None:
    university.person(first_name="Pat", last_name="Person")
    other = university.person(Standing.ADMINISTRATOR, first_name="Olga", last_name="Other")
    ada = administer(newcomer, university.administrator)
    olga = administer(newcomer, other)
    for one in (ada, olga):
        card(one, "Pat Person").get_by_test_id("open-person").click()
        expect(one.the("person-lastName")).to_have_value("Person")
    olga.the("person-lastName").fill("Olgas")
    olga.the("save-person").click()
    says(olga, "Pat Olgas is changed.")
    ada.the("person-firstName").fill("Patricia")
    ada.the("save-person").click()
    expect(ada.the("changed-meanwhile")).to_contain_text("Last name is now: Olgas")
    expect(ada.the("person-firstName")).to_have_value("Patricia")
    expect(ada.the("person-lastName")).to_have_value("Olgas")
    ada.the("save-person").click()
    says(ada, "Patricia Olgas is changed.")


def test_many_are_invited_from_a_table_and_what_failed_is_said(
    university: Tenant, newcomer: Newcomer, tmp_path: Path
) -> None:
    member = university.person()
    good, formula = address(), address()
    table = (
        "Vorname;Nachname;E-Mail\r\n"
        f"Jürgen;Groß;{good}\r\n"
        f'"=HYPERLINK(""x"")";Formula;{formula}\r\n'
        f"Pat;Member;{member.username}\r\n"
        "Nobody;Without;address\r\n"
    )
    ada = administer(newcomer, university.administrator)
    ada.the("invite-many").click()
    file = FilePayload(name="klasse.csv", mimeType="text/csv", buffer=table.encode("cp1252"))
    ada.page.locator("input[type=file]").set_input_files(file)
    expect(ada.the("preview-text")).to_contain_text(
        "4 rows in klasse.csv (WINDOWS-1252). 1 of them is left out."
    )
    expect(ada.the("preview")).to_contain_text("Jürgen")
    is_sound(ada.page)
    ada.clicks_twice(ada.the("send-invitations"))
    expect(ada.the("batch-outcome")).to_contain_text("2 people are invited. 2 rows could not be invited.")
    failures = ada.the("failures")
    expect(failures).to_contain_text(member.username)
    expect(failures).to_contain_text("no e-mail address")
    with ada.page.expect_download() as download:
        ada.the("download-report").click()
    path = tmp_path / "report.csv"
    download.value.save_as(path)
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert [row[4] == "Invited" for row in rows[1:]] == [True, True, False, False]
    assert rows[2][2] == '\'=HYPERLINK("x")'
    ada.the("close-outcome").click()
    expect(card(ada, "Jürgen Groß")).to_be_visible()
    assert len(mails_to(university.running, good)) == 1


def test_what_is_no_table_is_said(tenant: Tenant, newcomer: Newcomer) -> None:
    ada = administer(newcomer, tenant.administrator)
    ada.the("invite-many").click()
    files = ada.page.locator("input[type=file]")
    for content in (b"", b"\x89PNG\r\n\x1a\n\x00\x00", b"Name;Town\nAda;London\n"):
        files.set_input_files(FilePayload(name="some.csv", mimeType="text/csv", buffer=content))
        ada.is_told("No e-mail addresses were found in this file.")
    expect(ada.the("send-invitations")).to_have_count(0)


def test_people_are_found_and_shown_a_page_at_a_time(tenant: Tenant, newcomer: Newcomer) -> None:
    for number in range(52):
        email = f"{number}-{address()}"
        tenant.api("userService/invite", email=email, userProfile={"lastname": f"Number-{number}x"})
    ada = administer(newcomer, tenant.administrator)
    expect(ada.the("people-count")).to_have_text("53 people")
    expect(ada.the("person")).to_have_count(50)
    ada.the("page-after").click()
    expect(ada.the("person")).to_have_count(3)
    ada.the("page-before").click()
    expect(ada.the("person")).to_have_count(50)
    ada.the("search-people").fill("number-51x")
    expect(ada.the("person")).to_have_count(1)
    ada.the("search-people").fill("nobody of this name")
    ada.reads("Nobody matches.")
    ada.the("search-people").fill("")
    ada.the("filter-people").select_option("active")
    expect(ada.the("person")).to_have_count(1)


def test_by_keyboard_in_german_on_a_phone(university: Tenant, newcomer: Newcomer) -> None:
    university.person(first_name="Pat", last_name="Groß")
    ada = administer(newcomer, university.administrator, locale="de-DE", screen=PHONE)
    keyboard = ada.page.keyboard
    opener = card(ada, "Pat Groß").get_by_test_id("open-person")
    opener.focus()
    keyboard.press("Enter")
    expect(ada.the("person-firstName")).to_be_focused()
    keyboard.press("Control+A")
    keyboard.type("Patrizia")
    keyboard.press("Enter")
    says(ada, "Patrizia Groß ist geändert.")
    is_sound(ada.page)
    width = ada.page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    assert width <= 0


def test_who_may_not_finds_no_people(tenant: Tenant, newcomer: Newcomer) -> None:
    pat = sign_in(newcomer("Pat").opens("/#/people"), tenant.person())
    pat.is_told("This page is not open to you")
    pat.button("Back to the overview").click()
    expect(pat.the("portal-page", name="people")).to_have_count(0)
    expect(pat.the("portal-page", name="profile")).to_be_visible()


def test_somebody_changes_their_profile_and_signs_out_elsewhere(
    university: Tenant, newcomer: Newcomer
) -> None:
    pat = university.person(first_name="Pat", last_name="Groß")
    elsewhere = sign_in(newcomer("Pat elsewhere").opens("/"), pat)
    expect(elsewhere.the("sign-out")).to_be_visible()
    here = sign_in(newcomer("Pat").opens("/#/profile"), pat)
    expect(here.the("session", this="true")).to_have_count(1)
    here.the("profile-first").fill("Patrick")
    here.the("profile-language").select_option("de")
    is_sound(here.page)
    here.clicks_twice(here.the("save-profile"))
    says(here, "Ihr Profil ist gespeichert.")
    expect(here.the("own-name")).to_have_text("Patrick Groß")
    here.clicks_twice(here.the("end-sessions"))
    says(here, "Sie sind überall sonst abgemeldet.")
    expect(here.the("session")).to_have_count(1)
    elsewhere.page.reload()
    expect(elsewhere.the("username")).to_be_visible()
    here.page.reload()
    expect(here.the("save-profile")).to_be_visible()
