"""Recordings of rooms that are no meetings'"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0043"
down_revision: str | None = "0042"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_OF_ROOMS = sa.text("room_id IS NOT NULL")
_OF_ROOM = "fk_meeting_recordings_room_id_rooms"


def upgrade() -> None:
    with op.batch_alter_table("meeting_recordings") as batch_op:
        batch_op.alter_column("meeting_id", existing_type=sa.String(length=36), nullable=True)
        batch_op.add_column(sa.Column("room_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("failure", sa.String(length=32), nullable=False, server_default=""))
        batch_op.create_foreign_key(op.f(_OF_ROOM), "rooms", ["room_id"], ["id"], ondelete="CASCADE")
    op.create_index("ix_meeting_recordings_of_room", "meeting_recordings", ["room_id", "started_at"])
    op.create_index(
        "ix_meeting_recordings_kept",
        "meeting_recordings",
        ["organization_id", "ended_at"],
        sqlite_where=_OF_ROOMS,
        postgresql_where=_OF_ROOMS,
    )
    op.add_column("room_rules", sa.Column("recording", sa.Boolean(), nullable=True))
    op.add_column("room_rules", sa.Column("recorded_by", sa.String(64), server_default="", nullable=False))
    op.add_column(
        "room_rules", sa.Column("recorded_until", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column(
        "organizations",
        sa.Column("asks_before_recording", sa.Boolean(), server_default=sa.false(), nullable=False),
    )


def downgrade() -> None:
    op.drop_column("organizations", "asks_before_recording")
    for name in ("recorded_until", "recorded_by", "recording"):
        op.drop_column("room_rules", name)
    op.drop_index("ix_meeting_recordings_kept", "meeting_recordings")
    op.drop_index("ix_meeting_recordings_of_room", "meeting_recordings")
    op.execute("DELETE FROM meeting_recordings WHERE meeting_id IS NULL")
    with op.batch_alter_table("meeting_recordings") as batch_op:
        batch_op.drop_constraint(op.f(_OF_ROOM), type_="foreignkey")
        batch_op.drop_column("failure")
        batch_op.drop_column("room_id")
        batch_op.alter_column("meeting_id", existing_type=sa.String(length=36), nullable=False)
