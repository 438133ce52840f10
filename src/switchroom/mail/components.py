"""Parts of an iCalendar (RFC 5545) that all kinds of entries have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from icalendar import Component, vCalAddress

from switchroom.mail.addresses import Mailbox

_Component = TypeVar("_Component", bound=Component)


def filled(component: _Component, properties: Mapping[str, object]) -> _Component:
    """The component with these properties; those that are `None` are left out."""
    for name, value in properties.items():
        if value is not None:
            component.add(name, value)  # pyright: ignore[reportUnknownMemberType]
    return component


def party(mailbox: Mailbox, parameters: Mapping[str, str] | None = None) -> vCalAddress:
    named = {"CN": mailbox.name} if mailbox.name else {}
    return vCalAddress(f"mailto:{mailbox.address}", params={**named, **(parameters or {})})
