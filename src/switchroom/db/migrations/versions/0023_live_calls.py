"""Telephony: calls that are up, their workers, and their records; the user who has called"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0023"
down_revision: str | None = "0022"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "call_workers",
        sa.Column("number", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("process", sa.String(length=32), nullable=False),
        sa.Column("batch", BIG_ID, nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_call_workers")),
    )
    op.create_table(
        "live_calls",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("worker", sa.Integer(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("snapshot", sa.LargeBinary(), nullable=False),
        sa.Column("records", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_live_calls_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_calls")),
    )
    op.create_index(op.f("ix_live_calls_organization_id"), "live_calls", ["organization_id"])
    op.create_index(op.f("ix_live_calls_worker"), "live_calls", ["worker"])
    with op.batch_alter_table("call_records", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("is_live", sa.Boolean(), server_default=sa.false(), nullable=False))
        table.add_column(sa.Column("caller_user_id", BIG_ID, nullable=True))
        table.create_foreign_key(
            op.f("fk_call_records_caller_user_id_memberships"),
            "memberships",
            ["caller_user_id"],
            ["id"],
            ondelete="SET NULL",
        )
    called = sa.text("caller_user_id IS NOT NULL")
    op.create_index(
        "ix_call_records_of_caller",
        "call_records",
        ["caller_user_id", "started_at", "id"],
        sqlite_where=called,
        postgresql_where=called,
    )


def downgrade() -> None:
    op.drop_index("ix_call_records_of_caller", table_name="call_records")
    with op.batch_alter_table("call_records", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("caller_user_id")
        table.drop_column("is_live")
    op.drop_table("live_calls")
    op.drop_table("call_workers")
