"""The records of calls, read page after page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from switchroom.telephony.resources.calls_history import CallRecord
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)
FIRST = int(BEGUN.timestamp())


@pytest.fixture
def user(running: RunningPlatform, tenant: Tenant, api: Api) -> Api:
    """A person whose calls are those with an even number, of nine: a second apart, the last two at once."""
    person = tenant.person()
    user_id = next(one["id"] for one in api("GET", "/users") if one["username"] == person.username)

    async def write() -> None:
        async with running.platform.storage.database.write(tenant.organization.id) as session:
            for number in range(9):
                session.add(
                    CallRecord(
                        direction=("incoming", "outgoing", "internal")[number % 3],
                        started_at=BEGUN + timedelta(seconds=min(number, 7)),
                        owner_id=None if number % 2 else user_id,
                        caller_id_number=str(number),
                        duration_seconds=number,
                        hangup_cause="NO ANSWER",
                    )
                )
                await session.flush()

    running.run(write())
    return Api(running, person.token)


def _numbers(records: list[dict[str, Any]]) -> str:
    return "".join(record["caller_id_number"] for record in records)


def test_oldest_first_page_after_page(api: Api, user: Api) -> None:
    found, cursor, pages = "", "", 0
    while pages == 0 or cursor:
        page = api.send("GET", "/calls_history/all", limit=2, cursor=cursor).json()
        found, cursor, pages = found + _numbers(page["data"]), page["cursor"], pages + 1
    assert (found, pages) == ("012345678", 5)
    assert _numbers(api("GET", "/calls_history/incoming")) == "036"
    assert _numbers(api("GET", "/calls_history/outgoing", created_from=FIRST + 2)) == "47"
    assert _numbers(api("GET", "/calls_history/all", created_from=FIRST + 2, created_to=FIRST + 5)) == "234"
    record = api("GET", "/calls_history/all")[3]
    assert (record["timestamp"], record["duraction_seconds"], record["duration_seconds"]) == (FIRST + 3, 3, 3)
    assert (record["hangup_cause"], record["call_direction"]) == ("NO ANSWER", "incoming")
    assert api("GET", f"/calls_history/{record['id']}") == record


def test_users_see_their_own(running: RunningPlatform, api: Api, user: Api) -> None:
    assert _numbers(user("GET", "/calls_history/all")) == "02468"
    own, others = api("GET", "/calls_history/all")[:2]
    assert user("GET", f"/calls_history/{own['id']}") == own
    assert user.refused("GET", f"/calls_history/{others['id']}")[0] == 404
    assert _numbers(api("GET", "/calls_history/all", owner_id=own["owner_id"])) == "02468"
    other = Api.of(running, running.organization("Other").organization)
    assert other("GET", "/calls_history/all") == []
    assert other.refused("GET", f"/calls_history/{own['id']}")[0] == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("created_from", "yesterday"),
        ("created_to", "9" * 30),
        ("cursor", "x"),
        ("cursor", "9" * 30 + "-1"),
        ("cursor", "1-" + "9" * 30),
        ("limit", "0"),
        ("owner_id", "x"),
    ],
)
def test_what_is_wrong_is_named(api: Api, name: str, value: str) -> None:
    assert api.refused("GET", "/calls_history/all", **{name: value})[1].keys() == {name}
