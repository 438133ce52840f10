"""Web hooks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from msgspec import UNSET

from switchroom.cli.options import CommandError, Config, Data, load_settings, offline
from switchroom.events.webhooks.hooks import WebHookDraft, WebHooks, new_secret
from switchroom.events.webhooks.models import Delivery, DeliveryState, Verb, WebHook
from switchroom.events.webhooks.schedule import RETRY_DELAYS
from switchroom.platform.loop import run

webhook_commands = typer.Typer(help="Web hooks.", no_args_is_help=True)

HookId = Annotated[int, typer.Argument(metavar="ID", help="The web hook's number.")]
OwnOrg = Annotated[str | None, typer.Option("--org", help="The id or name of the hook's organization.")]
OnPlatform = Annotated[
    bool, typer.Option("--platform", help="A hook of the platform, for the events of all organizations.")
]


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
    custom_data: Annotated[
        str, typer.Option(metavar="JSON", help="An object that is sent along with each event.")
    ] = "",
    retries: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help=f"How often what fails is tried again, at most {len(RETRY_DELAYS)} times. "
            "Else as often as the schedule says.",
            show_default=False,
        ),
    ] = None,
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
        custom_data=_object(custom_data),
        retries=retries,
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
        for line in _special(hook):
            print(f"      {line}")
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


@webhook_commands.command("secret")
def show_secret(
    hook_id: HookId,
    org: OwnOrg = None,
    platform: OnPlatform = False,
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new one first.")] = False,
    new: Annotated[str, typer.Option("--set", help="Take this one from now on.")] = "",
    data: Data = None,
    config: Config = None,
) -> None:
    """Show what deliveries are signed with."""
    if rotate and new:
        raise CommandError("--rotate and --set exclude each other")
    wanted = new_secret() if rotate else new

    async def show() -> WebHook:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            if wanted:
                return await hooks.update(owner, hook_id, WebHookDraft(secret=wanted))
            return await hooks.get(owner, hook_id)

    print(run(show()).secret)


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
    print(f"delivery {delivery_id} is queued again")


def _object(custom_data: str) -> dict[str, Any]:
    """What was said as JSON; nothing is an empty object."""
    try:
        return msgspec.json.decode(custom_data or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise CommandError("custom data must be a JSON object") from None


def _special(hook: WebHook) -> Iterator[str]:
    """What is not as in other hooks, a line each."""
    if hook.retries is not None:
        yield f"retries: {hook.retries}"
    if hook.custom_data:
        yield f"custom data: {msgspec.json.encode(hook.custom_data).decode()}"
    if hook.view:
        yield f"view: {hook.view}"
    if hook.api_key:
        yield "sends an API key"


@asynccontextmanager
async def _web_hooks(
    org: str | None, on_platform: bool, data: str | None, config: Path | None
) -> AsyncGenerator[tuple[WebHooks, int | None]]:
    """The web hooks, and the number of the organization whose they are: None stands for the platform."""
    if (org is None) is not on_platform:
        raise CommandError("name the organization with --org, or say --platform")
    async with offline(load_settings(config, None, None, data)) as platform:
        owner = None if org is None else (await platform.identity.organizations.find(org)).id
        yield platform.events.webhooks, owner
