"""Places from which people have signed in, so that nobody elsewhere keeps them out"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0017"
down_revision: str | None = "0016"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "sign_in_places",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_places")),
    )
    op.create_index(op.f("ix_sign_in_places_last_at"), "sign_in_places", ["last_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_sign_in_places_last_at"), "sign_in_places")
    op.drop_table("sign_in_places")
