"""What calls were loaded with counts until the account changes, and no longer."""

from __future__ import annotations

import pytest

from tests.telephony.calls.switchboards import Account

pytestmark = [pytest.mark.kamailio, pytest.mark.rtpengine]


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
