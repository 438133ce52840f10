"""Operations of a meeting's page: what stands on it, a guest's way in, and an organizer's way there."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from switchroom.db.base import now, time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.meetings import (
    EnterAnswer,
    EnterQuery,
    MeetingAnswer,
    MeetingQuery,
    OwnAnswer,
    OwnMeeting,
    OwnQuery,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import LinkNotFound
from switchroom.meetings.admission import Visit
from switchroom.meetings.upcoming import Upcoming


class MeetingOperations:
    """Operations on meetings. Callers who try unknown numbers and keys are slowed down, by address."""

    def __init__(self, services: Services) -> None:
        self._admission = services.meeting_admission
        self._upcoming = services.upcoming
        self._throttle = services.throttle
        self._records = services.records

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/meeting",
                summary="What somebody who stands before a meeting may know of it.",
                request=MeetingQuery,
                reply=MeetingAnswer,
                handler=self.look_up,
            ),
            operation(
                path="/meeting/enter",
                summary="A guest's way into a meeting.",
                request=EnterQuery,
                reply=EnterAnswer,
                handler=self.enter,
            ),
            operation(
                path="/meetings",
                summary="The meetings that whoever is signed in organizes.",
                request=OwnQuery,
                reply=OwnAnswer,
                handler=self.own,
            ),
        ]

    async def look_up(self, context: Context, request: MeetingQuery) -> MeetingAnswer:
        try:
            async with self._counting_guesses(context):
                visit = await self._admission.look_up(request.number, request.key, request.access_token)
        except LinkNotFound:
            return MeetingAnswer(state="unknown", now=time_of(now()))
        return _shown(visit, records=self._records)

    async def enter(self, context: Context, request: EnterQuery) -> EnterAnswer:
        async with self._counting_guesses(context):
            granted = await self._admission.enter(
                request.number, request.key, request.display_name, request.external_id or ""
            )
        claims, visit = granted.claims, granted.visit
        return EnterAnswer(
            token=granted.token,
            expires_at=claims.expires_at,
            user_id=claims.subject_id,
            display_name=claims.display_name,
            company_id=claims.company_id,
            room_id=claims.room_id,
            is_moderator=visit.is_moderator,
            listens=visit.listens,
            waits=visit.waits,
        )

    async def own(self, _context: Context, request: OwnQuery) -> OwnAnswer:
        return OwnAnswer([_own(one) for one in await self._upcoming.of(request.access_token)])

    @asynccontextmanager
    async def _counting_guesses(self, context: Context) -> AsyncGenerator[None]:
        async with self._throttle.few_at_a_time(None, context.address):
            await self._throttle.check(None, context.address)
            try:
                yield
            except LinkNotFound:
                await self._throttle.failed(None, context.address)
                raise


def _own(one: Upcoming) -> OwnMeeting:
    return OwnMeeting(
        number=one.number,
        link=one.link,
        topic=one.topic,
        kind=one.kind.value,
        start=time_of(one.start),
        end=time_of(one.end),
        timezone=one.timezone,
        is_recurring=one.is_recurring,
        is_on=one.is_on,
    )


def _shown(visit: Visit, *, records: bool) -> MeetingAnswer:
    return MeetingAnswer(
        state=visit.state.value,
        now=time_of(now()),
        number=visit.number,
        room_id=visit.room_id,
        company_id=visit.company_id,
        company_name=visit.company_name,
        privacy_link=visit.privacy_link,
        topic=visit.topic,
        agenda=visit.agenda,
        kind=visit.kind.value,
        organizer_name=visit.organizer_name,
        start=time_of(visit.start),
        end=time_of(visit.end),
        opens_at=time_of(visit.opens_at),
        timezone=visit.timezone,
        is_recurring=visit.is_recurring,
        display_name=visit.display_name,
        is_moderator=visit.is_moderator,
        is_member=visit.is_member,
        listens=visit.listens,
        waits=visit.waits,
        is_recorded=visit.recorded and records,
    )
