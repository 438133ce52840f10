"""The event log: an index for those of a type"""

from collections.abc import Sequence

from alembic import op

revision: str = "0028"
down_revision: str | None = "0027"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_events_of_type", "events", ["organization_id", "type", "id"])


def downgrade() -> None:
    op.drop_index("ix_events_of_type", "events")
