"""Catalogue of the resources: a module that imports it has all of their tables."""

from __future__ import annotations

from pathlib import Path

from switchroom.accounts.dependents import AccountDependents
from switchroom.mail.password_requests import PasswordRequests
from switchroom.telephony.resources.accounts import Accounts
from switchroom.telephony.resources.calendars import Calendars
from switchroom.telephony.resources.callflows import Callflows
from switchroom.telephony.resources.calls_history import CallRecord
from switchroom.telephony.resources.conferences import Conferences
from switchroom.telephony.resources.devices import Devices, DeviceStates, no_calls
from switchroom.telephony.resources.directories import Directories
from switchroom.telephony.resources.function_keys import FunctionKeys
from switchroom.telephony.resources.groups import Groups
from switchroom.telephony.resources.medias import Medias
from switchroom.telephony.resources.menus import Menus
from switchroom.telephony.resources.phone_numbers import PhoneNumbers
from switchroom.telephony.resources.recordings import Recordings
from switchroom.telephony.resources.service import AnyResource
from switchroom.telephony.resources.sounds import SoundFiles
from switchroom.telephony.resources.trunks import Trunks
from switchroom.telephony.resources.users import Users
from switchroom.telephony.resources.vmboxes import VoicemailBoxes

TABLES = (CallRecord, FunctionKeys)
"""Tables of what is no resource of the common kind."""


def all_kinds(
    passwords: PasswordRequests,
    dependents: AccountDependents,
    sounds: SoundFiles,
    voicemail: Path,
    recordings: Path,
    *,
    numbers_claimed: bool = True,
    device_states: DeviceStates = no_calls,
) -> list[AnyResource]:
    """Every kind of resource. `voicemail` and `recordings` are the directories of messages' sounds and of the
    recordings of calls; `numbers_claimed` is whether administrators say which telephone numbers come by
    their trunks; `device_states` tells which devices are in calls."""
    return [
        Accounts(),
        Users(passwords, dependents),
        Devices(device_states),
        Callflows(),
        Groups(),
        Menus(),
        Calendars(),
        Medias(sounds),
        Conferences(),
        VoicemailBoxes(sounds, voicemail),
        PhoneNumbers(are_claimed=numbers_claimed),
        Trunks(),
        Recordings(recordings),
        Directories(),
    ]
