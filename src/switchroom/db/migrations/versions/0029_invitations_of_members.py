"""Invitations of members, work in batches, and mails that belong to one"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0029"
down_revision: str | None = "0028"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING = sa.text("state = 'waiting'")
OF_BATCH = sa.text("batch_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("memberships", sa.Column("invited_at", Instant(), nullable=True))
    op.create_table(
        "member_invitations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("first_name", sa.String(length=200), nullable=False),
        sa.Column("last_name", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("inviter_name", sa.String(length=200), nullable=False),
        sa.Column("invited_by", sa.String(length=36), nullable=False),
        sa.Column("mailed_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("accepted_at", Instant(), nullable=True),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_member_invitations_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["people.id"],
            name=op.f("fk_member_invitations_person_id_people"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_invitations")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_member_invitations_key_hash")),
        sa.UniqueConstraint(
            "organization_id", "person_id", name=op.f("uq_member_invitations_organization_id")
        ),
    )
    op.create_index(op.f("ix_member_invitations_person_id"), "member_invitations", ["person_id"])
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("terms", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("worker", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_batches_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_created_at"), "batches", ["created_at"])
    op.create_index(op.f("ix_batches_organization_id"), "batches", ["organization_id"])
    op.create_index("ix_batches_due", "batches", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_table(
        "batch_pieces",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("failures", sa.Text(), nullable=False),
        sa.Column("is_done", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_pieces_batch_id_batches"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("batch_id", "number", name=op.f("pk_batch_pieces")),
    )
    op.add_column("queued_mails", sa.Column("batch_id", sa.String(length=36), nullable=True))
    op.create_index(
        "ix_queued_mails_of_batch",
        "queued_mails",
        ["batch_id", "state"],
        sqlite_where=OF_BATCH,
        postgresql_where=OF_BATCH,
    )


def downgrade() -> None:
    op.drop_index("ix_queued_mails_of_batch", "queued_mails")
    op.drop_column("queued_mails", "batch_id")
    op.drop_table("batch_pieces")
    op.drop_table("batches")
    op.drop_table("member_invitations")
    op.drop_column("memberships", "invited_at")
