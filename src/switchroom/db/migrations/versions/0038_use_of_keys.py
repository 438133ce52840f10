"""Time at which keys of programs were used last"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0038"
down_revision: str | None = "0037"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("platform_keys", sa.Column("last_used_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("platform_keys", "last_used_at")
