"""Indexes for many rows: every list and every count has one that answers it"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision: str = "0012"
down_revision: str | None = "0011"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_IN_ORDER = ["organization_id", "position", "id"]


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    op.create_index("ix_rooms_siblings", "rooms", ["organization_id", "parent_id", "position"])
    op.drop_index("ix_rooms_organization_id", "rooms")
    op.drop_index("ix_rooms_in_order", "rooms")
    op.create_index("ix_rooms_in_order", "rooms", _IN_ORDER, **_where("type <> 3"))
    op.create_index("ix_rooms_of_meetings", "rooms", _IN_ORDER, **_where("type = 3"))
    op.create_index(
        "ix_rooms_of_quota", "rooms", ["organization_id", "quota_name", "type"], **_where("type = 2")
    )
    op.create_index("ix_links_of_room", "links", ["room_id", "kind", "created_at", "id"])
    op.drop_index("ix_links_room_id", "links")
    op.create_index("ix_memberships_in_order", "memberships", ["organization_id", "id"])
    op.drop_index("ix_memberships_organization_id", "memberships")
    op.create_index(
        "ix_memberships_of_organizers",
        "memberships",
        ["organization_id", "id", "standing"],
        **_where("standing <> 'participant'"),
    )
    op.create_index("ix_meetings_to_come", "meetings", ["organizer_id", "next_end_at"])
    op.drop_index("ix_meetings_organizer_id", "meetings")
    op.create_index(
        "ix_meetings_series",
        "meetings",
        ["organization_id", "organizer_id", "last_end_at"],
        **_where("recurrence IS NOT NULL"),
    )
    op.create_index("ix_meetings_counted", "meetings", ["organization_id", "canceled_at"])
    op.create_index(
        "ix_meetings_over", "meetings", ["organization_id", sa.text("coalesce(canceled_at, closed_at)")]
    )
    op.create_index("ix_web_hook_deliveries_dead", "web_hook_deliveries", ["id"], **_where("state = 'dead'"))


def downgrade() -> None:
    op.drop_index("ix_web_hook_deliveries_dead", "web_hook_deliveries")
    op.drop_index("ix_meetings_over", "meetings")
    op.drop_index("ix_meetings_counted", "meetings")
    op.drop_index("ix_meetings_series", "meetings")
    op.create_index("ix_meetings_organizer_id", "meetings", ["organizer_id"])
    op.drop_index("ix_meetings_to_come", "meetings")
    op.drop_index("ix_memberships_of_organizers", "memberships")
    op.create_index("ix_memberships_organization_id", "memberships", ["organization_id"])
    op.drop_index("ix_memberships_in_order", "memberships")
    op.create_index("ix_links_room_id", "links", ["room_id"])
    op.drop_index("ix_links_of_room", "links")
    op.drop_index("ix_rooms_of_quota", "rooms")
    op.drop_index("ix_rooms_of_meetings", "rooms")
    op.drop_index("ix_rooms_in_order", "rooms")
    op.create_index("ix_rooms_in_order", "rooms", _IN_ORDER)
    op.create_index("ix_rooms_organization_id", "rooms", ["organization_id"])
    op.drop_index("ix_rooms_siblings", "rooms")
