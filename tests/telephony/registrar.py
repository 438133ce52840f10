"""A carrier's registrar on a UDP port, which checks digests and remembers who is registered."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tests.engines.kamailio.phones import Message, UdpWire, udp

REALM, USERNAME, PASSWORD = "carrier.example", "3225550100", "secret"


class Registrar:
    """`contacts` are the registered ones with their times; it is `silent`, or `refuses` with a status, where
    a test says so."""

    def __init__(self, wire: UdpWire) -> None:
        self.wire = wire
        self.contacts: dict[str, int] = {}
        self.registers: list[Message] = []
        self.least, self.grants = 0, 300
        self.silent = False
        self.refuses, self.reason = 0, b"No"
        self._nonces: set[str] = set()

    @property
    def port(self) -> int:
        return self.wire.address[1]

    async def serve(self) -> None:
        while True:
            message = Message(await self.wire.receive())
            if message.start.startswith("REGISTER ") and not self.silent:
                self.registers.append(message)
                await self.wire.send(self._answer(message))

    def _answer(self, register: Message) -> bytes:
        if self.refuses:
            return register.reply(self.refuses, "REASON").replace(b"REASON", self.reason, 1)
        if not self._is_right(register):
            self._nonces.add(nonce := str(len(self._nonces) + 1))
            challenge = f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"'
            return register.reply(401, "Unauthorized", f"WWW-Authenticate: {challenge}")
        asked = int(register.header("Expires"))
        if 0 < asked < self.least:
            return register.reply(423, "Interval Too Brief", f"Min-Expires: {self.least}")
        contact = re.search(r"<([^>]+)>", register.header("Contact"))
        assert contact is not None
        if not asked:
            self.contacts.pop(contact[1], None)
            return register.reply(200, "OK")
        granted = self.contacts[contact[1]] = min(asked, self.grants)
        return register.reply(200, "OK", f"Contact: <{contact[1]}>;expires={granted}")

    def _is_right(self, register: Message) -> bool:
        said = dict(re.findall(r'(\w+)="?([^",]+)"?', register.header("Authorization")))
        if said.get("nonce") not in self._nonces:
            return False
        first = _md5(f"{USERNAME}:{REALM}:{PASSWORD}")
        second = _md5(f"REGISTER:{said['uri']}")
        middle = f"{said['nonce']}:{said['nc']}:{said['cnonce']}:auth"
        return said["username"] == USERNAME and said["response"] == _md5(f"{first}:{middle}:{second}")


@asynccontextmanager
async def registrar() -> AsyncGenerator[Registrar]:
    async with udp() as wire:
        one = Registrar(wire)
        serving = asyncio.create_task(one.serve())
        try:
            yield one
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()
