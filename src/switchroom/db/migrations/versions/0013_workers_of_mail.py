"""Worker that has a mail in hand"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0013"
down_revision: str | None = "0012"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("queued_mails", sa.Column("worker", sa.String(32), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("queued_mails", "worker")
