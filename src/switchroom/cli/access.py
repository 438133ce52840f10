"""Organizations, people, and the keys of programs."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

import click

from switchroom.cli.options import load_settings, offline, with_organization, with_settings
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Organization, PlatformKey
from switchroom.identity.permissions import Standing
from switchroom.identity.secrets import random_key
from switchroom.platform.loop import run


@click.group
def organization_commands() -> None:
    """Organizations."""


@click.group
def user_commands() -> None:
    """People."""


@click.group
def key_commands() -> None:
    """API keys."""


@click.group
def meeting_key_commands() -> None:
    """Keys of the Web Meeting API."""


class KeyUse(StrEnum):
    """What a key is good for: two parts of the Web Meeting API, and the events log."""

    ACCOUNT = "account"
    MEETING = "meeting"
    EVENTS = "events"


@organization_commands.command("create")
@click.argument("name")
@with_settings
def create_organization(name: str, data: str | None, config: Path | None) -> None:
    """Found an organization and print its id."""

    async def create() -> str:
        async with offline(load_settings(config, None, None, data)) as platform:
            return (await platform.found_organization(name)).ulid

    print(run(create()))


@user_commands.command("create")
@click.argument("username")
@with_organization
@click.option(
    "--role",
    type=click.Choice([standing.value for standing in Standing]),
    default=Standing.PARTICIPANT.value,
    show_default=True,
    help="The person's standing.",
)
@click.option("--first-name", default="")
@click.option("--last-name", default="")
@click.option("--locale", default="en", show_default=True, help="en or de.")
@click.option("--ask-password", is_flag=True, help="Ask for the password instead of making one.")
@with_settings
def create_user(
    username: str,
    org: str,
    role: str,
    first_name: str,
    last_name: str,
    locale: str,
    ask_password: bool,
    data: str | None,
    config: Path | None,
) -> None:
    """Add a person to an organization; prints the id, and the password unless it was asked for.

    Somebody who has a password already is added with it.
    """
    asked = (
        (getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n"))
        if ask_password
        else None
    )

    async def create() -> tuple[str, str | None]:
        async with offline(load_settings(config, None, None, data)) as platform:
            organization = await platform.identity.organizations.find(org)
            known = await platform.identity.organizations.is_known(username)
            password = None if known else asked or random_key(16)
            person = await platform.identity.organizations.add_person(
                organization,
                username=username,
                password=password,
                standing=Standing(role),
                first_name=first_name,
                last_name=last_name,
                locale=locale,
            )
            return person.id, password

    person_id, password = run(create())
    print(f"user id:  {person_id}")
    if password is not None and asked is None:
        print(f"password: {password}")


@key_commands.command("create")
@click.argument("client_id")
@with_organization
@with_settings
def create_api_key(client_id: str, org: str, data: str | None, config: Path | None) -> None:
    """Make an API key and print its code, which is shown this once."""

    async def create() -> tuple[str, str]:
        async with offline(load_settings(config, None, None, data)) as platform:
            organization = await platform.identity.organizations.find(org)
            return organization.ulid, await platform.identity.organizations.create_api_key(
                organization, client_id
            )

    company_id, code = run(create())
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
        async with offline(load_settings(config, None, None, data)) as platform:
            organization = await platform.identity.organizations.find(org) if org else None
            granted = KeyPermission(0)
            for use in uses:
                granted |= KeyPermission[use.name]
            return await platform.identity.keys.create(name, granted, organization)

    print(f"X-API-KEY: {run(create())}")


@meeting_key_commands.command("list")
@with_settings
def list_meeting_keys(data: str | None, config: Path | None) -> None:
    """Show the keys of the Web Meeting API, without the keys themselves."""

    async def read() -> Sequence[tuple[PlatformKey, Organization | None]]:
        async with offline(load_settings(config, None, None, data)) as platform:
            return await platform.identity.keys.list()

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
        async with offline(load_settings(config, None, None, data)) as platform:
            await platform.identity.keys.delete(key_id)

    run(delete())
