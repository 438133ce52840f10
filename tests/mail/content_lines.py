"""Reads iCalendar by the letter of RFC 5545, apart from the library that writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_NAME = re.compile(r"[A-Za-z0-9-]+")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)=("[^"\x00-\x08\x0a-\x1f\x7f]*"|[^";:,\x00-\x08\x0a-\x1f\x7f]*)')
_ESCAPED = re.compile(r"\\([\\;,nN])")


@dataclass
class Property:
    value: str
    parameters: dict[str, str]

    @property
    def text(self) -> str:
        """The value of a property of type TEXT (3.3.11)."""
        assert not re.search(r"(?<!\\)(\\\\)*[;,]", self.value), "a bare comma or semicolon"
        return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], self.value)


@dataclass
class Component:
    name: str
    properties: dict[str, list[Property]] = field(default_factory=dict[str, list[Property]])
    components: list[Component] = field(default_factory=list["Component"])

    def __getitem__(self, name: str) -> Property:
        """The one property of that name."""
        (only,) = self.properties[name]
        return only

    def __contains__(self, name: str) -> bool:
        return name in self.properties

    def all(self, name: str) -> Sequence[Component]:
        return [component for component in self.components if component.name == name]

    def only(self, name: str) -> Component:
        (component,) = self.all(name)
        return component


def read_calendar(octets: bytes) -> Component:
    """The VCALENDAR. Fails on lines that are too long or do not end as they must (3.1), and on anything
    not well-formed."""
    assert octets.endswith(b"\r\n")
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    lines = re.sub(rb"\r\n[ \t]", b"", octets).decode("utf-8").split("\r\n")[:-1]
    root = Component("")
    open_components = [root]
    for line in lines:
        name, found = _content_line(line)
        if name == "BEGIN":
            component = Component(found.value)
            open_components[-1].components.append(component)
            open_components.append(component)
        elif name == "END":
            assert open_components.pop().name == found.value
        else:
            open_components[-1].properties.setdefault(name, []).append(found)
    assert open_components == [root]
    return root.only("VCALENDAR")


def _content_line(line: str) -> tuple[str, Property]:
    name = _NAME.match(line)
    assert name, line
    position = name.end()
    parameters: dict[str, str] = {}
    while found := _PARAMETER.match(line, position):
        assert found[1].upper() not in parameters
        parameters[found[1].upper()] = found[2].strip('"')
        position = found.end()
    assert line[position : position + 1] == ":", line
    return name[0].upper(), Property(line[position + 1 :], parameters)
