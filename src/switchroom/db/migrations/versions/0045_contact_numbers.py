"""Telephone numbers of contacts, by which callers are named"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0045"
down_revision: str | None = "0044"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_AT_ONCE = 1000
_MOST = 10


def upgrade() -> None:
    numbers = op.create_table(
        "contact_numbers",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("contact_id", BIG_ID, nullable=False),
        sa.Column("ending", sa.String(length=7), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_contact_numbers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contacts.id"],
            name=op.f("fk_contact_numbers_contact_id_contacts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_numbers")),
    )
    op.create_index(op.f("ix_contact_numbers_contact_id"), "contact_numbers", ["contact_id"])
    op.create_index(
        "ix_contact_numbers_ending", "contact_numbers", ["organization_id", "ending", "contact_id"]
    )

    contacts = sa.table(
        "contacts",
        sa.column("id", BIG_ID),
        sa.column("organization_id", BIG_ID),
        sa.column("user_id", BIG_ID),
        sa.column("details", sa.JSON()),
    )
    connection, last = op.get_bind(), 0
    while True:
        query = (
            sa.select(contacts)
            .where(contacts.c.id > last, contacts.c.user_id.is_(None))
            .order_by(contacts.c.id)
            .limit(_AT_ONCE)
        )
        found = connection.execute(query).all()
        if not found:
            return
        rows = [
            {"organization_id": row.organization_id, "contact_id": row.id, "ending": ending}
            for row in found
            for ending in _endings(row.details)
        ]
        if rows:
            connection.execute(numbers.insert(), rows)
        last = found[-1].id


def _endings(details: dict[str, dict[str, dict[str, list[str]]]]) -> list[str]:
    numbers = details.get("details", {}).get("phone_numbers", {})
    written = [one for several in numbers.values() for one in several]
    ends = ("".join(str(int(one)) for one in text if one.isdecimal())[-7:] for text in written)
    return list(dict.fromkeys(one for one in ends if one))[:_MOST]


def downgrade() -> None:
    op.drop_table("contact_numbers")
