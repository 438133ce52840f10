"""Decisions of moderators about people in a room, and retries of a web hook's deliveries"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "room_overrides",
        sa.Column("room_id", sa.String(128), nullable=False),
        sa.Column("user_id", sa.String(64), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("revoked", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "user_id", name=op.f("pk_room_overrides")),
    )
    op.add_column("web_hooks", sa.Column("retries", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("web_hooks", "retries")
    op.drop_table("room_overrides")
