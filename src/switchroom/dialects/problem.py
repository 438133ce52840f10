"""What went wrong with a request, and the tables by which dialects put it into their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from switchroom.errors import DomainError, Invalid

W = TypeVar("W")


class UnknownPath(Exception):
    """There is nothing at the request's address."""


class WrongMethod(Exception):
    """There is something at the request's address, and nothing that the method could mean."""


class WrongField(Struct, frozen=True):
    """A field of the request, by its path as the caller knows it, and what is wrong with it."""

    path: str
    reason: str


class WrongFields(Exception):
    """Fields of a request are wrong. `rest` is the message without them, where there is one."""

    def __init__(self, fields: Sequence[WrongField], rest: Any = None) -> None:
        super().__init__("; ".join(f"{one.path}: {one.reason}".removeprefix(": ") for one in fields))
        self.fields = fields
        self.rest = rest

    @classmethod
    def of(cls, errors: Sequence[Invalid]) -> WrongFields:
        """Those that the errors name, each once."""
        by_path = {error.field or "": error.message for error in errors}
        return cls([WrongField(path, reason) for path, reason in by_path.items()])


class Row(Struct, Generic[W], frozen=True):
    """What a dialect answers: HTTP status, its own word, and what it says in place of the error's message."""

    status: int
    word: W
    message: str = ""


class Problem(Struct, Generic[W], frozen=True):
    """What went wrong with a request, in a dialect's words, of which it makes the body of its answer.

    `code` and `details` are those of the domain's error; `message` is its English sentence, or the table's;
    `fields` are named as the caller knows them.
    """

    status: int
    word: W
    message: str
    code: str = ""
    fields: Sequence[WrongField] = ()
    details: Mapping[str, str] = {}
    is_unexpected: bool = False


class ProblemTable(Generic[W]):
    """From exceptions to a dialect's words.

    `rows` are found by the exception's class and its code, then by the class with no code (`""`), then so by
    each class above it. The row of `Exception` stands for what nobody meant to raise.

    `field_names` has the dialect's name of a part of a domain's path by the path up to there, without
    indexes: with `{"invitees": "guests", "invitees.email": "mail"}`, `invitees[1].email` is `guests[1].mail`.
    A part with an empty name is left out, one without a name is called as the domain calls it.
    """

    def __init__(
        self,
        rows: Mapping[tuple[type[Exception], str], Row[W]],
        field_names: Mapping[str, str] | None = None,
    ) -> None:
        self._rows = rows
        self._field_names = field_names or {}

    def problem_of(self, error: Exception) -> Problem[W]:
        """What to answer to an exception. Raises KeyError when the table lacks the row of `Exception`."""
        code = error.code or "" if isinstance(error, DomainError) else ""
        row, kind = self._row(type(error), code)
        if isinstance(error, DomainError):
            fields = [WrongField(self.name_of(error.field), error.message)] if error.field else []
            return Problem(row.status, row.word, row.message or error.message, code, fields, error.details)
        fields = error.fields if isinstance(error, WrongFields) else ()
        return Problem(
            row.status,
            row.word,
            row.message or str(error),
            fields=fields,
            is_unexpected=kind is Exception,
        )

    def name_of(self, path: str) -> str:
        """The dialect's name of a field of the domain; indexes stay."""
        if not self._field_names:
            return path
        known, names = "", list[str]()
        for part in path.split("."):
            bare, bracket, index = part.partition("[")
            known = f"{known}.{bare}" if known else bare
            name = self._field_names.get(known, bare)
            if name:
                names.append(name + bracket + index)
        return ".".join(names)

    def _row(self, kind: type[Exception], code: str) -> tuple[Row[W], type[Exception]]:
        ancestors = [one for one in kind.__mro__ if issubclass(one, Exception)]
        for one in ancestors:
            row = (self._rows.get((one, code)) if code else None) or self._rows.get((one, ""))
            if row is not None:
                return row, one
        raise KeyError(kind.__name__)
