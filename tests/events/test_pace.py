"""What a worker remembers of receivers."""

from __future__ import annotations

import time

import pytest

from switchroom.events.webhooks.pace import Paces


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
