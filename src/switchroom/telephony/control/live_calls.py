"""Live calls: what callers of the API see of the calls that are up, and do with them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import cast

from switchroom.errors import ErrorCode, Invalid, NotFound
from switchroom.telephony.control.messages import (
    Act,
    ActOnParticipant,
    Channel,
    ChannelAction,
    Channels,
    ListChannels,
    ListParticipants,
    Originated,
    Participant,
    ParticipantAction,
    Participants,
    Quickcall,
)
from switchroom.telephony.control.workers import CallWorkers
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.service import Resources, require
from switchroom.telephony.routing.numbers import dialled

QUICKCALL_LIMIT = 20.0
"""Seconds for a device to ring."""


class LiveCalls:
    """Live calls of accounts. Users see and control the channels that are theirs; what they do not see is not
    there. Raises Unavailable where no telephony runs, or its worker is away."""

    def __init__(self, workers: CallWorkers, resources: Resources) -> None:
        self._workers = workers
        self._resources = resources

    async def channels(self, actor: Actor) -> Sequence[Channel]:
        """Channels that the actor sees, in the order in which they began."""
        replies = await self._workers.ask_all(ListChannels(actor.organization_id))
        found = chain.from_iterable(cast("Channels", one).channels for one in replies)
        seen = [one for one in found if not actor.is_user or one.owner_id == actor.user_id]
        return sorted(seen, key=lambda one: one.timestamp)

    async def channel(self, actor: Actor, uuid: str) -> Channel:
        """Raises NotFound."""
        found = next((one for one in await self.channels(actor) if one.uuid == uuid), None)
        if found is None:
            raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "uuid")
        return found

    async def channels_of_user(self, actor: Actor, user_id: int) -> Sequence[Channel]:
        """Raises NotFound."""
        await self._require(actor, "users", user_id)
        return [one for one in await self.channels(actor) if one.owner_id == user_id]

    async def channels_of_device(self, actor: Actor, device_id: int) -> Sequence[Channel]:
        """Raises NotFound."""
        await self._require(actor, "devices", device_id)
        return [
            one
            for one in await self.channels(actor)
            if one.authorizing_type == "device" and one.authorizing_id == device_id
        ]

    async def act(self, actor: Actor, uuid: str, action: ChannelAction) -> None:
        """Raises NotFound, Conflict where the state of the channel does not allow it, Invalid."""
        if actor.is_user:
            await self.channel(actor, uuid)
        await self._workers.ask_who_has_it(Act(actor.organization_id, uuid, action))

    async def quickcall(
        self, actor: Actor, number: str, *, device_id: int | None, user_id: int | None, auto_answer: bool
    ) -> Originated:
        """Ring a device or a user's devices, and dial the number from the first that answers. Returns once
        one rings. Raises Invalid, NotFound, Forbidden, Conflict where none can be reached."""
        if (device_id is None) == (user_id is None):
            raise Invalid(ErrorCode.REQUIRED, "device_id")
        if device_id is not None:
            await self._require(actor, "devices", device_id)
        if user_id is not None:
            device_id = await self._quickcall_device(actor, user_id)
            user_id = user_id if device_id is None else None
        plain = dialled(number)
        if plain is None:
            raise Invalid(ErrorCode.EXTENSION_INVALID, "number")
        quickcall = Quickcall(
            organization_id=actor.organization_id,
            device_id=device_id,
            user_id=user_id,
            number=plain,
            auto_answer=auto_answer,
        )
        reply = await self._workers.ask_for_account(actor.organization_id, quickcall, QUICKCALL_LIMIT)
        return cast("Originated", reply)

    async def participants(self, actor: Actor, conference_id: int) -> Sequence[Participant]:
        """Participants of a conference by telephone, in the order in which they came. Raises NotFound."""
        await self._require(actor, "conferences", conference_id)
        replies = await self._workers.ask_all(ListParticipants(actor.organization_id, conference_id))
        found = chain.from_iterable(cast("Participants", one).participants for one in replies)
        return sorted(found, key=lambda one: one.timestamp)

    async def act_on_participant(
        self, actor: Actor, conference_id: int, participant: str, action: ParticipantAction
    ) -> None:
        """Raises NotFound."""
        await self._require(actor, "conferences", conference_id)
        await self._workers.ask_who_has_it(
            ActOnParticipant(actor.organization_id, conference_id, participant, action)
        )

    async def _quickcall_device(self, actor: Actor, user_id: int) -> int | None:
        """The device that a user has chosen for quickcalls. Raises NotFound."""
        kind = self._resources.kinds["users"]
        async with self._resources.reading(actor) as work:
            values = kind.values_of(await require(work, kind, user_id))
        return values["quickcall_device"]

    async def _require(self, actor: Actor, kind: str, resource_id: int) -> None:
        """Raises NotFound for what is not there, or not for the actor to see."""
        async with self._resources.reading(actor) as work:
            await require(work, self._resources.kinds[kind], resource_id)
