"""Since when somebody may not get into an organization that they belong to"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0015"
down_revision: str | None = "0014"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("memberships", sa.Column("disabled_at", Instant(), nullable=True))


def downgrade() -> None:
    op.drop_column("memberships", "disabled_at")
