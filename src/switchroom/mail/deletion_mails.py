"""The mail with the link that deletes an organization."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class DeletionMail(Struct, frozen=True, kw_only=True, tag="organization_deletion"):
    """Content of a mail about the deletion of an organization. All about one organization have the same
    `uid`. `locale` is `de` or `en`; `timezone` an IANA name, empty for UTC."""

    uid: str
    to: str
    to_name: str
    organization_name: str
    link: str
    valid_until: datetime
    locale: str
    timezone: str
