"""Groups: several phones and people that ring together, one after another, or for whom callers wait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from switchroom.errors import ErrorCode, Problems
from switchroom.telephony.resources.fields import Id, Name
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import ResourceRow, resource_table
from switchroom.telephony.routing.configuration import LONGEST_RINGING, RINGING_SECONDS

_KINDS = {"user": "users", "device": "devices", "group": "groups"}


class Member(Struct, frozen=True, kw_only=True):
    """Member of a group: rings after `delay` seconds, for `timeout` seconds, if it is `logged` in."""

    member_id: Id
    member_type: Literal["user", "device", "group"] = "user"
    delay: Annotated[int, Meta(ge=0, le=LONGEST_RINGING)] = 0
    timeout: Annotated[int, Meta(ge=1, le=LONGEST_RINGING)] = RINGING_SECONDS
    logged: bool = True


class Group(Struct, frozen=True, kw_only=True):
    """A group: its members, how they ring, and for how many seconds in all, 0 for as long as the members say.
    With a `waiting_queue` callers wait."""

    name: Name
    waiting_queue: bool = False
    global_timeout: Annotated[int, Meta(ge=0, le=3600)] = 0
    pickup: bool = False
    members: Annotated[list[Member], Meta(max_length=500)] = []
    music_on_hold_id: Id | None = None
    login_logout_authorized: bool = False
    strategy: Literal["simultaneous", "sequential", "round_robin", "longest_idle"] = "simultaneous"


class GroupRow(ResourceRow):
    __tablename__ = "call_groups"
    __table_args__ = resource_table("call_groups")


class Groups(Resource[Group, GroupRow]):
    name, singular = "groups", "group"
    draft, table = Group, GroupRow

    def references(self, draft: Group) -> Iterable[Reference]:
        if draft.music_on_hold_id is not None:
            yield Reference("music_on_hold_id", "medias", draft.music_on_hold_id)
        for number, member in enumerate(draft.members):
            yield Reference(f"members[{number}].member_id", _KINDS[member.member_type], member.member_id)

    def check(self, draft: Group, problems: Problems) -> None:
        super().check(draft, problems)
        known: set[tuple[str, int]] = set()
        for number, member in enumerate(draft.members):
            one = (member.member_type, member.member_id)
            if one in known:
                problems.add(ErrorCode.NAMED_TWICE, f"members[{number}].member_id")
            known.add(one)
