"""Operations on live calls: channels, quickcalls, participants of conferences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import UNSET

from switchroom.dialects.operation import Method, Nothing, Operation, Parameter
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages.channels import (
    ActionRequest,
    ChannelReply,
    ParticipantReply,
    ParticipantRequest,
    QuickcallReply,
    QuickcallRequest,
)
from switchroom.errors import ErrorCode, Invalid, Unavailable
from switchroom.telephony.control.live_calls import LiveCalls
from switchroom.telephony.control.messages import (
    Channel,
    ChannelAction,
    Dtmf,
    Hangup,
    Hold,
    Mute,
    Participant,
    Play,
    Transfer,
    Unhold,
    Unmute,
)
from switchroom.telephony.routing.numbers import dialled

_DIALLING: tuple[Method, ...] = ("PUT", "GET")
_AUTO_ANSWER = Parameter("auto_answer", "`true` has the device asked to answer by itself.")
_SECONDS = 30.0


class ChannelOperations:
    def __init__(self, calls: LiveCalls, actors: Actors) -> None:
        self._calls = calls
        self._actors = actors

    def operations(self) -> list[Operation]:
        return [*self._channels(), *self._quickcalls(), *self._participants()]

    def _channels(self) -> list[Operation]:
        lists = [
            Operation(
                method="GET",
                path=path,
                summary=summary,
                parameters=(ACCOUNT,),
                reply=list[Channel],
                access="user",
                handler=handler,
            )
            for path, summary, handler in (
                ("/channels", "The channels: legs of calls that are up.", self.list),
                ("/users/{id}/channels", "The channels of a user.", self.list_of_user),
                ("/devices/{id}/channels", "The channels of a device.", self.list_of_device),
            )
        ]
        return [
            *lists,
            Operation(
                method="GET",
                path="/channels/{uuid}",
                summary="A channel.",
                parameters=(ACCOUNT,),
                reply=Channel,
                access="user",
                handler=self.read,
            ),
            Operation(
                method="POST",
                path="/channels/{uuid}",
                summary="Do something to a channel: hang up, transfer, hold, mute, play, send keys.",
                parameters=(ACCOUNT,),
                request=ActionRequest,
                reply=ChannelReply,
                access="user",
                handler=self.act,
                validate=self.validate,
            ),
        ]

    def _quickcalls(self) -> list[Operation]:
        return [
            Operation(
                method="PUT",
                path="/quickcall",
                summary="Ring a device or a user, then dial.",
                parameters=(ACCOUNT,),
                request=QuickcallRequest,
                reply=QuickcallReply,
                access="user",
                handler=self.quickcall,
                seconds=_SECONDS,
            ),
            *(
                Operation(
                    method=method,
                    path=f"/{kind}s/{{id}}/quickcall/{{number}}",
                    summary=f"Ring a {kind}, then dial the number.",
                    parameters=(ACCOUNT, _AUTO_ANSWER),
                    reply=QuickcallReply,
                    access="user",
                    handler=partial(self.quickcall_of, kind),
                    seconds=_SECONDS,
                )
                for kind in ("device", "user")
                for method in _DIALLING
            ),
        ]

    def _participants(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/conferences/{id}/participants",
                summary="Who is in a conference by telephone.",
                parameters=(ACCOUNT,),
                reply=list[Participant],
                access="user",
                handler=self.list_participants,
            ),
            Operation(
                method="POST",
                path="/conferences/{id}/participants/{participant}",
                summary="Mute, unmute or put out a participant.",
                parameters=(ACCOUNT,),
                request=ParticipantRequest,
                reply=ParticipantReply,
                access="user",
                handler=self.act_on_participant,
            ),
        ]

    async def list(self, context: Context, _: Nothing) -> Sequence[Channel]:
        return await self._calls.channels(await self._actors.of(context))

    async def list_of_user(self, context: Context, _: Nothing) -> Sequence[Channel]:
        actor = await self._actors.of(context)
        return await self._calls.channels_of_user(actor, id_in_path(context, "user"))

    async def list_of_device(self, context: Context, _: Nothing) -> Sequence[Channel]:
        actor = await self._actors.of(context)
        return await self._calls.channels_of_device(actor, id_in_path(context, "device"))

    async def read(self, context: Context, _: Nothing) -> Channel:
        return await self._calls.channel(await self._actors.of(context), context.path["uuid"])

    async def validate(self, _: Context, rest: Any) -> None:
        if rest.action is not UNSET and rest.action not in _NOT_YET:
            _action(rest)

    async def act(self, context: Context, request: ActionRequest) -> ChannelReply:
        actor, uuid = await self._actors.of(context), context.path["uuid"]
        await self._calls.act(actor, uuid, _action(request))
        return ChannelReply(uuid)

    async def quickcall(self, context: Context, request: QuickcallRequest) -> QuickcallReply:
        began = await self._calls.quickcall(
            await self._actors.of(context),
            request.number,
            device_id=request.device_id,
            user_id=request.user_id,
            auto_answer=request.auto_answer,
        )
        return QuickcallReply(began.interaction_id, began.uuid)

    async def quickcall_of(self, kind: str, context: Context, _: Nothing) -> QuickcallReply:
        with context.reading_query() as query:
            auto_answer = query.value("auto_answer", _boolean, False)
        id_ = id_in_path(context, kind)
        began = await self._calls.quickcall(
            await self._actors.of(context),
            context.path["number"],
            device_id=id_ if kind == "device" else None,
            user_id=id_ if kind == "user" else None,
            auto_answer=auto_answer,
        )
        return QuickcallReply(began.interaction_id, began.uuid)

    async def list_participants(self, context: Context, _: Nothing) -> Sequence[Participant]:
        actor = await self._actors.of(context)
        return await self._calls.participants(actor, id_in_path(context, "conference"))

    async def act_on_participant(self, context: Context, request: ParticipantRequest) -> ParticipantReply:
        actor, participant = await self._actors.of(context), context.path["participant"]
        conference_id = id_in_path(context, "conference")
        await self._calls.act_on_participant(actor, conference_id, participant, request.action)
        return ParticipantReply(participant)


_NOT_YET = frozenset({"record_start", "record_stop", "pickup", "park"})
_PLAIN: Mapping[str, ChannelAction] = {
    "hangup": Hangup(),
    "hold": Hold(),
    "unhold": Unhold(),
    "mute": Mute(),
    "unmute": Unmute(),
}


def _action(request: ActionRequest) -> ChannelAction:
    """Raises Invalid for what the action wants and does not have, Unavailable for one that there is not
    yet."""
    match request.action:
        case "transfer":
            target = dialled(request.target)
            if target is None:
                raise Invalid(ErrorCode.EXTENSION_INVALID if request.target else ErrorCode.REQUIRED, "target")
            return Transfer(target, request.type)
        case "play":
            if request.media_id is None:
                raise Invalid(ErrorCode.REQUIRED, "media_id")
            return Play(request.media_id)
        case "dtmf":
            if not request.digits:
                raise Invalid(ErrorCode.REQUIRED, "digits")
            return Dtmf(request.digits)
        case name if name in _NOT_YET:
            raise Unavailable(ErrorCode.ACTION_MISSING, "action", action=name)
        case name:
            return _PLAIN[name]


def _boolean(text: str) -> bool:
    if text not in ("true", "false", "1", "0"):
        raise Invalid(ErrorCode.NOT_A_BOOLEAN)
    return text in ("true", "1")
