"""Devices that people have signed in with, so that nobody elsewhere keeps them out"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0020"
down_revision: str | None = "0019"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "sign_in_devices",
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("account_hash", sa.String(length=64), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_in_devices")),
    )
    op.create_index(op.f("ix_sign_in_devices_account_hash"), "sign_in_devices", ["account_hash"])
    op.create_index(op.f("ix_sign_in_devices_last_at"), "sign_in_devices", ["last_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_sign_in_devices_last_at"), "sign_in_devices")
    op.drop_index(op.f("ix_sign_in_devices_account_hash"), "sign_in_devices")
    op.drop_table("sign_in_devices")
