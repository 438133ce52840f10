"""Organizations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from switchroom.cli.options import CommandError, load_settings, offline, printable, with_settings
from switchroom.identity.models import Organization
from switchroom.platform.loop import run


@click.group
def organization_commands() -> None:
    """Organizations."""


@organization_commands.command("create")
@click.argument("name")
@with_settings
def create_organization(name: str, data: str | None, config: Path | None) -> None:
    """Found an organization and print its id."""

    async def create() -> str:
        async with offline(load_settings(config, None, None, data)) as administration:
            return (await administration.found_organization(name)).ulid

    print(run(create()))


@organization_commands.command("list")
@with_settings
def list_organizations(data: str | None, config: Path | None) -> None:
    """Show the organizations: id, since when, whether they are open, name."""

    async def read() -> Sequence[Organization]:
        async with offline(load_settings(config, None, None, data)) as administration:
            return await administration.identity.organizations.list()

    for one in run(read()):
        state = "open  " if one.closed_at is None else "closed"
        print(f"{one.ulid}  {one.created_at:%Y-%m-%d}  {state}  {printable(one.display_name)}")


@organization_commands.command("close")
@click.argument("organization", metavar="ORG")
@click.confirmation_option(prompt="Nobody gets into it any more. Close it for good?", help="Do not ask.")
@with_settings
def close_organization(organization: str, data: str | None, config: Path | None) -> None:
    """Close an organization, named by its id or name, for good: sign-ins, tokens, keys and links end, and
    whoever is in one of its rooms leaves. What is in it is kept."""

    async def close() -> None:
        async with offline(load_settings(config, None, None, data)) as administration:
            found = await administration.identity.organizations.find(organization)
            if found.closed_at is not None:
                raise CommandError(f"{printable(found.display_name)} is closed already")
            await administration.accounts().close(found.hex_id)

    run(close())
