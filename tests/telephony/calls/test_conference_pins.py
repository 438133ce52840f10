"""PINs of conferences: who guesses has to wait."""

from __future__ import annotations

from switchroom.telephony.calls.conference_pins import ConferencePins
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform


def test_who_guesses_has_to_wait(running: RunningPlatform) -> None:
    organization = running.organization().organization
    conference = Api.of(running, organization).make("conferences", name="Daily", members_pin="4711")
    identity = running.platform.identity
    pins = ConferencePins(running.platform.storage.database, identity.passwords, identity.throttle)

    def fits(pin: str, place: str) -> bool:
        return running.run(pins.fits(organization.id, conference, pin, place))

    assert fits("4711", "device 1")
    for guess in range(30):
        assert not fits(f"{guess:04}", "number +4930123")
    assert not fits("4711", "number +4930123"), "the right one, too late"
    assert not fits("4711", "number +4930124"), "nor from another number"
    assert fits("4711", "device 1"), "who has been in is not kept out"
