"""What an attack has found: figures, and what must not be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from msgspec import Struct

from fuzz.tally import ServerError, Tally
from fuzz.target import Stall

LONGEST_STALL = 0.25
"""Seconds for which an event loop may do nothing else, while an idle one beside it goes on."""

GROWTH = 24.0
"""MiB that each process may take in the last two rounds together; what came before has filled caches."""

_EXAMPLES = 5


def growth(memory: Sequence[float], processes: int) -> float:
    """MiB that each process has taken in the last two rounds; `memory` is before the first and after each."""
    return (memory[-1] - memory[-3]) / processes if len(memory) > 3 else 0.0


class Findings(Struct, frozen=True):
    """Findings of one configuration. `idle_stalls` are those of an event loop beside it that does nothing,
    the machine's doing. `memory` is in MiB, at rest before the attack and after each round."""

    configuration: str
    processes: int
    tally: Tally
    stalls: Sequence[Stall]
    idle_stalls: Sequence[Stall]
    memory: Sequence[float]
    logged_errors: Counter[str]
    died: str

    @property
    def longest_stall(self) -> float:
        return _longest(self.stalls)

    def faults(self) -> list[str]:
        """All that must not be, a paragraph each."""
        faults = [self.died] if self.died else []
        causes = list(self._errors_by_cause().values())
        faults += [_about(errors) for errors in causes[:_EXAMPLES]]
        if len(causes) > _EXAMPLES:
            faults.append(f"and answers of 5xx to {len(causes) - _EXAMPLES} more calls")
        own = [(stall.besides(self.idle_stalls), stall) for stall in self.stalls]
        for seconds, stall in sorted(own, key=lambda one: -one[0])[:_EXAMPLES]:
            if seconds > LONGEST_STALL:
                beside = (
                    f"stall of {stall.seconds:.3f} s, {seconds:.3f} of them while an idle loop had none "
                    f"(its longest {_longest(self.idle_stalls):.3f} s), in "
                )
                faults.append(beside + "\n    ".join(stall.stack))
        grown = growth(self.memory, self.processes)
        if grown > GROWTH:
            faults.append(
                f"each process grew by {grown:.0f} MiB in the last rounds: {_rounded(self.memory)} MiB"
            )
        faults += [f"logged {count} times: {what}" for what, count in self.logged_errors.items()]
        return faults

    def figures(self) -> str:
        """The figures, a few lines."""
        cases = ", ".join(f"{count} {name}" for name, count in self.tally.cases.items())
        answers = ", ".join(f"{status}: {count}" for status, count in sorted(self.tally.statuses.items()))
        return (
            f"{self.configuration}: {self.tally.cases.total()} cases ({cases})\n"
            f"  answers {answers}; forbidden 5xx: {len(self.tally.errors)}\n"
            f"  longest stall of an event loop {self.longest_stall * 1000:.0f} ms "
            f"(of an idle one {_longest(self.idle_stalls) * 1000:.0f} ms){self._longest_in()}, "
            f"memory at rest {_rounded(self.memory)} MiB"
        )

    def _longest_in(self) -> str:
        """Where the longest stall was: the innermost line of the platform's own."""
        longest = max(self.stalls, key=lambda stall: stall.seconds, default=None)
        lines = [line for line in longest.stack if "/switchroom/" in line] if longest is not None else []
        return f" in {lines[-1].rpartition('/switchroom/')[2]}" if lines else ""

    def _errors_by_cause(self) -> dict[tuple[int, str], list[ServerError]]:
        by_cause: defaultdict[tuple[int, str], list[ServerError]] = defaultdict(list)
        for error in self.tally.errors:
            by_cause[error.status, " ".join(error.cause.split(" ", 2)[:2])].append(error)
        return by_cause


def _about(errors: Sequence[ServerError]) -> str:
    first = errors[0]
    return f"answered {first.status}, {len(errors)} times; first: {first.cause}\n    {first.answer}"


def _rounded(figures: Sequence[float]) -> str:
    return ", ".join(f"{figure:.0f}" for figure in figures)


def _longest(stalls: Sequence[Stall]) -> float:
    return max((stall.seconds for stall in stalls), default=0.0)
