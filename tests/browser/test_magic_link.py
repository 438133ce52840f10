"""From another program, in which somebody is signed in, to the pages."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import Newcomer
from tests.browser.test_accessibility import is_sound
from tests.browser.test_portal import sign_in
from tests.dialects.alfaview_v1.test_authentication import refresh_token
from tests.dialects.alfaview_v1.test_users import sign_in as sign_in_program
from tests.platform import Account, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def magic_link(tenant: Tenant, account: Account) -> str:
    own = refresh_token(sign_in_program(tenant, account.username))
    reply = tenant.api("authenticationService/createMagicToken", token=account.token, refreshToken=own)
    return reply["launchURL"]


@pytest.mark.parametrize(
    ("locale", "asked", "used"),
    [
        ("en-GB", "Go on only if you have just opened it yourself", "This link does not work any more"),
        ("de-DE", "wenn Sie es eben selbst geöffnet haben", "Dieser Link funktioniert nicht mehr"),
    ],
)
def test_whoever_asks_for_it_is_signed_in_once(
    tenant: Tenant, newcomer: Newcomer, locale: str, asked: str, used: str
) -> None:
    tenant.room("Mensa")
    link = magic_link(tenant, tenant.person())
    pat, eve = newcomer("Pat", locale=locale).opens(link), newcomer("Eve", locale=locale).opens(link)
    pat.reads(asked)
    is_sound(pat.page)
    assert link.rpartition("/")[2] not in pat.page.url

    pat.clicks_twice(pat.the("magic-sign-in"))

    expect(pat.the("room", name="Mensa")).to_be_visible()
    pat.page.reload()
    expect(pat.the("room", name="Mensa")).to_be_visible()
    eve.the("magic-sign-in").click()
    eve.reads(used)
    is_sound(eve.page)


def test_whoever_was_signed_in_before_is_not_any_more(tenant: Tenant, newcomer: Newcomer) -> None:
    before, after = tenant.person(), tenant.person(first_name="After", last_name="Wards")
    room = tenant.room("Afterwards", defaultPermissions={"role": "ROLE_NO_ACCESS"})
    tenant.api(
        "roomService/update", roomId=room, room={"permissions": {after.id: {"role": "ROLE_PARTICIPANT"}}}
    )
    tenant.room("Everybody")
    somebody = sign_in(newcomer("Somebody").opens("/"), before)
    expect(somebody.the("room", name="Everybody")).to_be_visible()
    expect(somebody.the("room", name="Afterwards")).to_have_count(0)
    alone = tenant.api("authenticationService/createMagicToken", token=after.token)["launchURL"]

    somebody.opens(alone)
    somebody.the("magic-sign-in").click()
    expect(somebody.the("room", name="Afterwards")).to_be_visible()

    # Made by an access token alone it cannot be renewed: neither as the one nor as the other.
    somebody.page.reload()
    expect(somebody.the("sign-in")).to_be_visible()
