"""Function keys of phones: lamps, speed dials, parking slots, lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization
from switchroom.errors import ErrorCode, Problems
from switchroom.events.append import append
from switchroom.events.types import ResourceUpdated, resource_event
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.devices import Devices
from switchroom.telephony.resources.fields import Text
from switchroom.telephony.resources.service import Resources, require

MOST_KEYS = 500


class FunctionKey(Struct, frozen=True, kw_only=True):
    """Function of a key of a phone."""

    key_id: Annotated[int, Meta(ge=0, le=1000)]
    line_id: Annotated[int, Meta(ge=0, le=100)] = 1
    type: Literal["blf", "speed_dial", "park", "line"]
    value: Text = ""
    label: Text = ""


class FunctionKeys(OfOrganization, Base):
    """The keys of one device."""

    __tablename__ = "function_keys"

    device_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("devices.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    keys: Mapped[list[Any]] = mapped_column(JSON, default=list)


class FunctionKeySets:
    """The keys of devices, which are replaced as a whole. Users have those of their own devices."""

    def __init__(self, resources: Resources, devices: Devices) -> None:
        self._resources = resources
        self._devices = devices

    async def read(self, actor: Actor, device_id: int) -> Sequence[FunctionKey]:
        """Raises NotFound."""
        async with self._resources.reading(actor) as work:
            await require(work, self._devices, device_id)
            row = await work.session.get(FunctionKeys, device_id)
            return msgspec.convert(row.keys if row is not None else [], list[FunctionKey])

    async def replace(
        self, actor: Actor, device_id: int, keys: Sequence[FunctionKey]
    ) -> Sequence[FunctionKey]:
        """Raises NotFound, Invalid for a key that is there twice."""
        in_order = sorted(keys, key=lambda one: one.key_id)
        problems = Problems()
        known: set[int] = set()
        for number, key in enumerate(keys):
            if key.key_id in known:
                problems.add(ErrorCode.NAMED_TWICE, f"[{number}].key_id")
            known.add(key.key_id)
        problems.require_none()
        async with self._resources.changing(actor) as work:
            device = await require(work, self._devices, device_id, to_change=True)
            row = await work.session.get(FunctionKeys, device_id)
            if row is None:
                row = FunctionKeys(device_id=device_id, organization_id=work.organization_id)
                work.session.add(row)
            row.keys = msgspec.to_builtins(in_order)
            event = resource_event(ResourceUpdated, "function_key")(name=device.name, by=actor.by)
            append(work.session, work.organization_id, event, str(device_id))
        return in_order
