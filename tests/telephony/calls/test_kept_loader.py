"""What calls were loaded with counts until the account changes, and no longer."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import pytest

from switchroom.telephony.calls import kept_loader
from switchroom.telephony.calls.kept_loader import KEPT_FOR, KeptLoader
from switchroom.telephony.calls.loaded import LoadedFlow
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.caller_id import Identity
from tests.platform import Tenant
from tests.telephony.calls.office import Office
from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


class Kept:
    """A loader that remembers, over what an office has configured."""

    def __init__(self, tenant: Tenant) -> None:
        self.office = Office(tenant.running, tenant.organization, f"+493016{next(_numbers)}")
        bus = tenant.running.platform.storage.bus
        self.loader = KeptLoader(self.office.loader, bus, lambda: True)

    def comes_in(self, number: str) -> LoadedFlow | None:
        """The flow of the main number for a caller from outside."""
        office = self.office
        call = Call(caller=Identity(number=number), dialled=office.main)
        return office.running.run(self.loader.flow(office.organization.id, office.to_main, call))


_numbers = itertools.count(1000)


def test_callers_from_outside_share_what_was_loaded(tenant: Tenant) -> None:
    kept = Kept(tenant)
    first = kept.comes_in("+4915110000000")
    size = kept.loader.size

    assert first is not None
    assert all(kept.comes_in(f"+49151{number}") is first for number in range(10_000_000, 10_000_050))
    assert kept.loader.size == size


def test_what_is_over_is_forgotten_when_something_else_is_loaded(
    tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Kept(tenant)
    kept.comes_in("+4915110000000")
    assert kept.loader.size > 5
    later = time.monotonic() + KEPT_FOR + 1
    monkeypatch.setattr(kept_loader, "time", SimpleNamespace(monotonic=lambda: later))

    kept.office.running.run(kept.loader.realm(kept.office.organization.id))

    assert kept.loader.size == 1


def test_nothing_is_kept_from_before_notices_could_be_heard(tenant: Tenant) -> None:
    kept = Kept(tenant)
    first = kept.comes_in("+4915110000000")

    kept.loader.forget_all()

    assert kept.loader.size == 0
    again = kept.comes_in("+4915110000000")
    assert again is not None
    assert again is not first


def test_no_more_is_kept_than_there_is_room_for(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept(tenant)
    office = kept.office
    monkeypatch.setattr(kept_loader, "MOST_KEPT", 40)

    for number in range(30):
        call = Call(caller=Identity(number="100"), digits=str(number))
        assert office.running.run(kept.loader.flow(office.organization.id, office.to_main, call)) is not None

    assert 10 < kept.loader.size <= 40


async def test_a_change_counts_from_the_next_call_on(account: Account) -> None:
    account.person("201")
    account.person("202")
    async with account.phones("201", "202") as (ada, grace):
        for name in ("Ada Lovelace", "Ada King", "Augusta Ada King"):
            first, last = name.rsplit(" ", 1)
            account.api("POST", f"/users/{account.people['201']}", {"first_name": first, "last_name": last})
            call = await ada.call("202")
            ringing = await grace.rung()
            assert ringing.invite.from_.display_name == name
            ringing.refuse(486)
            assert await call.failed() == 486
        account.api("POST", f"/devices/{account.devices['202']}", {"enabled": False})
        assert await (await ada.call("202")).failed() == 480
