"""From a token to the way into a room."""

from __future__ import annotations

import time
from typing import Any

import pytest
from msgspec import structs

from switchroom.errors import (
    DomainError,
    Forbidden,
    Invalid,
    LinkExpired,
    LinkNotFound,
    LinkNotYetValid,
    NotFound,
    TokenExpired,
    Unauthenticated,
)
from switchroom.identity.permissions import MODERATOR, PARTICIPANT, SPECTATOR, Standing
from switchroom.rooms.admission import Admission, LinkState, Visitor
from switchroom.rooms.models import RoomMode
from tests.platform import RunningPlatform, Tenant


def review(tenant: Tenant, token: str, room_id: str) -> Admission:
    admissions, organization_id = tenant.running.platform.rooms.admissions, tenant.organization.id
    visitors = [Visitor(token, "Somebody")]
    (verdict,) = tenant.running.run(admissions.review(organization_id, room_id, visitors))
    if isinstance(verdict, DomainError):
        raise verdict
    return verdict


def admit(tenant: Tenant, token: str, room_id: str, name: str | None = None) -> Admission:
    return tenant.running.run(tenant.running.platform.rooms.admissions.admit(token, room_id, name))


def guest_token(tenant: Tenant, link: dict[str, Any], name: str = "Grace") -> str:
    admissions = tenant.running.platform.rooms.admissions
    guest = admissions.authenticate_guest(tenant.company_id, link["roomId"], link["accessKey"], name, "")
    return tenant.running.run(guest).token


def test_a_member_comes_in_as_who_they_are(tenant: Tenant):
    person = tenant.person(Standing.MODERATOR, first_name="Emil", last_name="Berliner")
    room_id = tenant.room(
        "Lounge",
        mode="ROOM_MODE_SPECTATOR",
        quotas={"activeParticipants": 3, "passiveParticipants": 4},
    )

    admission = admit(tenant, person.token, room_id, "Somebody else")

    assert admission.user_id == person.id
    assert admission.display_name == "Emil Berliner"
    assert admission.permissions == MODERATOR
    assert not admission.is_guest
    assert (admission.room.room_name, admission.room.company_name) == ("Lounge", "Acme")
    assert admission.room.mode is RoomMode.SPECTATOR
    assert (admission.room.active_limit, admission.room.passive_limit) == (3, 4)


def test_a_guest_comes_in_with_the_links_permissions(tenant: Tenant):
    room_id = tenant.room()
    for group, permissions in (
        ("Spectator", SPECTATOR),
        ("Participant", PARTICIPANT),
        ("Moderator", MODERATOR),
    ):
        link = tenant.group_link(room_id, group)

        admission = admit(tenant, guest_token(tenant, link), room_id, "Another name")

        assert admission.is_guest
        assert admission.permissions == permissions
        assert admission.display_name == "Another name"
        assert admission.link_id == link["id"]


def test_a_guest_links_own_name_counts(tenant: Tenant):
    link = tenant.guest_link(tenant.room(), displayName="Grace Hopper")

    assert admit(tenant, guest_token(tenant, link), link["roomId"], "X").display_name == "Grace Hopper"


def test_who_does_not_come_in(tenant: Tenant, running: RunningPlatform):
    person, stranger = tenant.person(), running.organization()
    open_room, closed_room = tenant.room(), tenant.room(defaultPermissions=None)
    no_access = tenant.group_link(open_room, "No access")
    guest = guest_token(tenant, tenant.group_link(open_room))
    cases: list[tuple[str, str, type[DomainError]]] = [
        (person.token, closed_room, Forbidden),
        (person.token, tenant.department(), Invalid),
        (person.token, stranger.room(), NotFound),
        (person.token, "nonsense", NotFound),
        (guest, closed_room, NotFound),
        (guest_token(tenant, no_access), open_room, Forbidden),
        ("nonsense", open_room, Unauthenticated),
    ]
    for token, room_id, error in cases:
        with pytest.raises(error):
            admit(tenant, token, room_id)


def test_a_link_that_changes_after_the_token_was_made(tenant: Tenant):
    link = tenant.group_link(tenant.room())
    token = guest_token(tenant, link)
    tenant.api(
        "guestService.v2/updateGroupLink", groupLink={"id": link["id"], "validUntil": "2020-01-01T00:00:00Z"}
    )

    with pytest.raises(LinkExpired):
        admit(tenant, token, link["roomId"])
    tenant.api("guestService.v2/deleteLink", id=link["id"])
    with pytest.raises(Unauthenticated):
        admit(tenant, token, link["roomId"])


def test_a_link_is_looked_up_whatever_its_validity(tenant: Tenant):
    room_id = tenant.room("Lounge")
    admissions = tenant.running.platform.rooms.admissions
    states = {
        LinkState.VALID: tenant.group_link(room_id),
        LinkState.EXPIRED: tenant.group_link(room_id, validUntil="2020-01-01T00:00:00Z"),
        LinkState.NOT_YET_VALID: tenant.group_link(room_id, validFrom="2120-01-01T00:00:00Z"),
    }
    for state, link in states.items():
        view = tenant.running.run(admissions.look_up_link(tenant.company_id, room_id, link["accessKey"]))
        assert view is not None
        assert view.state is state
        assert (view.room_name, view.company_name) == ("Lounge", "Acme")
    assert tenant.running.run(admissions.look_up_link(tenant.company_id, room_id, "x" * 32)) is None
    for state, error in ((LinkState.EXPIRED, LinkExpired), (LinkState.NOT_YET_VALID, LinkNotYetValid)):
        with pytest.raises(error):
            guest_token(tenant, states[state])
    with pytest.raises(LinkNotFound):
        guest_token(tenant, {"roomId": room_id, "accessKey": "x" * 32})


def test_a_token_that_has_expired_lets_nobody_in_and_still_says_who_is_inside(tenant: Tenant) -> None:
    room = tenant.room()
    person = tenant.person()
    claims = structs.replace(tenant.claims(person), expires_at=int(time.time()) - 1)
    expired = tenant.running.platform.identity.signer.sign(claims)
    with pytest.raises(TokenExpired):
        admit(tenant, expired, room)
    assert review(tenant, expired, room).user_id == person.id
    tenant.api("roomService/update", roomId=room, room={"permissions": {person.id: {"voice": True}}})
    with pytest.raises(Forbidden):
        review(tenant, expired, room)


def test_control_characters_are_left_out_of_the_names_of_guests(tenant: Tenant):
    link = tenant.group_link(tenant.room("Lounge"))
    token = guest_token(tenant, link, "Gra\x00ce\n Hop\x1bper\x85")
    assert admit(tenant, token, link["roomId"]).display_name == "Grace  Hopper"
    assert admit(tenant, token, link["roomId"], "\x07Amazing\tGrace").display_name == "Amazing Grace"
