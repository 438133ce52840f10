"""The rooms that members have marked for themselves"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0033"
down_revision: str | None = "0032"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "favorite_rooms",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("membership_id", BIG_ID, nullable=False),
        sa.Column("room_id", sa.String(length=36), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name=op.f("fk_favorite_rooms_membership_id_memberships"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["room_id"], ["rooms.id"], name=op.f("fk_favorite_rooms_room_id_rooms"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_favorite_rooms_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_favorite_rooms")),
        sa.UniqueConstraint("membership_id", "room_id", name=op.f("uq_favorite_rooms_membership_id")),
    )
    op.create_index(op.f("ix_favorite_rooms_organization_id"), "favorite_rooms", ["organization_id"])
    op.create_index(op.f("ix_favorite_rooms_room_id"), "favorite_rooms", ["room_id"])


def downgrade() -> None:
    op.drop_table("favorite_rooms")
