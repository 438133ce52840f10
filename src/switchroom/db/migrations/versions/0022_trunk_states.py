"""Telephony: states and addresses of trunks, and the views by which Kamailio knows carriers

A migration that makes `trunks` or `phone_numbers` anew drops the views first.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0022"
down_revision: str | None = "0021"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "trunk_states",
        sa.Column("trunk_id", BIG_ID, nullable=False),
        sa.Column("token", sa.String(length=33), nullable=False),
        sa.Column("condition", sa.String(length=16), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("digits_stripped", sa.Integer(), nullable=False),
        sa.Column("digits_prepended", sa.String(length=20), nullable=False),
        sa.Column("country_prefix", sa.String(length=8), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_trunk_states_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"],
            ["trunks.id"],
            name=op.f("fk_trunk_states_trunk_id_trunks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("trunk_id", name=op.f("pk_trunk_states")),
        sa.UniqueConstraint("token", name=op.f("uq_trunk_states_token")),
    )
    op.create_index(op.f("ix_trunk_states_organization_id"), "trunk_states", ["organization_id"])
    op.create_table(
        "trunk_addresses",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("trunk_id", BIG_ID, nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("port", sa.Integer(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_trunk_addresses_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"],
            ["trunks.id"],
            name=op.f("fk_trunk_addresses_trunk_id_trunks"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trunk_addresses")),
        sa.UniqueConstraint("trunk_id", "address", "port", name=op.f("uq_trunk_addresses_trunk_id")),
    )
    op.create_index(op.f("ix_trunk_addresses_organization_id"), "trunk_addresses", ["organization_id"])
    op.create_index("ix_trunk_addresses_by_address", "trunk_addresses", ["address"])
    op.execute(
        "CREATE VIEW sip_trunks AS "
        "SELECT a.trunk_id, a.organization_id, a.address, a.port, s.token, t.trunk_order, "
        "s.digits_stripped, s.digits_prepended, s.country_prefix "
        "FROM trunk_addresses a JOIN trunk_states s ON s.trunk_id = a.trunk_id "
        "JOIN trunks t ON t.id = a.trunk_id WHERE t.enabled"
    )
    op.execute("CREATE VIEW sip_numbers AS SELECT number, organization_id, trunk_id FROM phone_numbers")


def downgrade() -> None:
    op.execute("DROP VIEW sip_numbers")
    op.execute("DROP VIEW sip_trunks")
    op.drop_table("trunk_addresses")
    op.drop_table("trunk_states")
