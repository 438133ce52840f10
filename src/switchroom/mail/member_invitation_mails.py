"""The mail by which somebody is invited to an organization."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class MemberInvitationMail(Struct, frozen=True, kw_only=True, tag="member_invitation"):
    """Content of a mail that invites a person to an organization.

    All invitations of one person to one organization have the same `uid`. `inviter_name` may be empty.
    `locale` is `de` or `en`; `timezone` an IANA name, empty for UTC.
    """

    uid: str
    to: str
    to_name: str
    organization_name: str
    inviter_name: str
    link: str
    valid_until: datetime
    locale: str
    timezone: str


def uid_of(organization_id: int, person_id: str) -> str:
    """The `uid` that all invitations of a person to an organization have in common."""
    return f"member:{organization_id}:{person_id}"
