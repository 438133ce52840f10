"""Reading large bodies."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import Struct

from switchroom.dialects.body import MOST_CONTAINERS, Reader
from switchroom.dialects.problem import Unreadable

LISTS = b'{"lists": [' + b"[]," * (MOST_CONTAINERS - 3) + b"[]]"


class _Message(Struct, frozen=True):
    lists: list[Any] = []
    number: int = 0


def test_reading_a_large_body_collects_no_garbage() -> None:
    began: list[str] = []

    def collect(phase: str, _: Mapping[str, int]) -> None:
        began.append(phase)

    gc.collect()
    gc.callbacks.append(collect)
    try:
        message = Reader(_Message).read(LISTS + b"}")
    finally:
        gc.callbacks.remove(collect)
    # Once, when it is over.
    assert (len(message.lists), gc.isenabled()) == (MOST_CONTAINERS - 2, True)
    assert began.count("start") <= 1


def test_garbage_is_collected_after_one_that_cannot_be_read() -> None:
    with pytest.raises(Unreadable):
        Reader(_Message).read(LISTS + b', "number": "x"}')
    assert gc.isenabled()
