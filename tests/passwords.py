"""How much work hashes of passwords are: little in tests, nearly each of which makes people who sign in."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from switchroom.identity.secrets import Passwords

_FULL = Passwords.rounds, Passwords.memory


def hash_with_little_work() -> None:
    Passwords.rounds, Passwords.memory = 1, 64


@contextmanager
def full_work() -> Generator[None]:
    """What is started in the block hashes as the product does, for tests of how long that takes."""
    little = Passwords.rounds, Passwords.memory
    Passwords.rounds, Passwords.memory = _FULL
    try:
        yield
    finally:
        Passwords.rounds, Passwords.memory = little
