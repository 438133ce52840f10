"""Finding about mail: whether the server takes it from here."""

from __future__ import annotations

import asyncio

import aiosmtplib

from switchroom.mail.addresses import Undeliverable, parse_mailbox
from switchroom.mail.smtp import SmtpTransport, parse_server
from switchroom.platform.doctor.finding import LIMIT, Finding
from switchroom.platform.reasons import brief
from switchroom.settings import ConfigurationError, Settings


async def server(settings: Settings) -> Finding:
    """Signs in at the server, with TLS as mails do, and sends nothing."""
    smtp = settings.smtp
    try:
        parse_mailbox(smtp.sender)
    except Undeliverable:
        state = f"{smtp.sender} is nobody that mail can come from"
        return Finding("mail", False, state, "Set smtp.sender like Name <name@example.org>.")
    if not smtp.url:
        outbox = settings.data_directory / "outbox"
        return Finding("mail", True, f"no SMTP server set; mails are written to {outbox}")
    try:
        named = parse_server(smtp.url)
    except ConfigurationError as error:
        return Finding("mail", False, str(error), "Correct smtp.url.")
    where = f"{named.host}:{named.port}"
    try:
        async with asyncio.timeout(min(smtp.timeout, LIMIT)):
            await SmtpTransport(named).check()
    except (aiosmtplib.SMTPException, OSError) as error:
        state = f"{where} does not take mail: {brief(error)}"
        return Finding("mail", False, state, "Start the server, or correct smtp.url.")
    return Finding("mail", True, f"sent as {smtp.sender} by {where}, which answers")
