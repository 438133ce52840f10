"""Keys of programs: those of the v1 API, and those of the Web Meeting API."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import click

from switchroom.cli.options import load_settings, offline, printable, with_organization, with_settings
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import ApiKey, Organization, PlatformKey
from switchroom.platform.loop import run


@click.group
def key_commands() -> None:
    """API keys."""


@click.group
def meeting_key_commands() -> None:
    """Keys of the Web Meeting API."""


class KeyUse(StrEnum):
    """Use of a key: two parts of the Web Meeting API, the events log, and telephony."""

    ACCOUNT = "account"
    MEETING = "meeting"
    EVENTS = "events"
    TELEPHONY = "telephony"


@key_commands.command("create")
@click.argument("client_id")
@with_organization
@with_settings
def create_api_key(client_id: str, org: str, data: str | None, config: Path | None) -> None:
    """Make an API key and print its code, which is shown this once."""

    async def create() -> tuple[str, str]:
        async with offline(load_settings(config, None, None, data)) as administration:
            organization = await administration.identity.organizations.find(org)
            return organization.ulid, await administration.identity.api_keys.create(organization, client_id)

    _print_api_key(client_id, *run(create()))


@key_commands.command("list")
@with_organization
@with_settings
def list_api_keys(org: str, data: str | None, config: Path | None) -> None:
    """Show the API keys of an organization, without their codes: id, since when, client id."""

    async def read() -> Sequence[ApiKey]:
        async with offline(load_settings(config, None, None, data)) as administration:
            return await administration.identity.api_keys.list(
                await administration.identity.organizations.find(org)
            )

    for key in run(read()):
        print(f"{key.id}  {key.created_at:%Y-%m-%d}  {printable(key.client_id)}")


@key_commands.command("rotate")
@click.argument("client_id")
@with_organization
@with_settings
def rotate_api_key(client_id: str, org: str, data: str | None, config: Path | None) -> None:
    """Give an API key a new code and print it, which is done this once. The code before is good for nothing,
    and the tokens that it brought end at once."""

    async def rotate() -> tuple[str, str]:
        async with offline(load_settings(config, None, None, data)) as administration:
            organization = await administration.identity.organizations.find(org)
            return organization.ulid, await administration.identity.api_keys.rotate(organization, client_id)

    _print_api_key(client_id, *run(rotate()))


@key_commands.command("revoke")
@click.argument("client_id")
@with_organization
@with_settings
def revoke_api_key(client_id: str, org: str, data: str | None, config: Path | None) -> None:
    """Remove an API key. The tokens that it brought end at once."""

    async def revoke() -> None:
        async with offline(load_settings(config, None, None, data)) as administration:
            await administration.identity.api_keys.revoke(
                await administration.identity.organizations.find(org), client_id
            )

    run(revoke())


def _print_api_key(client_id: str, company_id: str, code: str) -> None:
    print(f"companyId: {company_id}\nclientId:  {client_id}\ncode:      {code}")


@meeting_key_commands.command("create")
@click.argument("name")
@click.option("--org", default="", help="The account's organization. Empty: a key of the whole instance.")
@click.option(
    "--permission",
    "permissions",
    type=click.Choice([use.value for use in KeyUse]),
    multiple=True,
    help="One of these each time it is given; account and meeting unless said.",
)
@with_settings
def create_meeting_key(
    name: str, org: str, permissions: Sequence[str], data: str | None, config: Path | None
) -> None:
    """Make a key of the Web Meeting API and print it, which is done this once."""
    uses = [KeyUse(use) for use in permissions] or [KeyUse.ACCOUNT, KeyUse.MEETING]

    async def create() -> str:
        async with offline(load_settings(config, None, None, data)) as administration:
            organization = await administration.identity.organizations.find(org) if org else None
            granted = KeyPermission(0)
            for use in uses:
                granted |= KeyPermission[use.name]
            return await administration.identity.keys.create(name, granted, organization)

    print(f"X-API-KEY: {run(create())}")


@meeting_key_commands.command("list")
@with_settings
def list_meeting_keys(data: str | None, config: Path | None) -> None:
    """Show the keys of the Web Meeting API, without the keys themselves."""

    async def read() -> Sequence[tuple[PlatformKey, Organization | None]]:
        async with offline(load_settings(config, None, None, data)) as administration:
            return await administration.identity.keys.list()

    for key, organization in run(read()):
        uses = ",".join((use.name or "").lower() for use in KeyPermission(key.permissions))
        whose = f"account {organization.display_name}" if organization else "instance"
        print(f"{key.id:>4}  {key.created_at:%Y-%m-%d}  {uses:<22}  {whose}  {key.name}")


@meeting_key_commands.command("delete")
@click.argument("key_id", metavar="ID", type=int)
@with_settings
def delete_meeting_key(key_id: int, data: str | None, config: Path | None) -> None:
    """Make a key, named by its number in `list`, good for nothing."""

    async def delete() -> None:
        async with offline(load_settings(config, None, None, data)) as administration:
            await administration.identity.keys.delete(key_id)

    run(delete())
