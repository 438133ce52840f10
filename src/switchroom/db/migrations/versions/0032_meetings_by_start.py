"""An index of all meetings of an organization by their start"""

from collections.abc import Sequence

from alembic import op

revision: str = "0032"
down_revision: str | None = "0031"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index(op.f("ix_meetings_by_start"), "meetings", ["organization_id", "start_at", "id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_meetings_by_start"), "meetings")
