"""What the attackers tried, and what came back."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct, field

from switchroom import texts
from switchroom.errors import ErrorCode

_UNAVAILABLE = 503
_NOT_OFFERED = 501
"""Of calls and credentials of the hosted platforms that are documented and not offered here."""

_NO_REASON = texts.text(ErrorCode.UNKNOWN)


class ServerError(Struct, frozen=True):
    """An answer of 5xx that is none of the documented kind, or none at all (0), and what caused it."""

    status: int
    cause: str
    answer: str


class Tally(Struct):
    """Cases by attacker, answers by status, and answers that must not be."""

    cases: Counter[str] = field(default_factory=Counter[str])
    statuses: Counter[int] = field(default_factory=Counter[int])
    errors: list[ServerError] = field(default_factory=list[ServerError])

    def case(self, attacker: str) -> None:
        """Count something that was tried and has no status."""
        self.cases[attacker] += 1

    def no_answer(self, attacker: str, cause: str) -> None:
        """Count something that should have had an answer, and had none in time."""
        self.cases[attacker] += 1
        self.errors.append(ServerError(0, cause[:2000], ""))

    def answer(self, attacker: str, status: int, cause: str, answer: str) -> None:
        """Count something that was tried, and its answer."""
        self.cases[attacker] += 1
        self.statuses[status] += 1
        is_documented = status == _NOT_OFFERED or (status == _UNAVAILABLE and _NO_REASON not in answer)
        if status >= 500 and not is_documented:
            self.errors.append(ServerError(status, cause[:2000], answer[:500]))
