"""Use of rooms, counted by the hour"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0037"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "room_use",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("is_meeting", sa.Boolean(), nullable=False),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("room_seconds", sa.BigInteger(), nullable=False),
        sa.Column("person_seconds", sa.BigInteger(), nullable=False),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.Column("spectators", sa.Integer(), nullable=False),
        sa.Column("most_rooms", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_room_use_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "is_meeting", "hour", name=op.f("pk_room_use")),
    )
    op.create_table(
        "open_rooms",
        sa.Column("object_id", sa.String(length=36), nullable=False),
        sa.Column("is_meeting", sa.Boolean(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_open_rooms_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_open_rooms")),
    )
    op.create_index(op.f("ix_open_rooms_organization_id"), "open_rooms", ["organization_id"])
    op.create_table(
        "room_use_position",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_use_position")),
    )


def downgrade() -> None:
    op.drop_table("room_use_position")
    op.drop_table("open_rooms")
    op.drop_table("room_use")
