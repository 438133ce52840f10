"""What a worker remembers of receivers."""

from __future__ import annotations

import time

import pytest

from switchroom.events.webhooks.concurrency import Paces


def test_receivers_of_long_ago_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    paces = Paces()
    failing = paces.of(1)
    failing.answered(0.1, accepted=False)
    paces.of(2).answered(0.1, accepted=True)
    paces.forget_old(())
    assert paces.of(1) is failing
    assert failing.is_slow

    begun = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: begun + 2 * 3600)
    paces.of(3).answered(0.1, accepted=True)
    paces.forget_old({1})
    assert len(paces) == 2
    assert paces.of(1) is failing
    assert not paces.of(2).is_slow


def test_the_pause_is_as_long_as_the_answer_took() -> None:
    for seconds, pause in ((0.001, 0.05), (0.3, 0.3), (10.0, 1.0)):
        concurrency = Paces().of(1)
        concurrency.answered(seconds, accepted=False)
        assert concurrency.pause == pause
        concurrency.answered(0.1, accepted=True)
        assert concurrency.pause == 0


def test_receivers_that_fail_share_their_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: moment)
    paces = Paces()
    for number in range(200):
        paces.of(number).answered(0.001, accepted=False)
    pauses = [paces.of(number).pause for number in range(200)]
    assert pauses[:3] == [0.05] * 3
    assert pauses[25] == pytest.approx(0.5)
    assert max(pauses) == pytest.approx(1.0)
