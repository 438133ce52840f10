"""The page of the API documents: each is shown, calls can be tried, and nothing comes from elsewhere."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from switchroom.identity.keys import KeyPermission
from tests.browser.people import Newcomer
from tests.platform import RunningPlatform, Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

DOCUMENTS = {
    "v3.0": ("Telephony API", "/v3.0/channels"),
    "v6": ("Web Meeting API", "/api/v6/meeting"),
    "v1": ("alfaview", "/json/v1/roomService/list"),
    "client": ("Switchroom", "/client/"),
}


@pytest.mark.parametrize("locale", ["en-GB", "de-DE"])
def test_each_document_is_read(running: RunningPlatform, newcomer: Newcomer, locale: str) -> None:
    reader = newcomer(locale=locale)
    elsewhere: list[str] = []
    reader.page.on(
        "request",
        lambda one: (
            None if one.url.startswith((running.base_url, "data:", "blob:")) else elsewhere.append(one.url)
        ),
    )
    reader.opens(f"{running.base_url}/docs")
    title = "API-Dokumente" if locale == "de-DE" else "API documents"
    expect(reader.page.get_by_role("heading", name=title)).to_be_visible()
    for name, (heading, path) in DOCUMENTS.items():
        reader.the("document-choice").select_option(name)
        shown = reader.the("document")
        expect(shown.locator(".title").first).to_contain_text(heading)
        expect(shown.locator(".opblock-summary-path", has_text=path).first).to_be_visible()
        expect(reader.page).to_have_url(f"{running.base_url}/docs#{name}")
    assert elsewhere == []
    assert reader.crashes == []
    assert [line for line in reader.console if "Content Security Policy" in line] == []


def test_a_call_is_tried(running: RunningPlatform, tenant: Tenant, newcomer: Newcomer) -> None:
    """A key signs in, its token authorizes, and the account is read."""
    key = running.run(
        running.platform.identity.keys.create("reader", KeyPermission.TELEPHONY, tenant.organization)
    )
    reader = newcomer().opens(f"{running.base_url}/docs#v3.0")
    signing_in = reader.page.locator(
        "#operations-default-put_v3_0_auth_account, [id$=put_auth_account]"
    ).first
    signing_in.locator(".opblock-summary-control").click()
    signing_in.get_by_role("button", name="Try it out").click()
    signing_in.locator("textarea").fill(json.dumps({"data": {"api_key": key}}))
    signing_in.get_by_role("button", name="Execute").click()
    answer = signing_in.locator(".live-responses-table .response")
    expect(answer.locator(".response-col_status")).to_contain_text("200")
    told = answer.locator(".response-col_description pre").first
    expect(told).to_contain_text("auth_token")
    token = json.loads(told.inner_text())["auth_token"]

    reader.page.get_by_role("button", name="Authorize").first.click()
    dialog = reader.page.locator(".auth-container")
    dialog.locator("input").fill(token)
    dialog.get_by_role("button", name="Apply credentials").click()
    reader.page.get_by_role("button", name="Close", exact=True).click()
    reading = reader.page.locator("[id$=get_accounts]")
    reading.locator(".opblock-summary-control").click()
    reading.get_by_role("button", name="Try it out").click()
    reading.get_by_role("button", name="Execute").click()
    expect(reading.locator(".live-responses-table .response .response-col_status")).to_contain_text("200")
    expect(reading.locator(".live-responses-table")).to_contain_text(f'"id": {tenant.organization.id}')
