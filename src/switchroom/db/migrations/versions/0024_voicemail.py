"""Telephony: messages in voicemail boxes, and what boxes are told by telephone"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0024"
down_revision: str | None = "0023"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_SOUNDS = ("greeting_id", "temporary_greeting_id", "name_id")
_FLAGS = ("is_announcement_only", "is_set_up")


def upgrade() -> None:
    for name in _SOUNDS:
        op.add_column("voicemail_boxes", sa.Column(name, BIG_ID, nullable=True))
    for name in _FLAGS:
        op.add_column(
            "voicemail_boxes", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        )
    op.create_table(
        "voicemail_messages",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("box_id", BIG_ID, nullable=False),
        sa.Column("folder", sa.String(length=8), nullable=False),
        sa.Column("caller_name", sa.String(length=200), nullable=False),
        sa.Column("caller_number", sa.String(length=64), nullable=False),
        sa.Column("called_number", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=255), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("file", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["box_id"],
            ["voicemail_boxes.id"],
            name=op.f("fk_voicemail_messages_box_id_voicemail_boxes"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_voicemail_messages_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail_messages")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_voicemail_messages_in_box", "voicemail_messages", ["box_id", "id"])
    op.create_index(op.f("ix_voicemail_messages_organization_id"), "voicemail_messages", ["organization_id"])
    op.create_index(op.f("ix_voicemail_messages_received_at"), "voicemail_messages", ["received_at"])


def downgrade() -> None:
    op.drop_table("voicemail_messages")
    for name in (*_FLAGS, *_SOUNDS):
        op.drop_column("voicemail_boxes", name)
