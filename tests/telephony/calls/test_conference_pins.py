"""PINs of conferences: who guesses has to wait."""

from __future__ import annotations

from switchroom.db.base import now
from switchroom.telephony.calls.conference_pins import ConferencePins, Role
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform
from tests.telephony.waits import prolong_waits


def test_who_guesses_has_to_wait(running: RunningPlatform) -> None:
    organization = running.organization().organization
    conference = Api.of(running, organization).make("conferences", name="Daily", members_pin="4711")
    identity = running.platform.identity
    pins = ConferencePins(running.platform.storage.database, identity.passwords, identity.throttle)

    def fits(pin: str, place: str) -> bool:
        return running.run(pins.role(organization.id, conference, pin, place)) is Role.MEMBER

    assert fits("4711", "device 1")
    began = now()
    for guess in range(30):
        assert not fits(f"{guess:04}", "number +4930123")
    prolong_waits(running, began)
    assert not fits("4711", "number +4930123"), "the right one, too late"
    assert not fits("4711", "number +4930124"), "nor from another number"
    assert fits("4711", "device 1"), "who has been in is not kept out"


def test_moderators_have_a_pin_of_their_own(running: RunningPlatform) -> None:
    organization = running.organization().organization
    api = Api.of(running, organization)
    conference = api.make("conferences", name="Daily", members_pin="4711", moderators_pin="081500")
    identity = running.platform.identity
    pins = ConferencePins(running.platform.storage.database, identity.passwords, identity.throttle)

    def role(pin: str) -> Role | None:
        return running.run(pins.role(organization.id, conference, pin, "device 1"))

    assert (role("4711"), role("081500")) == (Role.MEMBER, Role.MODERATOR)
    api("POST", f"/conferences/{conference}", {"members_pin": None})
    assert (role("081500"), role("")) == (Role.MODERATOR, None)
