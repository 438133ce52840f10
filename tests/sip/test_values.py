"""Values of header fields: URIs, addresses, lists, parameters, Via, Replaces; some made by hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switchroom.engines.sip.address import NameAddr, parse_name_addr
from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.fields import (
    Replaces,
    SessionExpires,
    parse_cseq,
    parse_event,
    parse_replaces,
    parse_session_expires,
    parse_via,
)
from switchroom.engines.sip.grammar import format_parameters, parse_parameters, quoted, split_list, unquoted
from switchroom.engines.sip.headers import Headers, field_name
from switchroom.engines.sip.message import Request
from switchroom.engines.sip.parser import ParseError, parse
from switchroom.engines.sip.uri import Uri, escape_user, parse_uri
from tests.sip import torture

_TOKENS = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=12)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=40)


def test_a_uri_has_its_parts() -> None:
    uri = parse_uri("sip:+49123%23:pw@Example.org:5070;transport=UDP;lr?Replaces=a%40b%3Bto-tag%3D1&X=y")
    assert (uri.scheme, uri.username, uri.host, uri.port) == ("sip", "+49123#", "Example.org", 5070)
    assert uri.parameters == {"transport": "UDP", "lr": None}
    assert uri.header("replaces") == "a@b;to-tag=1"
    assert str(uri.without_headers()) == "sip:+49123%23:pw@Example.org:5070;transport=UDP;lr"


@pytest.mark.parametrize(
    "text",
    [
        "sip:a@[2001:db8::1]:5060",
        "sip:host",
        "tel:+49-30-1;phone-context=x",
        "urn:service:sos",
        "sips:a@b;lr",
    ],
)
def test_a_uri_stays_the_same(text: str) -> None:
    assert str(parse_uri(text)) == text


@pytest.mark.parametrize(
    "text",
    ["", "sip:", "sip:@a", "sip:a b@c", "sip:a@", "sip:a@b:99999", "<sip:a@b>", "a@b", "sip:a@b\r\nX: y"],
)
def test_no_uri(text: str) -> None:
    with pytest.raises(MalformedValue):
        parse_uri(text)


def test_escapes_in_parameters_stay_escapes() -> None:
    """What is written again must not end the line."""
    address = parse_name_addr("<sip:a@b;x%0d%0aVia=%0d%0a>;tag=1")
    assert str(address) == "<sip:a@b;x%0d%0avia=%0d%0a>;tag=1"


def test_any_user_can_be_put_into_a_uri() -> None:
    user = "a b@ü#\r\n"
    assert parse_uri(f"sip:{escape_user(user)}@h").username == user


def test_an_address_without_brackets_keeps_the_parameters_for_itself() -> None:
    """RFC 3261 section 20.10, RFC 4475 sections 3.3.9 and 3.3.10."""
    assert parse_name_addr("sip:a@b;p=1").parameters == {"p": "1"}
    assert parse_name_addr("<sip:a@b;p=1>").parameters == {}
    assert parse_name_addr("<sip:a@b;p=1>").uri.parameters == {"p": "1"}


def test_lists_are_split_outside_of_quotes_and_brackets() -> None:
    assert split_list('"a, \\", b" <sip:a@b>, <sip:a,b@c> , x') == [
        '"a, \\", b" <sip:a@b>',
        "<sip:a,b@c>",
        "x",
    ]
    headers = Headers([("Route", "<sip:a;lr>, <sip:b;lr>"), ("Route", "<sip:c;lr>")])
    assert headers.values("Route") == ["<sip:a;lr>", "<sip:b;lr>", "<sip:c;lr>"]


def test_names_of_fields() -> None:
    assert [field_name(name) for name in ("i", "CALL-ID", "call-id", "X", "x-own", "www-authenticate")] == [
        "Call-ID",
        "Call-ID",
        "Call-ID",
        "Session-Expires",
        "X-Own",
        "WWW-Authenticate",
    ]


def test_via_and_branches() -> None:
    via = parse_via("SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bKabc;rport")
    assert (via.branch, via.sent_by, via.parameters["rport"]) == ("z9hG4bKabc", ("127.0.0.1", 5060), None)
    assert parse_via("SIP/2.0/UDP a;branch=z9hG4bK").branch is None
    assert parse_via(str(via)) == via


def test_values_of_extensions() -> None:
    assert parse_session_expires("1800;refresher=UAS") == SessionExpires(1800, "uas")
    assert parse_session_expires("9" * 400).interval == 2**31 - 1
    replaces = parse_replaces("a@b;from-tag=1;to-tag=2;early-only")
    assert replaces == Replaces("a@b", "2", "1", early_only=True)
    assert parse_replaces(str(replaces)) == replaces
    assert parse_event("Refer;id=93809824").id == "93809824"


@pytest.mark.parametrize(
    "text", ["-1 INVITE", "2147483648 INVITE", "1", "INVITE", "1 INV ITE", "\u0661 INVITE"]
)
def test_no_cseq(text: str) -> None:
    with pytest.raises(MalformedValue):
        parse_cseq(text)


@given(_TEXTS)
def test_quoted_strings_stay_the_same(text: str) -> None:
    assert unquoted(quoted(text)) == text


@given(st.dictionaries(_TOKENS.map(str.lower), st.none() | _TEXTS.map(str.strip)))
def test_parameters_stay_the_same(parameters: dict[str, str | None]) -> None:
    assert parse_parameters(format_parameters(parameters)) == parameters


@given(_TEXTS.map(str.strip), st.text("abc019+-", min_size=1, max_size=9), _TOKENS)
def test_addresses_stay_the_same(name: str, user: str, tag: str) -> None:
    address = NameAddr(Uri("sip", user, "example.org", 5060), name, {"tag": tag})
    assert parse_name_addr(str(address)) == address


@settings(max_examples=500)
@given(st.sampled_from(torture.names()), st.binary(max_size=30), st.integers(0, 2000), st.integers(0, 40))
def test_damaged_messages_raise_nothing_but_the_parsers_own_error(
    name: str, patch: bytes, start: int, length: int
) -> None:
    data = torture.message(name)
    try:
        message = parse(data[:start] + patch + data[start + length :])
    except ParseError:
        return
    again = parse(bytes(message))
    assert again.call_id == message.call_id
    if isinstance(message, Request):
        assert isinstance(again, Request)
        assert again.method == message.method


def test_values_that_come_again_are_parsed_once() -> None:
    short, long = "sip:again@example.org", f"sip:{'a' * 256}@example.org"
    assert parse_uri(short) is parse_uri(f"{short[:4]}{short[4:]}")
    assert parse_uri(long) is not parse_uri(long)
    assert parse_uri(long) == parse_uri(long)
    for _ in range(2):
        with pytest.raises(MalformedValue):
            parse_uri("sip:@")
