"""From the mail that invites somebody to an organization to being signed in."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from switchroom.db.base import now
from switchroom.identity.models import MemberInvitation
from tests.browser.people import PHONE, Newcomer
from tests.browser.person import Person as Somebody
from tests.browser.test_accessibility import is_sound
from tests.browser.test_portal import sign_in
from tests.mail.mail_program import Page, part
from tests.mail.outbox import mails_to
from tests.platform import PASSWORD, RunningPlatform, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

LANGUAGES = pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
NEW_PASSWORD = "Größere Pferde 2"


def invite(tenant: Tenant, email: str = "", language: str = "en") -> tuple[str, str]:
    """The address of somebody who is invited, and the link in the mail they get."""
    email = email or f"{secrets.token_hex(6)}@example.org"
    profile = {"firstname": "Jürgen", "lastname": "Groß"}
    tenant.api("userService/invite", email=email, userProfile=profile, locale={"UILanguage": language})
    (mail,) = mails_to(tenant.running, email)
    link, again = Page(part(mail, "html")).links
    assert link is not None
    assert link == again
    return email, link


def expire(tenant: Tenant) -> None:
    async def write() -> None:
        async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
            moment = now() - timedelta(minutes=1)
            await session.execute(update(MemberInvitation).values(expires_at=moment))

    tenant.running.run(write())


def accepts(somebody: Somebody, password: str) -> None:
    somebody.the("invitation-password").fill(password)
    somebody.the("accept-invitation").click()


@LANGUAGES
def test_from_the_mail_to_being_signed_in(university: Tenant, newcomer: Newcomer, locale: str) -> None:
    university.room("Mensa")
    email, link = invite(university, language=locale)
    juergen = newcomer("Jürgen", locale=locale).opens(link)

    is_german = locale == "de-DE"
    expect(juergen.the("invitation-for")).to_have_text(
        "Jürgen Groß, Ada Admin lädt Sie zu Universität Köln ein."
        if is_german
        else "Jürgen Groß, Ada Admin invites you to Universität Köln."
    )
    expect(juergen.the("invitation-username")).to_contain_text(email)
    is_sound(juergen.page)
    accepts(juergen, "zu kurz")
    juergen.reads("Dieses Passwort ist zu kurz" if is_german else "This password is too short")
    is_sound(juergen.page)
    accepts(juergen, NEW_PASSWORD)
    expect(juergen.the("password-set")).to_have_text(
        "Sie haben die Einladung angenommen. Sie können sich jetzt anmelden."
        if is_german
        else "You have accepted the invitation. You can sign in now."
    )
    expect(juergen.the("username")).to_have_value(email)
    expect(juergen.the("password")).to_be_focused()
    juergen.page.keyboard.type(NEW_PASSWORD)
    juergen.page.keyboard.press("Enter")
    expect(juergen.the("room", name="Mensa")).to_be_visible()


def test_by_keyboard_alone(university: Tenant, newcomer: Newcomer) -> None:
    _, link = invite(university)
    juergen = newcomer("Jürgen").opens(link)
    field, keys = juergen.the("invitation-password"), juergen.page.keyboard
    expect(field).to_have_accessible_description(re.compile("^At least 8 characters"))
    expect(juergen.page.get_by_role("heading", level=1)).to_be_focused()
    keys.press("Tab")
    expect(field).to_be_focused()
    keys.type(NEW_PASSWORD)
    keys.press("Tab")
    expect(juergen.page.get_by_role("button", name="Show the password")).to_be_focused()
    keys.press("Space")
    expect(field).to_have_attribute("type", "text")
    keys.press("Tab")
    keys.press("Enter")
    expect(juergen.the("password-set")).to_be_visible()


def test_who_has_an_account_accepts_with_their_password(
    university: Tenant, newcomer: Newcomer, running: RunningPlatform
) -> None:
    account = running.organization("Other").person(first_name="Emil")
    _, link = invite(university, account.username)
    emil = sign_in(newcomer("Emil").opens("/"), account)
    expect(emil.the("sign-out")).to_be_visible()
    emil.opens(link)

    expect(emil.the("invitation-password")).to_have_accessible_name("Your password")
    accepts(emil, "guessed")
    expect(emil.the("error-message")).to_contain_text("This password is not right.")
    is_sound(emil.page)
    accepts(emil, PASSWORD)
    expect(emil.the("username")).to_have_value(account.username)


def test_the_key_of_a_link_stays_in_no_address_bar_no_history_and_no_storage(
    university: Tenant, newcomer: Newcomer
) -> None:
    _, link = invite(university)
    key = link.rpartition("/")[2]
    juergen = newcomer("Jürgen").opens(link)
    expect(juergen.the("invitation-password")).to_be_visible()
    assert juergen.page.url == f"{university.running.base_url}/#/invitation"
    juergen.page.reload()
    accepts(juergen, NEW_PASSWORD)
    expect(juergen.the("password-set")).to_be_visible()
    stored = juergen.page.evaluate("() => JSON.stringify({...sessionStorage, ...localStorage})")
    assert key not in stored


@LANGUAGES
def test_links_that_are_good_no_more(university: Tenant, newcomer: Newcomer, locale: str) -> None:
    is_german = locale == "de-DE"
    email, link = invite(university)
    first, second = newcomer("Jürgen", locale=locale), newcomer("Again", locale=locale)
    first.opens(link)
    second.opens(link)
    expect(second.the("invitation-password")).to_be_visible()
    accepts(first, NEW_PASSWORD)
    expect(first.the("password-set")).to_be_visible()
    accepts(second, "another password")
    second.reads("Sie haben diese Einladung angenommen" if is_german else "You have accepted this invitation")
    second.reads(email)
    is_sound(second.page)
    second.opens("about:blank").opens("/#/invitation/nothing")
    second.is_told("Dieser Link funktioniert nicht mehr" if is_german else "This link does not work any more")
    _, late = invite(university)
    first.opens("about:blank").opens(late)
    expect(first.the("invitation-password")).to_be_visible()
    expire(university)
    accepts(first, NEW_PASSWORD)
    first.is_told("Dieser Link ist abgelaufen" if is_german else "This link has expired")
    is_sound(first.page)


def test_on_a_phone(university: Tenant, newcomer: Newcomer) -> None:
    _, link = invite(university, language="de")
    juergen = newcomer("Jürgen", screen=PHONE, locale="de-DE").opens(link)
    expect(juergen.the("accept-invitation")).to_be_in_viewport(ratio=1)
    assert juergen.page.evaluate("() => document.documentElement.scrollWidth") <= PHONE[0]
    juergen.the("invitation-password").fill(NEW_PASSWORD)
    juergen.the("accept-invitation").tap()
    expect(juergen.the("password-set")).to_be_visible()
