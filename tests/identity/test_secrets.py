"""Random keys and passwords."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.secrets import Passwords, key_hash, random_key


def test_random_keys():
    keys = {random_key() for _ in range(200)}

    assert len(keys) == 200
    assert all(re.fullmatch("[A-Za-z0-9]{32}", key) for key in keys)
    assert set("".join(keys)) == set("".join(random_key(2000)))
    assert [len(random_key(length)) for length in (0, 1, 11, 40)] == [0, 1, 11, 40]
    assert re.fullmatch("[0-9a-f]{64}", key_hash("key"))


async def test_passwords():
    passwords = Passwords()
    try:
        kept = await passwords.hash("correct horse")

        assert kept.startswith("$argon2id$")
        assert await passwords.verify(kept, "correct horse")
        assert not await passwords.verify(kept, "wrong")
        assert not await passwords.verify(None, "correct horse")
        assert not await passwords.verify("not a hash", "correct horse")
    finally:
        passwords.close()


HASHING = """
import asyncio
from switchroom.identity.secrets import Passwords
passwords = Passwords()
print(asyncio.run(passwords.hash("correct horse")))
passwords.close()
"""


def test_the_work_of_a_hash():
    """In a process of its own, because tests hash with less."""
    done = subprocess.run(
        [sys.executable, "-c", HASHING], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.parametrize(
    "password", ["password", "12345678", "Qwertyuiop", "FOOTBALL", "Password1!", "monkey2026", "1qaz2wsx"]
)
async def test_what_is_guessed_first_is_no_password_to_choose(password: str):
    passwords = Passwords()
    try:
        with pytest.raises(Invalid) as refused:
            await passwords.hash_chosen(password)
        assert refused.value.code is ErrorCode.PASSWORD_COMMON
    finally:
        passwords.close()


@pytest.mark.parametrize("password", ["correct horse battery", "Größere Pferde 2", "91746250386"])
async def test_what_is_on_no_list_is_taken(password: str):
    passwords = Passwords()
    try:
        assert await passwords.verify(await passwords.hash_chosen(password), password)
    finally:
        passwords.close()
