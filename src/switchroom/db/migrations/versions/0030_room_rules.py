"""Decisions of moderators about everybody in a room, and the people they have put out"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0030"
down_revision: str | None = "0029"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_TEXTS = (("removed_name", 1000), ("removed_browser", 32), ("removed_by", 1000))


def upgrade() -> None:
    op.create_table(
        "room_rules",
        sa.Column("room_id", sa.String(128), nullable=False),
        sa.Column("forbidden", sa.Integer(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.Column("good_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_room_rules")),
    )
    for name, length in _TEXTS:
        op.add_column("room_overrides", sa.Column(name, sa.String(length), server_default="", nullable=False))
    op.add_column(
        "room_overrides", sa.Column("removed_guest", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("room_overrides", "removed_guest")
    for name, _ in _TEXTS:
        op.drop_column("room_overrides", name)
    op.drop_table("room_rules")
