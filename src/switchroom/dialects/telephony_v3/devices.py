"""Operations on devices beside those of every resource: where they are registered, and their keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec

from switchroom.dialects.body import Reader
from switchroom.dialects.operation import Method, Nothing, Operation, Parameter
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.resources import filters_of
from switchroom.errors import ErrorCode, Invalid
from switchroom.telephony.resources.devices import Devices, DeviceStatus, RegistrationView
from switchroom.telephony.resources.function_keys import MOST_KEYS, FunctionKey, FunctionKeySets
from switchroom.telephony.resources.networks import NetworkList, Networks
from switchroom.telephony.resources.service import Resources

_KEYS = Reader[Any](list[FunctionKey])
REPLACING: tuple[Method, ...] = ("POST", "PUT")
_FILTERS = (
    ACCOUNT,
    Parameter("owner_id", "Only the devices of this user."),
    Parameter("external_sip_account", "Only devices that are SIP accounts elsewhere, or only others."),
)


class DeviceOperations:
    def __init__(self, resources: Resources, actors: Actors) -> None:
        self._resources = resources
        self._actors = actors
        self._devices = cast("Devices", resources.kinds["devices"])
        self._keys = FunctionKeySets(resources, self._devices)
        self._networks = NetworkList(resources)

    def operations(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/devices/registrations",
                summary="Every place at which a device is registered.",
                parameters=_FILTERS,
                reply=list[RegistrationView],
                access="user",
                handler=self.registrations,
            ),
            Operation(
                method="GET",
                path="/devices/status",
                summary="Whether devices can be reached, by their ids.",
                parameters=_FILTERS,
                reply=dict[str, DeviceStatus],
                access="user",
                handler=self.statuses,
            ),
            Operation(
                method="GET",
                path="/function_keys/device/{id}",
                summary="The keys of a device.",
                parameters=(ACCOUNT,),
                reply=list[FunctionKey],
                access="user",
                handler=self.keys,
            ),
            *(
                Operation(
                    method=method,
                    path="/function_keys/device/{id}",
                    summary="Replace the keys of a device: a list, one key, or an object of them.",
                    parameters=(ACCOUNT,),
                    request=list[dict[str, Any]] | dict[str, Any],
                    reply=list[FunctionKey],
                    access="user",
                    handler=self.replace_keys,
                )
                for method in REPLACING
            ),
            Operation(
                method="GET",
                path="/networks",
                summary="The account's networks.",
                parameters=(ACCOUNT,),
                reply=Networks,
                access="admin",
                handler=self.networks,
            ),
            *(
                Operation(
                    method=method,
                    path="/networks",
                    summary="Replace the account's networks.",
                    parameters=(ACCOUNT,),
                    request=Networks,
                    reply=Networks,
                    access="admin",
                    handler=self.replace_networks,
                )
                for method in REPLACING
            ),
        ]

    async def registrations(self, context: Context, _: Nothing) -> Sequence[RegistrationView]:
        filters = filters_of(context, self._devices)
        async with self._resources.reading(await self._actors.of(context)) as work:
            return await self._devices.registrations(work, filters)

    async def statuses(self, context: Context, _: Nothing) -> Mapping[str, DeviceStatus]:
        filters = filters_of(context, self._devices)
        async with self._resources.reading(await self._actors.of(context)) as work:
            return await self._devices.statuses(work, filters)

    async def keys(self, context: Context, _: Nothing) -> Sequence[FunctionKey]:
        return await self._keys.read(await self._actors.of(context), id_in_path(context, "device"))

    async def replace_keys(self, context: Context, given: Any) -> Sequence[FunctionKey]:
        keys = _KEYS.read(msgspec.json.encode(_as_list(given)))
        device_id = id_in_path(context, "device")
        return await self._keys.replace(await self._actors.of(context), device_id, keys)

    async def networks(self, context: Context, _: Nothing) -> Networks:
        return await self._networks.read(await self._actors.of(context))

    async def replace_networks(self, context: Context, networks: Networks) -> Networks:
        return await self._networks.replace(await self._actors.of(context), networks)


def _as_list(given: Any) -> list[Any]:
    """The keys, in whatever form they were sent: clients that have a list send an object of it. Raises
    Invalid for too many."""
    if isinstance(given, dict):
        named = cast("dict[str, Any]", given)
        keys = list(named.values()) if all(name.isdecimal() for name in named) else [named]
    else:
        keys = cast("list[Any]", given if isinstance(given, list) else [given])
    if len(keys) > MOST_KEYS:
        raise Invalid(ErrorCode.TOO_MANY_ENTRIES, "keys", most=MOST_KEYS)
    return keys
