"""A voicemail box with an owner, and callers who leave messages in it."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from switchroom.telephony.routing.voicemail.box import Box, StoredMessage
from switchroom.telephony.voicemail.mailboxes import LeftMessage, Mailboxes
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform, Tenant
from tests.telephony.voicemail.tones import write_tone

_numbers = itertools.count(1)


class BoxOfOwner:
    """The box 100 of a user of a new account, with the PIN 1234."""

    def __init__(self, running: RunningPlatform, directory: Path, **fields: Any) -> None:
        self.running, self.directory = running, directory
        self.tenant: Tenant = running.organization("Universität Köln")
        self.organization_id = self.tenant.organization.id
        self.api = Api.of(running, self.tenant.organization)
        self.address = f"juergen{next(_numbers)}-{self.organization_id}@example.org"
        person = {"first_name": "Jürgen", "last_name": "Groß", "language": "de", "time_zone": "Europe/Berlin"}
        self.owner = self.api.make("users", username=self.address, **person, **fields.pop("user", {}))
        box = {"name": "Jürgen", "mailbox": "100", "owner_id": self.owner, "pin": "1234", **fields}
        self.id = self.api.make("vmboxes", **box)
        self.path = f"/vmboxes/{self.id}/messages"

    @property
    def mailboxes(self) -> Mailboxes:
        return self.running.platform.telephony.mailboxes

    @property
    def files(self) -> list[Path]:
        """The files of its messages."""
        return sorted((self.running.platform.telephony.message_files.directory / str(self.id)).glob("*"))

    def box(self) -> Box:
        found = self.running.run(self.mailboxes.box(self.organization_id, self.id))
        assert found is not None
        return found

    def leave(self, number: str = "+3225550100", seconds: float = 1.0, hertz: float = 440) -> StoredMessage:
        recorded = write_tone(self.directory / "recorded.wav", hertz, seconds)
        message = LeftMessage(
            caller_name="Zoë Weiß",
            caller_number=number,
            called_number="100",
            call_id="call-1",
            milliseconds=round(seconds * 1000),
        )
        saved = self.mailboxes.save_message(self.organization_id, self.id, recorded, message)
        return self.running.run(saved)
