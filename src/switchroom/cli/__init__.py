"""The command `switchroom`."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from switchroom import texts
from switchroom.cli.lazy import Lazy, LazyGroup
from switchroom.cli.options import CommandError
from switchroom.engines.supervisor import ProcessError
from switchroom.errors import DomainError
from switchroom.http.listening import PortTakenError
from switchroom.platform.data_directory import PRIVATE_UMASK
from switchroom.settings import ConfigurationError

COMMANDS = {
    "api-key": Lazy("switchroom.cli.keys:key_commands", "API keys."),
    "db": Lazy("switchroom.cli.database:database_commands", "The database."),
    "doctor": Lazy(
        "switchroom.cli.examining:doctor", "Tell what is good, what would fail, and what to do about it."
    ),
    "meeting-key": Lazy("switchroom.cli.keys:meeting_key_commands", "Keys of the Web Meeting API."),
    "org": Lazy("switchroom.cli.organizations:organization_commands", "Organizations."),
    "serve": Lazy("switchroom.cli.serving:serve", "Run the HTTP side only."),
    "sip": Lazy("switchroom.cli.sip:sip_commands", "The SIP server of this machine."),
    "up": Lazy("switchroom.cli.serving:up", "Run everything on this machine, the media server included."),
    "user": Lazy("switchroom.cli.people:user_commands", "People."),
    "version": Lazy("switchroom.cli.examining:version", "Print the version."),
    "webhook": Lazy("switchroom.cli.webhooks:webhook_commands", "Web hooks."),
}

commands = LazyGroup("switchroom", COMMANDS, help="Self-hosted meetings and telephony.")


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
