"""What the join page says of a link that cannot be used, in the person's language."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.browser.people import Join, Newcomer
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

LANGUAGES = pytest.mark.parametrize("locale", ["en-GB", "de-DE"])


def moment(**from_now: float) -> str:
    return (datetime.now(UTC) + timedelta(**from_now)).isoformat().replace("+00:00", "Z")


@LANGUAGES
def test_a_link_that_is_not_yet_valid(tenant: Tenant, newcomer: Newcomer, locale: str) -> None:
    link = tenant.group_link(tenant.room(), validFrom="2099-05-04T09:30:00Z")["joinLink"]
    early = newcomer(locale=locale).opens(link)
    if locale == "de-DE":
        early.is_told("Dieser Link ist ab 4. Mai 2099")
    else:
        early.is_told("This link is valid from 4 May 2099")
    expect(early.the("join")).to_have_count(0)


def test_a_link_opens_by_itself_when_it_is_time(tenant: Tenant, newcomer: Newcomer) -> None:
    """The page's clock skips the ten minutes that it waits; for the server the time is moved meanwhile."""
    link = tenant.group_link(tenant.room(), validFrom=moment(minutes=10))
    early = newcomer()
    early.page.clock.install()
    early.opens(link["joinLink"])
    early.is_told("A little early")
    change = {"id": link["id"], "validFrom": moment(minutes=-1)}
    tenant.api("guestService.v2/updateGroupLink", groupLink=change)
    early.page.clock.fast_forward("11:00")
    expect(early.the("display-name")).to_be_visible()
    early.joins("Nora")


@LANGUAGES
def test_an_expired_link(tenant: Tenant, newcomer: Newcomer, locale: str) -> None:
    link = tenant.group_link(tenant.room(), validFrom=moment(days=-2), validUntil=moment(days=-1))["joinLink"]
    late = newcomer(locale=locale).opens(link)
    if locale == "de-DE":
        late.is_told("Dieser Link ist abgelaufen")
        late.is_told("Er war bis")
    else:
        late.is_told("This link has expired")
        late.is_told("It was valid until")


@LANGUAGES
def test_a_deleted_link(tenant: Tenant, newcomer: Newcomer, locale: str) -> None:
    room = tenant.room()
    link = tenant.group_link(room)
    tenant.api("guestService.v2/deleteLink", id=link["id"], roomId=room)
    somebody = newcomer(locale=locale).opens(link["joinLink"])
    somebody.is_told("Dieser Link funktioniert nicht" if locale == "de-DE" else "This link does not work")


def test_a_link_deleted_while_somebody_is_inside_puts_them_out(tenant: Tenant, newcomer: Newcomer) -> None:
    room = tenant.room()
    link = tenant.group_link(room)
    nora = newcomer().opens(link["joinLink"]).joins("Nora")
    tenant.api("guestService.v2/deleteLink", id=link["id"], roomId=room)
    nora.is_told("Your access was taken back")


def test_a_room_destroyed_while_somebody_is_inside_puts_them_out(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    nora = join(room, "Nora")
    tenant.api("roomService/destroy", roomId=room)
    nora.is_told("This room was closed")


LOOKS_ONCE = """(() => {
  const later = window.setTimeout;
  const tries = time => time >= 7_000 && time <= 11_000;
  window.setTimeout = (work, time, ...given) => later(work, tries(time) ? 600_000 : time, ...given);
})()"""
"""A page that does not look by itself whether a place has become free, which takes the button away from
whoever is about to press it."""


@LANGUAGES
def test_a_full_room(tenant: Tenant, join: Join, newcomer: Newcomer, locale: str) -> None:
    room = tenant.room(quotas={"activeParticipants": 1, "passiveParticipants": 1})
    anna = join(room, "Anna")
    link = tenant.group_link(room)
    late = newcomer(locale=locale, script=LOOKS_ONCE).opens(link["joinLink"])
    late.is_told("Dieser Raum ist voll" if locale == "de-DE" else "This room is full")
    anna.leaves()
    address = {"companyId": tenant.company_id, "roomId": room, "accessKey": link["accessKey"]}
    late.until(
        lambda: tenant.running.http.post("/client/link", json=address).json()["state"],
        lambda state: state == "valid",
        "a free place",
    )
    late.button("Erneut versuchen" if locale == "de-DE" else "Try again").click()
    late.joins("Lena")


def test_a_room_that_fills_while_one_chooses_ones_name(
    tenant: Tenant, join: Join, newcomer: Newcomer
) -> None:
    room = tenant.room(quotas={"activeParticipants": 1, "passiveParticipants": 1})
    late = newcomer("Lena").opens(tenant.group_link(room)["joinLink"])
    late.the("display-name").fill("Lena")
    join(room, "Anna")
    late.the("join").click()
    late.is_told("This room is full")


def test_a_room_full_of_spectators(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    room = tenant.room(mode="ROOM_MODE_SPECTATOR", quotas={"activeParticipants": 5, "passiveParticipants": 1})
    join(room, "Sven", as_="Spectator")
    late = newcomer("Lena").opens(tenant.group_link(room, "Spectator")["joinLink"])
    late.is_told("This room is full")
    join(room, "Anna").is_inside()


def test_a_full_room_is_tried_again_by_itself(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    room = tenant.room(quotas={"activeParticipants": 1, "passiveParticipants": 1})
    chooses = newcomer("Lena").opens(tenant.group_link(room)["joinLink"])
    chooses.the("display-name").fill("Lena")
    anna = join(room, "Anna")
    late = newcomer("Ole").opens(tenant.group_link(room)["joinLink"])
    late.is_told("This room is full")
    late.reads("This page opens by itself")
    anna.leaves()
    expect(late.the("join")).to_be_visible()
    late.joins("Ole")
    chooses.the("join").click()
    chooses.is_told("This room is full. You come in by yourself as soon as there is a place.")
    late.leaves()
    chooses.is_inside()


def test_nobody_has_to_wait_for_a_place(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    room = tenant.room(quotas={"activeParticipants": 1, "passiveParticipants": 1})
    lena = newcomer("Lena").opens(tenant.group_link(room)["joinLink"])
    lena.the("display-name").fill("Lena")
    anna = join(room, "Anna")
    lena.the("join").click()
    lena.is_told("This room is full")
    lena.the("stop-trying").click()
    expect(lena.the("error-message")).to_have_count(0)
    anna.leaves()
    lena.joins("Lena")
