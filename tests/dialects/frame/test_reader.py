"""The reader of bodies: everything that is wrong is named, by the caller's paths, at once."""

from __future__ import annotations

import json
from typing import Any, Literal

import pytest
from msgspec import Struct

from switchroom.dialects.body import DEEPEST, LARGEST_BODY, MOST_CONTAINERS, Reader
from switchroom.dialects.problem import Unreadable
from switchroom.texts import named
from tests.dialects.frame.library import Author, Draft, ask

BOOKS = "/library/v1/books"


def problems(kind: Any, body: bytes) -> dict[str, str]:
    with pytest.raises(Unreadable) as error:
        Reader[Any](kind).read(body)
    return {one.path: one.code.value for one in error.value.problems}


async def refused(body: Any) -> dict[str, str]:
    answer = await ask("POST", BOOKS, json={"book": body})
    assert answer.status_code == 400, answer.text
    return answer.json()["fields"]


async def test_a_good_body_is_read_whatever_its_type_is_called() -> None:
    answer = await ask(
        "POST", BOOKS, content=b'{"book": {"title": "Emma", "unknown": [1]}}', headers={"content-type": "x/y"}
    )

    assert answer.json() == {"book": {"id": "new", "title": "Emma", "reader": "ada"}}


async def test_every_wrong_field_is_named() -> None:
    body = {"title": 5, "authors": [{"name": "Jane"}, {"born": "1775"}, 7], "pages": 0}

    assert set(await refused(body)) == {"title", "authors[1].name", "authors[1].born", "authors[2]", "pages"}


async def test_what_can_be_read_is_validated_with_it() -> None:
    assert set(await refused({"title": "", "pages": "x"})) == {"title", "pages"}
    assert set(await refused({"pages": "x", "authors": []})) == {"title", "pages", "writers"}
    assert set(await refused({"title": "", "authors": []})) == {"title", "writers"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"book": 5}', b'{"book": null}', b"\xff", b"[" * 100_000]
)
async def test_what_is_no_message_at_all(body: bytes) -> None:
    answer = await ask("POST", BOOKS, content=body)

    assert (answer.status_code, answer.json()["word"]) == (400, "invalid")


def test_null_stands_for_an_absent_field_unless_the_field_knows_it() -> None:
    assert Reader(Draft).read(b'{"title": "Emma", "pages": null}') == Draft("Emma")
    assert Reader(Author).read(b'{"name": "Jane", "born": null}') == Author("Jane", None)
    assert problems(Draft, b'{"title": null}') == {"title": "type_mismatch"}


def test_a_null_character_is_in_no_text() -> None:
    assert problems(Draft, b'{"title": "a\\u0000b"}') == {"title": "text_with_null_character"}
    assert Reader(Draft).read(b'{"title": "a\\\\u0000b"}').title == "a\\u0000b"


def test_messages_that_are_no_objects() -> None:
    assert Reader(list[Author]).read(b'[{"name": "Jane"}]') == [Author("Jane")]
    assert set(problems(list[Author], b'[{"name": "Jane"}, {"name": 5}, {}]')) == {"[1].name", "[2].name"}
    assert set(problems(list[Author] | Author, b'{"name": 5}')) == {"name"}


def test_of_a_million_wrong_items_some_are_named() -> None:
    assert len(problems(Draft, b'{"title": "x", "authors": [' + b"1," * 300_000 + b"1]}")) == 100


def test_of_many_items_the_one_that_is_wrong_is_named() -> None:
    items = b'{"name": "Jane"},' * 20_000
    assert problems(Draft, b'{"title": "x", "authors": [' + items + b"1]}") == {
        "authors[20000]": "type_mismatch"
    }


def test_what_is_quoted_of_a_value_is_no_place() -> None:
    place = " - at `$.title`"
    assert problems(Literal["x"] | Author, json.dumps(place).encode()) == {"": "value_unknown"}
    body = json.dumps({"title": "x", "kind": place}).encode()
    assert problems(_WithKind, body) == {"kind": "value_unknown"}


class _WithKind(Struct):
    kind: Literal["x"] = "x"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_levels_are_bounded(opening: str, closing: str) -> None:
    def body(depth: int) -> bytes:
        return f'{{"title": "x", "unknown": {opening * depth}1{closing * depth}}}'.encode()

    assert Reader(Draft).read(body(DEEPEST - 1)).title == "x"
    for depth in (DEEPEST, 500, 980):
        assert problems(Draft, body(depth)) == {"": "body_too_deep"}


def test_a_body_of_very_many_lists_is_refused_before_it_is_read() -> None:
    def body(lists: int) -> bytes:
        return b'{"title": "x", "more": [' + b",".join([b"[]"] * (lists - 2)) + b"]}"

    assert Reader(Draft).read(body(MOST_CONTAINERS)).title == "x"
    assert problems(Draft, body(MOST_CONTAINERS + 1)) == {"": "body_too_many_containers"}
    longer = body(2 * MOST_CONTAINERS) + b" " * LARGEST_BODY
    assert Reader(Draft).read(longer).title == "x"


def test_a_name_that_callers_have_written_is_cut() -> None:
    found = named("x" * 5000 + ".name", "must not be empty")
    assert found == "x" * 1000 + ": must not be empty"
    assert named("guests[1].name", "name must not be empty") == "name must not be empty"
    assert named("guests[1].name", "names must not be empty") == "guests[1].name: names must not be empty"
    assert named("a.(.*", "must not be empty") == "a.(.*: must not be empty"
