"""Registration at a server as its client (RFC 3261 section 10.2)."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

from msgspec import Struct

from switchroom.engines.sip.address import NameAddr, parse_name_addr
from switchroom.engines.sip.digest import Credentials
from switchroom.engines.sip.errors import MalformedValue, Refused
from switchroom.engines.sip.grammar import split_list
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.message import Response
from switchroom.engines.sip.uri import Uri

Fields = Sequence[tuple[str, str]]

_TOO_BRIEF = 423
_LONGEST_EXPIRES = 7200
_SHORTEST_PAUSE = 5.0
_REFRESHED_AT = 0.85
"""Part of its time after which a registration is renewed; what is left is for one that is not answered."""

_FIRST_PAUSE, _LONGEST_PAUSE = 10.0, 300.0
_REFUSED_PAUSE = 60.0
"""Seconds before another try: they double with each failure, from the second where a server refuses."""

_LONGEST_RETRY_AFTER = 3600.0
_SPREAD = 0.1
_jitter = random.SystemRandom()
_STEP = 16
"""Rise of the CSeq number after a request of which it is not known how many challenges were answered."""


class Requests(Protocol):
    """Sender of requests outside of dialogs; a `UserAgent` is one."""

    async def request(
        self,
        method: str,
        uri: str,
        *,
        from_: NameAddr,
        to: NameAddr,
        headers: Iterable[tuple[str, str]] = (),
        credentials: Credentials | None = None,
        call_id: str = "",
        number: int = 1,
    ) -> Response: ...


class Binding(Struct, frozen=True):
    """Binding to register: the address of record at a registrar (a URI), and the contact where it is reached.

    `expires` is asked for, in seconds; what the server grants counts.
    """

    registrar: str
    address: NameAddr
    contact: Uri
    credentials: Credentials | None = None
    expires: int = 300


class Outcome(Struct, frozen=True):
    """Outcome of a registration: `expires` seconds for which it is good, or 0 with the final status (408
    for no answer). `retry_after` is in seconds, 0 where the server does not say."""

    status: int
    reason: str
    expires: int = 0
    retry_after: float = 0.0

    @property
    def is_registered(self) -> bool:
        return self.expires > 0


class Registration:
    """One registration, with one Call-ID and rising numbers. It sends when it is told to, and counts failures
    for `pause`."""

    def __init__(self, requests: Requests, binding: Binding, *, call_id: str, number: int = 1) -> None:
        self.number = number
        """CSeq of the next request; a process that goes on with this Call-ID begins with a higher one."""

        self._requests = requests
        self._binding = binding
        self._call_id = call_id
        self._expires = binding.expires
        self._failures = 0

    async def register(self, headers: Fields = ()) -> Outcome:
        """Register, or renew it. `headers` are further fields, in the standard's spelling."""
        outcome, least = await self._send(self._expires, headers)
        if outcome.status == _TOO_BRIEF and self._expires < least <= _LONGEST_EXPIRES:
            self._expires = least
            outcome, _ = await self._send(least, headers)
        self._failures = 0 if outcome.is_registered else self._failures + 1
        return outcome

    async def unregister(self, headers: Fields = ()) -> Outcome:
        """Take the contact back. Others of the same address of record stay."""
        outcome, _ = await self._send(0, headers)
        return outcome

    def pause(self, outcome: Outcome) -> float:
        """Seconds until the next request after this outcome; not the same for all that fail together."""
        if outcome.is_registered:
            seconds = max(outcome.expires * _REFRESHED_AT, min(_SHORTEST_PAUSE, outcome.expires / 2))
            return seconds * (1 - _SPREAD * _jitter.random())
        was_refused = 400 <= outcome.status < 500 and outcome.status not in (408, 480)
        first = _REFUSED_PAUSE if was_refused else _FIRST_PAUSE
        seconds = min(first * 2.0 ** min(self._failures - 1, 16), _LONGEST_PAUSE)
        return max(seconds, outcome.retry_after) * (1 + _SPREAD * _jitter.random())

    async def _send(self, expires: int, headers: Fields) -> tuple[Outcome, int]:
        """Send a REGISTER. Returns its outcome, and the server's Min-Expires in seconds, 0 without one."""
        binding = self._binding
        number, self.number = self.number, self.number + _STEP
        fields = [
            ("Contact", f"<{binding.contact}>;expires={expires}"),
            ("Expires", str(expires)),
            *headers,
        ]
        try:
            response = await self._requests.request(
                "REGISTER",
                binding.registrar,
                from_=binding.address,
                to=binding.address,
                headers=fields,
                credentials=binding.credentials,
                call_id=self._call_id,
                number=number,
            )
        except Refused as refusal:
            return _refused(refusal)
        self.number = response.cseq.number + 1
        granted = _granted(response, binding.contact.user, expires) if expires else 0
        return Outcome(response.status, response.reason, granted), 0


def _refused(refusal: Refused) -> tuple[Outcome, int]:
    fields = Headers(refusal.fields)
    waits = _retry_after(fields.get("Retry-After") or "")
    least = _seconds(fields.get("Min-Expires"))
    return Outcome(refusal.status, refusal.reason, retry_after=waits), least or 0


def _granted(response: Response, user: str, asked: int) -> int:
    """Seconds for which the contact with this user is good (RFC 3261 section 10.3, 8). A server that lists
    contacts and not this one has not registered it: 0."""
    all_contacts = _seconds(response.headers.get("Expires"))
    listed = False
    for value in response.headers.all("Contact"):
        for text in split_list(value):
            try:
                contact = parse_name_addr(text)
            except MalformedValue:
                continue
            listed = True
            if contact.uri.user == user:
                own = _seconds(contact.parameters.get("expires"))
                granted = own if own is not None else all_contacts
                return min(granted if granted is not None else asked, _LONGEST_EXPIRES)
    if listed:
        return 0
    return min(asked if all_contacts is None else all_contacts, _LONGEST_EXPIRES)


def _seconds(text: str | None) -> int | None:
    found = re.match(r"\s*(\d{1,9})", text or "")
    return int(found[1]) if found is not None else None


def _retry_after(text: str) -> float:
    """Seconds of a Retry-After, which some write as a date."""
    seconds = _seconds(text)
    if seconds is None or text.strip()[:4].isalpha():
        try:
            seconds = int((parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
        except (ValueError, TypeError):
            return 0.0
    return float(min(max(seconds, 0), _LONGEST_RETRY_AFTER))
