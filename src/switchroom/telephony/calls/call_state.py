"""State of a live call: its legs, what is told of it, and what another process takes it up from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from msgspec import Struct

from switchroom.telephony.calls.inbox import Inbox
from switchroom.telephony.calls.leg import AbandonedLeg, Leg, SavedLeg
from switchroom.telephony.calls.loaded import LoadedFlow
from switchroom.telephony.calls.prompt_files import Ear
from switchroom.telephony.calls.snapshot import (
    CallDirection,
    CallSnapshot,
    ChangeKind,
    Emergency,
    Happened,
    Journal,
)
from switchroom.telephony.media.codecs import Codec
from switchroom.telephony.routing.actions import Action
from switchroom.telephony.routing.hangup_causes import HangupCause
from switchroom.telephony.routing.state import State


class SavedSeat(Struct, frozen=True):
    """State of a conference that the routed leg is in, for another process: the member's own, and that of the
    whole, which each of its members' calls has."""

    muted: bool = False
    is_locked: bool = False
    all_muted: bool = False
    has_begun: bool = False


class SavedCall(Struct, frozen=True, kw_only=True):
    """State from which another process takes a call up. A leg that is neither `routed` nor `partner` is that
    of a transferor. Where the caller has not been answered there are only legs to end."""

    legs: tuple[SavedLeg, ...] = ()
    abandoned: tuple[AbandonedLeg, ...] = ()
    """Legs that the other process ends: nobody would be there when one that rings is answered."""

    routed: str
    partner: str = ""
    state: State | None = None
    action: Action | None = None
    realm: str = ""
    hold_music: int | None = None
    max_forwards: int = 70
    seat: SavedSeat | None = None


_saved = msgspec.json.Encoder()


def write_saved(call: SavedCall) -> bytes:
    """The call as JSON. Bytes that are not UTF-8, as some phones write a name in From, are lone surrogates in
    it, written by their numbers: a dialog is continued with the bytes that its peer has sent."""
    try:
        return _saved.encode(call)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(call, str_keys=True), separators=(",", ":")).encode()


def read_saved(state: bytes) -> SavedCall:
    """The saved call. Raises msgspec.MsgspecError."""
    try:
        saved = json.loads(state)
    except ValueError as error:
        raise msgspec.DecodeError(str(error)) from None
    return msgspec.convert(saved, SavedCall, str_keys=True)


class CallState:
    """State of a call, which its task changes."""

    def __init__(self, journal: Journal, inbox: Inbox, routed: Leg, call_id: str = "") -> None:
        self.id = call_id or str(uuid4())
        self._journal = journal
        self.inbox = inbox
        self.organization_id = 0
        self.realm = ""
        self.direction = CallDirection.INTERNAL
        self.dialled = ""
        self.flow_name = ""
        self.caller_name = ""
        self.caller_number = ""
        self.started_at = datetime.now(UTC)
        self.answered_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.cause = HangupCause.NORMAL_CLEARING
        self.code = 0
        self.legs: list[Leg] = []
        self.routed = routed
        self.partner: Leg | None = None
        self.transferor: Leg | None = None
        self.refer: int | None = None
        """The REFER of the transferor, until it is told how the transfer has ended."""
        self.codecs: Sequence[Codec] = ()
        self.max_forwards = 70
        self.hold_music: int | None = None
        self.seat: SavedSeat | None = None
        """The conference that the routed leg is in."""
        self.loaded: LoadedFlow | None = None
        self.state: State | None = None
        self.action: Action | None = None
        self.is_told = False
        self._is_begun = False
        self.add(routed)

    def add(self, leg: Leg) -> None:
        """Count a leg to the call."""
        self.legs.append(leg)
        leg.on_changed = self.tell_change

    def tell_change(self) -> None:
        """Let what another process takes the call up from be written, once the call is told of."""
        if self.is_told and self.ended_at is None:
            self.note(ChangeKind.CHANGED)

    def tell_beginning(self) -> None:
        """Tell the journal of the call from now on; a second time does nothing."""
        self.is_told = True
        if not self._is_begun:
            self._is_begun = True
            self.note(ChangeKind.CREATED)

    def note(self, kind: ChangeKind, leg: Leg | None = None, *, emergency: Emergency | None = None) -> None:
        """Tell the journal."""
        happened = Happened(kind, leg.uuid if leg is not None else "", emergency)
        self._journal.note(self.snapshot(), happened, self._save)

    def snapshot(self) -> CallSnapshot:
        return CallSnapshot(
            id=self.id,
            organization_id=self.organization_id,
            direction=self.direction,
            dialled=self.dialled,
            flow_name=self.flow_name,
            caller_name=self.caller_name,
            caller_number=self.caller_number,
            started_at=self.started_at,
            answered_at=self.answered_at,
            ended_at=self.ended_at,
            hangup_cause=self.cause.value if self.ended_at is not None else "",
            legs=tuple(leg.snapshot() for leg in self.legs),
        )

    def _save(self) -> bytes:
        """State as of now, from which another process takes the call up or ends its legs; empty for none."""
        if self.ended_at is not None:
            return b""
        kept: list[Leg] = []
        if self.state is not None and self.routed.is_up and not self.routed.has_ended:
            up = (self.routed, self.partner, self.transferor)
            kept = [leg for leg in up if leg is not None and leg.is_up and not leg.has_ended]
        others = [leg for leg in self.legs if leg not in kept]
        abandoned = [saved for leg in others if (saved := leg.save_for_end()) is not None]
        if not kept and not abandoned:
            return b""
        return write_saved(
            SavedCall(
                legs=tuple(saved for leg in kept if (saved := leg.save()) is not None),
                abandoned=tuple(abandoned),
                routed=self.routed.uuid,
                partner=self.partner.uuid if self.partner is not None and self.partner in kept else "",
                state=self.state if kept else None,
                action=self.action if kept else None,
                realm=self.realm,
                hold_music=self.hold_music,
                max_forwards=self.max_forwards,
                seat=self.seat,
            )
        )

    @property
    def ear(self) -> Ear:
        return self.ear_of(self.routed)

    def ear_of(self, leg: Leg) -> Ear:
        """Ear of a leg: the language, the time zone and the sample rate in which it is spoken to."""
        codec = leg.media.state.codec
        is_wide = codec is not None and codec.name.lower() in ("g722", "opus")
        language, zone = leg.party.language, "UTC"
        if self.loaded is not None:
            account = self.loaded.flow.account
            language, zone = language or account.language, account.time_zone
        return Ear(language, zone, 16000 if is_wide else 8000)
