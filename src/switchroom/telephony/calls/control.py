"""Control of a worker's calls by the realtime API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from switchroom.errors import Conflict, ErrorCode, NotFound
from switchroom.telephony.calls.call_metrics import CallMetrics
from switchroom.telephony.calls.channels import channels_of
from switchroom.telephony.calls.inbox import Inbox, Ordered
from switchroom.telephony.calls.leg import Leg, Party
from switchroom.telephony.calls.live_call import LiveCall
from switchroom.telephony.calls.orders import ChannelOrder
from switchroom.telephony.calls.quickcalls import FromProgram
from switchroom.telephony.calls.snapshot import LegDirection
from switchroom.telephony.calls.switchboard import Switchboard
from switchroom.telephony.control.messages import (
    Channel,
    ChannelAction,
    MetricFamily,
    Originated,
    Participant,
    ParticipantAction,
    Quickcall,
)


class ConferenceControl(Protocol):
    """Control of the conferences of a worker."""

    async def participants(self, organization_id: int, conference_id: int) -> Sequence[Participant]: ...

    async def act(
        self, organization_id: int, conference_id: int, participant: str, action: ParticipantAction
    ) -> None:
        """Raises NotFound."""
        ...


class SwitchboardControl:
    """`CallControl` of the calls of a switchboard."""

    def __init__(
        self,
        board: Switchboard,
        conferences: ConferenceControl | None = None,
        metrics: CallMetrics | None = None,
    ) -> None:
        self._board = board
        self._conferences = conferences
        self._metrics = metrics

    def forget_loaded(self, organization_id: int) -> None:
        self._board.loader.forget(organization_id)

    async def channels(self, organization_id: int) -> Sequence[Channel]:
        calls = [one for one in self._board.of_account(organization_id) if one.is_told]
        return [channel for call in calls for channel in channels_of(call.snapshot())]

    async def act(self, organization_id: int, uuid: str, action: ChannelAction) -> None:
        call = self._call_of(organization_id, uuid)
        order = ChannelOrder(uuid, action)
        call.inbox.put(Ordered(order))
        await order.wait()

    async def quickcall(self, quickcall: Quickcall) -> Originated:
        board = self._board
        devices = await board.loader.devices_to_ring(
            quickcall.organization_id, quickcall.device_id, quickcall.user_id
        )
        if not devices:
            raise Conflict(ErrorCode.DEVICE_NOT_REGISTERED)
        inbox = Inbox()
        leg = Leg(board.services, inbox, Party(), LegDirection.OUTBOUND)
        call = LiveCall(board, inbox, leg)
        entry = FromProgram(quickcall, devices)
        board.have(call, entry)
        return await entry.wait()

    async def participants(self, organization_id: int, conference_id: int) -> Sequence[Participant]:
        if self._conferences is None:
            return []
        return await self._conferences.participants(organization_id, conference_id)

    async def act_on_participant(
        self, organization_id: int, conference_id: int, participant: str, action: ParticipantAction
    ) -> None:
        if self._conferences is None:
            raise NotFound(ErrorCode.PARTICIPANT_NOT_FOUND, "participant")
        await self._conferences.act(organization_id, conference_id, participant, action)

    def metrics(self) -> Sequence[MetricFamily]:
        return self._metrics.families(self._board.calls.values()) if self._metrics is not None else ()

    def _call_of(self, organization_id: int, uuid: str) -> LiveCall:
        for call in self._board.of_account(organization_id):
            if any(leg.uuid == uuid and not leg.has_ended for leg in call.legs):
                return call
        raise NotFound(ErrorCode.CHANNEL_NOT_FOUND, "uuid")
