"""People in a room see and hear each other."""

from __future__ import annotations

import pytest

from tests.browser.people import BOTH, Join
from tests.platform import Tenant

pytestmark = [pytest.mark.browser, pytest.mark.janus]


def test_two_people_see_and_hear_each_other(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    anna = join(room, "Anna", on=BOTH)
    ben = join(room, "Ben", on=BOTH)
    anna.sees("Ben")
    ben.sees("Anna")
    anna.hears("Ben")
    ben.hears("Anna")


def test_three_people_see_and_hear_each_other(tenant: Tenant, join: Join) -> None:
    room = tenant.room()
    everybody = [join(room, name, on=BOTH) for name in ("Anna", "Ben", "Cem")]
    for person in everybody:
        for other in everybody:
            if person is not other:
                person.sees(other.name)
                person.hears(other.name)
