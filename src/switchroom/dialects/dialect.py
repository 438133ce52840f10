"""Dialect: what an API declares about itself, of which the router makes the API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec

from switchroom.dialects.body import Reader
from switchroom.dialects.operation import Context, Operation
from switchroom.dialects.problem import Problem, ProblemTable

C = TypeVar("C")
W = TypeVar("W")


class MessageReader(Protocol):
    """Makes messages of bodies."""

    def read(self, body: bytes) -> Any:
        """Raises Unreadable."""
        ...


class Dialect(ABC, Generic[C, W]):
    """An API: its operations, and what they have in common. `C` is who calls, `W` its word for a problem.

    `base` is where the API is; everything below it is answered in its words. `problems` are those words.
    """

    base: ClassVar[str]
    problems: ProblemTable[W]
    authenticates_by_body: ClassVar[bool] = False
    """Whether the request's body says who calls: it is read before that is found out."""
    names_head: ClassVar[bool] = True
    """Whether HEAD, which is answered wherever GET is, is named among the methods that there are."""

    @abstractmethod
    def operations(self) -> Sequence[Operation]:
        """Operations of the API, its documentation included."""

    @abstractmethod
    async def authenticate(self, context: Context[C], operation: Operation, message: Any) -> C:
        """Caller, if the operation is open to them; not called for operations that are open to anybody.
        `message` is None unless the dialect authenticates by the body. Raises Unauthenticated, Forbidden."""

    @abstractmethod
    def error_body(self, problem: Problem[W], context: Context[C]) -> Any:
        """The message that tells of a problem."""

    def envelope(self, reply: Any, context: Context[C]) -> Any:
        """The message that carries what an operation has replied."""
        return reply

    def line(self, reply: Any, context: Context[C]) -> Any:
        """The message that carries one reply of a stream."""
        return self.envelope(reply, context)

    def line_of_error(self, problem: Problem[W], context: Context[C]) -> Any:
        """The message that ends a stream in which something has gone wrong."""
        return self.error_body(problem, context)

    def reader(self, kind: Any) -> MessageReader:
        """Reader of bodies of this type."""
        return Reader[Any](kind)

    def received(self, context: Context[C], message: Any) -> None:
        """Notes in the context what a message says about the request itself. Raises Invalid."""

    def encode(self, message: Any) -> bytes:
        """The bytes of a message."""
        return msgspec.json.encode(message)
