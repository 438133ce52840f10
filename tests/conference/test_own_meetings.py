"""What an organizer who signs in is told of their meetings."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from msgspec import structs
from sqlalchemy import update

from switchroom.accounts.models import MeetingKind, MeetingTerms
from switchroom.db.base import now
from switchroom.identity.models import Organization
from switchroom.identity.permissions import Standing
from switchroom.identity.tokens import SubjectKind
from switchroom.meetings.recurrence import FrequencyType, Recurrence
from tests.meetings.planning import plan, soon
from tests.platform import RunningPlatform, Tenant


def ask(running: RunningPlatform, token: str) -> httpx.Response:
    return running.http.post("/client/meetings", json={"accessToken": token})


def told(tenant: Tenant, token: str = "") -> list[dict[str, Any]]:
    answer = ask(tenant.running, token or tenant.token)
    assert answer.status_code == 200, answer.text
    return answer.json()["meetings"]


def topics(tenant: Tenant, token: str = "") -> list[str]:
    return [one["topic"] for one in told(tenant, token)]


def signed(tenant: Tenant, **claims: Any) -> str:
    """The administrator's token with other claims."""
    good = tenant.claims(tenant.administrator)
    return tenant.running.platform.identity.signer.sign(structs.replace(good, **claims))


def test_what_is_on_comes_first_and_the_rest_in_order(tenant: Tenant) -> None:
    plan(tenant, "Next week", start=soon(days=7))
    plan(tenant, "Tomorrow", start=soon(days=1), kind=MeetingKind.BOARDROOM)
    started = soon(minutes=-10).replace(microsecond=0)
    on = plan(tenant, "Figures", start=started, timezone="Asia/Tokyo", invite="nora@example.org")
    first, *others = told(tenant)
    assert [one["topic"] for one in others] == ["Tomorrow", "Next week"]
    assert others[0]["kind"] == "boardroom"
    assert not others[0]["isOn"]
    assert (first["topic"], first["number"], first["isOn"]) == ("Figures", on.number, True)
    assert first["link"] == tenant.running.base_url + on.page()
    assert (first["timezone"], first["isRecurring"]) == ("Asia/Tokyo", False)
    start, end = (datetime.fromisoformat(first[name]) for name in ("start", "end"))
    assert (start, end - start) == (started, timedelta(hours=1))


def test_what_is_over_closed_or_canceled_is_left_out(tenant: Tenant) -> None:
    plan(tenant, "Yesterday", start=soon(days=-1))
    plan(tenant, "Closed").closes()
    plan(tenant, "Canceled", start=soon(hours=1)).is_canceled()
    plan(tenant, "Later", start=soon(hours=2))
    assert topics(tenant) == ["Later"]


def test_a_series_is_there_once_at_its_next_time(tenant: Tenant) -> None:
    start = soon(minutes=-5).replace(microsecond=0)
    daily = Recurrence(frequency_type=FrequencyType.DAILY)
    meeting = plan(tenant, "Daily", start=start, timezone="UTC", recurrence=daily)
    (one,) = told(tenant)
    assert (one["isOn"], one["isRecurring"], datetime.fromisoformat(one["start"])) == (True, True, start)
    meeting.closes()
    (one,) = told(tenant)
    assert (one["isOn"], datetime.fromisoformat(one["start"])) == (False, start + timedelta(days=1))


def test_everybody_is_told_of_their_own_only(tenant: Tenant, running: RunningPlatform) -> None:
    plan(tenant, "Ours", start=soon(hours=1))
    colleague = tenant.person(Standing.MODERATOR)
    elsewhere = running.organization("Other")
    plan(elsewhere, "Theirs", start=soon(hours=1))
    assert topics(tenant) == ["Ours"]
    assert topics(tenant, colleague.token) == []
    assert topics(elsewhere) == ["Theirs"]


def test_the_organization_is_the_tokens(tenant: Tenant, running: RunningPlatform) -> None:
    plan(tenant, "Ours", start=soon(hours=1))
    other = running.organization("Other").organization
    stranger = ask(running, signed(tenant, organization_id=other.id, company_id=other.ulid))
    assert (stranger.status_code, "meetings" in stranger.json()) == (404, False)


@pytest.mark.parametrize("kind", [SubjectKind.GUEST, SubjectKind.API_KEY])
def test_guests_and_keys_have_no_meetings(tenant: Tenant, kind: SubjectKind) -> None:
    plan(tenant, start=soon(hours=1))
    answer = ask(tenant.running, signed(tenant, kind=kind))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_without_a_good_token_nothing_is_told(tenant: Tenant) -> None:
    plan(tenant, start=soon(hours=1))
    expired = signed(tenant, expires_at=int(time.time()) - 1)
    for token, code in (("", "token_invalid"), ("nonsense", "token_invalid"), (expired, "token_expired")):
        answer = ask(tenant.running, token)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
    for body in ("{}", "[]", "nonsense"):
        assert tenant.running.http.post("/client/meetings", content=body).status_code == 400


def test_an_unpaid_account_is_told_and_a_closed_one_is_not(tenant: Tenant) -> None:
    plan(tenant, "Standup", start=soon(hours=1))

    async def becomes(*, closed: bool) -> None:
        async with tenant.running.platform.storage.database.write(tenant.organization.id) as session:
            await session.execute(update(MeetingTerms).values(paid_until=now() - timedelta(days=1)))
            if closed:
                one = update(Organization).where(Organization.id == tenant.organization.id)
                await session.execute(one.values(closed_at=now()))

    tenant.running.run(becomes(closed=False))
    assert topics(tenant) == ["Standup"]
    tenant.running.run(becomes(closed=True))
    answer = ask(tenant.running, tenant.token)
    assert (answer.status_code, answer.json()["code"]) == (403, "account_closed")
