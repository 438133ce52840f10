"""The SIP server: the addresses that it has banned."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from switchroom.cli.options import CommandError, load_settings, with_settings
from switchroom.engines.kamailio.configuration import Interfaces, read_interfaces
from switchroom.engines.kamailio.rpc import KamailioRefused, KamailioRpc, KamailioUnreachable
from switchroom.platform import sip_server
from switchroom.platform.loop import run


@click.group
def sip_commands() -> None:
    """The SIP server of this machine."""


@sip_commands.command("bans")
@with_settings
def bans(data: str | None, config: Path | None) -> None:
    """Show the addresses that are banned for failed credentials, and until when."""
    interfaces = _interfaces(data, config)

    async def show() -> None:
        async with KamailioRpc(interfaces) as rpc:
            for ban in sorted(await rpc.bans(), key=lambda ban: ban.until):
                until = datetime.fromtimestamp(ban.until, UTC).isoformat(timespec="seconds")
                print(f"{ban.address}  until {until}")

    try:
        run(show())
    except (KamailioRefused, KamailioUnreachable) as error:
        raise CommandError(str(error)) from error


@sip_commands.command("unban")
@click.argument("address")
@with_settings
def unban(address: str, data: str | None, config: Path | None) -> None:
    """Answer an address again, and forget its failures."""
    interfaces = _interfaces(data, config)

    async def lift() -> bool:
        async with KamailioRpc(interfaces) as rpc:
            return await rpc.unban(address)

    try:
        print("unbanned" if run(lift()) else "was not banned")
    except (KamailioRefused, KamailioUnreachable) as error:
        raise CommandError(str(error)) from error


def _interfaces(data: str | None, config: Path | None) -> Interfaces:
    directory = sip_server.directory(load_settings(config, None, None, data))
    interfaces = read_interfaces(directory)
    if interfaces is None:
        raise CommandError(f"no SIP server has been started in {directory}")
    return interfaces
