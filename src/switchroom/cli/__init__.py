"""The command `switchroom`."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from switchroom import texts
from switchroom.cli.keys import key_commands, meeting_key_commands
from switchroom.cli.options import CommandError
from switchroom.cli.organizations import organization_commands
from switchroom.cli.people import user_commands
from switchroom.cli.serving import database_commands, doctor, serve, up, version
from switchroom.cli.sip import sip_commands
from switchroom.cli.webhooks import webhook_commands
from switchroom.engines.supervisor import ProcessError
from switchroom.errors import DomainError
from switchroom.http.server import PortTakenError
from switchroom.platform.data_directory import PRIVATE_UMASK
from switchroom.settings import ConfigurationError

commands = click.Group(
    "switchroom",
    {command.name or "": command for command in (up, serve, doctor, version)}
    | {
        "db": database_commands,
        "org": organization_commands,
        "user": user_commands,
        "api-key": key_commands,
        "meeting-key": meeting_key_commands,
        "sip": sip_commands,
        "webhook": webhook_commands,
    },
    help="Self-hosted meetings and telephony.",
    no_args_is_help=True,
)


def main() -> None:
    """Run the command; what went wrong is said in one line."""
    os.umask(PRIVATE_UMASK)
    try:
        commands(prog_name="switchroom")
    except (CommandError, ConfigurationError, PortTakenError, ProcessError) as error:
        _fail(str(error))
    except DomainError as error:
        _fail(texts.message(error))


def _fail(message: str) -> NoReturn:
    print(f"switchroom: {message}", file=sys.stderr)
    raise SystemExit(1)
