"""Telephony: claims of the carriers that trunks lead to

Who was known at an address before keeps it, in the order in which the addresses were written.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0027"
down_revision: str | None = "0026"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    claims = op.create_table(
        "trunk_claims",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("trunk_id", BIG_ID, nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("server", sa.String(length=253), nullable=False),
        sa.Column("by_address", sa.Boolean(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_trunk_claims_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"],
            ["trunks.id"],
            name=op.f("fk_trunk_claims_trunk_id_trunks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trunk_claims")),
        sa.UniqueConstraint("trunk_id", "address", "port", name=op.f("uq_trunk_claims_trunk_id")),
    )
    op.create_index(op.f("ix_trunk_claims_organization_id"), "trunk_claims", ["organization_id"])
    op.create_index("ix_trunk_claims_by_address", "trunk_claims", ["address"])

    addresses = sa.table(
        "trunk_addresses",
        sa.column("id", BIG_ID),
        sa.column("trunk_id", BIG_ID),
        sa.column("address", sa.String()),
        sa.column("port", sa.Integer()),
        sa.column("organization_id", BIG_ID),
    )
    trunks = sa.table("trunks", sa.column("id", BIG_ID), sa.column("details", sa.JSON()))
    known = (
        sa.select(
            addresses.c.trunk_id,
            addresses.c.address,
            addresses.c.port,
            addresses.c.organization_id,
            trunks.c.details,
        )
        .join(trunks, trunks.c.id == addresses.c.trunk_id)
        .order_by(addresses.c.id)
    )
    rows = [
        {
            "trunk_id": row.trunk_id,
            "address": row.address,
            "port": row.port,
            "organization_id": row.organization_id,
            "server": row.details.get("server", ""),
            "by_address": not row.details.get("username"),
        }
        for row in op.get_bind().execute(known)
    ]
    for row in rows:
        op.execute(claims.insert().values(row))


def downgrade() -> None:
    op.drop_table("trunk_claims")
