"""Finding people among many."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from switchroom.errors import NotFound
from switchroom.meetings.accounts import Accounts
from tests.meetings.house import house


async def test_an_address_is_looked_up_in_an_index(tmp_path: Path) -> None:
    """However many people there are."""
    asked: list[tuple[str, Any]] = []
    async with house(f"sqlite+aiosqlite:///{tmp_path / 'own.db'}") as home:
        accounts = Accounts(home.database, _NO_MAIL)

        @event.listens_for(home.database.engine.sync_engine, "before_cursor_execute")
        def note(  # pyright: ignore[reportUnusedFunction]
            _connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool
        ) -> None:
            asked.append((statement, values))

        for email, known in (("ada@example.org", True), ("nobody@example.org", False)):
            asked.clear()
            if known:
                assert (await accounts.actor(None, email=email)).person_id == home.actor.person_id
            else:
                with pytest.raises(NotFound):
                    await accounts.actor(None, email=email)
            statement, values = next(one for one in asked if "lower(people.email)" in one[0])
            async with home.database.engine.connect() as connection:
                plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)).all()
            assert not [row for row in plan if "SCAN people" in row[-1]]


_NO_MAIL: Any = None
