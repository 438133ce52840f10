"""The configuration folder that is written for Janus."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from switchroom.engines.janus.configuration import JanusConfiguration, JanusNotInstalled, written_endpoint

pytestmark = pytest.mark.janus


def test_only_what_is_needed_is_loaded(tmp_path: Path) -> None:
    JanusConfiguration().write(tmp_path)
    loaded = {
        folder: sorted(one.name for one in (tmp_path / folder).iterdir())
        for folder in ("plugins", "transports", "events", "loggers")
    }
    assert loaded == {
        "plugins": ["libjanus_audiobridge.so", "libjanus_videoroom.so"],
        "transports": ["libjanus_websockets.so"],
        "events": [],
        "loggers": [],
    }


def test_secrets_are_for_the_owner_only(tmp_path: Path) -> None:
    JanusConfiguration().write(tmp_path / "janus")
    assert stat.S_IMODE((tmp_path / "janus").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "janus" / "janus.jcfg").stat().st_mode) == 0o600


def test_the_settings_arrive(tmp_path: Path) -> None:
    JanusConfiguration(
        port=4711,
        api_secret='a "quoted" secret',
        ice_enforce=["eth0", "192.168."],
        stun="stun.example.org:3478",
        rtp_port_min=30000,
        rtp_port_max=30100,
    ).write(tmp_path)
    core = (tmp_path / "janus.jcfg").read_text()
    assert 'api_secret = "a \\"quoted\\" secret"' in core
    assert 'ice_enforce_list = "eth0,192.168."' in core
    assert 'rtp_port_range = "30000-30100"' in core
    assert 'stun_server = "stun.example.org"' in core
    assert "stun_port = 3478" in core
    assert "ice_lite = true" in core
    transport = (tmp_path / "janus.transport.websockets.jcfg").read_text()
    assert "ws_port = 4711" in transport
    assert 'ws_ip = "127.0.0.1"' in transport
    assert "admin_ws = false" in transport
    mixer = (tmp_path / "janus.plugin.audiobridge.jcfg").read_text()
    assert 'local_ip = "127.0.0.1"' in mixer
    assert 'rtp_port_range = "30000-30100"' in mixer
    assert written_endpoint(tmp_path) == ("ws://127.0.0.1:4711", 'a "quoted" secret')
    assert written_endpoint(tmp_path / "nothing") is None


def test_behind_a_nat_ice_is_full(tmp_path: Path) -> None:
    JanusConfiguration(nat_1_1=["203.0.113.7"]).write(tmp_path)
    core = (tmp_path / "janus.jcfg").read_text()
    assert 'nat_1_1_mapping = "203.0.113.7"' in core
    assert "ice_lite = false" in core


def test_each_installation_has_a_secret_of_its_own() -> None:
    assert JanusConfiguration().api_secret != JanusConfiguration().api_secret


def test_writing_twice_is_writing_once(tmp_path: Path) -> None:
    configuration = JanusConfiguration()
    configuration.write(tmp_path)
    before = (tmp_path / "janus.jcfg").read_text()
    configuration.write(tmp_path)
    assert (tmp_path / "janus.jcfg").read_text() == before


def test_without_janus(tmp_path: Path) -> None:
    with pytest.raises(JanusNotInstalled, match="no-such-janus"):
        JanusConfiguration().write(tmp_path, "no-such-janus")
