"""The mail that tells somebody's old address that their account has another."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class AddressChangeMail(Struct, frozen=True, kw_only=True, tag="address_change"):
    """Content of a mail to the address that an account had before. It does not name the new one, which is not
    for whoever reads the old. `locale` is `de` or `en`; `timezone` an IANA name, empty for UTC."""

    uid: str
    to: str
    to_name: str
    organization_name: str
    changed_at: datetime
    locale: str
    timezone: str
