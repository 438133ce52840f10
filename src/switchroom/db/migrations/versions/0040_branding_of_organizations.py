"""Branding of organizations, and what they are called where they are billed"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0040"
down_revision: str | None = "0039"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("organizations", sa.Column("branding", sa.Text(), server_default="", nullable=False))
    for name in ("customer_id", "plan_id"):
        op.add_column("organizations", sa.Column(name, sa.String(200), server_default="", nullable=False))


def downgrade() -> None:
    for name in ("plan_id", "customer_id", "branding"):
        op.drop_column("organizations", name)
