"""Permissions hold at the server, whatever a page sends: here by a client that respects nothing."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.people import Join, Newcomer
from tests.browser.person import Person
from tests.conference.browser import SCRIPT as PEER_CONNECTIONS
from tests.conference.browser import SOURCES
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]

SIGNALLING = """() => {
  const waiting = new Map();
  let number = 0;
  const socket = new WebSocket(`ws://${location.host}/client/socket`);
  const open = new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = () => reject(new Error('no connection'));
  });
  socket.onmessage = ({data}) => {
    const message = JSON.parse(data);
    waiting.get(message.id)?.(message);
  };
  window.ask = async message => {
    await open;
    const id = String(++number);
    const answer = new Promise(resolve => waiting.set(id, resolve));
    socket.send(JSON.stringify({...message, id}));
    return answer;
  };
}"""


class Intruder:
    """A hand-written client in a page: it offers and claims everything."""

    def __init__(self, person: Person, token: str, room: str) -> None:
        self._page = person.page
        person.opens("/favicon.svg").opens("/#/nowhere")
        for script in (PEER_CONNECTIONS, SIGNALLING):
            self._page.evaluate(script)
        everything = {"microphone": True, "camera": True, "screen": True}
        self.joined = self.ask(type="join", token=token, roomId=room, media=everything)
        assert self.joined["type"] == "joined", self.joined

    def ask(self, **message: Any) -> dict[str, Any]:
        return self._page.evaluate("message => ask(message)", message)

    def publishes_everything(self) -> list[str]:
        """The directions that the media server agreed to, of the four lines all offered as sendonly."""
        made = self._page.evaluate("() => offer([true, true, true, true])")
        streams = [{"mid": mid, "source": source} for mid, source in zip(made["mids"], SOURCES, strict=True)]
        answer = self.ask(type="publish", sdp=made["sdp"], streams=streams)
        assert answer["type"] == "published", answer
        return self._page.evaluate("sdp => answered(sdp)", answer["sdp"])

    def packets_sent(self) -> dict[str, int]:
        reports: list[dict[str, Any]] = self._page.evaluate("async () => Object.values(await sent())")
        sums: dict[str, int] = {}
        for report in reports:
            sums[report["mid"]] = sums.get(report["mid"], 0) + report["packetsSent"]
        return sums


def test_without_voice_an_offered_microphone_is_refused(
    tenant: Tenant, join: Join, newcomer: Newcomer
) -> None:
    mute = {"role": "ROLE_CUSTOM", "join": True, "video": True, "chat": True}
    room = tenant.room(defaultPermissions=mute)
    anna = join(room, "Anna")
    mallory = Intruder(newcomer("Mallory"), tenant.person(first_name="Mallory", last_name="M").token, room)
    assert mallory.joined["permissions"]["voice"] is False
    assert mallory.joined["self"]["microphone"] is False
    assert mallory.joined["self"]["screen"] is False
    assert mallory.publishes_everything() == ["inactive", "sendonly", "inactive", "inactive"]
    claim = mallory.ask(type="media", microphone=True, camera=True, screen=False)
    assert (claim["type"], claim["code"]) == ("error", "not_allowed")
    anna.sees("Mallory M")
    expect(anna.tile("Mallory M")).to_have_attribute("data-audio", "off")
    anna.gets_nothing("Mallory M", "microphone", while_seeing="Mallory M")
    assert anna.received("Mallory M", "microphone").get("packetsReceived", 0) == 0


def test_a_revoked_source_is_silenced_even_if_the_client_goes_on_sending(
    tenant: Tenant, join: Join, newcomer: Newcomer
) -> None:
    room = tenant.room()
    moderator = join(room, "Mia", as_="Moderator")
    mallory = Intruder(newcomer("Mallory"), tenant.person(first_name="Mallory", last_name="M").token, room)
    assert mallory.publishes_everything() == ["sendonly"] * 4
    moderator.hears("Mallory M")
    moderator.forbids("Mallory M", "voice")
    expect(moderator.tile("Mallory M")).to_have_attribute("data-audio", "off")
    before = mallory.packets_sent()
    moderator.gets_nothing("Mallory M", "microphone", while_seeing="Mallory M")
    assert mallory.packets_sent()["0"] > before["0"], "nothing was sent that could have been silenced"
    moderator.forbids("Mallory M", "video")
    expect(moderator.tile("Mallory M")).to_have_attribute("data-video", "off")
    refused = mallory.ask(type="moderate", participantId=moderator.id_of("Mallory M"), action="mute")
    assert (refused["type"], refused["code"]) == ("error", "not_allowed")


def test_a_spectator_cannot_send_anything(tenant: Tenant, join: Join, newcomer: Newcomer) -> None:
    watching = {"role": "ROLE_SPECTATOR"}
    room = tenant.room(mode="ROOM_MODE_SPECTATOR", defaultPermissions=watching)
    anna = join(room, "Anna")
    token = tenant.person(first_name="Sly", last_name="Spectator").token
    spectator = Intruder(newcomer("Sly"), token, room)
    assert spectator.joined["self"]["isSpectator"] is True
    answer = spectator.ask(type="media", microphone=True, camera=True, screen=True)
    assert (answer["type"], answer["code"]) == ("error", "not_allowed")
    raised = spectator.ask(
        type="permit", participantId=spectator.joined["participantId"], permissions={"voice": True}
    )
    assert (raised["type"], raised["code"]) == ("error", "not_allowed")
    expect(anna.the("spectator-count")).to_have_text("1 spectator")
    anna.meets()


def test_a_changed_link_reaches_those_inside_unless_it_is_not_to(
    tenant: Tenant, join: Join, newcomer: Newcomer
) -> None:
    room = tenant.room()
    link = tenant.group_link(room, "Moderator")
    ben = join(room, "Ben")
    mia = newcomer("Mia").opens(link["joinLink"]).joins("Mia")
    row = ben.the("participant", name="Mia")
    expect(row).to_contain_text("Moderator")

    def becomes(group: str, **fields: Any) -> None:
        change = {"id": link["id"], "permissionGroupId": tenant.permission_group(group)}
        tenant.api("guestService.v2/updateGroupLink", groupLink=change, **fields)

    becomes("Participant")
    expect(row).not_to_contain_text("Moderator")
    expect(mia.the("participant", name="Ben")).to_be_visible()
    becomes("No access", skipRoomPermissionsUpdate=True)
    mia.writes("Still here")
    expect(ben.message("Still here")).to_be_visible()
    becomes("No access")
    mia.is_told("Your access was taken back")
    ben.meets()
