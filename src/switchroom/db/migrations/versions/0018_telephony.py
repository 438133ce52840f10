"""Telephony: realms of accounts, users, devices and their registrations"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from switchroom.db.base import Instant

revision: str = "0018"
down_revision: str | None = "0017"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sip_realms",
        sa.Column("realm", sa.String(length=253), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_sip_realms_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("realm", name=op.f("pk_sip_realms")),
    )
    op.create_index(op.f("ix_sip_realms_organization_id"), "sip_realms", ["organization_id"])
    op.create_table(
        "devices",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("realm", sa.String(length=253), nullable=False),
        sa.Column("ha1", sa.String(length=32), nullable=False),
        sa.Column("ha1_prefixed", sa.String(length=32), nullable=False),
        sa.Column("external_sip_account", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
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
            name=op.f("fk_devices_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"],
            ["memberships.id"],
            name=op.f("fk_devices_owner_id_memberships"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(["realm"], ["sip_realms.realm"], name=op.f("fk_devices_realm_sip_realms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("organization_id", "username", name=op.f("uq_devices_organization_id")),
        sa.UniqueConstraint("realm", "username", name=op.f("uq_devices_realm")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_devices_in_order", "devices", ["organization_id", "id"])
    op.create_index(op.f("ix_devices_owner_id"), "devices", ["owner_id"])
    op.create_table(
        "telephony_accounts",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("realm", sa.String(length=253), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_telephony_accounts_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["realm"], ["sip_realms.realm"], name=op.f("fk_telephony_accounts_realm_sip_realms")
        ),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_telephony_accounts")),
        sa.UniqueConstraint("realm", name=op.f("uq_telephony_accounts_realm")),
    )
    op.create_table(
        "telephony_users",
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.Column("membership_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("hotdesk_id", sa.String(length=10), nullable=True),
        sa.Column("hotdesk_pin_hash", sa.String(length=255), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["membership_id"],
            ["memberships.id"],
            name=op.f("fk_telephony_users_membership_id_memberships"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_telephony_users_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("membership_id", name=op.f("pk_telephony_users")),
    )
    op.create_index(
        "uq_telephony_users_hotdesk_id", "telephony_users", ["organization_id", "hotdesk_id"], unique=True
    )
    op.create_table(
        "device_registrations",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("device_id", BIG_ID, nullable=False),
        sa.Column("contact", sa.String(length=400), nullable=False),
        sa.Column("user_agent", sa.String(length=200), nullable=False),
        sa.Column("contact_ip", sa.String(length=45), nullable=False),
        sa.Column("contact_port", sa.Integer(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("organization_id", BIG_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"],
            ["devices.id"],
            name=op.f("fk_device_registrations_device_id_devices"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"],
            ["organizations.id"],
            name=op.f("fk_device_registrations_organization_id_organizations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_device_registrations")),
        sa.UniqueConstraint("device_id", "contact", name=op.f("uq_device_registrations_device_id")),
    )
    op.create_index(op.f("ix_device_registrations_expires_at"), "device_registrations", ["expires_at"])
    op.create_index(
        op.f("ix_device_registrations_organization_id"), "device_registrations", ["organization_id"]
    )


def downgrade() -> None:

    op.drop_index(op.f("ix_device_registrations_organization_id"), table_name="device_registrations")
    op.drop_index(op.f("ix_device_registrations_expires_at"), table_name="device_registrations")
    op.drop_table("device_registrations")
    op.drop_index("uq_telephony_users_hotdesk_id", table_name="telephony_users")
    op.drop_table("telephony_users")
    op.drop_table("telephony_accounts")
    op.drop_index(op.f("ix_devices_owner_id"), table_name="devices")
    op.drop_index("ix_devices_in_order", table_name="devices")
    op.drop_table("devices")
    op.drop_index(op.f("ix_sip_realms_organization_id"), table_name="sip_realms")
    op.drop_table("sip_realms")
