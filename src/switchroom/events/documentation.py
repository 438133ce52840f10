"""Table of the catalogue of events in docs/events.md.

`python -m switchroom.events.documentation docs/events.md` writes the page with the table as the code has it;
with `--check` it changes nothing, and fails when the table is old.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import cast

from msgspec import inspect

from switchroom.events.types import DomainEvent, catalogue

_BEGIN = "<!-- The table is made from events/types.py by `make docs`. -->\n\n"
_HEAD = "| Type | Object | Data |\n| --- | --- | --- |\n"
_END = "\n<!-- End of the table. -->\n"
_MANY = 8
"""Fields of which a type that has them all, and more, shows only those."""


def table() -> str:
    """Markdown: a row for types that follow each other and have the same object, data and remark."""
    lines: list[str] = []
    known: list[type[DomainEvent]] = []
    for _, group in groupby(catalogue(), lambda one: (one.happens_to, _fields(one), one.remark)):
        types = list(group)
        names = ", ".join(f"`{one.event_type}`" for one in types)
        lines.append(f"| {names} | {types[0].happens_to} | {_data(types[0], known)} |\n")
        known += types
    return _HEAD + "".join(lines)


def _data(event: type[DomainEvent], known: list[type[DomainEvent]]) -> str:
    names = event.__struct_fields__
    for other in known:
        shared = other.__struct_fields__
        if _MANY <= len(shared) <= len(names) and names[: len(shared)] == shared:
            fields = ", ".join([f"as `{other.event_type}`", *_fields(event)[len(shared) :]])
            break
    else:
        fields = ", ".join(_fields(event))
    return "; ".join(filter(None, (fields, event.remark)))


def _fields(event: type[DomainEvent]) -> list[str]:
    about = inspect.type_info(event)
    assert isinstance(about, inspect.StructType)
    return [f"`{field.encode_name}`{_remark(field.type)}" for field in about.fields]


def _remark(kind: inspect.Type) -> str:
    if not isinstance(kind, inspect.Metadata):
        return ""
    schema = cast("Mapping[str, str]", kind.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]
    return f" ({schema['description']})" if "description" in schema else ""


def with_table(page: str) -> str:
    """The page, with the table as it is now between its marks."""
    before, _, rest = page.partition(_BEGIN)
    _, _, after = rest.partition(_END)
    return f"{before}{_BEGIN}{table()}{_END}{after}"


def renew(path: Path, with_tables: Callable[[str], str], *, check: bool) -> None:
    """Write a page as `with_tables` makes it of what it was; with `check`, exit with an error where that is
    something else."""
    page = path.read_text()
    made = with_tables(page)
    if not check:
        path.write_text(made)
    elif made != page:
        sys.exit(f"{path} is old: run make docs")


def main(path: Path, *, check: bool) -> None:
    renew(path, with_table, check=check)


if __name__ == "__main__":
    main(Path(sys.argv[1]), check="--check" in sys.argv)
