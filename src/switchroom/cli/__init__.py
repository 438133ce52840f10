"""The command `switchroom`."""

from __future__ import annotations

import sys
from typing import NoReturn

import typer

from switchroom import texts
from switchroom.cli.access import key_commands, meeting_key_commands, organization_commands, user_commands
from switchroom.cli.options import CommandError
from switchroom.cli.serving import commands, database_commands
from switchroom.cli.webhooks import webhook_commands
from switchroom.engines.supervisor import ProcessError
from switchroom.errors import DomainError
from switchroom.http.server import PortTakenError
from switchroom.settings import ConfigurationError

app = typer.Typer(
    name="switchroom",
    help="Self-hosted meetings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(commands)
app.add_typer(database_commands, name="db")
app.add_typer(organization_commands, name="org")
app.add_typer(user_commands, name="user")
app.add_typer(key_commands, name="api-key")
app.add_typer(meeting_key_commands, name="meeting-key")
app.add_typer(webhook_commands, name="webhook")


def main() -> None:
    """Run the command; what went wrong is said in one line."""
    try:
        app()
    except (CommandError, ConfigurationError, PortTakenError, ProcessError) as error:
        _fail(str(error))
    except DomainError as error:
        _fail(texts.message(error))


def _fail(message: str) -> NoReturn:
    print(f"switchroom: {message}", file=sys.stderr)
    raise SystemExit(1)
