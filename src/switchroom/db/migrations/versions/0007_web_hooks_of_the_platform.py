"""Web hooks of the platform"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_WAITING = sa.text("state = 'waiting'")
_FAILED = sa.text("state = 'waiting' AND attempts > 0")
_ON_PLATFORM = sa.text("organization_id IS NULL")
_COUNTED = {"sqlite_autoincrement": True}
_OF_HOOK = "fk_web_hook_deliveries_hook_id_web_hooks"
_OF_ORGANIZATION = "fk_web_hook_deliveries_organization_id_organizations"


def upgrade() -> None:
    op.create_table(
        "web_hook_messages",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("event_id", _BIG, nullable=False),
        sa.Column("event_type", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_hook_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_web_hook_messages_created_at"), "web_hook_messages", ["created_at"])
    op.execute(
        "INSERT INTO web_hook_messages (event_id, event_type, object_id, body, created_at) "
        "SELECT event_id, event_type, object_id, min(body), min(created_at) FROM web_hook_deliveries "
        "GROUP BY event_id, event_type, object_id, body"
    )

    # SQLite makes an altered table anew, and dropping the old one takes what refers to it along: nothing may
    # refer to the hooks while they are altered.
    with op.batch_alter_table("web_hook_deliveries", table_kwargs=_COUNTED) as batch_op:
        batch_op.add_column(sa.Column("message_id", _BIG, nullable=True))
        batch_op.drop_constraint(op.f(_OF_HOOK), type_="foreignkey")
        batch_op.drop_constraint(op.f(_OF_ORGANIZATION), type_="foreignkey")
        batch_op.alter_column("organization_id", existing_type=_BIG, nullable=True)
        batch_op.drop_index(op.f("ix_web_hook_deliveries_created_at"))
        batch_op.drop_index("ix_web_hook_deliveries_of_object")
        batch_op.drop_index(op.f("ix_web_hook_deliveries_organization_id"))
    op.create_index("of_event", "web_hook_messages", ["event_id"])
    op.execute(
        "UPDATE web_hook_deliveries SET message_id = (SELECT m.id FROM web_hook_messages m "
        "WHERE m.event_id = web_hook_deliveries.event_id AND m.body = web_hook_deliveries.body)"
    )
    op.drop_index("of_event", "web_hook_messages")

    with op.batch_alter_table("web_hooks", table_kwargs=_COUNTED) as batch_op:
        batch_op.alter_column("organization_id", existing_type=_BIG, nullable=True)
        batch_op.add_column(sa.Column("api_key", sa.String(length=200), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("view", sa.String(length=32), nullable=False, server_default=""))
    with op.batch_alter_table("web_hooks", table_kwargs=_COUNTED) as batch_op:
        batch_op.alter_column("api_key", existing_type=sa.String(length=200), server_default=None)
        batch_op.alter_column("view", existing_type=sa.String(length=32), server_default=None)
    op.create_index(
        "uq_web_hooks_name_on_platform",
        "web_hooks",
        ["name"],
        unique=True,
        sqlite_where=_ON_PLATFORM,
        postgresql_where=_ON_PLATFORM,
    )

    with op.batch_alter_table("web_hook_deliveries", table_kwargs=_COUNTED) as batch_op:
        batch_op.alter_column("message_id", existing_type=_BIG, nullable=False)
        batch_op.drop_column("body")
        batch_op.create_foreign_key(op.f(_OF_HOOK), "web_hooks", ["hook_id"], ["id"], ondelete="CASCADE")
    op.create_index(
        "ix_web_hook_deliveries_failed",
        "web_hook_deliveries",
        ["hook_id", "object_id", "event_id"],
        sqlite_where=_FAILED,
        postgresql_where=_FAILED,
    )

    op.create_table(
        "web_hook_leases",
        sa.Column("hook_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["hook_id"],
            ["web_hooks.id"],
            name=op.f("fk_web_hook_leases_hook_id_web_hooks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("hook_id", name=op.f("pk_web_hook_leases")),
    )
    op.create_index(op.f("ix_web_hook_leases_worker"), "web_hook_leases", ["worker"])


def downgrade() -> None:
    op.drop_table("web_hook_leases")
    op.execute("DELETE FROM web_hook_deliveries WHERE organization_id IS NULL")
    op.execute("DELETE FROM web_hooks WHERE organization_id IS NULL")
    with op.batch_alter_table("web_hook_deliveries", table_kwargs=_COUNTED) as batch_op:
        batch_op.drop_constraint(op.f(_OF_HOOK), type_="foreignkey")
        batch_op.drop_index("ix_web_hook_deliveries_failed")
        batch_op.add_column(sa.Column("body", sa.Text(), nullable=True))
    op.execute(
        "UPDATE web_hook_deliveries SET body = (SELECT m.body FROM web_hook_messages m "
        "WHERE m.id = web_hook_deliveries.message_id)"
    )
    op.drop_index("uq_web_hooks_name_on_platform", "web_hooks")
    with op.batch_alter_table("web_hooks", table_kwargs=_COUNTED) as batch_op:
        batch_op.alter_column("organization_id", existing_type=_BIG, nullable=False)
        batch_op.drop_column("view")
        batch_op.drop_column("api_key")
    with op.batch_alter_table("web_hook_deliveries", table_kwargs=_COUNTED) as batch_op:
        batch_op.alter_column("body", existing_type=sa.Text(), nullable=False)
        batch_op.alter_column("organization_id", existing_type=_BIG, nullable=False)
        batch_op.drop_column("message_id")
        batch_op.create_foreign_key(op.f(_OF_HOOK), "web_hooks", ["hook_id"], ["id"], ondelete="CASCADE")
        batch_op.create_foreign_key(
            op.f(_OF_ORGANIZATION), "organizations", ["organization_id"], ["id"], ondelete="CASCADE"
        )
    op.create_index(op.f("ix_web_hook_deliveries_created_at"), "web_hook_deliveries", ["created_at"])
    op.create_index(
        op.f("ix_web_hook_deliveries_organization_id"), "web_hook_deliveries", ["organization_id"]
    )
    op.create_index(
        "ix_web_hook_deliveries_of_object",
        "web_hook_deliveries",
        ["hook_id", "object_id", "event_id"],
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )
    op.drop_table("web_hook_messages")
