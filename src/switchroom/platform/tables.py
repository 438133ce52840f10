"""The modules with tables and views: a new database gets all of them. Who finds one loads what it uses."""

from __future__ import annotations

import switchroom.accounts.models
import switchroom.conference.cluster.ownership
import switchroom.conference.room.override_records
import switchroom.events.models
import switchroom.events.webhooks.models
import switchroom.identity.models
import switchroom.jobs.models
import switchroom.mail.models
import switchroom.meetings.models
import switchroom.meetings.recordings.models
import switchroom.rooms.models
import switchroom.telephony.calls.live_rows
import switchroom.telephony.credentials
import switchroom.telephony.resources.catalogue
import switchroom.telephony.voicemail.models
from switchroom.db.base import Base

_WITH_TABLES = (
    switchroom.accounts.models,
    switchroom.conference.cluster.ownership,
    switchroom.conference.room.override_records,
    switchroom.events.models,
    switchroom.events.webhooks.models,
    switchroom.identity.models,
    switchroom.jobs.models,
    switchroom.mail.models,
    switchroom.meetings.models,
    switchroom.meetings.recordings.models,
    switchroom.rooms.models,
    switchroom.telephony.calls.live_rows,
    switchroom.telephony.credentials,
    switchroom.telephony.resources.catalogue,
    switchroom.telephony.voicemail.models,
)

METADATA = Base.metadata
"""Metadata of all tables of these modules."""
