"""Catalogue of the resources: whoever imports it has all of their tables."""

from __future__ import annotations

from switchroom.telephony.resources.devices import Device, Registration
from switchroom.telephony.resources.realms import SipRealm, TelephonyAccount
from switchroom.telephony.resources.users import TelephonyUser

TABLES = (Device, Registration, SipRealm, TelephonyAccount, TelephonyUser)
