"""The command `switchroom`."""

from __future__ import annotations

import asyncio
import getpass
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from msgspec import UNSET

from switchroom import __version__, doctor, logs, settings
from switchroom.app import Platform
from switchroom.db import schema
from switchroom.demo import Demo, ensure_demo
from switchroom.engines.process import ProcessError
from switchroom.errors import DomainError, Invalid
from switchroom.events.webhooks.hooks import WebHookDraft, WebHooks
from switchroom.events.webhooks.models import Delivery, DeliveryState, Verb, WebHook
from switchroom.http.server import PortTakenError
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Organization, PlatformKey
from switchroom.identity.permissions import Standing
from switchroom.identity.secrets import random_key
from switchroom.loop import run
from switchroom.settings import ConfigurationError, Settings
from switchroom.workers import several

app = typer.Typer(
    name="switchroom",
    help="Self-hosted meetings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
database_commands = typer.Typer(help="The database.", no_args_is_help=True)
organization_commands = typer.Typer(help="Organizations.", no_args_is_help=True)
user_commands = typer.Typer(help="People.", no_args_is_help=True)
key_commands = typer.Typer(help="API keys.", no_args_is_help=True)
meeting_key_commands = typer.Typer(help="Keys of the Web Meeting API.", no_args_is_help=True)
app.add_typer(database_commands, name="db")
app.add_typer(organization_commands, name="org")
app.add_typer(user_commands, name="user")
app.add_typer(key_commands, name="api-key")
app.add_typer(meeting_key_commands, name="meeting-key")
webhook_commands = typer.Typer(help="Web hooks.", no_args_is_help=True)
app.add_typer(webhook_commands, name="webhook")

Config = Annotated[Path | None, typer.Option("--config", help="The TOML file with the settings.")]
Data = Annotated[str | None, typer.Option("--data", help="Directory of everything the platform writes.")]
Host = Annotated[str | None, typer.Option("--host", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", help="TCP port to listen on.")]
Workers = Annotated[
    int, typer.Option("--workers", min=1, help="Processes that serve; more than one takes NATS.")
]
WithDemo = Annotated[bool, typer.Option("--demo", help="Make a demo organization, once.")]
HookId = Annotated[int, typer.Argument(metavar="ID", help="The web hook's number.")]
Org = Annotated[str, typer.Option("--org", help="The organization's id or name.")]
OwnOrg = Annotated[str | None, typer.Option("--org", help="The id or name of the hook's organization.")]
OnPlatform = Annotated[
    bool, typer.Option("--platform", help="A hook of the platform, for the events of all organizations.")
]


class KeyUse(StrEnum):
    """What a key of the Web Meeting API is good for."""

    ACCOUNT = "account"
    MEETING = "meeting"


def main() -> None:
    """Run the command; what went wrong is said in one line."""
    try:
        app()
    except (ConfigurationError, PortTakenError, ProcessError) as error:
        _fail(str(error))
    except DomainError as error:
        _fail(error.message)


@app.command()
def up(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    demo: WithDemo = False,
    workers: Workers = 1,
    config: Config = None,
) -> None:
    """Run everything on this machine, the media server included."""
    run(_serve(_settings(config, host, port, data), demo=demo, engines=True, workers=workers))


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    demo: WithDemo = False,
    workers: Workers = 1,
    config: Config = None,
) -> None:
    """Run the HTTP side only; media servers are those named in the configuration."""
    run(_serve(_settings(config, host, port, data), demo=demo, engines=False, workers=workers))


@app.command(name="doctor")
def run_doctor(host: Host = None, port: Port = None, data: Data = None, config: Config = None) -> None:
    """Tell what is installed, which ports are free, and what to do about the rest."""
    report = doctor.examine(_settings(config, host, port, data))
    for finding in report:
        print(f"{'ok  ' if finding.good else 'FIX '} {finding.subject}: {finding.state}")
        if not finding.good:
            print(f"     {finding.remedy}")
    if not all(finding.good for finding in report):
        raise typer.Exit(1)


@app.command()
def version() -> None:
    """Print the version."""
    print(__version__)


@database_commands.command("upgrade")
def upgrade_database(data: Data = None, config: Config = None) -> None:
    """Bring the database to the schema of this version."""

    async def upgrade() -> bool:
        platform = Platform(_settings(config, None, None, data))
        try:
            return await schema.upgrade(platform.database)
        finally:
            await platform.database.close()

    print("upgraded" if run(upgrade()) else "up to date")


@organization_commands.command("create")
def create_organization(name: str, data: Data = None, config: Config = None) -> None:
    """Found an organization and print its id."""

    async def create() -> str:
        async with _offline(_settings(config, None, None, data)) as platform:
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
        async with _offline(_settings(config, None, None, data)) as platform:
            organization = await platform.organizations.find(org)
            known = await platform.organizations.is_known(username)
            password = None if known else asked or random_key(16)
            person = await platform.organizations.add_person(
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
        async with _offline(_settings(config, None, None, data)) as platform:
            organization = await platform.organizations.find(org)
            return organization.ulid, await platform.organizations.create_api_key(organization, client_id)

    company_id, code = run(create())
    print(f"companyId: {company_id}\nclientId:  {client_id}\ncode:      {code}")


@meeting_key_commands.command("create")
def create_meeting_key(
    name: str,
    org: Annotated[
        str, typer.Option("--org", help="The account's organization. Empty: a key of the whole instance.")
    ] = "",
    permissions: Annotated[
        list[KeyUse] | None, typer.Option("--permission", help="account or meeting; both unless said.")
    ] = None,
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key of the Web Meeting API and print it, which is done this once."""
    uses = permissions or list(KeyUse)

    async def create() -> str:
        async with _offline(_settings(config, None, None, data)) as platform:
            organization = await platform.organizations.find(org) if org else None
            granted = KeyPermission(0)
            for use in uses:
                granted |= KeyPermission[use.name]
            return await platform.keys.create(name, granted, organization)

    print(f"X-API-KEY: {run(create())}")


@meeting_key_commands.command("list")
def list_meeting_keys(data: Data = None, config: Config = None) -> None:
    """Show the keys of the Web Meeting API, without the keys themselves."""

    async def read() -> Sequence[tuple[PlatformKey, Organization | None]]:
        async with _offline(_settings(config, None, None, data)) as platform:
            return await platform.keys.list()

    for key, organization in run(read()):
        uses = ",".join((use.name or "").lower() for use in KeyPermission(key.permissions))
        whose = f"account {organization.display_name}" if organization else "instance"
        print(f"{key.id:>4}  {key.created_at:%Y-%m-%d}  {uses:<15}  {whose}  {key.name}")


@meeting_key_commands.command("delete")
def delete_meeting_key(
    key_id: Annotated[int, typer.Argument(metavar="ID", help="The key's number, as `list` shows it.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Make a key good for nothing."""

    async def delete() -> None:
        async with _offline(_settings(config, None, None, data)) as platform:
            await platform.keys.delete(key_id)

    run(delete())


@webhook_commands.command("create")
def create_webhook(
    name: str,
    url: str,
    org: OwnOrg = None,
    platform: OnPlatform = False,
    types: Annotated[
        str, typer.Option(help="Types of events, separated by commas: room.*,link.created. Empty: all.")
    ] = "",
    verb: Annotated[Verb, typer.Option(help="How events are sent.")] = Verb.POST,
    secret: Annotated[
        str, typer.Option(help="What deliveries are signed with. Empty: a new one, printed.")
    ] = "",
    api_key: Annotated[str, typer.Option(help="Sent along as X-API-KEY.")] = "",
    view: Annotated[
        str,
        typer.Option(help="The API in whose words it is sent: webmeeting_v6. Empty: the events themselves."),
    ] = "",
    data: Data = None,
    config: Config = None,
) -> None:
    """Send what happens from now on to an address."""
    draft = WebHookDraft(
        name=name,
        url=url,
        verb=verb,
        types=[kind.strip() for kind in types.split(",") if kind.strip()],
        secret=secret or UNSET,
        api_key=api_key,
        view=view,
    )

    async def create() -> WebHook:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            return await hooks.create(owner, draft)

    hook = run(create())
    print(f"id:     {hook.id}\nsecret: {hook.secret}")


@webhook_commands.command("list")
def list_webhooks(
    org: OwnOrg = None, platform: OnPlatform = False, data: Data = None, config: Config = None
) -> None:
    """Show the web hooks."""

    async def read() -> Sequence[WebHook]:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            return await hooks.list(owner)

    for hook in run(read()):
        state = "on " if hook.enabled else "off"
        print(f"{hook.id:>4}  {state}  {hook.name}  {hook.verb.upper()} {hook.url}  {','.join(hook.types)}")
        if hook.problem:
            print(f"      gave up a delivery: {hook.problem}")


@webhook_commands.command("switch")
def switch_webhook(
    hook_id: HookId,
    org: OwnOrg = None,
    platform: OnPlatform = False,
    on: Annotated[bool, typer.Option("--on/--off", help="Send events, or do not.")] = True,
    data: Data = None,
    config: Config = None,
) -> None:
    """Switch a web hook on or off."""

    async def change() -> None:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            await hooks.update(owner, hook_id, WebHookDraft(enabled=on))

    run(change())


@webhook_commands.command("delete")
def delete_webhook(
    hook_id: HookId,
    org: OwnOrg = None,
    platform: OnPlatform = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Remove a web hook, with what has not been delivered."""

    async def delete() -> None:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            await hooks.delete(owner, hook_id)

    run(delete())


@webhook_commands.command("deliveries")
def list_deliveries(
    hook_id: HookId,
    org: OwnOrg = None,
    platform: OnPlatform = False,
    dead: Annotated[bool, typer.Option("--dead", help="Only those that were given up.")] = False,
    limit: Annotated[int, typer.Option(help="How many, newest first.")] = 50,
    data: Data = None,
    config: Config = None,
) -> None:
    """Show what was sent, what waits and what was given up."""

    async def read() -> Sequence[Delivery]:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            state = DeliveryState.DEAD if dead else None
            return await hooks.deliveries(owner, hook_id, state=state, limit=limit)

    for one in run(read()):
        print(
            f"{one.id:>8}  {one.created_at:%Y-%m-%d %H:%M:%S}  {one.event_type:<20}  {one.state:<9}  "
            f"{one.attempts} attempts  {one.last_status or ''}  {one.last_error}".rstrip()
        )


@webhook_commands.command("redeliver")
def redeliver(
    hook_id: HookId,
    delivery_id: Annotated[int, typer.Argument(metavar="DELIVERY", help="The delivery's number.")],
    org: OwnOrg = None,
    platform: OnPlatform = False,
    data: Data = None,
    config: Config = None,
) -> None:
    """Send an event once more."""

    async def again() -> None:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            await hooks.redeliver(owner, hook_id, delivery_id)

    run(again())


def _settings(config: Path | None, host: str | None, port: int | None, data: str | None) -> Settings:
    loaded = settings.load(config, options={"host": host, "port": port, "data": data})
    logs.configure(loaded.log_format, loaded.log_level)
    return loaded


@asynccontextmanager
async def _offline(loaded: Settings) -> AsyncGenerator[Platform]:
    """The platform's parts on an up-to-date database, without serving."""
    platform = Platform(loaded)
    try:
        await schema.upgrade(platform.database)
        yield platform
    finally:
        platform.passwords.close()
        await platform.database.close()


@asynccontextmanager
async def _web_hooks(
    org: str | None, on_platform: bool, data: str | None, config: Path | None
) -> AsyncGenerator[tuple[WebHooks, int | None]]:
    """The web hooks, and the number of the organization whose they are: None stands for the platform."""
    if (org is None) is not on_platform:
        raise Invalid("name the organization with --org, or say --platform", field="org")
    async with _offline(_settings(config, None, None, data)) as platform:
        owner = None if org is None else (await platform.organizations.find(org)).id
        yield platform.webhooks, owner


async def _serve(loaded: Settings, *, demo: bool, engines: bool, workers: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    async def prepare(platform: Platform) -> None:
        if demo:
            _print_demo(await ensure_demo(platform))

    async with AsyncExitStack() as stack:
        if workers == 1:
            platform = Platform(loaded, engines=engines)
            await stack.enter_async_context(platform.running())
            await prepare(platform)
            await stack.enter_async_context(platform.online())
        else:
            await stack.enter_async_context(several(loaded, workers, engines=engines, prepare=prepare))
        print(f"Switchroom {__version__} is ready: {loaded.base_url}", flush=True)
        await stop.wait()
        print("Stopping …", flush=True)


def _print_demo(demo: Demo) -> None:
    rows = [
        ("Company", demo.company_id),
        ("API key", f"{demo.api_key.client_id}  {demo.api_key.code}"),
        *((user.role.capitalize(), f"{user.username}  {user.password}") for user in demo.users),
        ("Moderator's link", demo.links.moderator),
        ("Participant's link", demo.links.participant),
    ]
    width = max(len(title) for title, _ in rows)
    for title, value in rows:
        print(f"  {title:<{width}}  {value}")
    sys.stdout.flush()


def _fail(message: str) -> NoReturn:
    print(f"switchroom: {message}", file=sys.stderr)
    raise SystemExit(1)


if __name__ == "__main__":
    main()
