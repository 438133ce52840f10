"""An index of all recordings of an organization by their start"""

from collections.abc import Sequence

from alembic import op

revision: str = "0039"
down_revision: str | None = "0038"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(
        op.f("ix_meeting_recordings_by_start"), "meeting_recordings", ["organization_id", "started_at", "id"]
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_meeting_recordings_by_start"), "meeting_recordings")
