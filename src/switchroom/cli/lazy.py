"""Commands that are loaded when they are run."""

from __future__ import annotations

from collections.abc import Mapping

import click
from msgspec import Struct

from switchroom import collector


class Lazy(Struct, frozen=True):
    """Place of a command, as `module:name`, and its help in one line."""

    place: str
    help: str

    def load(self) -> click.Command:
        module, _, name = self.place.partition(":")
        command: click.Command = getattr(collector.load(module), name)
        return command


class LazyGroup(click.Group):
    """Loads only the command that is run: all of them together take longer than most of them do."""

    def __init__(self, name: str, lazy: Mapping[str, Lazy], *, help: str) -> None:
        super().__init__(name, help=help, no_args_is_help=True)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self._lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        lazy = self._lazy.get(cmd_name)
        return None if lazy is None else lazy.load()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lazy[name].help) for name in self.list_commands(ctx)])
