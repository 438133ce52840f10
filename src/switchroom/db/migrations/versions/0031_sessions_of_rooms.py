"""The session of a room in which its rules were made"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0031"
down_revision: str | None = "0030"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("room_rules", sa.Column("session", sa.String(16), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("room_rules", "session")
