"""Running the platform."""

from __future__ import annotations

import asyncio
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import click
from msgspec import structs

from switchroom import __version__
from switchroom.cli.options import Command, load_settings, with_address, with_settings
from switchroom.platform.build import Platform
from switchroom.platform.demo import TREE, Demo, ensure_demo
from switchroom.platform.demo_telephony import CONFERENCE_PIN, sip_address
from switchroom.platform.loop import run
from switchroom.platform.workers import several
from switchroom.settings import MOST_TELEPHONY_WORKERS, Settings


def _with_service(command: Command) -> Command:
    """The options of what serves."""
    command = click.option(
        "--workers",
        type=click.IntRange(1),
        default=1,
        show_default=True,
        help="Processes that serve; more than one takes NATS.",
    )(command)
    command = click.option("--demo", is_flag=True, help="Make a demo organization, once.")(command)
    return with_address(with_settings(command))


@click.command
@_with_service
@click.option(
    "--telephony-workers",
    type=click.IntRange(1, MOST_TELEPHONY_WORKERS),
    help="Processes that control calls, each with those of accounts of its own; as `telephony.workers`.",
)
def up(
    host: str | None,
    port: int | None,
    data: str | None,
    demo: bool,
    workers: int,
    telephony_workers: int | None,
    config: Path | None,
) -> None:
    """Run everything on this machine, the media server included."""
    loaded = load_settings(config, host, port, data)
    if telephony_workers is not None:
        telephony = structs.replace(loaded.telephony, workers=telephony_workers)
        loaded = structs.replace(loaded, telephony=telephony)
    run(_serve(loaded, demo=demo, engines=True, workers=workers))


@click.command
@_with_service
def serve(
    host: str | None, port: int | None, data: str | None, demo: bool, workers: int, config: Path | None
) -> None:
    """Run the HTTP side only; media servers are those named in the configuration."""
    run(_serve(load_settings(config, host, port, data), demo=demo, engines=False, workers=workers))


async def _serve(loaded: Settings, *, demo: bool, engines: bool, workers: int) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    async def prepare(platform: Platform) -> None:
        if demo:
            _print_demo(await ensure_demo(platform), loaded, phones=engines and loaded.telephony.enabled)

    async with AsyncExitStack() as stack:
        if workers == 1:
            platform = Platform(loaded, engines=engines, alone=True)
            await stack.enter_async_context(platform.running(prepare=prepare, to_serve=True))
            await stack.enter_async_context(platform.online())
        else:
            await stack.enter_async_context(several(loaded, workers, engines=engines, prepare=prepare))
        print(f"Switchroom {__version__} is ready: {loaded.base_url}", flush=True)
        await stop.wait()
        print("Stopping …", flush=True)


def _print_demo(demo: Demo, settings: Settings, *, phones: bool) -> None:
    """`phones` is whether a SIP server is run here."""
    rows = [
        ("Company", f"Demo  {demo.company_id}"),
        ("API key", f"{demo.api_key.client_id}  {demo.api_key.code}"),
        *((user.role.capitalize(), f"{user.username}  {user.password}") for user in demo.users),
        *(("Rooms", f"{department}: {', '.join(rooms)}") for department, rooms in TREE),
        ("Moderator's link", demo.links.moderator),
        ("Participant's link", demo.links.participant),
    ]
    if demo.webmeeting is not None:
        rows += [
            ("Web Meeting API key", demo.webmeeting.api_key),
            ("Meeting", f"{demo.base_url}/#/meeting/{demo.webmeeting.meeting_id}"),
        ]
    if demo.telephony is not None:
        telephony = demo.telephony
        server = f"server {sip_address(settings)}:{telephony.sip_port}" if phones else "no server runs here"
        rows += [
            ("Telephony API key", telephony.api_key),
            ("Softphones", f"domain {telephony.realm}, {server}"),
            *((f"Phone {one.number}", f"{one.username}  {one.password}") for one in telephony.devices),
            ("To call", f"200 menu, 300 group, 400 conference (PIN {CONFERENCE_PIN}), 500 by opening hours"),
            ("", "*98 messages, once somebody has not answered on 100"),
        ]
    width = max(len(title) for title, _ in rows)
    for title, value in rows:
        print(f"  {title:<{width}}  {value}")
    sys.stdout.flush()
