"""Opens the mails that a platform without a mail server has written to files."""

from __future__ import annotations

import re
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path

from tests.mail.post import LIMIT
from tests.platform import RunningPlatform


def mails_to(running: RunningPlatform, recipient: str, *, count: int = 1) -> list[EmailMessage]:
    """All mails to the address, once there are so many; those of one second in any order."""
    directory = running.platform.settings.data_directory / "outbox"
    deadline = time.monotonic() + LIMIT
    while len(found := [path for path in sorted(directory.glob("*.eml")) if recipient in _to(path)]) < count:
        assert time.monotonic() < deadline, f"{len(found)} mails to {recipient} in {LIMIT} s"
        time.sleep(0.05)
    return [_mail(path) for path in found]


def invitation_keys(running: RunningPlatform, recipient: str, *, count: int = 1) -> set[str]:
    """The keys in the links of all invitations to organizations, once somebody has so many."""
    bodies = [mail.get_body(("plain",)) for mail in mails_to(running, recipient, count=count)]
    texts = "\n".join(body.get_content() for body in bodies if body is not None)
    return set(re.findall(r"/#/invitation/(\w+)", texts))


def invitation_key(running: RunningPlatform, recipient: str) -> str:
    """The key in the link of the only one."""
    (key,) = invitation_keys(running, recipient)
    return key


def deletion_key(running: RunningPlatform, recipient: str) -> str:
    """The key in the only link that somebody got to delete an organization."""
    (mail,) = mails_to(running, recipient)
    body = mail.get_body(("plain",))
    assert body is not None
    (key,) = re.findall(r"/#/company-deletion/(\w{32})\s", body.get_content())
    return key


@cache
def _to(path: Path) -> str:
    """Whom a mail is for. A platform of many tests has written thousands."""
    return str(_mail(path)["To"])


def _mail(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=default)
