"""Levels of the tree of rooms: page by page, without the rooms of meetings, which are all at its top"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0014"
down_revision: str | None = "0013"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_LISTED: dict[str, Any] = {
    "sqlite_where": sa.text("type <> 3"),
    "postgresql_where": sa.text("type <> 3"),
}


def upgrade() -> None:
    op.drop_index("ix_rooms_siblings", "rooms")
    op.create_index(
        "ix_rooms_siblings", "rooms", ["organization_id", "parent_id", "position", "id"], **_LISTED
    )


def downgrade() -> None:
    op.drop_index("ix_rooms_siblings", "rooms")
    op.create_index("ix_rooms_siblings", "rooms", ["organization_id", "parent_id", "position"])
