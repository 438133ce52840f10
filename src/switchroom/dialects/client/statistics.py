"""Operations on statistics: the rooms and the people that were most in use."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import UNSET, UnsetType

from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages import statistics as messages
from switchroom.dialects.client.messages.statistics import (
    PersonRankingAnswer,
    RankingQuery,
    RoomRankingAnswer,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.rooms.use_rankings import RankedBy, RankingFilter, RankingPlace
from switchroom.rooms.use_times import Span


class StatisticsOperations:
    def __init__(self, services: Services) -> None:
        self._signer = services.signer
        self._rankings = services.use_rankings

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/statistics/rooms",
                summary="The rooms that were most in use, a page at a time, for those who manage the "
                "organization.",
                request=RankingQuery,
                reply=RoomRankingAnswer,
                handler=self.rank_rooms,
            ),
            operation(
                path="/statistics/people",
                summary="Who was longest or most often in rooms, a page at a time, for those who manage the "
                "organization and may list its people.",
                request=RankingQuery,
                reply=PersonRankingAnswer,
                handler=self.rank_people,
            ),
        ]

    async def rank_rooms(self, _context: Context, request: RankingQuery) -> RoomRankingAnswer:
        token = self._signer.verify(request.access_token)
        page = await self._rankings.rooms(token, _filter(request))
        return RoomRankingAnswer(
            begin=page.begin.date(),
            end=page.end.date(),
            earliest=_day(page.earliest),
            rooms=[
                messages.RankedRoom(
                    id=one.id,
                    name=one.display_name,
                    is_meeting=one.is_meeting,
                    is_gone=one.is_gone,
                    open_seconds=one.open_seconds,
                    person_seconds=one.person_seconds,
                    stays=one.stays,
                )
                for one in page.rows
            ],
            following=_place(page.following),
        )

    async def rank_people(self, _context: Context, request: RankingQuery) -> PersonRankingAnswer:
        token = self._signer.verify(request.access_token)
        page = await self._rankings.people(token, _filter(request))
        return PersonRankingAnswer(
            begin=page.begin.date(),
            end=page.end.date(),
            earliest=_day(page.earliest),
            people=[
                messages.RankedPerson(
                    id=one.id,
                    name=one.display_name,
                    email=one.email,
                    is_guests=one.is_guests,
                    is_gone=one.is_gone,
                    seconds=one.seconds,
                    stays=one.stays,
                )
                for one in page.rows
            ],
            following=_place(page.following),
        )


def _filter(request: RankingQuery) -> RankingFilter:
    after = request.after
    return RankingFilter(
        span=Span(request.span),
        day=None if request.day is UNSET else request.day,
        ranked_by=RankedBy(request.ranked_by),
        after=None if after is UNSET else RankingPlace(after.count, after.id),
        limit=request.limit,
    )


def _day(moment: datetime | None) -> date | UnsetType:
    return UNSET if moment is None else moment.date()


def _place(place: RankingPlace | None) -> messages.RankingPlace | UnsetType:
    return UNSET if place is None else messages.RankingPlace(count=place.count, id=place.id)
