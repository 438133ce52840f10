"""Builder of what a call tells its journal, step by step, on a clock of its own."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import structs

from switchroom.telephony.calls.snapshot import (
    CallDirection,
    CallSnapshot,
    ChangeKind,
    Happened,
    Journal,
    LegDirection,
    LegSnapshot,
    LegStatus,
)

BEGUN = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Told:
    """A call of a phone or a trunk; legs are named by the test."""

    def __init__(
        self,
        organization_id: int,
        journal: Journal | None = None,
        *,
        direction: CallDirection = CallDirection.INTERNAL,
        caller: dict[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        self.journal = journal
        self.seconds = 0.0
        self._uuids = {"caller": str(uuid.uuid4())}
        first = LegSnapshot(
            uuid=self._uuids["caller"],
            direction=LegDirection.INBOUND,
            sip_call_id="caller@phone",
            started_at=BEGUN,
        )
        first = structs.replace(first, **({"number": "100", "name": "Anna"} if caller is None else caller))
        snapshot = CallSnapshot(
            id=str(uuid.uuid4()),
            organization_id=organization_id,
            direction=direction,
            dialled="101",
            flow_name="Bert",
            caller_name=first.name,
            caller_number=first.number,
            started_at=BEGUN,
            legs=(first,),
            state=b"state",
        )
        self.snapshot = structs.replace(snapshot, **fields)
        self._tell(ChangeKind.CREATED, "caller")

    @property
    def moment(self) -> datetime:
        return BEGUN + timedelta(seconds=self.seconds)

    def leg(self, name: str) -> LegSnapshot:
        return next(one for one in self.snapshot.legs if one.uuid == self._uuids[name])

    def wait(self, seconds: float) -> Told:
        self.seconds += seconds
        return self

    def rings(self, name: str, /, **fields: Any) -> Told:
        self._uuids[name] = str(uuid.uuid4())
        leg = LegSnapshot(
            uuid=self._uuids[name],
            direction=LegDirection.OUTBOUND,
            sip_call_id=f"{name}@phone",
            started_at=self.moment,
            **fields,
        )
        self.snapshot = structs.replace(self.snapshot, legs=(*self.snapshot.legs, leg))
        return self._tell(ChangeKind.RINGING, name)

    def answers(self, name: str) -> Told:
        self._change(name, state=LegStatus.ANSWERED, answered_at=self.moment)
        if name != "caller" and self.leg("caller").answered_at is None:
            self._change("caller", state=LegStatus.ANSWERED, answered_at=self.moment)
        answered = self.snapshot.answered_at or self.moment
        self.snapshot = structs.replace(self.snapshot, answered_at=answered)
        return self._tell(ChangeKind.ANSWERED, name)

    def holds(self, name: str) -> Told:
        self._change(name, state=LegStatus.HELD)
        return self._tell(ChangeKind.HELD, name)

    def hangs_up(self, name: str, cause: str = "NORMAL_CLEARING", code: int = 0) -> Told:
        self._change(name, ended_at=self.moment, hangup_cause=cause, sip_code=code)
        return self._tell(ChangeKind.LEG_ENDED, name)

    def gives_away(self, name: str) -> Told:
        """Another call has the leg from now on."""
        legs = tuple(one for one in self.snapshot.legs if one.uuid != self._uuids[name])
        del self._uuids[name]
        self.snapshot = structs.replace(self.snapshot, legs=legs)
        return self._tell(ChangeKind.CHANGED, "")

    def ends(self, cause: str = "NORMAL_CLEARING") -> Told:
        for name in self._uuids:
            if self.leg(name).ended_at is None:
                self._change(name, ended_at=self.moment, hangup_cause=cause)
        self.snapshot = structs.replace(self.snapshot, ended_at=self.moment, hangup_cause=cause, state=b"")
        return self._tell(ChangeKind.ENDED, "")

    def _change(self, name: str, **fields: Any) -> None:
        legs = tuple(
            structs.replace(one, **fields) if one.uuid == self._uuids[name] else one
            for one in self.snapshot.legs
        )
        self.snapshot = structs.replace(self.snapshot, legs=legs)

    def _tell(self, kind: ChangeKind, name: str) -> Told:
        if self.journal is not None:
            self.journal.note(self.snapshot, Happened(kind, self._uuids.get(name, "")))
        return self
