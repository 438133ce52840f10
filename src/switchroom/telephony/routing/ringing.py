"""Targets that ring: the phones of users and devices, and the numbers that they forward to.

A user's forwarding takes the place of the user's phones, a device's that of the device. A forwarding that is
not permitted, or would go round in circles, is not carried out: the phones ring instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from switchroom.telephony.routing.actions import DeviceTarget, NumberTarget, Target
from switchroom.telephony.routing.call import Call, Flow
from switchroom.telephony.routing.caller_id import forwarded_identity
from switchroom.telephony.routing.configuration import (
    LONGEST_RINGING,
    CallForward,
    Device,
    MemberType,
    User,
    member_key,
)
from switchroom.telephony.routing.destinations import Internal, Outside, destination_of
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.number_kinds import NumberKind, PublicNumber
from switchroom.telephony.routing.restrictions import Payer, refusal


class Reach(Struct, frozen=True):
    """Targets that ring, or for none the cause."""

    targets: tuple[Target, ...] = ()
    cause: HangupCause = HangupCause.USER_NOT_REGISTERED


class Ringer(Struct, frozen=True):
    """Ringer of users and devices: `is_direct` unless they ring as members of a group. `delay` and `timeout`
    are in seconds."""

    flow: Flow
    call: Call
    delay: int = 0
    timeout: int = 20
    is_direct: bool = True
    can_call_self: bool = False

    def user(self, user_id: int) -> Reach:
        """All phones of a user, or the number that the user forwards to."""
        user = self.flow.users.get(user_id)
        if user is None:
            return Reach(cause=HangupCause.UNALLOCATED_NUMBER)
        if not user.enabled or user.no_service:
            return Reach(cause=HangupCause.SUBSCRIBER_ABSENT)
        if not self._is_reachable(user.id, *(one.id for one in self._devices_of(user))):
            return Reach(cause=HangupCause.OUTGOING_CALL_BARRED)
        if user.do_not_disturb:
            return Reach(cause=HangupCause.USER_BUSY)
        if self._is_active(user.call_forward):
            forward = self._forward(user.call_forward, f"user:{user.id}", user_id=user.id)
            if forward is not None:
                return Reach((forward,))
        return self._phones(user)

    def device(self, device_id: int) -> Reach:
        """One phone, or the number that it forwards to."""
        device = self.flow.devices.get(device_id)
        if device is None:
            return Reach(cause=HangupCause.UNALLOCATED_NUMBER)
        owner = self.flow.users.get(device.owner_id) if device.owner_id is not None else None
        if owner is not None and (not owner.enabled or owner.no_service):
            return Reach(cause=HangupCause.SUBSCRIBER_ABSENT)
        if not self._is_reachable(device.owner_id, device.id):
            return Reach(cause=HangupCause.OUTGOING_CALL_BARRED)
        if owner is not None and owner.do_not_disturb:
            return Reach(cause=HangupCause.USER_BUSY)
        return self._device(device, owner)

    def _phones(self, user: User) -> Reach:
        devices = self._devices_of(user)
        found = [self._device(one, user) for one in devices]
        targets = tuple(target for one in found for target in one.targets)
        is_registered = any(one.id in self.flow.live.registered for one in devices)
        if not targets and not is_registered and self._is_failover(user.call_forward):
            forward = self._forward(user.call_forward, f"user:{user.id}", user_id=user.id)
            targets = (forward,) if forward is not None else ()
        return Reach(targets, _worst(one.cause for one in found))

    def _devices_of(self, user: User) -> list[Device]:
        found = (one for one in self.flow.devices.values() if one.owner_id == user.id)
        return sorted(found, key=lambda one: one.id)

    def _is_reachable(self, user_id: int | None, *device_ids: int) -> bool:
        """Whether the caller may ring a user or these devices, where closed groups are on."""
        reachable = self.flow.reachable
        if reachable is None:
            return True
        if user_id is not None and member_key(MemberType.USER, user_id) in reachable:
            return True
        return any(member_key(MemberType.DEVICE, one) in reachable for one in device_ids)

    def _device(self, device: Device, owner: User | None) -> Reach:
        if not device.enabled or (device.id == self.call.device_id and not self.can_call_self):
            return Reach()
        if device.do_not_disturb:
            return Reach(cause=HangupCause.USER_BUSY)
        forward = device.call_forward
        is_registered = device.id in self.flow.live.registered
        if self._is_active(forward) or (not is_registered and self._is_failover(forward)):
            target = self._forward(forward, f"device:{device.id}", device_id=device.id)
            if target is not None:
                return Reach((target,))
        if not is_registered:
            return Reach()
        waits = device.call_waiting and (owner is None or owner.call_waiting)
        if not waits and self.flow.live.device_calls.get(device.id, 0) > 0:
            return Reach(cause=HangupCause.USER_BUSY)
        return Reach((DeviceTarget(device.id, self.delay, self.timeout),))

    def _is_active(self, forward: CallForward) -> bool:
        return forward.enabled and self._applies(forward)

    def _is_failover(self, forward: CallForward) -> bool:
        return forward.failover and self._applies(forward)

    def _applies(self, forward: CallForward) -> bool:
        return bool(forward.number) and (self.is_direct or not forward.direct_calls_only)

    def _forward(
        self, forward: CallForward, who: str, user_id: int | None = None, device_id: int | None = None
    ) -> NumberTarget | None:
        """The forward, or None where it is not permitted: the forwarder pays for it, so the forwarder's
        restrictions count."""
        if not self.call.forwards.allows(who):
            return None
        payer = self.flow.payer(user_id, device_id)
        destination = destination_of(forward.number, payer.country, self.flow.plan)
        is_outside = isinstance(destination, Outside)
        if not is_outside and not isinstance(destination, Internal):
            return None
        if is_outside and not _may_be_forwarded_to(destination.number, payer):
            return None
        return NumberTarget(
            number=forward.number,
            destination=destination,
            user_id=payer.user.id if payer.user is not None else None,
            device_id=device_id,
            identity=forwarded_identity(self.call.caller, payer, keep_caller_id=forward.keep_caller_id),
            forwards=self.call.forwards.onward(who, left=0),
            require_key_press=forward.require_key_press,
            delay=self.delay,
            timeout=self.timeout,
        )


def forwarded_call(call: Call, target: NumberTarget) -> Call:
    """The call that goes on to where a target forwards: outside as one of the forwarder, inside as the
    caller's."""
    if isinstance(target.destination, Outside):
        return Call(
            caller=call.caller,
            user_id=target.user_id,
            device_id=target.device_id,
            dialled=target.number,
            identity=target.identity,
            forwards=target.forwards,
        )
    return structs.replace(call, dialled=target.number, digits="", forwards=target.forwards)


def _may_be_forwarded_to(number: PublicNumber, payer: Payer) -> bool:
    """Calls are not forwarded to the police, and nowhere that the forwarder may not call."""
    return number.kind is not NumberKind.EMERGENCY and refusal(number, payer) is None


def shared_out(targets: Iterable[Target], call: Call) -> tuple[Target, ...]:
    """The targets that the call's counter of forwards allows, each forward with its share of what is left."""
    left = call.forwards.left
    kept: list[Target] = []
    for target in targets:
        if isinstance(target, NumberTarget):
            if left == 0:
                continue
            left -= 1
        kept.append(target)
    forwards = call.forwards.left - left
    share = left // forwards if forwards else 0
    return tuple(
        structs.replace(one, forwards=structs.replace(one.forwards, left=share))
        if isinstance(one, NumberTarget)
        else one
        for one in kept
    )


def seconds(targets: Sequence[Target]) -> int:
    """Seconds until the last of the targets has rung, `LONGEST_RINGING` at most."""
    return min(max((one.delay + one.timeout for one in targets), default=0), LONGEST_RINGING)


def _worst(causes: Iterable[HangupCause]) -> HangupCause:
    """Busy, if anybody is: the called party could have been reached."""
    found = list(causes)
    return HangupCause.USER_BUSY if HangupCause.USER_BUSY in found else HangupCause.USER_NOT_REGISTERED
