"""Configuration page, docs/configuration.md: what can be set, that of the engines included.

Run as `python -m switchroom.platform.configuration_page`, it prints the page.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import get_type_hints

import msgspec
from msgspec import Meta, Struct

from switchroom.platform import engine_table
from switchroom.settings import Settings, sections, variable_of


def reference(engines: Mapping[str, type[Struct]]) -> str:
    """The configuration page, in Markdown, with the sections of these engines."""
    lines = [
        "# Configuration",
        "",
        "Settings come from one TOML file (`--config`, `SWITCHROOM_CONFIG`, or `switchroom.toml` in the",
        "working directory), then from environment variables, then from the command line; the later wins.",
        "A list in a variable is separated by commas.",
        "This page is generated from `settings.py` by `make docs`.",
    ]
    kinds = sections()
    of_engines = {f"engines.{name}": kind for name, kind in engines.items()}
    for title, kind in [("", Settings), *kinds.items(), *of_engines.items()]:
        lines += ["", f"## `[{title}]`" if title else "## Top level", "", (kind.__doc__ or "").strip(), ""]
        lines += ["| Setting | Variable | Default | |", "| --- | --- | --- | --- |"]
        for setting in msgspec.structs.fields(kind):
            if not title and (setting.name in kinds or setting.name == "engines"):
                continue
            variable = variable_of(title, setting.name) if title else variable_of(setting.name)
            default = setting.default_factory() if callable(setting.default_factory) else setting.default
            shown = msgspec.json.encode(default).decode()
            description = _description(kind, setting.name)
            lines.append(f"| `{setting.name}` | `{variable}` | `{shown}` | {description} |")
    return "\n".join(lines) + "\n"


def _description(kind: type[Struct], name: str) -> str:
    hint = get_type_hints(kind, include_extras=True)[name]
    for meta in getattr(hint, "__metadata__", ()):
        if isinstance(meta, Meta) and meta.description:
            return meta.description
    return ""


if __name__ == "__main__":
    sys.stdout.write(reference(engine_table.sections()))
