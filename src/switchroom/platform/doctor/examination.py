"""Examination: everything that the platform needs, looked at before people come, or while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.platform import engine_table
from switchroom.platform.doctor import addresses, candidates, engines, machine, mail, storage, telephony, turn
from switchroom.platform.doctor.finding import Finding
from switchroom.settings import Settings


async def examine(settings: Settings) -> Sequence[Finding]:
    """Findings of all examinations, good ones and failures; later ones depend on earlier ones."""
    port = await machine.port(settings)
    return [
        machine.python(),
        machine.web(),
        port,
        *(await machine.running(settings) if port.state == machine.RUNS else ()),
        *await addresses.public_url(settings, runs=port.state == machine.RUNS),
        addresses.proxies(settings),
        machine.media_ports(settings),
        *[
            await engines.engine(entry, settings)
            for entry in engine_table.TABLE
            if entry.wanted(settings) and entry.make(settings).packages
        ],
        *await candidates.findings(settings),
        *await turn.servers(settings.ice),
        *await telephony.findings(settings, runs=port.state == machine.RUNS),
        *storage.data_directory(settings),
        await storage.database(settings),
        await mail.server(settings),
    ]
