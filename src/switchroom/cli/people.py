"""People of organizations."""

from __future__ import annotations

import getpass
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click

from switchroom.cli.options import load_settings, offline, printable, with_organization, with_settings
from switchroom.identity.members import Member
from switchroom.identity.models import Organization
from switchroom.identity.permissions import Standing
from switchroom.identity.secrets import random_key
from switchroom.platform.administration import Administration
from switchroom.platform.loop import run

_ROLE = click.Choice([standing.value for standing in Standing])
_with_user = click.argument("user", metavar="USER")


@click.group
def user_commands() -> None:
    """People."""


@user_commands.command("create")
@click.argument("username")
@with_organization
@click.option(
    "--role",
    type=_ROLE,
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
        async with offline(load_settings(config, None, None, data)) as administration:
            organization = await administration.identity.organizations.find(org)
            known = await administration.identity.organizations.is_known(username)
            password = None if known else asked or random_key(16)
            person = await administration.identity.organizations.add_person(
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


@user_commands.command("list")
@with_organization
@with_settings
def list_users(org: str, data: str | None, config: Path | None) -> None:
    """Show the people of an organization: id, whether they can sign in, role, user name, name."""

    async def read() -> Sequence[Member]:
        async with _organization(org, data, config) as (administration, organization):
            return await administration.identity.members.list(organization)

    for one in run(read()):
        person, membership = one.person, one.membership
        state = "on " if membership.disabled_at is None else "off"
        name = printable(f"{person.first_name} {person.last_name}".strip())
        print(
            f"{person.id}  {state}  {membership.standing:<13}  {printable(person.username)}  {name}".rstrip()
        )


@user_commands.command("disable")
@_with_user
@with_organization
@with_settings
def disable_user(user: str, org: str, data: str | None, config: Path | None) -> None:
    """Keep somebody, by user name or id, out of an organization: they are signed out of it, and out of its
    rooms, and do not get in again. Other organizations they belong to are not concerned."""

    async def disable() -> None:
        async with _organization(org, data, config) as (administration, organization):
            await administration.identity.members.disable(organization, user)

    run(disable())


@user_commands.command("enable")
@_with_user
@with_organization
@with_settings
def enable_user(user: str, org: str, data: str | None, config: Path | None) -> None:
    """Let somebody who was disabled in again."""

    async def enable() -> None:
        async with _organization(org, data, config) as (administration, organization):
            await administration.identity.members.enable(organization, user)

    run(enable())


@user_commands.command("role")
@_with_user
@click.argument("role", type=_ROLE)
@with_organization
@with_settings
def change_role(user: str, role: str, org: str, data: str | None, config: Path | None) -> None:
    """Give somebody another standing in an organization. Who may do less than before is put out of its rooms,
    and may come in again."""

    async def change() -> None:
        async with _organization(org, data, config) as (administration, organization):
            await administration.identity.members.change_standing(organization, user, Standing(role))

    run(change())


@user_commands.command("reset-password")
@_with_user
@click.option("--print", "printed", is_flag=True, help="Print the link instead of mailing it.")
@with_organization
@with_settings
def reset_password(user: str, printed: bool, org: str, data: str | None, config: Path | None) -> None:
    """Send somebody a link by which they set a new password, good for a day. Until then they sign in with
    the one they have."""

    async def reset() -> str:
        async with _organization(org, data, config) as (administration, organization):
            member = await administration.identity.members.find(organization, user)
            if printed:
                way = await administration.identity.password_resets.make(member.person)
                return f"link:        {way.address}\nvalid until: {way.valid_until:%Y-%m-%d %H:%M} UTC"
            await administration.identity.password_resets.send(organization, member.person)
            return f"a mail to {printable(member.person.email)} is queued"

    print(run(reset()))


@asynccontextmanager
async def _organization(
    org: str, data: str | None, config: Path | None
) -> AsyncGenerator[tuple[Administration, Organization]]:
    """Administration, and the organization that the option names."""
    async with offline(load_settings(config, None, None, data)) as administration:
        yield administration, await administration.identity.organizations.find(org)
