"""A short part of `python -m fuzz.sip`, the same each time."""

from __future__ import annotations

from fuzz.sip import SLOWEST, attack

from tests.steps import allowed, uncollected


def test_changed_messages_are_read_or_refused_in_time() -> None:
    with uncollected():
        tally = attack(messages=10_000, seed=1)
    assert tally.read > 1_000
    assert tally.refused > 1_000
    assert tally.slowest < max(SLOWEST, allowed()), tally.slowest_message
