"""Organizations, people, and the keys of programs."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated

import typer

from switchroom.cli.options import Config, Data, Org, load_settings, offline
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Organization, PlatformKey
from switchroom.identity.permissions import Standing
from switchroom.identity.secrets import random_key
from switchroom.platform.loop import run

organization_commands = typer.Typer(help="Organizations.", no_args_is_help=True)
user_commands = typer.Typer(help="People.", no_args_is_help=True)
key_commands = typer.Typer(help="API keys.", no_args_is_help=True)
meeting_key_commands = typer.Typer(help="Keys of the Web Meeting API.", no_args_is_help=True)


class KeyUse(StrEnum):
    """What a key is good for: two parts of the Web Meeting API, and the events log."""

    ACCOUNT = "account"
    MEETING = "meeting"
    EVENTS = "events"


@organization_commands.command("create")
def create_organization(name: str, data: Data = None, config: Config = None) -> None:
    """Found an organization and print its id."""

    async def create() -> str:
        async with offline(load_settings(config, None, None, data)) as platform:
            return (await platform.found_organization(name)).ulid

    print(run(create()))


@user_commands.command("create")
def create_user(
    username: str,
    org: Org,
    role: Annotated[Standing, typer.Option(help="The person's standing.")] = Standing.PARTICIPANT,
    first_name: Annotated[str, typer.Option()] = "",
    last_name: Annotated[str, typer.Option()] = "",
    locale: Annotated[str, typer.Option(help="en or de.")] = "en",
    ask_password: Annotated[
        bool, typer.Option("--ask-password", help="Ask for the password instead of making one.")
    ] = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Add a person to an organization; prints the id, and the password unless it was asked for.

    Somebody who has a password already is added with it.
    """
    asked = (
        (getpass.getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n"))
        if (ask_password)
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
                standing=role,
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
def create_api_key(client_id: str, org: Org, data: Data = None, config: Config = None) -> None:
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
def create_meeting_key(
    name: str,
    org: Annotated[
        str, typer.Option("--org", help="The account's organization. Empty: a key of the whole instance.")
    ] = "",
    permissions: Annotated[
        list[KeyUse] | None,
        typer.Option("--permission", help="account, meeting or events; the first two unless said."),
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key of the Web Meeting API and print it, which is done this once."""
    uses = permissions or [KeyUse.ACCOUNT, KeyUse.MEETING]

    async def create() -> str:
        async with offline(load_settings(config, None, None, data)) as platform:
            organization = await platform.identity.organizations.find(org) if org else None
            granted = KeyPermission(0)
            for use in uses:
                granted |= KeyPermission[use.name]
            return await platform.identity.keys.create(name, granted, organization)

    print(f"X-API-KEY: {run(create())}")


@meeting_key_commands.command("list")
def list_meeting_keys(data: Data = None, config: Config = None) -> None:
    """Show the keys of the Web Meeting API, without the keys themselves."""

    async def read() -> Sequence[tuple[PlatformKey, Organization | None]]:
        async with offline(load_settings(config, None, None, data)) as platform:
            return await platform.identity.keys.list()

    for key, organization in run(read()):
        uses = ",".join((use.name or "").lower() for use in KeyPermission(key.permissions))
        whose = f"account {organization.display_name}" if organization else "instance"
        print(f"{key.id:>4}  {key.created_at:%Y-%m-%d}  {uses:<22}  {whose}  {key.name}")


@meeting_key_commands.command("delete")
def delete_meeting_key(
    key_id: Annotated[int, typer.Argument(metavar="ID", help="The key's number, as `list` shows it.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key good for nothing."""

    async def delete() -> None:
        async with offline(load_settings(config, None, None, data)) as platform:
            await platform.identity.keys.delete(key_id)

    run(delete())
