"""Use by room and by person, counted by day, week and month"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0044"
down_revision: str | None = "0043"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_SPAN = ["organization_id", "span", "begins"]


def upgrade() -> None:
    _create(
        "use_by_room",
        "room_id",
        [
            sa.Column("is_meeting", sa.Boolean(), nullable=False),
            sa.Column("open_seconds", sa.BigInteger(), nullable=False),
            sa.Column("person_seconds", sa.BigInteger(), nullable=False),
        ],
        ["open_seconds", "stays"],
    )
    _create(
        "use_by_person",
        "person_id",
        [sa.Column("seconds", sa.BigInteger(), nullable=False)],
        ["seconds", "stays"],
    )


def _create(table: str, counted: str, counts: Sequence[sa.Column[object]], ranked: Sequence[str]) -> None:
    op.create_table(
        table,
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("span", sa.String(length=5), nullable=False),
        sa.Column("begins", Instant(), nullable=False),
        sa.Column(counted, sa.String(length=36), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        *counts,
        sa.Column("stays", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f(f"fk_{table}_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint(*OF_SPAN, counted, name=op.f(f"uq_{table}_organization_id")),
    )
    for name in ranked:
        op.create_index(f"ix_{table}_{name}", table, [*OF_SPAN, name, "id"])
    op.create_index(f"ix_{table}_old", table, ["span", "begins"])


def downgrade() -> None:
    op.drop_table("use_by_person")
    op.drop_table("use_by_room")
    op.execute("DELETE FROM room_use_position WHERE id = 2")
