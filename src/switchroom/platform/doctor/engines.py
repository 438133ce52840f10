"""Findings about the engines: what is installed and its versions, or whether what runs elsewhere answers."""

from __future__ import annotations

from typing import Any

from switchroom.engines.supervisor import ProcessError
from switchroom.platform.doctor.finding import Finding
from switchroom.platform.engines import EngineEntry
from switchroom.settings import Settings


async def engine(entry: EngineEntry[Any], settings: Settings) -> Finding:
    """Whether it is installed and runs or, run elsewhere, answers."""
    one = entry.make(settings)
    if elsewhere := entry.elsewhere(settings):
        problem = await entry.problem_elsewhere(settings)
        remedy = "Start it, or correct the settings that name it."
        return Finding(
            one.title, not problem, f"run elsewhere: {elsewhere}{problem and f', {problem}'}", remedy
        )
    missing = one.missing()
    if missing:
        return Finding(
            one.title,
            False,
            f"not installed ({', '.join(missing)}); {one.without}",
            f"Run: {one.remedy}",
        )
    try:
        versions = await one.versions()
    except ProcessError as error:
        return Finding(one.title, False, str(error), f"Run: {one.remedy}")
    return Finding(one.title, True, ", ".join(f"{path}{versions.get(path, '')}" for path in one.found()))
