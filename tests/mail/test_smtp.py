"""What the URL of the mail server means."""

from __future__ import annotations

import pytest

from switchroom.mail.smtp import parse_server
from switchroom.settings import ConfigurationError


def test_a_server_with_a_user() -> None:
    server = parse_server("smtp://post%40room:p%40ss%3Aw%C3%B6rd%2F1@mail.example.org")

    assert (server.host, server.port) == ("mail.example.org", 587)
    assert (server.username, server.password) == ("post@room", "p@ss:wörd/1")
    assert not server.implicit_tls


@pytest.mark.parametrize(
    ("url", "port", "implicit_tls"),
    [
        ("smtp://localhost", 25, False),
        ("smtp://user:word@localhost", 587, False),
        ("smtps://user:word@mail.example.org", 465, True),
        ("smtp://[::1]:1025", 1025, False),
    ],
)
def test_ports(url: str, port: int, implicit_tls: bool) -> None:
    server = parse_server(url)

    assert (server.port, server.implicit_tls) == (port, implicit_tls)


@pytest.mark.parametrize(
    ("url", "guarded"),
    [
        ("smtp://user:word@mail.example.org", True),
        ("smtp://user:word@mail.example.org?starttls=offered", False),
        ("smtp://mail.example.org", False),
        ("smtp://mail.example.org?starttls=required", True),
        ("smtps://mail.example.org", True),
        ("smtp://user:word@localhost", False),
        ("smtp://user:word@127.0.0.1:1025", False),
        ("smtps://[::1]", False),
    ],
)
def test_a_password_goes_to_another_machine_only_under_a_good_certificate(url: str, guarded: bool) -> None:
    server = parse_server(url)

    assert (server.require_tls, server.verify) == (guarded, guarded)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:secret@mail.example.org",
        "smtp://",
        "mail.example.org:25",
        "smtp://user:secret@mail.example.org:port",
        "smtp://user:secret@mail.example.org:99999",
        "smtp://user:secret@mail.example.org?starttls=perhaps",
        "smtp://user:secret@[mail",
    ],
)
def test_a_wrong_url_is_said_without_repeating_its_password(url: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_server(url)

    assert "smtp.url" in str(refused.value)
    assert "secret" not in str(refused.value)
