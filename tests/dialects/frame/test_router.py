"""The router of all dialects: which operation an address means, and what is answered when there is none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from litestar.types import Message, Scope
from structlog.testing import capture_logs

from switchroom.dialects import router
from switchroom.dialects.operation import Nothing, Operation
from switchroom.dialects.router import Router
from tests.dialects.frame.library import Book, Library, Reading, ask, elsewhere

BASE = "/library/v1"


@pytest.mark.parametrize(
    ("method", "path", "book"),
    [
        ("GET", "/shelves/a/books/b", "shelf_id=a book_id=b"),
        ("GET", "/shelves/a/books/newest", "newest"),
        ("GET", "/shelves/a/books/newest/", "newest"),
        ("GET", "//shelves//a/books/b", "shelf_id=a book_id=b"),
        ("GET", "/shelves/a%2Fb/books/%C3%BC%20x", "shelf_id=a/b book_id=ü x"),
        ("GET", "/shelves/newest/books/books", "shelf_id=newest book_id=books"),
        ("POST", "/shelves/a", "anything=shelves at_all=a"),
        ("POST", "/books/x", "anything=books at_all=x"),
    ],
)
async def test_what_is_spelled_out_goes_before_what_is_a_parameter(method: str, path: str, book: str) -> None:
    answer = await ask(method, BASE + path)

    assert (answer.status_code, answer.json()["book"]["id"]) == (200, book)


@pytest.mark.parametrize("path", ["", "/", "/nothing", "/books/x/y/z", "/shelves/a/books", "/books/%00/text"])
async def test_an_address_of_nothing_is_answered_in_the_dialects_words(path: str) -> None:
    answer = await ask("GET", BASE + path)

    assert (answer.status_code, answer.json()["word"]) == (404, "nowhere")


@pytest.mark.parametrize("path", ["/", "/library", "/library/v10/books", "/libraryv1/books", "/other"])
async def test_what_is_not_below_the_base_is_somebody_elses(path: str) -> None:
    assert (await ask("GET", path)).text == "elsewhere"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/books", "GET, HEAD, POST"),
        ("TRACE", "/books", "GET, HEAD, POST"),
        ("PUT", "/shelves/a/books/b", "DELETE, GET, HEAD, PATCH"),
        ("PUT", "/shelves/a/books/newest", "DELETE, GET, HEAD, PATCH"),
    ],
)
async def test_a_method_that_means_nothing_is_told_those_that_do(
    method: str, path: str, allowed: str
) -> None:
    answer = await ask(method, BASE + path)
    assert (answer.status_code, answer.json()["word"], answer.headers["allow"]) == (405, "not so", allowed)

    asked = await ask("OPTIONS", BASE + path)
    assert (asked.status_code, asked.content, asked.headers["allow"]) == (204, b"", allowed)


@pytest.mark.parametrize("path", ["/books", "/books/x/text", "/nothing", "/shelves/a/books/b"])
async def test_head_is_get_without_the_body(path: str) -> None:
    got, head = await ask("GET", BASE + path), await ask("HEAD", BASE + path)

    assert (head.status_code, head.content) == (got.status_code, b"")
    assert dict(head.headers) == dict(got.headers)


async def test_a_literal_that_has_not_the_method_leaves_it_to_the_parameter() -> None:
    answer = await ask("DELETE", f"{BASE}/shelves/a/books/newest")

    assert (answer.status_code, answer.json()["word"]) == (409, "lent")


async def test_who_calls_is_asked_before_the_body_is_read() -> None:
    assert (await ask("POST", f"{BASE}/books", reader="", content="not JSON")).json()["word"] == "who"
    assert (await ask("POST", f"{BASE}/sign-out", reader="")).status_code == 204


async def test_every_wrong_parameter_of_the_query_is_named() -> None:
    wrong = {"first": "-1", "limit": "ten", "written": "1815"}
    answer = await ask("GET", f"{BASE}/books", params=wrong)
    assert (answer.status_code, answer.json()["word"]) == (400, "invalid")
    assert answer.json()["fields"] == {
        "first": "first must be from 0 to 1000000",
        "limit": "limit is not a whole number",
        "written": "written is not a time such as 2020-04-07T09:00:00.000Z",
    }

    rest = await ask("GET", f"{BASE}/books", params={"first": "3", "limit": "1_0", "written": ""})
    assert list(rest.json()["fields"]) == ["limit"]
    books = (await ask("GET", f"{BASE}/books", params={"limit": 1, "written": "1815-12-23T00:00:00Z"})).json()
    assert books["book"] == [{"id": "0", "title": "Emma, 1815", "reader": "ada"}]


async def test_headers_of_the_context_are_sent() -> None:
    answer = await ask("POST", f"{BASE}/sign-out")

    assert (answer.content, answer.headers["set-cookie"]) == (b"", "reader=gone")
    assert "content-length" not in answer.headers


async def test_bytes_and_whole_answers_in_place_of_a_message() -> None:
    text = await ask("GET", f"{BASE}/books/x/text")
    assert (text.text, text.headers["content-type"]) == ("Käse", "text/plain; charset=utf-8")
    lost = await ask("GET", f"{BASE}/books/lost/text")
    assert (lost.status_code, lost.headers["location"]) == (303, "/elsewhere")


async def test_a_body_as_it_comes_and_within_the_operations_limit() -> None:
    assert (await ask("PUT", f"{BASE}/books/x/cover", content=b"\0" * 100)).json()["book"]["id"] == "100"
    assert (await ask("PUT", f"{BASE}/books/x/cover", content=b"\0" * 101)).status_code == 413


async def test_an_operation_that_takes_too_long_is_ended() -> None:
    library = Library()
    answer = await ask("GET", f"{BASE}/slow", library=library)

    assert (answer.status_code, answer.json()["word"], library.cancelled) == (503, "too slow", True)


async def test_what_nobody_meant_to_raise_is_logged_once_and_not_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(router, "log", router.structlog.get_logger())
    with capture_logs() as logs:
        answer = await ask("GET", f"{BASE}/broken/quite")
        await ask("GET", f"{BASE}/broken/gone")

    assert (answer.status_code, answer.json()["message"]) == (500, "something is broken")
    (entry,) = [one for one in logs if one["event"] == "operation failed"]
    assert (entry["log_level"], entry["operation"]) == ("error", f"GET {BASE}/broken/{{how}}")
    assert len(entry["request"]) == 8


@pytest.mark.parametrize(
    ("how", "status", "word", "fields"),
    [("gone", 410, "gone", ["id"]), ("missing", 404, "nothing", []), ("tired", 429, "slowly", [])],
)
async def test_a_row_of_class_and_code_goes_before_that_of_the_class(
    how: str, status: int, word: str, fields: list[str]
) -> None:
    answer = await ask("GET", f"{BASE}/broken/{how}")

    assert (answer.status_code, answer.json()["word"], list(answer.json()["fields"])) == (
        status,
        word,
        fields,
    )
    assert answer.headers.get("retry-after") == ("60" if how == "tired" else None)


async def test_nobody_is_answered_who_has_gone() -> None:
    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": f"{BASE}/books",
        "raw_path": f"{BASE}/books".encode(),
        "query_string": b"",
        "headers": [(b"x-reader", b"ada")],
        "client": None,
    }
    messages: list[Any] = [
        {"type": "http.request", "body": b'{"book"', "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Message] = []

    async def receive() -> Any:
        return messages.pop(0)

    async def send(message: Message) -> None:
        sent.append(message)

    whole: Scope = scope
    await Router([Library()], elsewhere)(whole, receive, send)
    assert sent == []


def test_one_address_means_one_operation() -> None:
    class Twice(Library):
        def operations(self) -> Any:
            return [*super().operations(), super().operations()[0]]

    with pytest.raises(ValueError, match="GET /books"):
        Router([Twice()], elsewhere)


class Endless(Library):
    """A library that tells of new books, whoever listens."""

    def __init__(self) -> None:
        super().__init__()
        self.news = self.tell()
        self.is_over = False

    def operations(self) -> Sequence[Operation]:
        return [
            Operation(
                method="GET",
                path="/news",
                summary="New books.",
                handler=self.listen,
                reply=Book,
                access="reader",
                is_stream=True,
            )
        ]

    async def listen(self, _context: Reading, _: Nothing) -> AsyncGenerator[Book]:
        return self.news

    async def tell(self) -> AsyncGenerator[Book]:
        try:
            while True:
                yield Book("new", "Emma", "ada")
        finally:
            self.is_over = True


async def test_a_stream_whose_client_is_gone_at_the_first_line_ends() -> None:
    library = Endless()
    application: Any = Router([library], elsewhere)
    first_line = asyncio.Event()

    async def receive() -> Message:
        await first_line.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            first_line.set()
            await asyncio.sleep(60)

    path = f"{BASE}/news"
    scope: Any = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"x-reader", b"ada")],
        "client": ("192.0.2.1", 1),
        "state": {},
    }
    await application(scope, receive, send)

    assert library.is_over
