"""A company deleted on the page that the link of a mail leads to."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.people import PHONE, Newcomer
from tests.browser.test_accessibility import is_sound
from tests.dialects.alfaview_v1.test_company_deletion import ask
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def test_a_company_is_deleted_by_the_link_once(university: Tenant, newcomer: Newcomer) -> None:
    university.room("Aula")
    university.person()
    key = ask(university)
    ada = newcomer("Ada", screen=PHONE).opens(f"/#/company-deletion/{key}")
    ada.reads("people (2), rooms (1)")
    is_sound(ada.page)
    assert key not in ada.page.url

    ada.clicks_twice(ada.the("delete-company"))

    ada.reads("Universität Köln is deleted")
    late = newcomer("Olga", locale="de-DE").opens(f"/#/company-deletion/{key}")
    late.reads("Dieser Link funktioniert nicht mehr")
    expect(late.the("delete-company")).to_have_count(0)
