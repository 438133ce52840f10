"""Telephony: tables of the resources, their references, and call records"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0019"
down_revision: str | None = "0018"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "call_groups",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_call_groups_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_groups")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_call_groups_in_order", "call_groups", ["organization_id", "id"])
    op.create_table(
        "callflows",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_callflows_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callflows")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_callflows_in_order", "callflows", ["organization_id", "id"])
    op.create_table(
        "medias",
        sa.Column("available_as_moh", sa.Boolean(), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_medias_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_medias")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_medias_in_order", "medias", ["organization_id", "id"])
    op.create_table(
        "menus",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_menus_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_menus")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_menus_in_order", "menus", ["organization_id", "id"])
    op.create_table(
        "opening_calendars",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_opening_calendars_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opening_calendars")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_opening_calendars_in_order", "opening_calendars", ["organization_id", "id"])
    op.create_table(
        "resource_references",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("source_kind", sa.String(length=32), nullable=False),
        sa.Column("source_id", BIG_ID, nullable=False),
        sa.Column("target_kind", sa.String(length=32), nullable=False),
        sa.Column("target_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_resource_references_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resource_references")),
    )
    op.create_index(
        "ix_resource_references_source",
        "resource_references",
        ["organization_id", "source_kind", "source_id"],
    )
    op.create_index(
        "ix_resource_references_target",
        "resource_references",
        ["organization_id", "target_kind", "target_id"],
    )
    op.create_table(
        "trunks",
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("trunk_order", sa.Integer(), nullable=False),
        sa.Column("password_encrypted", sa.Text(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_trunks_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trunks")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trunks_in_order", "trunks", ["organization_id", "id"])
    op.create_table(
        "call_recordings",
        sa.Column("format", sa.String(length=3), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=True),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_call_recordings_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["memberships.id"],
            name=op.f("fk_call_recordings_owner_id_memberships"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_recordings")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_call_recordings_in_order", "call_recordings", ["organization_id", "id"])
    op.create_index(op.f("ix_call_recordings_owner_id"), "call_recordings", ["owner_id"])
    op.create_table(
        "call_records",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=True),
        sa.Column("first_name", sa.String(length=200), nullable=True),
        sa.Column("last_name", sa.String(length=200), nullable=True),
        sa.Column("caller_id_name", sa.String(length=200), nullable=False),
        sa.Column("caller_id_number", sa.String(length=64), nullable=False),
        sa.Column("callee_id_name", sa.String(length=200), nullable=False),
        sa.Column("callee_id_number", sa.String(length=64), nullable=False),
        sa.Column("caller_callid", sa.String(length=255), nullable=False),
        sa.Column("callee_callid", sa.String(length=255), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("billing_seconds", sa.Integer(), nullable=False),
        sa.Column("ringing_seconds", sa.Integer(), nullable=False),
        sa.Column("hangup_cause", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_call_records_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["memberships.id"],
            name=op.f("fk_call_records_owner_id_memberships"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call_records")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_call_records_by_direction", "call_records", ["organization_id", "direction", "started_at", "id"]
    )
    op.create_index("ix_call_records_in_order", "call_records", ["organization_id", "started_at", "id"])
    op.create_index(
        "ix_call_records_of_owner", "call_records", ["organization_id", "owner_id", "started_at", "id"]
    )
    op.create_index(op.f("ix_call_records_owner_id"), "call_records", ["owner_id"])
    op.create_table(
        "callflow_numbers",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("number", sa.String(length=21), nullable=False),
        sa.Column("callflow_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["callflow_id"],
            ["callflows.id"],
            name=op.f("fk_callflow_numbers_callflow_id_callflows"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_callflow_numbers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "number", name=op.f("pk_callflow_numbers")),
    )
    op.create_index(op.f("ix_callflow_numbers_callflow_id"), "callflow_numbers", ["callflow_id"])
    op.create_table(
        "contacts",
        sa.Column("user_id", BIG_ID, nullable=True),
        sa.Column("phonebook", sa.String(length=64), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_contacts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["memberships.id"], name=op.f("fk_contacts_user_id_memberships"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contacts_in_order", "contacts", ["organization_id", "id"])
    op.create_index(op.f("ix_contacts_user_id"), "contacts", ["user_id"])
    op.create_table(
        "phone_conferences",
        sa.Column("members_pin_hash", sa.String(length=255), nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=True),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_phone_conferences_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["memberships.id"],
            name=op.f("fk_phone_conferences_owner_id_memberships"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_conferences")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_phone_conferences_in_order", "phone_conferences", ["organization_id", "id"])
    op.create_index(op.f("ix_phone_conferences_owner_id"), "phone_conferences", ["owner_id"])
    op.create_table(
        "phone_numbers",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("trunk_id", BIG_ID, nullable=True),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_phone_numbers_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["trunk_id"], ["trunks.id"], name=op.f("fk_phone_numbers_trunk_id_trunks"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_numbers")),
        sa.UniqueConstraint("number", name=op.f("uq_phone_numbers_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_phone_numbers_in_order", "phone_numbers", ["organization_id", "id"])
    op.create_index(op.f("ix_phone_numbers_trunk_id"), "phone_numbers", ["trunk_id"])
    op.create_table(
        "voicemail_boxes",
        sa.Column("mailbox", sa.String(length=15), nullable=False),
        sa.Column("pin_hash", sa.String(length=255), nullable=False),
        sa.Column("owner_id", BIG_ID, nullable=True),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_voicemail_boxes_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["memberships.id"],
            name=op.f("fk_voicemail_boxes_owner_id_memberships"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voicemail_boxes")),
        sa.UniqueConstraint("organization_id", "mailbox", name=op.f("uq_voicemail_boxes_organization_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_voicemail_boxes_in_order", "voicemail_boxes", ["organization_id", "id"])
    op.create_index(op.f("ix_voicemail_boxes_owner_id"), "voicemail_boxes", ["owner_id"])
    op.create_table(
        "function_keys",
        sa.Column("device_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("keys", sa.JSON(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.id"], name=op.f("fk_function_keys_device_id_devices"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_function_keys_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_function_keys")),
    )
    op.create_index(op.f("ix_function_keys_organization_id"), "function_keys", ["organization_id"])


def downgrade() -> None:

    op.drop_index(op.f("ix_function_keys_organization_id"), table_name="function_keys")
    op.drop_table("function_keys")
    op.drop_index(op.f("ix_voicemail_boxes_owner_id"), table_name="voicemail_boxes")
    op.drop_index("ix_voicemail_boxes_in_order", table_name="voicemail_boxes")
    op.drop_table("voicemail_boxes")
    op.drop_index(op.f("ix_phone_numbers_trunk_id"), table_name="phone_numbers")
    op.drop_index("ix_phone_numbers_in_order", table_name="phone_numbers")
    op.drop_table("phone_numbers")
    op.drop_index(op.f("ix_phone_conferences_owner_id"), table_name="phone_conferences")
    op.drop_index("ix_phone_conferences_in_order", table_name="phone_conferences")
    op.drop_table("phone_conferences")
    op.drop_index(op.f("ix_contacts_user_id"), table_name="contacts")
    op.drop_index("ix_contacts_in_order", table_name="contacts")
    op.drop_table("contacts")
    op.drop_index(op.f("ix_callflow_numbers_callflow_id"), table_name="callflow_numbers")
    op.drop_table("callflow_numbers")
    op.drop_index(op.f("ix_call_records_owner_id"), table_name="call_records")
    op.drop_index("ix_call_records_of_owner", table_name="call_records")
    op.drop_index("ix_call_records_in_order", table_name="call_records")
    op.drop_index("ix_call_records_by_direction", table_name="call_records")
    op.drop_table("call_records")
    op.drop_index(op.f("ix_call_recordings_owner_id"), table_name="call_recordings")
    op.drop_index("ix_call_recordings_in_order", table_name="call_recordings")
    op.drop_table("call_recordings")
    op.drop_index("ix_trunks_in_order", table_name="trunks")
    op.drop_table("trunks")
    op.drop_index("ix_resource_references_target", table_name="resource_references")
    op.drop_index("ix_resource_references_source", table_name="resource_references")
    op.drop_table("resource_references")
    op.drop_index("ix_opening_calendars_in_order", table_name="opening_calendars")
    op.drop_table("opening_calendars")
    op.drop_index("ix_menus_in_order", table_name="menus")
    op.drop_table("menus")
    op.drop_index("ix_medias_in_order", table_name="medias")
    op.drop_table("medias")
    op.drop_index("ix_callflows_in_order", table_name="callflows")
    op.drop_table("callflows")
    op.drop_index("ix_call_groups_in_order", table_name="call_groups")
    op.drop_table("call_groups")
