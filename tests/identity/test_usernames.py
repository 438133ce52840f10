"""The one form of what people sign in with."""

from __future__ import annotations

import pytest

from switchroom.identity import usernames
from switchroom.identity.usernames import LONGEST_USERNAME, folded
from tests.platform import Tenant


def test_one_person_has_one_name() -> None:
    assert folded(" X@B\u00dccher.org ") == folded("x@xn--bcher-kva.org") == "x@xn--bcher-kva.org"


@pytest.mark.parametrize("length", [LONGEST_USERNAME + 1, 400_000])
def test_nothing_is_kept_of_what_is_no_username(tenant: Tenant, length: int) -> None:
    """Each try would take its name's size of memory, and a domain of a megabyte a second."""
    before = usernames._folded.cache_info().currsize  # pyright: ignore[reportPrivateUsage]
    username = ("\u00fc@" + "\u00fc" * length)[:length]
    credentials = {"username": username, "password": "x"}
    path = "authenticationService/authenticate"
    answer = tenant.api.post(path, {"usernamePasswordCredentials": credentials})
    assert answer.status_code == 401
    assert usernames._folded.cache_info().currsize == before  # pyright: ignore[reportPrivateUsage]
