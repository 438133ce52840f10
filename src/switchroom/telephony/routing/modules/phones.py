"""Modules that ring phones: `user`, `device` and `group`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import structs

from switchroom.telephony.routing.actions import (
    Answered,
    Busy,
    Event,
    Failed,
    NoAnswer,
    Ring,
    Target,
    is_rejection,
)
from switchroom.telephony.routing.configuration import (
    LONGEST_RINGING,
    Group,
    GroupMember,
    MemberType,
    Strategy,
)
from switchroom.telephony.routing.flow import GroupData, Module, RingData
from switchroom.telephony.routing.hangup_causes import HangupCause, sip_code
from switchroom.telephony.routing.prompts import PromptName
from switchroom.telephony.routing.ringing import Reach, Ringer, seconds, shared_out
from switchroom.telephony.routing.state import Connect, Context, Do, Leave, Ringing, Stay, Turn, leave

_MOST_MEMBERS = 200
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def ring(context: Context, module: Module, data: RingData) -> Turn:
    """Ring the phones of a user, or one device."""
    flow, call = context.flow, context.call
    ringer = Ringer(
        flow, call, data.delay, max(min(data.timeout, LONGEST_RINGING), 1), can_call_self=data.can_call_self
    )
    reach = ringer.user(data.id) if module is Module.USER else ringer.device(data.id)
    targets = shared_out(reach.targets, call)
    if not targets:
        return _not_rung(context, reach.cause)
    return Do(_ring(context, targets, seconds(targets), None), Ringing())


def ring_group(context: Context, data: GroupData) -> Turn:
    """Ring the members of a group who are logged in, at once or one after the other."""
    group = context.flow.groups.get(data.id)
    if group is None:
        return leave(HangupCause.UNALLOCATED_NUMBER)
    members = members_of(group, context.flow.groups)
    deadline = context.now + timedelta(seconds=group.global_timeout) if group.global_timeout else None
    if group.strategy is not Strategy.SIMULTANEOUS:
        turn = _ring_next(context, Ringing(_in_turn(context, group, members), deadline, group.id))
        return turn if turn is not None else leave(HangupCause.USER_NOT_REGISTERED)
    reaches = [_reach(context, member) for member in members]
    targets = shared_out((one for reach in reaches for one in reach.targets), context.call)
    if not targets:
        return _not_rung(context, _cause(reaches))
    action = _ring(
        context,
        targets,
        min(seconds(targets), group.global_timeout or LONGEST_RINGING),
        group.music_on_hold_id,
        group_id=group.id,
        fail_on_single_reject=data.fail_on_single_reject,
    )
    return Do(action, Ringing(group_id=group.id))


def after_ringing(context: Context, data: RingData | GroupData, ringing: Ringing, event: Event) -> Turn:
    """Connect, or ring the next member of a group that rings one after the other."""
    if isinstance(data, GroupData) and data.fail_on_single_reject and is_rejection(event):
        ringing = structs.replace(ringing, members=())
    match event:
        case Answered():
            return Connect()
        case NoAnswer():
            return _ring_next(context, ringing) or leave(HangupCause.NO_ANSWER)
        case Busy():
            return _ring_next(context, ringing) or leave(HangupCause.USER_BUSY)
        case Failed(cause, code):
            return _ring_next(context, ringing) or leave(cause, code)
        case _:
            return Stay()


def _ring_next(context: Context, ringing: Ringing) -> Do | None:
    """Ring the next member who can be rung; None when there is none, or no time."""
    rest = ringing.members
    left = LONGEST_RINGING
    if ringing.deadline is not None:
        left = min(int((ringing.deadline - context.now).total_seconds()), left)
    while rest and left > 0:
        member, rest = rest[0], rest[1:]
        targets = shared_out(_reach(context, member).targets, context.call)
        if targets:
            group = context.flow.groups.get(ringing.group_id) if ringing.group_id is not None else None
            music = group.music_on_hold_id if group is not None else None
            # The group's turn is counted once for a call.
            counted = None if isinstance(context.state.pending, Ringing) else ringing.group_id
            action = _ring(context, targets, min(seconds(targets), left), music, group_id=counted)
            return Do(action, Ringing(rest, ringing.deadline, ringing.group_id))
    return None


def _ring(
    context: Context,
    targets: tuple[Target, ...],
    timeout: int,
    music_on_hold_id: int | None,
    *,
    group_id: int | None = None,
    fail_on_single_reject: bool = False,
) -> Ring:
    return Ring(
        targets=targets,
        timeout=max(timeout, 1),
        caller=context.call.caller,
        music_on_hold_id=music_on_hold_id,
        fail_on_single_reject=fail_on_single_reject,
        auto_answer=context.call.auto_answer,
        group_id=group_id,
    )


def members_of(group: Group, groups: Mapping[int, Group]) -> list[GroupMember]:
    """The users and devices that a group rings: members who are logged in, those of groups within too, each
    once, and no more than 200."""
    found: dict[str, GroupMember] = {}
    seen = {group.id}
    todo = list(group.members)
    while todo and len(found) < _MOST_MEMBERS:
        member = todo.pop(0)
        if not member.logged:
            continue
        if member.member_type is not MemberType.GROUP:
            found.setdefault(member.key, member)
            continue
        inner = groups.get(member.member_id)
        if inner is not None and inner.id not in seen:
            seen.add(inner.id)
            todo = [*_within(member, inner, group.strategy), *todo]
    return list(found.values())[:_MOST_MEMBERS]


def _within(outer: GroupMember, inner: Group, strategy: Strategy) -> Iterator[GroupMember]:
    """The members of a group that is a member itself: they ring in its time, and begin with it."""
    for one in inner.members:
        delay = one.delay if strategy is Strategy.SIMULTANEOUS else 0
        timeout = min(one.timeout, outer.timeout - delay)
        if timeout > 0:
            yield structs.replace(one, delay=outer.delay + delay, timeout=timeout)


def _in_turn(context: Context, group: Group, members: Sequence[GroupMember]) -> tuple[GroupMember, ...]:
    live = context.flow.live
    if group.strategy is Strategy.LONGEST_IDLE:
        return tuple(sorted(members, key=lambda one: live.idle_since.get(one.key, _LONG_AGO)))
    if group.strategy is Strategy.ROUND_ROBIN and members:
        first = live.group_turns.get(group.id, 0) % len(members)
        return (*members[first:], *members[:first])
    return tuple(members)


def _reach(context: Context, member: GroupMember) -> Reach:
    is_in_turn = isinstance(context.state.pending, Ringing)
    ringer = Ringer(
        context.flow,
        context.call,
        0 if is_in_turn else max(member.delay, 0),
        max(member.timeout, 1),
        is_direct=False,
    )
    return (
        ringer.user(member.member_id)
        if member.member_type is MemberType.USER
        else ringer.device(member.member_id)
    )


def _not_rung(context: Context, cause: HangupCause) -> Leave:
    """The turn of a module that can ring nobody. A caller who may not ring the phones that there are is told
    so, and comes to no mailbox of theirs; a forwarded call is one of several that ring, which go on."""
    if cause is not HangupCause.OUTGOING_CALL_BARRED:
        return leave(cause)
    notice = PromptName.CALL_RESTRICTED if not context.call.forwards.by else None
    return Leave((), cause, sip_code(cause), notice)


def _cause(reaches: Sequence[Reach]) -> HangupCause:
    if reaches and all(reach.cause is HangupCause.OUTGOING_CALL_BARRED for reach in reaches):
        return HangupCause.OUTGOING_CALL_BARRED
    is_busy = any(reach.cause is HangupCause.USER_BUSY for reach in reaches)
    return HangupCause.USER_BUSY if is_busy else HangupCause.USER_NOT_REGISTERED
