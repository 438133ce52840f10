"""Web hooks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from msgspec import UNSET

from switchroom.cli.options import Command, CommandError, load_settings, offline, with_settings
from switchroom.events.webhooks.hooks import WebHookDraft, WebHooks, new_secret
from switchroom.events.webhooks.models import Delivery, DeliveryState, Verb, WebHook
from switchroom.events.webhooks.schedule import RETRY_DELAYS
from switchroom.platform.loop import run

_with_hook = click.argument("hook_id", metavar="ID", type=int)


def _with_owner(command: Command) -> Command:
    """The options `--org` and `--platform`, and those of the settings."""
    command = click.option(
        "--platform", is_flag=True, help="A hook of the platform, for the events of all organizations."
    )(command)
    command = click.option("--org", help="The id or name of the hook's organization.")(command)
    return with_settings(command)


@click.group
def webhook_commands() -> None:
    """Web hooks."""


@webhook_commands.command("create")
@click.argument("name")
@click.argument("url")
@click.option(
    "--types", default="", help="Types of events, separated by commas: room.*,link.created. Empty: all."
)
@click.option(
    "--verb",
    type=click.Choice([verb.value for verb in Verb]),
    default=Verb.POST.value,
    show_default=True,
    help="How events are sent.",
)
@click.option("--secret", default="", help="What deliveries are signed with. Empty: a new one, printed.")
@click.option("--api-key", default="", help="Sent along as X-API-KEY.")
@click.option(
    "--view",
    default="",
    help="The API in whose words it is sent: webmeeting_v6. Empty: the events themselves.",
)
@click.option(
    "--custom-data", metavar="JSON", default="", help="An object that is sent along with each event."
)
@click.option(
    "--retries",
    metavar="N",
    type=int,
    help=f"How often what fails is tried again, at most {len(RETRY_DELAYS)} times. "
    "Else as often as the schedule says.",
)
@_with_owner
def create_webhook(
    name: str,
    url: str,
    org: str | None,
    platform: bool,
    types: str,
    verb: str,
    secret: str,
    api_key: str,
    view: str,
    custom_data: str,
    retries: int | None,
    data: str | None,
    config: Path | None,
) -> None:
    """Send what happens from now on to an address."""
    draft = WebHookDraft(
        name=name,
        url=url,
        verb=Verb(verb),
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
@_with_owner
def list_webhooks(org: str | None, platform: bool, data: str | None, config: Path | None) -> None:
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
@_with_hook
@click.option("--on/--off", default=True, show_default=True, help="Send events, or do not.")
@_with_owner
def switch_webhook(
    hook_id: int, on: bool, org: str | None, platform: bool, data: str | None, config: Path | None
) -> None:
    """Switch a web hook on or off."""

    async def change() -> None:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            await hooks.update(owner, hook_id, WebHookDraft(enabled=on))

    run(change())


@webhook_commands.command("secret")
@_with_hook
@click.option("--rotate", is_flag=True, help="Make a new one first.")
@click.option("--set", "new", default="", help="Take this one from now on.")
@_with_owner
def show_secret(
    hook_id: int,
    rotate: bool,
    new: str,
    org: str | None,
    platform: bool,
    data: str | None,
    config: Path | None,
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
@_with_hook
@_with_owner
def delete_webhook(
    hook_id: int, org: str | None, platform: bool, data: str | None, config: Path | None
) -> None:
    """Remove a web hook, with what has not been delivered."""

    async def delete() -> None:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            await hooks.delete(owner, hook_id)

    run(delete())


@webhook_commands.command("deliveries")
@_with_hook
@click.option("--dead", is_flag=True, help="Only those that were given up.")
@click.option("--limit", type=int, default=50, show_default=True, help="How many, newest first.")
@_with_owner
def list_deliveries(
    hook_id: int,
    dead: bool,
    limit: int,
    org: str | None,
    platform: bool,
    data: str | None,
    config: Path | None,
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
@_with_hook
@click.argument("delivery_id", metavar="DELIVERY", type=int)
@_with_owner
def redeliver(
    hook_id: int, delivery_id: int, org: str | None, platform: bool, data: str | None, config: Path | None
) -> None:
    """Send an event once more."""

    async def again() -> None:
        async with _web_hooks(org, platform, data, config) as (hooks, owner):
            await hooks.redeliver(owner, hook_id, delivery_id)

    run(again())
    print(f"delivery {delivery_id} is queued again")


def _object(custom_data: str) -> dict[str, Any]:
    """Object of custom data given as JSON; empty text is an empty object. Raises CommandError."""
    try:
        return msgspec.json.decode(custom_data or "{}", type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise CommandError("custom data must be a JSON object") from None


def _special(hook: WebHook) -> Iterator[str]:
    """Settings in which a hook differs from the usual, a line each."""
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
    async with offline(load_settings(config, None, None, data)) as administration:
        owner = None if org is None else (await administration.identity.organizations.find(org)).id
        yield administration.webhooks, owner
