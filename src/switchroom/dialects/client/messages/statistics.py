"""Rankings of rooms and people by use, on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Token
from switchroom.rooms.use_rankings import MOST_RANKED

Count = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]


class RankingPlace(Struct, frozen=True, rename="camel", kw_only=True):
    """Place in a ranking, behind which the next page begins."""

    count: Count
    id: Count


class RankingQuery(Struct, frozen=True, rename="camel", kw_only=True):
    """Which ranking: of the day, week or month (`span`) that a day is in, today unless one is said; all begin
    and end in UTC. `after` is `following` of the page before."""

    access_token: Token
    span: Literal["day", "week", "month"] = "month"
    day: date | UnsetType = UNSET
    ranked_by: Literal["time", "stays"] = "time"
    after: RankingPlace | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=MOST_RANKED)] = 50


class RankedRoom(Struct, frozen=True, rename="camel", kw_only=True):
    """Room or meeting: seconds that it was open, seconds that people were inside, together, and how often
    somebody came. One that is gone has its last name."""

    id: str
    name: str
    is_meeting: bool
    is_gone: bool
    open_seconds: int
    person_seconds: int
    stays: int


class RankedPerson(Struct, frozen=True, rename="camel", kw_only=True):
    """Person, or all guests together, who have no id and no name. Somebody who is no member any more has
    their last name, and no address."""

    id: str
    name: str
    email: str
    is_guests: bool
    is_gone: bool
    seconds: int
    stays: int


class RoomRankingAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """Page of the ranking from `begin` to `end`; the last page has no `following`. `earliest` is the begin of
    the first span of this kind in which anything was used."""

    begin: date
    end: date
    rooms: list[RankedRoom]
    earliest: date | UnsetType = UNSET
    following: RankingPlace | UnsetType = UNSET


class PersonRankingAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """As `RoomRankingAnswer`, of people."""

    begin: date
    end: date
    people: list[RankedPerson]
    earliest: date | UnsetType = UNSET
    following: RankingPlace | UnsetType = UNSET
