"""Random keys and their hashes, and passwords."""

from __future__ import annotations

import asyncio
import ctypes
import hashlib
import re
import runpy
import secrets
import string
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import distribution
from typing import ClassVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from switchroom.errors import ErrorCode, Invalid

_LETTERS_AND_DIGITS = (string.ascii_letters + string.digits).encode()
_AS_CHARACTER = bytes(_LETTERS_AND_DIGITS[byte % len(_LETTERS_AND_DIGITS)] for byte in range(256))
_UNFAIR = bytes(range(256 - 256 % len(_LETTERS_AND_DIGITS), 256))
"""Bytes that would make the first characters of the alphabet more likely than the others."""

_ENDING = re.compile(r"[\d\W_]+\Z")
_SHORTEST_PASSWORD = 8
_LONGEST_PASSWORD = 1000

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`."""
_LARGE_BLOCK = 8 << 20


def random_key(length: int = 32) -> str:
    """Letters and digits; 32 of them hold 190 random bits."""
    key = b""
    while len(key) < length:
        key += secrets.token_bytes(2 * length).translate(_AS_CHARACTER, _UNFAIR)
    return key[:length].decode()


def digest(text: str) -> str:
    """SHA-256 of the text, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def key_hash(key: str) -> str:
    """Digest that is kept of a key: enough for keys that are random and long."""
    return digest(key)


@cache
def _common() -> str:
    """The passwords of zxcvbn's list, in lower case, each in a line; read when somebody first chooses one.

    The module is run by itself: importing it keeps all lists of the package, twice, in memory (15 MiB). One
    text is looked through in a tenth of a millisecond, and takes a twentieth of a set's memory.
    """
    module = distribution("zxcvbn").locate_file("zxcvbn/frequency_lists.py")
    return "\n".join(("", *runpy.run_path(str(module))["FREQUENCY_LISTS"]["passwords"], ""))


def _is_common(password: str) -> bool:
    folded = password.strip().lower()
    return any(f"\n{one}\n" in _common() for one in (folded, _ENDING.sub("", folded)))


def _return_large_blocks() -> None:
    """Have large blocks of memory returned to the system as soon as they are free.

    glibc begins to keep blocks as large as the largest that was freed, for each thread: 19 MiB for each that
    has hashed a password. From that size on it is told not to.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGE_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, 2 * _LARGE_BLOCK)


class Passwords:
    """Hashes and checks passwords with Argon2id, at most two at a time and off the event loop."""

    rounds: ClassVar = 2
    memory: ClassVar = 19_456
    """KiB that a hash takes; with the rounds, what OWASP recommends. Only tests take less."""

    def __init__(self) -> None:
        _return_large_blocks()
        self._hasher = PasswordHasher(time_cost=self.rounds, memory_cost=self.memory, parallelism=1)
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="argon2")
        self._nobody: str | None = None

    async def hash(self, password: str) -> str:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._hasher.hash, password)

    async def hash_chosen(self, password: str) -> str:
        """The hash of a password that somebody chooses.

        Raises Invalid for less than 8 characters, and for a password that is tried first: one of the list of
        common ones, digits and marks at the end aside.
        """
        if len(password) < _SHORTEST_PASSWORD:
            raise Invalid(ErrorCode.PASSWORD_TOO_SHORT, "password", least=_SHORTEST_PASSWORD)
        if len(password) > _LONGEST_PASSWORD:
            raise Invalid(ErrorCode.PASSWORD_TOO_LONG, "password", most=_LONGEST_PASSWORD)
        is_common = asyncio.get_running_loop().run_in_executor(self._threads, _is_common, password)
        if await is_common:
            raise Invalid(ErrorCode.PASSWORD_COMMON, "password")
        return await self.hash(password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password fits. `None`, for a person who does not exist, takes the same time."""
        if self._nobody is None:
            self._nobody = await self.hash(random_key())
        return (
            await asyncio.get_running_loop().run_in_executor(
                self._threads, self._verify, password_hash or self._nobody, password
            )
            and password_hash is not None
        )

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
