"""STUN and TURN servers for browsers."""

from __future__ import annotations

import base64
import hashlib
import hmac

from switchroom.conference.media.ice import ice_servers
from switchroom.settings import IceSettings


def test_without_settings_there_are_none() -> None:
    assert ice_servers(IceSettings(), "ada") == []


def test_turn_credentials_end() -> None:
    settings = IceSettings(
        stun=["stun:stun.example.org:3478"],
        turn=["turn:turn.example.org:3478", "turns:turn.example.org:443?transport=tcp"],
        turn_secret="north",
        turn_ttl=600,
    )
    stun, turn = ice_servers(settings, "ada", now=1_000_000.0)
    assert stun.urls == ["stun:stun.example.org:3478"]
    assert turn.urls == settings.turn
    assert turn.username == "1000600:ada"
    expected = hmac.new(b"north", b"1000600:ada", hashlib.sha1).digest()
    assert turn.credential == base64.b64encode(expected).decode()


def test_turn_without_a_secret_is_left_out() -> None:
    assert ice_servers(IceSettings(turn=["turn:turn.example.org"]), "ada") == []
