"""A real SMTP server that keeps what it is given."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.mail.post import eventually

USER, PASSWORD = "postroom@example.org", "p@ss:wörd/1"


class MailServer:
    """Listens on loopback.

    `answers` are given to the next mails in place of 250; `refused` recipients are refused; while `open` is
    not set, nobody gets an answer to a mail's content.
    """

    def __init__(self) -> None:
        self.port = 0
        self.answers: list[str] = []
        self.refused: set[str] = set()
        self.open = asyncio.Event()
        self.open.set()
        self.waiting = 0
        self.connections = 0
        self.offered = 0
        self.accepted: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.logins: list[tuple[bytes, bytes, bool]] = []

    @property
    def ids(self) -> list[str]:
        """The accepted mails, as the tasks' ids that their Message-IDs begin with."""
        return [mail["Message-ID"].strip("<>").partition("@")[0] for mail in self.accepted]

    async def accepts(self, count: int) -> None:
        """Wait until that many mails are accepted."""

        async def enough() -> bool:
            return len(self.accepted) >= count

        await eventually(enough)

    async def holds(self, count: int) -> None:
        """Wait until that many mails wait for their answer."""

        async def enough() -> bool:
            return self.waiting >= count

        await eventually(enough)

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.offered += 1
        self.waiting += 1
        try:
            await self.open.wait()
        finally:
            self.waiting -= 1
        if self.answers:
            return self.answers.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.accepted.append(mail)
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins.append((data.login, data.password, session.ssl is not None))
        good = data.login == USER.encode() and data.password == PASSWORD.encode()
        return AuthResult(success=good, handled=False)


@asynccontextmanager
async def mail_server(
    *,
    starttls: ssl.SSLContext | None = None,
    implicit_tls: ssl.SSLContext | None = None,
    sign_in: bool = False,
) -> AsyncGenerator[MailServer]:
    post = MailServer()

    def connected() -> SMTP:
        post.connections += 1
        return SMTP(
            post,
            hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            auth_required=sign_in,
            auth_require_tls=starttls is not None,
            authenticator=post.authenticate if sign_in else None,
        )

    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0, ssl=implicit_tls)
    post.port = server.sockets[0].getsockname()[1]
    try:
        yield post
    finally:
        post.open.set()
        server.close()


def certificate(directory: Path) -> tuple[Path, ssl.SSLContext]:
    """A self-signed certificate for `localhost`: its file, and a server's context with it."""
    key, signed = directory / "key.pem", directory / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(signed)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(signed, key)
    return signed, context
