"""From the mail that asks somebody to set their password to being signed in."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.identity.models import Organization, PasswordLink, Person
from switchroom.identity.permissions import Standing
from tests.browser.people import PHONE, Newcomer
from tests.browser.person import Person as Somebody
from tests.browser.test_accessibility import is_sound
from tests.browser.test_portal import sign_in
from tests.mail.mail_program import Page, part
from tests.mail.outbox import mails_to
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

LANGUAGES = pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
NEW_PASSWORD = "Größere Pferde 2"


class Asked:
    """Somebody who has a mail with a link."""

    def __init__(self, tenant: Tenant, locale: str = "en") -> None:
        self._tenant = tenant
        self._platform = tenant.running.platform
        self.username = f"{secrets.token_hex(6)}@example.org"
        tenant.running.run(
            self._platform.identity.organizations.add_person(
                tenant.organization,
                username=self.username,
                password=secrets.token_hex(8),
                standing=Standing.PARTICIPANT,
                first_name="Jürgen",
                last_name="Groß",
                locale=locale,
            )
        )
        self.subject = ""
        self.links: list[str] = []

    def link(self) -> str:
        """The link in the next mail they get."""
        self._tenant.running.run(self._ask())
        for mail in mails_to(self._tenant.running, self.username, count=len(self.links) + 1):
            link, again = Page(part(mail, "html")).links
            assert link is not None
            assert link == again
            assert link in part(mail, "plain").split()
            if link not in self.links:
                self.links.append(link)
                self.subject = mail["Subject"]
        return self.links[-1]

    def expire(self) -> None:
        self._tenant.running.run(self._expire())

    async def _ask(self) -> None:
        async with self._platform.storage.database.write(self._tenant.organization.id) as session:
            await self._platform.identity.password_requests.enqueue(
                session,
                await session.get_one(Organization, self._tenant.organization.id),
                await _person(session, self.username),
            )

    async def _expire(self) -> None:
        async with self._platform.storage.database.write(None) as session:
            person = await _person(session, self.username)
            await session.execute(
                update(PasswordLink)
                .where(PasswordLink.person_id == person.id)
                .values(expires_at=now() - timedelta(minutes=1))
            )


async def _person(session: AsyncSession, username: str) -> Person:
    return (await session.scalars(select(Person).where(Person.username == username))).one()


def chooses(somebody: Somebody, password: str) -> None:
    somebody.the("new-password").fill(password)
    somebody.the("set-password").click()


def test_from_the_mail_to_being_signed_in(university: Tenant, newcomer: Newcomer) -> None:
    university.room("Mensa")
    asked = Asked(university)
    juergen = newcomer("Jürgen").opens(asked.link())

    assert asked.subject == "Set your password for Universität Köln"
    expect(juergen.the("password-for")).to_have_text("For Jürgen Groß, Universität Köln")
    expect(juergen.the("password-username")).to_have_text(f"User name: {asked.username}")
    expect(juergen.the("new-password")).to_have_accessible_description(re.compile("^At least 8 characters"))
    chooses(juergen, NEW_PASSWORD)
    expect(juergen.the("password-set")).to_have_text("Your password is set. You can sign in with it now.")
    expect(juergen.the("username")).to_have_value(asked.username)
    expect(juergen.the("password")).to_be_focused()
    juergen.page.keyboard.type(NEW_PASSWORD)
    juergen.page.keyboard.press("Enter")
    expect(juergen.the("room", name="Mensa")).to_be_visible()
    juergen.the("sign-out").click()
    expect(juergen.the("username")).to_have_value("")


def test_the_key_of_a_link_stays_in_no_address_bar_no_history_and_no_storage(
    university: Tenant, newcomer: Newcomer
) -> None:
    link = Asked(university).link()
    key = link.rpartition("/")[2]
    juergen = newcomer("Jürgen").opens(link)
    expect(juergen.the("new-password")).to_be_visible()
    assert juergen.page.url == f"{university.running.base_url}/#/password"
    juergen.page.reload()
    chooses(juergen, NEW_PASSWORD)
    expect(juergen.the("password-set")).to_be_visible()
    stored = juergen.page.evaluate("() => JSON.stringify({...sessionStorage, ...localStorage})")
    assert key not in stored
    juergen.page.go_back()
    juergen.is_told("This link does not work any more")
    assert key not in juergen.page.url
    juergen.page.reload()
    juergen.is_told("There is nothing here")


def test_in_german(university: Tenant, newcomer: Newcomer) -> None:
    asked = Asked(university, "de")
    juergen = newcomer("Jürgen", locale="de-DE").opens(asked.link())

    assert asked.subject == "Ihr Passwort für Universität Köln"
    expect(juergen.the("password-for")).to_have_text("Für Jürgen Groß, Universität Köln")
    expect(juergen.the("new-password")).to_have_accessible_description(re.compile("^Mindestens 8 Zeichen"))
    is_sound(juergen.page)
    chooses(juergen, "zu kurz")
    juergen.reads("Dieses Passwort ist zu kurz")
    chooses(juergen, NEW_PASSWORD)
    expect(juergen.the("password-set")).to_contain_text("Ihr Passwort ist festgelegt.")


def test_by_keyboard_alone_with_the_password_shown(university: Tenant, newcomer: Newcomer) -> None:
    juergen = newcomer("Jürgen").opens(Asked(university).link())
    field, keys = juergen.the("new-password"), juergen.page.keyboard
    expect(field).to_be_visible()
    expect(juergen.page.get_by_role("heading", level=1)).to_be_focused()
    is_sound(juergen.page)
    keys.press("Tab")
    expect(field).to_be_focused()
    keys.type("geese x")
    expect(field).to_have_attribute("type", "password")
    keys.press("Tab")
    shown = juergen.page.get_by_role("button", name="Show the password")
    expect(shown).to_be_focused()
    expect(shown).to_have_attribute("aria-pressed", "false")
    keys.press("Space")
    expect(shown).to_have_attribute("aria-pressed", "true")
    expect(field).to_have_attribute("type", "text")
    keys.press("Tab")
    keys.press("Enter")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description(re.compile("This password is too short"))
    keys.press("End")
    keys.type("8")
    expect(field).not_to_have_attribute("aria-invalid", "true")
    keys.press("Enter")
    expect(juergen.the("password-set")).to_be_visible()


@LANGUAGES
def test_a_link_that_was_used(university: Tenant, newcomer: Newcomer, locale: str) -> None:
    link = Asked(university).link()
    first, second = newcomer("Jürgen", locale=locale), newcomer("Again", locale=locale)
    first.opens(link)
    second.opens(link)
    expect(second.the("new-password")).to_be_visible()
    chooses(first, NEW_PASSWORD)
    expect(first.the("password-set")).to_be_visible()
    chooses(second, "another password")
    title = "Dieser Link funktioniert nicht mehr" if locale == "de-DE" else "This link does not work any more"
    second.is_told(title)
    first.opens("about:blank").opens(link).is_told(title)
    is_sound(first.page)
    first.button("Anmelden" if locale == "de-DE" else "Sign in").click()
    expect(first.the("username")).to_be_visible()


@LANGUAGES
def test_a_link_that_has_expired(university: Tenant, newcomer: Newcomer, locale: str) -> None:
    asked = Asked(university)
    link = asked.link()
    asked.expire()
    late = newcomer("Jürgen", locale=locale).opens(link)
    if locale == "de-DE":
        late.is_told("Dieser Link ist abgelaufen")
        late.is_told("Er war bis")
    else:
        late.is_told("This link has expired")
        late.is_told("It was valid until")


def test_a_link_that_expires_while_one_thinks(university: Tenant, newcomer: Newcomer) -> None:
    asked = Asked(university)
    late = newcomer("Jürgen").opens(asked.link())
    expect(late.the("new-password")).to_be_visible()
    asked.expire()
    chooses(late, NEW_PASSWORD)
    late.is_told("This link has expired")


def test_a_newer_link_and_one_that_never_was(university: Tenant, newcomer: Newcomer) -> None:
    asked = Asked(university)
    older, newer = asked.link(), asked.link()
    juergen = newcomer("Jürgen")
    for address in (older, "/#/password/nothing"):
        juergen.opens("about:blank").opens(address).is_told("This link does not work any more")
    juergen.opens("about:blank").opens(newer)
    expect(juergen.the("new-password")).to_be_visible()


def test_somebody_else_signed_in_on_this_browser_is_signed_out(
    university: Tenant, newcomer: Newcomer
) -> None:
    asked = Asked(university)
    juergen = sign_in(newcomer("Jürgen").opens("/"), university.person(first_name="Ada"))
    expect(juergen.the("sign-out")).to_be_visible()
    chooses(juergen.opens(asked.link()), NEW_PASSWORD)
    expect(juergen.the("username")).to_have_value(asked.username)
    juergen.page.reload()
    expect(juergen.the("username")).to_be_visible()


def test_on_a_phone(university: Tenant, newcomer: Newcomer) -> None:
    juergen = newcomer("Jürgen", screen=PHONE, locale="de-DE").opens(Asked(university, "de").link())
    expect(juergen.the("set-password")).to_be_in_viewport(ratio=1)
    assert juergen.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    juergen.the("new-password").fill(NEW_PASSWORD)
    shown = juergen.page.get_by_role("button", name="Passwort anzeigen")
    shown.tap()
    expect(juergen.the("new-password")).to_have_attribute("type", "text")
    juergen.the("set-password").tap()
    expect(juergen.the("password-set")).to_be_visible()


@LANGUAGES
def test_who_has_forgotten_theirs_gets_a_link(university: Tenant, newcomer: Newcomer, locale: str) -> None:
    account = university.person(first_name="Jürgen", last_name="Groß")
    juergen = newcomer("Jürgen", locale=locale, screen=PHONE).opens("/")
    juergen.the("forgotten").click()
    expect(juergen.page.get_by_role("heading", level=1)).to_be_focused()
    is_sound(juergen.page)
    told: list[str] = []
    for username in ("nobody@example.org", account.username):
        juergen.opens("/#/forgotten")
        juergen.the("username").fill(username)
        juergen.the("send-link").click()
        text = juergen.page.get_by_text(f"„{username}“" if locale == "de-DE" else f"“{username}”")
        told.append((text.text_content() or "").replace(username, ""))
        is_sound(juergen.page)
        juergen.button("Zurück zur Anmeldung" if locale == "de-DE" else "Back to signing in").click()
        expect(juergen.the("sign-in")).to_be_visible()
    assert told[0] == told[1] != ""
    (mail,) = mails_to(university.running, account.username)
    link = Page(part(mail, "html")).links[0]
    assert link is not None
    juergen.opens(link)
    chooses(juergen, NEW_PASSWORD)
    expect(juergen.the("password-set")).to_be_visible()


@LANGUAGES
def test_who_is_signed_in_changes_theirs(university: Tenant, newcomer: Newcomer, locale: str) -> None:
    university.room("Mensa")
    account = university.person(first_name="Jürgen", last_name="Groß")
    here, elsewhere = (newcomer(name, locale=locale).opens("/") for name in ("Here", "Elsewhere"))
    for one in (here, elsewhere):
        expect(sign_in(one, account).the("room", name="Mensa")).to_be_visible()
    here.the("open-change-password").click()
    expect(here.the("old-password")).to_be_focused()
    is_sound(here.page)
    here.the("old-password").fill("guessed")
    here.the("new-password").fill("zu kurz")
    here.the("change-password").click()
    here.reads("Dieses Passwort ist zu kurz" if locale == "de-DE" else "This password is too short")
    here.the("new-password").fill(NEW_PASSWORD)
    here.the("change-password").click()
    wrong = (
        "Das bisherige Passwort stimmt nicht." if locale == "de-DE" else "The password so far is not right."
    )
    expect(here.the("error-message")).to_have_text(wrong)
    here.the("old-password").fill(account.password)
    here.the("change-password").click()
    expect(here.the("password-changed")).to_be_visible()
    is_sound(here.page)
    here.page.keyboard.press("Escape")
    here.page.reload()
    expect(here.the("room", name="Mensa")).to_be_visible()
    elsewhere.page.reload()
    expect(sign_in(elsewhere, account, NEW_PASSWORD).the("room", name="Mensa")).to_be_visible()
