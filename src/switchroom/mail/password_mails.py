"""The mail with the link that sets a password."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class PasswordMail(Struct, frozen=True, kw_only=True, tag="password_link"):
    """Content of a mail with a link for a password.

    All mails to one person have the same `uid`. `locale` is `de` or `en`; `timezone` an IANA name, empty for
    UTC. The names of one `of_signup` may have been chosen by a stranger: its subject has none of them.
    """

    uid: str
    to: str
    to_name: str
    organization_name: str
    username: str
    link: str
    valid_until: datetime
    locale: str
    timezone: str
    of_signup: bool = False
