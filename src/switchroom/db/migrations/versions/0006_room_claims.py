"""Claims of live rooms, each by the process that has the room"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "room_claims",
        sa.Column("room_id", sa.String(length=128), nullable=False),
        sa.Column("process", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("room_id", name=op.f("pk_room_claims")),
    )
    with op.batch_alter_table("room_claims", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_room_claims_process"), ["process"], unique=False)


def downgrade() -> None:
    op.drop_table("room_claims")
