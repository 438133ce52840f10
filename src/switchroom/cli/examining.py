"""Looking at the machine, and at what is installed."""

from __future__ import annotations

from pathlib import Path

import click

from switchroom import __version__, logs
from switchroom.cli.options import load_settings, with_address, with_settings
from switchroom.platform.loop import run


@click.command
@with_address
@with_settings
def doctor(host: str | None, port: int | None, data: str | None, config: Path | None) -> None:
    """Tell what is good, what would fail, and what to do about it: programs, ports, addresses, TURN, disk,
    database, mail. Beside the running server it looks at that too."""
    from switchroom.platform.doctor.examination import examine  # here: the version needs none of it

    settings = load_settings(config, host, port, data)
    # Programs that it starts for a question are told of by the answer.
    logs.configure(settings.log_format, "error")
    report = run(examine(settings))
    for finding in report:
        print(f"{'ok  ' if finding.good else 'FIX '} {finding.subject}: {finding.state}")
        if not finding.good:
            print(f"     {finding.remedy}")
    if not all(finding.good for finding in report):
        raise SystemExit(1)


@click.command
def version() -> None:
    """Print the version."""
    print(__version__)
