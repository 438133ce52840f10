"""Priority of mails, by which some go first"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0035"
down_revision: str | None = "0034"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

QUEUED = sa.text("state = 'queued'")


def _index(*columns: str) -> None:
    op.drop_index("ix_queued_mails_due", "queued_mails")
    op.create_index(
        "ix_queued_mails_due", "queued_mails", columns, sqlite_where=QUEUED, postgresql_where=QUEUED
    )


def upgrade() -> None:
    op.add_column(
        "queued_mails", sa.Column("priority", sa.SmallInteger(), server_default="1", nullable=False)
    )
    _index("priority", "next_attempt_at")


def downgrade() -> None:
    _index("next_attempt_at")
    op.drop_column("queued_mails", "priority")
