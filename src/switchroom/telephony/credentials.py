"""View of the devices that may register, which is all that Kamailio reads of the platform's database."""

from __future__ import annotations

from sqlalchemy import DDL, event

from switchroom.telephony.resources.devices import Device

CREATE_VIEW = (
    "CREATE VIEW sip_credentials AS "
    "SELECT id AS device_id, organization_id, realm, username, ha1, ha1_prefixed "
    "FROM devices WHERE enabled AND NOT external_sip_account AND ha1 <> ''"
)
"""For a new database; the migrations make it in others."""

event.listen(Device.metadata, "after_create", DDL(CREATE_VIEW))
