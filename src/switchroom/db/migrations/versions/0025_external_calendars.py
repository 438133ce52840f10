"""Telephony: what was fetched of calendars from elsewhere"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0025"
down_revision: str | None = "0024"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "external_calendars",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("calendar_id", BIG_ID, nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("ics", sa.Text(), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=True),
        sa.Column("problem", sa.String(length=300), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_external_calendars_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["opening_calendars.id"],
            name=op.f("fk_external_calendars_calendar_id_opening_calendars"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_external_calendars")),
        sa.UniqueConstraint("calendar_id", name=op.f("uq_external_calendars_calendar_id")),
    )
    op.create_index("ix_external_calendars_due", "external_calendars", ["due_at"])
    op.create_index(op.f("ix_external_calendars_organization_id"), "external_calendars", ["organization_id"])


def downgrade() -> None:
    op.drop_table("external_calendars")
