"""Parser of messages: RFC 4475, limits, what is read and written back."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from switchroom.engines.sip.errors import MalformedValue
from switchroom.engines.sip.message import Request, Response, response_to
from switchroom.engines.sip.parser import LARGEST_HEAD, MOST_FIELDS, ParseError, parse
from tests.sip import torture
from tests.steps import allowed, uncollected

_SLOWEST = 0.05
"""Seconds of processor time."""


def request(data: bytes) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def test_every_torture_message_has_an_expectation() -> None:
    assert len(torture.names()) == 50
    expected = torture.ACCEPTED | set(torture.REFUSED) | torture.DISCARDED
    assert sorted(expected) == torture.names()


@pytest.mark.parametrize("name", sorted(torture.ACCEPTED))
def test_valid_torture_messages_are_read_and_stay_the_same_when_written(name: str) -> None:
    message = parse(torture.message(name))
    again = parse(bytes(message))
    assert again.headers.all("Via") == message.headers.all("Via")
    assert [field for field in again.headers if field[0] != "Content-Length"] == [
        field for field in message.headers if field[0] != "Content-Length"
    ]
    assert (again.body, again.cseq, again.to, again.from_) == (
        message.body,
        message.cseq,
        message.to,
        message.from_,
    )


@pytest.mark.parametrize(("name", "status"), sorted(torture.REFUSED.items()))
def test_invalid_torture_requests_are_refused_with_a_response(name: str, status: int) -> None:
    with pytest.raises(ParseError) as refused:
        parse(torture.message(name))
    assert refused.value.status == status
    reply = refused.value.reply
    assert reply is not None
    assert reply.startswith(f"SIP/2.0 {status} ".encode())
    assert b"\r\nVia: " in reply


@pytest.mark.parametrize("name", sorted(torture.DISCARDED))
def test_torture_messages_that_nobody_can_answer_are_discarded(name: str) -> None:
    with pytest.raises(ParseError) as discarded:
        parse(torture.message(name))
    assert discarded.value.reply is None


def test_strange_spelling_is_understood() -> None:
    """RFC 4475 section 3.1.1.1."""
    message = request(torture.message("wsinv"))
    assert (message.method, message.cseq.number, message.max_forwards) == ("INVITE", 9, 68)
    assert message.to.tag == "1918181833n"
    assert message.from_.display_name == 'J Rosenberg \\"'
    assert message.from_.tag == "98asjd8"
    assert len(message.body) == 150
    assert message.via.host == "192.0.2.2"
    assert len(message.headers.values("Via")) == 3
    assert message.headers.get("Subject") == ""
    assert message.headers.get("NewFangledHeader".title()) == "newfangled value continued newfangled value"


def test_escapes_and_wide_characters_are_understood() -> None:
    """RFC 4475 sections 3.1.1.2 to 3.1.1.5."""
    escaped = request(torture.message("esc01"))
    assert escaped.to.uri.username == "user"
    assert escaped.from_.uri.username == "I have spaces"
    assert escaped.uri == "sip:sips%3Auser%40example.com@example.net"
    wide = request(torture.message("intmeth"))
    assert wide.method == "!interesting-Method0123456789_*+`.%indeed'~"
    assert wide.to.display_name == "BEL:\x07 NUL:\x00 DEL:\x7f"
    assert wide.from_.parameters["fromparam''~+*_!.-%"] == "работающий"
    assert len(request(torture.message("esc02")).headers.all("Contact")) == 2


def test_a_call_id_is_ascii() -> None:
    data = torture.message("transports")
    call_id = request(data).call_id.encode()
    with pytest.raises(ParseError) as refused:
        parse(data.replace(call_id, call_id + b"\xe9"))
    assert refused.value.status == 400
    assert refused.value.reply is not None


def test_what_follows_the_body_is_left() -> None:
    """RFC 4475 section 3.1.1.8: one datagram is one message."""
    assert request(torture.message("dblreq")).method == "REGISTER"


def test_reasons_of_responses() -> None:
    assert parse(torture.message("noreason")).__class__ is Response
    russian = parse(torture.message("unreason"))
    assert isinstance(russian, Response)
    assert russian.reason.endswith("простое")


def test_a_response_copies_what_it_must() -> None:
    message = request(torture.message("transports"))
    response = response_to(message, 200, to_tag="mine", headers=[("Allow", "INVITE")], body=b"v=0\r\n")
    read = parse(bytes(response))
    assert isinstance(read, Response)
    assert read.headers.all("Via") == message.headers.all("Via")
    assert (read.to.tag, read.call_id, read.cseq) == ("mine", message.call_id, message.cseq)
    assert read.sdp == b"v=0\r\n"


def test_bytes_that_are_no_utf_8_come_back_as_they_were() -> None:
    data = torture.message("lwsdisp").replace(b"caller<sip", b'"M\xfcller" <sip')
    message = request(data)
    assert message.from_.display_name == "M\ufffdller"
    assert b'From: "M\xfcller" <sip:caller@example.com>;tag=323\r\n' in bytes(response_to(message, 200))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n\r\n",
        b"\x00" * 100,
        b"INVITE",
        b"SIP/2.0",
        b"SIP/2.0 20 OK\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\n" + b"X: y\r\n" * (MOST_FIELDS + 1) + b"\r\n",
        b"INVITE sip:a SIP/2.0\r\nX: " + b"y" * LARGEST_HEAD + b"\r\n\r\n",
        b"INVITE sip:a SIP/2.0\r\nVia\r\n\r\n",
    ],
)
def test_what_is_no_message_is_a_parse_error(data: bytes) -> None:
    with pytest.raises(ParseError):
        parse(data)


@pytest.mark.parametrize(
    "value",
    [
        b'"' + b'\\"' * 4000,
        b'"' * 8000,
        b"<" * 8000,
        b"," * 8000,
        b";" * 8000,
        b'a;b="' + b'\\"' * 3900,
        b"sip:" + b"a;" * 4000,
        b" \t" * 4000,
        b"(" * 8000,
    ],
    ids=range(9),
)
@pytest.mark.parametrize("name", [b"From", b"Via", b"Contact", b"To"])
def test_reading_takes_time_in_proportion_to_the_size(name: bytes, value: bytes) -> None:
    lines = [line for line in torture.message("lwsdisp").split(b"\r\n") if not line.startswith(name)]
    data = b"\r\n".join([*lines[:-2], name + b": " + value, b"", b""])
    with uncollected():
        started = time.thread_time()
        with suppress(ParseError, MalformedValue):
            parse(data).headers.values("Contact")
        took = time.thread_time() - started
    assert took < _SLOWEST or took < allowed()


@pytest.mark.parametrize("character", [b"\r", b"\n", b"\0", b"\\\r", b"\\\n", b"\\\\\0"])
@pytest.mark.parametrize("name", [b"From", b"Subject", b"Via"])
def test_a_value_that_would_make_another_header_field_is_refused(name: bytes, character: bytes) -> None:
    start, *lines = torture.message("lwsdisp").split(b"\r\n")
    evil = b'"x' + character + b"P-Asserted-Identity: <sip:boss@b>"
    values = {
        b"From": evil + b'" <sip:a@b>;tag=1',
        b"Subject": evil + b'"',
        b"Via": b"SIP/2.0/UDP a;branch=z9hG4bKa;x=" + evil + b'"',
    }
    lines = [line for line in lines if not line.startswith(name + b":")]
    with pytest.raises(ParseError) as refused:
        parse(b"\r\n".join([start, name + b": " + values[name], *lines]))
    assert refused.value.status == 400
    reply = refused.value.reply
    assert reply is not None
    assert b"\0" not in reply
    assert [line for line in reply.replace(b"\r", b"\n").split(b"\n") if line.startswith(b"P-")] == []
    assert isinstance(parse(reply), Response)


def test_line_ends_in_a_reason_are_refused() -> None:
    data = torture.message("unreason")
    with pytest.raises(ParseError):
        parse(data.replace(b"SIP/2.0 200 ", b"SIP/2.0 200 OK\nVia: x ", 1))


@pytest.mark.parametrize("name", ["intmeth", "lwsdisp"])
@pytest.mark.parametrize(
    "field",
    [("X", "a\r\nY: b"), ("X", "a\nb"), ("X", "a\rb"), ("X", "a\0b"), ("X\r\nY", "a"), ("X", 'a"\\\0')],
)
def test_values_that_would_make_other_header_fields_are_never_written(
    name: str, field: tuple[str, str]
) -> None:
    message = request(torture.message(name))
    assert parse(bytes(response_to(message, 200, to_tag="mine", headers=[("X", "a")])))
    with pytest.raises(MalformedValue):
        bytes(response_to(message, 200, to_tag="mine", headers=[field]))
    with pytest.raises(MalformedValue):
        bytes(response_to(message, 200, "OK\r\nX: y"))


@pytest.mark.parametrize("before", [b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n"])
def test_line_ends_before_a_message_are_ignored(before: bytes) -> None:
    """RFC 3261 section 7.5: keep-alives in front."""
    data = torture.message("longreq")
    assert bytes(parse(before + data)) == bytes(parse(data))
    assert parse(before + torture.message("unreason")).call_id == parse(torture.message("unreason")).call_id


def test_the_version_of_a_response_is_read_in_any_case() -> None:
    """RFC 3261 section 7.1."""
    response = parse(torture.message("unreason").replace(b"SIP/2.0 200", b"sip/2.0 200", 1))
    assert isinstance(response, Response)
    assert response.status == 200
