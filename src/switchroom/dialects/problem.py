"""Problems with a request, and the tables by which dialects put them into their words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

from msgspec import Struct

from switchroom import texts
from switchroom.errors import DomainError, ErrorCode, Fact, FieldProblem, Invalid
from switchroom.texts import Language
from switchroom.texts.names import LONGEST_NAME, FieldNames

W = TypeVar("W")


class UnknownPath(Exception):
    """Request to an address at which there is nothing."""


class WrongMethod(Exception):
    """Request to an address at which there is something, and nothing that the method could mean."""


class Unreadable(Invalid):
    """Fields of a request cannot be read, by their paths as the caller knows them. `rest` is the message
    without them, where there is one."""

    def __init__(self, problems: Sequence[FieldProblem], rest: Any = None) -> None:
        first = problems[0]
        super().__init__(first.code, first.path, **first.facts)
        self.problems = problems
        self.rest = rest


class WrongField(Struct, frozen=True):
    """A field of the request, by its path as the caller knows it, and what is wrong with it."""

    path: str
    reason: str


class Row(Struct, Generic[W], frozen=True):
    """Row of a dialect's table: HTTP status, its own word, and what it says in place of the error's text: the
    text of another code, or words of its own."""

    status: int
    word: W
    says: ErrorCode | str = ""


class Problem(Struct, Generic[W], frozen=True):
    """Problem with a request, in a dialect's words, of which it makes the body of its answer.

    `message` is in the caller's language. `fields` are named as the caller knows them: those that are wrong,
    or what another error is about. `code` and `facts` are those of the domain's error.
    """

    status: int
    word: W
    message: str
    code: ErrorCode | None = None
    fields: Sequence[WrongField] = ()
    facts: Mapping[str, Fact] = {}
    is_unexpected: bool = False


class ProblemTable(Generic[W]):
    """Table from exceptions to a dialect's words.

    `rows` are found by the exception's class and its code, then by the class with no code, then so by each
    class above it. The row of `Exception` stands for what nobody meant to raise. `names` are what the dialect
    calls what errors are about.
    """

    def __init__(
        self,
        rows: Mapping[tuple[type[Exception], ErrorCode | None], Row[W]],
        names: FieldNames | None = None,
    ) -> None:
        self._rows = rows
        self._names = names or FieldNames(in_camel_case=False)

    def problem_of(self, error: Exception, language: Language = "en") -> Problem[W]:
        """Answer to an exception. Raises KeyError when the table lacks the row of `Exception`."""
        if not isinstance(error, DomainError):
            row, kind = self._row(type(error), None)
            message = _said(row, language) or str(error)
            return Problem(row.status, row.word, message, is_unexpected=kind is Exception)
        row, _ = self._row(type(error), error.code)
        # What could not be read is named as the caller has named it.
        name_of = _as_it_is if isinstance(error, Unreadable) else self._names.of
        message = _said(row, language) or texts.message(error, language, name_of)
        fields = [
            WrongField(name_of(one.path), texts.reason(one, language, name_of)) for one in _problems(error)
        ]
        return Problem(row.status, row.word, message, error.code, fields, error.facts)

    def name_of(self, path: str) -> str:
        """The dialect's name of what is at a path of the domain."""
        return self._names.of(path)

    def _row(self, kind: type[Exception], code: ErrorCode | None) -> tuple[Row[W], type[Exception]]:
        for one in kind.__mro__:
            if issubclass(one, Exception):
                row = self._rows.get((one, code)) or self._rows.get((one, None))
                if row is not None:
                    return row, one
        raise KeyError(kind.__name__)


def _problems(error: DomainError) -> Sequence[FieldProblem]:
    """Problems of single fields; of another error than Invalid the one that its path names, if any."""
    if isinstance(error, Invalid):
        return error.problems
    return [FieldProblem(error.path, error.code, error.facts)] if error.path else []


def _as_it_is(path: str) -> str:
    return path[:LONGEST_NAME]


def _said(row: Row[Any], language: Language) -> str:
    return texts.text(row.says, language) if isinstance(row.says, ErrorCode) else row.says
