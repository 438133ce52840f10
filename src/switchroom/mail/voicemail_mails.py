"""The mail that tells of a voicemail message."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class VoicemailMail(Struct, frozen=True, kw_only=True, tag="voicemail"):
    """Content of a mail about a message in a voicemail box.

    `uid` is that of the message. `sound` is the path of its WAV file, which the mail brings along if it is
    still there. `milliseconds` is how long it is. A caller who withholds their number has an empty one. `new`
    counts the new messages of the box. `locale` is `de` or `en`; `timezone` an IANA name, empty for UTC.
    """

    uid: str
    to: str
    to_name: str
    organization_name: str
    box_name: str
    mailbox: str
    caller_name: str
    caller_number: str
    received_at: datetime
    milliseconds: int
    new: int
    sound: str
    locale: str
    timezone: str
