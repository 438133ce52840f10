"""Web hooks and what waits for them outlive the change of their tables."""

from __future__ import annotations

from alembic import command
from sqlalchemy import Connection, text

from switchroom.db import schema
from switchroom.db.database import Database

BEFORE = "0005"


async def test_hooks_and_deliveries_outlive_the_upgrade(empty_database_url: str) -> None:
    def up_to(connection: Connection) -> None:
        configuration = schema.configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, BEFORE)

    database = Database(empty_database_url)
    async with database.engine.begin() as connection:
        await connection.run_sync(up_to)
        await connection.execute(
            text(
                "INSERT INTO organizations (id, ulid, hex_id, display_name, properties, created_at) "
                "VALUES (1, 'A', 'a', 'Acme', '{}', 1)"
            )
        )
        for hook_id in (7, 9):
            await connection.execute(
                text(
                    "INSERT INTO web_hooks (id, organization_id, name, url, verb, types, secret, enabled, "
                    "custom_data, after_event, problem, created_at) "
                    "VALUES (:id, 1, 'Hook', 'https://example.org/', 'post', '[]', 's', true, '{}', 0, '', 1)"
                ),
                {"id": hook_id},
            )
        for hook_id, event_id, body in ((7, 1, "same"), (9, 1, "same"), (7, 2, "one"), (9, 2, "other")):
            await connection.execute(
                text(
                    "INSERT INTO web_hook_deliveries (organization_id, hook_id, event_id, event_type, "
                    "object_id, body, state, attempts, next_attempt_at, last_status, last_error, created_at) "
                    "VALUES (1, :hook, :event, 't', 'o', :body, 'waiting', 0, 1, 0, '', 1)"
                ),
                {"hook": hook_id, "event": event_id, "body": body},
            )
    await schema.upgrade(database)
    async with database.engine.connect() as connection:
        bodies = await connection.execute(
            text(
                "SELECT d.hook_id, d.event_id, m.body FROM web_hook_deliveries d "
                "JOIN web_hook_messages m ON m.id = d.message_id ORDER BY d.event_id, d.hook_id"
            )
        )
        assert bodies.all() == [(7, 1, "same"), (9, 1, "same"), (7, 2, "one"), (9, 2, "other")]
        assert await connection.scalar(text("SELECT count(*) FROM web_hook_messages")) == 3
    await database.close()
