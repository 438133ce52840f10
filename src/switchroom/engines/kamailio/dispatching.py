"""Dispatching of calls: which telephony worker Kamailio gives those of an account.

The hash is that of Kamailio's module `dispatcher` (5.6, `ds_get_hash`) over the account's id in decimal.
"""

from __future__ import annotations

from collections.abc import Sequence

_WORD, _BITS = 4, 0xFFFFFFFF


def worker_of(account_id: int, workers: Sequence[int]) -> int:
    """The one of the workers (`Interfaces.workers`) that gets the calls of an account while it answers.

    The workers must not be empty.
    """
    # Kamailio has destinations of one priority in the order that is the reverse of its file's.
    return workers[-1 - _hash(str(account_id)) % len(workers)]


def _hash(text: str) -> int:
    data = text.encode()
    whole = len(data) - len(data) % _WORD
    words = [data[start : start + _WORD] for start in range(0, whole, _WORD)]
    found = 0
    # The rest counts also where it is empty, as 0.
    for word in (*words, data[whole:]):
        value = int.from_bytes(word)
        found = found + (value ^ value >> 3) & _BITS
    return (found + (found >> 11) + (found >> 13) + (found >> 23) & _BITS) or 1
