"""What is wrong with the configuration is said in one line, which names the setting."""

from __future__ import annotations

from pathlib import Path

import pytest

from switchroom.platform.build import Platform
from switchroom.settings import ConfigurationError, load


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("webmeeting.user_timezone", "Europe/Atlantis"),
        ("webmeeting.user_timezone", ""),
        ("webmeeting.user_timezone", "Europe"),
        ("webmeeting.meeting_timezone", "../../etc/passwd"),
        ("events.webhook_networks", "10.0.0.0/8,10.0.0.0/33"),
        ("events.webhook_networks", "localhost"),
        ("security.trusted_proxies", "proxy"),
        ("security.guest_token_lifetime", "172801"),
        ("ice.stun", '["stun:x:3478"]'),
        ("ice.stun", "x.example:3478"),
        ("ice.stun", "stun:x.example, turn:x.example"),
        ("ice.turn", "turn:"),
        ("ice.turn", "turn:x.example:https"),
        ("ice.turn", "turn:x.example?transport=sctp"),
        ("database.url", "postgresql://user:secret@localhost/db"),
        ("database.url", "mysql+aiomysql://localhost/db"),
    ],
)
def test_a_wrong_value_is_refused(setting: str, value: str) -> None:
    variable = f"SWITCHROOM_{setting.replace('.', '_')}".upper()
    with pytest.raises(ConfigurationError) as refused:
        load(environment={variable: value})
    message = str(refused.value)
    assert setting in message
    assert "\n" not in message
    assert "secret@" not in message


@pytest.mark.parametrize(
    ("said", "key", "nearest"),
    [
        ('publik_url = "https://meet.example.org"', "publik_url", "public_url"),
        ('[smtp]\nsendr = "a@b.example"', "smtp.sendr", "smtp.sender"),
        ('[smtp]\npublic_url = "https://meet.example.org"', "smtp.public_url", "public_url"),
        ('trusted_proxies = ["127.0.0.1"]', "trusted_proxies", "security.trusted_proxies"),
    ],
)
def test_an_unknown_key_is_named_with_its_file_and_the_nearest(
    tmp_path: Path, said: str, key: str, nearest: str
) -> None:
    file = tmp_path / "switchroom.toml"
    file.write_text(said)
    with pytest.raises(ConfigurationError) as refused:
        load(file, {})
    assert str(refused.value) == f"{file}: {key} is no setting; did you mean {nearest}?"


def test_an_unknown_section_is_named_with_its_file_and_the_nearest(tmp_path: Path) -> None:
    file = tmp_path / "switchroom.toml"
    file.write_text("[secruity]\naccount_attempts = 3")
    with pytest.raises(ConfigurationError) as refused:
        load(file, {})
    assert str(refused.value) == f"{file}: [secruity] is no section; did you mean [security]?"


def test_what_is_right_is_taken() -> None:
    settings = load(
        environment={
            "SWITCHROOM_WEBMEETING_USER_TIMEZONE": "Asia/Tokyo",
            "SWITCHROOM_EVENTS_WEBHOOK_NETWORKS": "10.0.0.0/8, fd00::/8",
            "SWITCHROOM_ICE_STUN": "stun:stun.example.org,stuns:[2001:db8::1]:5349",
            "SWITCHROOM_ICE_TURN": "turns:turn.example.org:443?transport=tcp, turn:192.0.2.7",
        }
    )
    assert settings.ice.stun == ["stun:stun.example.org", "stuns:[2001:db8::1]:5349"]
    assert settings.ice.turn == ["turns:turn.example.org:443?transport=tcp", "turn:192.0.2.7"]
    assert settings.webmeeting.user_timezone == "Asia/Tokyo"
    assert settings.events.webhook_networks == ["10.0.0.0/8", "fd00::/8"]


def test_a_data_directory_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"^data: "):
        Platform(load(environment={}, options={"data": str(tmp_path / "file" / "data")}))
