"""What a worker remembers of receivers."""

from __future__ import annotations

import time

import pytest

from switchroom.events.webhooks.concurrency import ConcurrencyLimits


def test_receivers_of_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = ConcurrencyLimits()
    failing = limits.of(1)
    failing.answered(0.1, accepted=False)
    limits.of(2).answered(0.1, accepted=True)
    limits.forget_old(())
    assert limits.of(1) is failing
    assert failing.is_slow

    begun = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: begun + 2 * 3600)
    limits.of(3).answered(0.1, accepted=True)
    limits.forget_old({1})
    assert len(limits) == 2
    assert limits.of(1) is failing
    assert not limits.of(2).is_slow


def test_the_pause_is_as_long_as_the_answer_took() -> None:
    for seconds, pause in ((0.001, 0.05), (0.3, 0.3), (10.0, 1.0)):
        limit = ConcurrencyLimits().of(1)
        limit.answered(seconds, accepted=False)
        assert limit.pause == pause
        limit.answered(0.1, accepted=True)
        assert limit.pause == 0


def test_receivers_that_fail_share_a_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    limits = ConcurrencyLimits()
    for number in range(200):
        limits.of(number).answered(0.001, accepted=False)
    pauses = [limits.of(number).pause for number in range(200)]
    assert pauses[:3] == [0.05] * 3
    assert pauses[25] == pytest.approx(0.5)
    assert max(pauses) == pytest.approx(1.0)
