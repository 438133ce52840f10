"""Sending over SMTP (RFC 5321), with connections that serve several mails."""

from __future__ import annotations

import asyncio
import ssl
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
from msgspec import Struct

from switchroom.mail.addresses import Undeliverable
from switchroom.mail.message import RenderedMail
from switchroom.settings import ConfigurationError

_SUBMISSION, _RELAY, _SUBMISSIONS = 587, 25, 465
_MAILS_A_CONNECTION = 50


class SmtpServer(Struct, frozen=True, kw_only=True):
    """The mail server.

    `implicit_tls` encrypts from the first byte, `require_tls` refuses a connection that is not encrypted, and
    `verify` one whose certificate is not good for `host`.
    """

    host: str
    port: int
    username: str
    password: str
    implicit_tls: bool
    require_tls: bool
    verify: bool


def parse_server(url: str) -> SmtpServer:
    """`smtp://user:password@host:587`, `smtps://…:465`; the default ports are those and 25 without a user.

    `smtp://` uses STARTTLS where offered. With a user at another machine it is required and the certificate
    checked, so that the password goes to nobody else; `?starttls=required` asks for the same without a user,
    `?starttls=offered` does without it. Raises ConfigurationError, whose message does not repeat the URL.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigurationError("smtp.url is not a URL") from error
    if parts.scheme not in {"smtp", "smtps"} or not host:
        raise ConfigurationError("smtp.url must be like smtp://user:password@host:587 or smtps://host:465")
    starttls = parse_qs(parts.query).get("starttls", ["default"])[-1]
    if starttls not in {"default", "required", "offered"}:
        raise ConfigurationError("smtp.url: starttls must be required or offered")
    implicit = parts.scheme == "smtps"
    username = unquote(parts.username or "")
    guarded = starttls == "required" or (
        starttls == "default" and (implicit or bool(username)) and not _is_loopback(host)
    )
    return SmtpServer(
        host=host,
        port=port or (_SUBMISSIONS if implicit else _SUBMISSION if username else _RELAY),
        username=username,
        password=unquote(parts.password or ""),
        implicit_tls=implicit,
        require_tls=guarded,
        verify=guarded,
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class SmtpTransport:
    """Hands mails to the server; each connection carries one at a time. The caller limits the time."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server
        self._idle: list[_Connection] = []

    async def send(self, mail: RenderedMail) -> None:
        """Return once the server has taken the mail over.

        Raises Undeliverable when it will not take this mail at all; what else goes wrong, as
        aiosmtplib.SMTPException or OSError, may be over the next time.
        """
        connection = await self._connection()
        try:
            await connection.client.sendmail(mail.sender, mail.recipient, mail.content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            refusal = error.recipients[0]
            await self._release(connection)
            if _is_final(refusal.code):
                raise Undeliverable(f"{refusal.code} {refusal.message}") from error
            raise refusal from error
        except aiosmtplib.SMTPDataError as error:
            await self._release(connection)
            if _is_final(error.code):
                raise Undeliverable(f"{error.code} {error.message}") from error
            raise
        except BaseException:
            connection.client.close()
            raise
        await self._release(connection)

    async def check(self) -> None:
        """Sign in and go again. Raises aiosmtplib.SMTPException and OSError."""
        await _quit((await self._connect()).client)

    async def rest(self) -> None:
        """Close the connections that have nothing to do."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await _quit(connection.client)

    def close(self) -> None:
        for connection in self._idle:
            connection.client.close()
        self._idle.clear()

    async def _connection(self) -> _Connection:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.client.noop()
            except (aiosmtplib.SMTPException, OSError):
                connection.client.close()
                continue
            return connection
        return await self._connect()

    async def _connect(self) -> _Connection:
        server = self._server
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username or None,
            password=server.password if server.username else None,
            use_tls=server.implicit_tls,
            start_tls=False if server.implicit_tls else True if server.require_tls else None,
            tls_context=await asyncio.to_thread(_tls, verify=server.verify),
            timeout=None,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return _Connection(client)

    async def _release(self, connection: _Connection) -> None:
        connection.mails += 1
        if not connection.client.is_connected:
            return
        if connection.mails < _MAILS_A_CONNECTION:
            self._idle.append(connection)
        else:
            await _quit(connection.client)


class _Connection:
    def __init__(self, client: aiosmtplib.SMTP) -> None:
        self.client = client
        self.mails = 0


def _is_final(code: int) -> bool:
    return 500 <= code < 600


def _tls(*, verify: bool) -> ssl.SSLContext:
    """Unverified is for servers that need no password, where the choice is between that and no encryption at
    all (RFC 7435), and for this machine."""
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _quit(client: aiosmtplib.SMTP) -> None:
    try:
        async with asyncio.timeout(1):
            await client.quit()
    except (aiosmtplib.SMTPException, OSError):
        client.close()
