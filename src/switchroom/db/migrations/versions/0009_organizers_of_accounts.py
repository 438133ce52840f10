"""An organization's own ids and calendar tokens of its people, and an index of all e-mail addresses"""

from collections.abc import Sequence
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("memberships", sa.Column("external_id", sa.String(200), nullable=True))
    op.add_column(
        "memberships", sa.Column("calendar_token", sa.String(73), nullable=False, server_default="")
    )
    _take_over()
    op.create_index("ix_memberships_calendar_token", "memberships", ["calendar_token"], unique=True)
    op.create_index("ix_people_email", "people", [sa.text("lower(email)")])


def _take_over() -> None:
    """Calendars that somebody has subscribed to stay where they are; but of people who belong to several
    organizations the one token that there was is known to all of them, and opens nothing any more."""
    people = sa.table("people", *map(sa.column, ("id", "external_id", "calendar_token")))
    memberships = sa.table(
        "memberships", *map(sa.column, ("id", "person_id", "external_id", "calendar_token"))
    )
    connection = op.get_bind()
    rows = connection.execute(
        sa.select(memberships.c.id, people.c.id, people.c.external_id, people.c.calendar_token).join(
            people, people.c.id == memberships.c.person_id
        )
    ).all()
    counts: dict[str, int] = {}
    for _, person_id, _, _ in rows:
        counts[person_id] = counts.get(person_id, 0) + 1
    for membership_id, person_id, external_id, token in rows:
        only = counts[person_id] == 1
        connection.execute(
            sa.update(memberships)
            .where(memberships.c.id == membership_id)
            .values(external_id=external_id, calendar_token=token if only else f"{uuid4()}-{uuid4()}")
        )


def downgrade() -> None:
    op.drop_index("ix_people_email", "people")
    op.drop_index("ix_memberships_calendar_token", "memberships")
    op.drop_column("memberships", "calendar_token")
    op.drop_column("memberships", "external_id")
