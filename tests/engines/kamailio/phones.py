"""Phones and telephony workers that speak SIP by sockets, byte by byte."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import ssl
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

LIMIT = 60.0
REALM = "acme.example.org"


class Message:
    """A message as it was received."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        head, _, self.body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        self.start, *self.lines = head.split("\r\n")

    @property
    def status(self) -> int:
        return int(self.start.split()[1])

    def all(self, name: str) -> list[str]:
        return [
            line.partition(":")[2].strip()
            for line in self.lines
            if line.partition(":")[0].strip().lower() == name.lower()
        ]

    def header(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def reply(self, status: int, reason: str, *more: str) -> bytes:
        """An answer to it, with a tag."""
        to = self.header("To") + ("" if ";tag=" in self.header("To") else ";tag=answered")
        lines = [
            f"SIP/2.0 {status} {reason}",
            *(f"Via: {via}" for via in self.all("Via")),
            *(f"Record-Route: {route}" for route in self.all("Record-Route")),
            f"From: {self.header('From')}",
            f"To: {to}",
            f"Call-ID: {self.header('Call-ID')}",
            f"CSeq: {self.header('CSeq')}",
            *more,
            "Content-Length: 0",
        ]
        return "\r\n".join([*lines, "", ""]).encode()


class Wire(Protocol):
    """A way to the server."""

    name: str

    @property
    def address(self) -> tuple[str, int]: ...

    async def send(self, data: bytes) -> None: ...

    async def receive(self) -> bytes:
        """The next message. A request that comes again, as UDP has it after half a second without an answer,
        is taken once."""
        ...

    def put_back(self, messages: Iterable[bytes]) -> None:
        """Have these received again, before what comes: somebody has waited for something else."""
        ...


class _Received:
    """What has come."""

    def __init__(self) -> None:
        self._requests: set[bytes] = set()
        self._put_back: deque[bytes] = deque()

    async def _next(self) -> bytes:
        """The next message on the way."""
        raise NotImplementedError

    async def receive(self) -> bytes:
        if self._put_back:
            return self._put_back.popleft()
        while (data := await self._next()) in self._requests:
            pass
        if not data.startswith(b"SIP/2.0 "):
            self._requests.add(data)
        return data

    def put_back(self, messages: Iterable[bytes]) -> None:
        self._put_back.extend(messages)


class UdpWire(_Received, asyncio.DatagramProtocol):
    name = "UDP"

    def __init__(self, server: tuple[str, int] | None = None) -> None:
        super().__init__()
        self.received: asyncio.Queue[tuple[bytes, tuple[str, int]]] = asyncio.Queue()
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None
        self.last: tuple[str, int] | None = server

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.received.put_nowait((data, addr))

    @property
    def transport(self) -> asyncio.DatagramTransport:
        assert self._transport is not None
        return self._transport

    @property
    def address(self) -> tuple[str, int]:
        return self.transport.get_extra_info("sockname")

    async def send(self, data: bytes) -> None:
        self.transport.sendto(data, self._server or self.last)

    async def _next(self) -> bytes:
        data, self.last = await self.received.get()
        return data


class StreamWire(_Received):
    def __init__(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__()
        self.name = name
        self._reader = reader
        self._writer = writer

    @property
    def address(self) -> tuple[str, int]:
        return self._writer.get_extra_info("sockname")

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def _next(self) -> bytes:
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        return head + await self._reader.readexactly(int(length[1]) if length else 0)

    def close(self) -> None:
        self._writer.close()


class WebWire(_Received):
    name = "WS"

    def __init__(self, connection: ClientConnection) -> None:
        super().__init__()
        self._connection = connection
        self.address = ("browser.invalid", 5060)

    async def send(self, data: bytes) -> None:
        await self._connection.send(data.decode())

    async def _next(self) -> bytes:
        message = await self._connection.recv()
        return message.encode() if isinstance(message, str) else message


@asynccontextmanager
async def udp(
    server: tuple[str, int] | None = None, port: int = 0, host: str = "127.0.0.1"
) -> AsyncGenerator[UdpWire]:
    loop = asyncio.get_running_loop()
    transport, wire = await loop.create_datagram_endpoint(lambda: UdpWire(server), local_addr=(host, port))
    try:
        yield wire
    finally:
        transport.close()


@asynccontextmanager
async def tcp(port: int, certificate: str = "") -> AsyncGenerator[StreamWire]:
    context = ssl.create_default_context(cafile=certificate) if certificate else None
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", port, ssl=context, server_hostname="localhost" if certificate else None
    )
    try:
        yield StreamWire("TLS" if certificate else "TCP", reader, writer)
    finally:
        writer.close()


@asynccontextmanager
async def web(url: str, source: str = "192.0.2.7|40000") -> AsyncGenerator[WebWire]:
    async with connect(
        url, subprotocols=[Subprotocol("sip")], additional_headers={"X-SR-Source": source}
    ) as connection:
        yield WebWire(connection)


class Phone:
    """A phone on a wire, with a name and a password."""

    def __init__(
        self, wire: Wire, name: str = "ab12cd34", password: str = "secret", realm: str = REALM
    ) -> None:
        self.wire = wire
        self.name = name
        self.user = name if re.fullmatch(r"[\w.-]+", name) else "ab12cd34"
        self.password = password
        self.realm = realm
        self.number = 0
        self.call_id = secrets.token_hex(8)
        self.branch = ""

    @property
    def contact(self) -> str:
        host, port = self.wire.address[:2]
        return f"<sip:phone@{host}:{port};transport={self.wire.name.lower()}>"

    def request(
        self,
        method: str,
        *,
        uri: str = "",
        to: str = "",
        more: Mapping[str, str] | None = None,
        sender: str = "",
        body: str = "",
    ) -> bytes:
        """The next request."""
        self.number += 1
        self.branch = f"z9hG4bK{secrets.token_hex(8)}"
        host, port = self.wire.address[:2]
        headers = {
            "Via": f"SIP/2.0/{self.wire.name} {host}:{port};branch={self.branch};rport",
            "Max-Forwards": "70",
            "From": sender or f"<sip:{self.user}@{self.realm}>;tag=phone",
            "To": to or f"<sip:{self.user}@{self.realm}>",
            "Call-ID": self.call_id,
            "CSeq": f"{self.number} {method}",
            "Contact": self.contact,
            **(more or {}),
            "Content-Length": str(len(body)),
        }
        lines = [f"{method} {uri or f'sip:{self.realm}'} SIP/2.0"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return ("\r\n".join([*lines, "", ""]) + body).encode()

    def authorization(self, challenge: Message, method: str, uri: str) -> Mapping[str, str]:
        """The header that answers a challenge, RFC 2617."""
        proxy = challenge.status == 407
        asked = challenge.header("Proxy-Authenticate" if proxy else "WWW-Authenticate")
        nonce = _found(r'nonce="([^"]+)"', asked)
        realm = _found(r'realm="([^"]+)"', asked)
        first = _md5(f"{self.name}:{realm}:{self.password}")
        response = _md5(f"{first}:{nonce}:00000001:c:auth:{_md5(f'{method}:{uri}')}")
        return {
            "Proxy-Authorization" if proxy else "Authorization": (
                f'Digest username="{self.name}", realm="{realm}", nonce="{nonce}", uri="{uri}", '
                f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="c"'
            )
        }

    async def ask(self, data: bytes) -> Message:
        """The final answer to a request."""
        self.branch = _found(r"branch=([\w.]+)", data.decode("utf-8", "replace"))
        await self.wire.send(data)
        return await self.answer()

    async def answer(self) -> Message:
        """The final answer to the last request; others may come again, such as refusals of calls that are not
        acknowledged. Requests that come before it are there afterwards."""
        requests: list[bytes] = []
        try:
            while True:
                message = await self.receive()
                if not message.start.startswith("SIP/2.0 "):
                    requests.append(message.data)
                elif message.status >= 200 and self.branch in message.header("Via"):
                    return message
        finally:
            self.wire.put_back(requests)

    async def asked(self, method: str) -> Message:
        """The next request of a method."""
        while True:
            message = await self.receive()
            if message.start.startswith(f"{method} "):
                return message

    async def receive(self) -> Message:
        async with asyncio.timeout(LIMIT):
            return Message(await self.wire.receive())

    async def silent(self, seconds: float = 0.5) -> bool:
        """Whether nothing comes for so long."""
        try:
            async with asyncio.timeout(seconds):
                await self.wire.receive()
        except TimeoutError:
            return True
        return False

    async def register(self, expires: int = 300, *, more: Mapping[str, str] | None = None) -> Message:
        """The answer to credentials."""
        uri = f"sip:{self.realm}"
        said = {"Expires": str(expires), **(more or {})}
        challenge = await self.ask(self.request("REGISTER", uri=uri, more=said))
        assert challenge.status == 401, challenge.start
        credentials = self.authorization(challenge, "REGISTER", uri)
        return await self.ask(self.request("REGISTER", uri=uri, more={**said, **credentials}))

    async def invite(
        self, number: str = "101", *, more: Mapping[str, str] | None = None, sender: str = ""
    ) -> None:
        """Call a number: answer the challenge, and acknowledge it."""
        uri = f"sip:{number}@{self.realm}"
        plain = self.request("INVITE", uri=uri, to=f"<{uri}>", more=more, sender=sender)
        challenge = await self.ask(plain)
        assert challenge.status == 407, challenge.start
        await self.wire.send(self.ack(uri, challenge, sender))
        credentials = self.authorization(challenge, "INVITE", uri)
        await self.wire.send(
            self.request(
                "INVITE", uri=uri, to=f"<{uri}>", more={**credentials, **(more or {})}, sender=sender
            )
        )

    def ack(self, uri: str, answer: Message, sender: str = "") -> bytes:
        """The acknowledgement of a refusal."""
        host, port = self.wire.address[:2]
        lines = [
            f"ACK {uri} SIP/2.0",
            f"Via: SIP/2.0/{self.wire.name} {host}:{port};branch={self.branch};rport",
            "Max-Forwards: 70",
            f"From: {sender or f'<sip:{self.user}@{self.realm}>;tag=phone'}",
            f"To: {answer.header('To')}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {self.number} ACK",
            "Content-Length: 0",
        ]
        return "\r\n".join([*lines, "", ""]).encode()


def ha1(name: str, realm: str, password: str) -> str:
    return _md5(f"{name}:{realm}:{password}")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, text
    return found[1]
