"""Telephony: the view by which Kamailio reads who may register

A migration that makes `devices` anew drops it first.
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0021"
down_revision: str | None = "0020"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.execute(
        "CREATE VIEW sip_credentials AS "
        "SELECT id AS device_id, organization_id, realm, username, ha1, ha1_prefixed "
        "FROM devices WHERE enabled AND NOT external_sip_account AND ha1 <> ''"
    )


def downgrade() -> None:
    op.execute("DROP VIEW sip_credentials")
