"""The HTTP calls of a meeting's page: what stands on it, a guest's way in, and an organizer's way there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, Literal

from litestar import Request, Response, post
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody
from litestar.status_codes import (
    HTTP_200_OK,
    HTTP_400_BAD_REQUEST,
    HTTP_401_UNAUTHORIZED,
    HTTP_403_FORBIDDEN,
    HTTP_404_NOT_FOUND,
    HTTP_429_TOO_MANY_REQUESTS,
    HTTP_503_SERVICE_UNAVAILABLE,
)
from msgspec import Meta, Struct

from switchroom import texts
from switchroom.conference.messages import Id, Token
from switchroom.conference.refusals import NAMES, code_of, details_of
from switchroom.db.base import now, time_of
from switchroom.errors import (
    DomainError,
    Exhausted,
    Forbidden,
    Invalid,
    LinkNotFound,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from switchroom.http.observation import client_address
from switchroom.identity.throttle import Throttle
from switchroom.meetings.admission import MeetingAdmission, Visit
from switchroom.meetings.upcoming import Upcoming, UpcomingMeetings
from switchroom.texts import Language, language_of

_STATUS: tuple[tuple[type[DomainError], int], ...] = (
    (NotFound, HTTP_404_NOT_FOUND),
    (Forbidden, HTTP_403_FORBIDDEN),
    (Unauthenticated, HTTP_401_UNAUTHORIZED),
    (Invalid, HTTP_400_BAD_REQUEST),
    (Exhausted, HTTP_429_TOO_MANY_REQUESTS),
    (Unavailable, HTTP_503_SERVICE_UNAVAILABLE),
)

ExternalId = Annotated[str, Meta(min_length=32, max_length=256)]
"""Long enough that nobody comes under somebody else's."""


class MeetingQuery(Struct, frozen=True, rename="camel"):
    number: Id
    key: Id = ""
    access_token: Token = ""


class MeetingAnswer(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """`unknown` comes with nothing else. Times are RFC 3339; `now` is the server's."""

    state: Literal["open", "not_started", "over", "unavailable", "unknown"]
    now: str
    number: str | None = None
    room_id: str | None = None
    company_id: str | None = None
    company_name: str | None = None
    topic: str | None = None
    agenda: str | None = None
    kind: Literal["standard", "webinar", "boardroom"] | None = None
    organizer_name: str | None = None
    start: str | None = None
    end: str | None = None
    opens_at: str | None = None
    timezone: str | None = None
    is_recurring: bool | None = None
    display_name: str | None = None
    is_moderator: bool | None = None
    is_member: bool | None = None
    listens: bool | None = None
    waits: bool | None = None
    is_recorded: bool | None = None


class EnterQuery(Struct, frozen=True, rename="camel", kw_only=True):
    number: Id
    key: Id = ""
    display_name: Annotated[str, Meta(max_length=1000)] = ""
    external_id: ExternalId | None = None


class EnterAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """`token` is what `join` takes; `expires_at` is in Unix seconds."""

    token: str
    expires_at: int
    user_id: str
    display_name: str
    company_id: str
    room_id: str
    is_moderator: bool
    listens: bool
    waits: bool


class OwnQuery(Struct, frozen=True, rename="camel"):
    access_token: Token


class OwnMeeting(Struct, frozen=True, rename="camel", kw_only=True):
    """Times are RFC 3339; of a recurring meeting it is the one that is on or comes next."""

    number: str
    link: str
    topic: str
    kind: Literal["standard", "webinar", "boardroom"]
    start: str
    end: str
    timezone: str
    is_recurring: bool
    is_on: bool


class OwnAnswer(Struct, frozen=True):
    meetings: list[OwnMeeting]


class Refusal(Struct, frozen=True):
    code: str
    message: str
    details: Mapping[str, str]


def meeting_routes(
    meeting_admission: MeetingAdmission, upcoming: UpcomingMeetings, throttle: Throttle, *, records: bool
) -> list[BaseRouteHandler]:
    """`POST /client/meeting`, `POST /client/meeting/enter` and `POST /client/meetings`. Whoever tries numbers
    and keys that do not exist is slowed down, by address. `records` is whether anything can be recorded
    here."""

    @asynccontextmanager
    async def counting_guesses(request: Request[Any, Any, Any]) -> AsyncGenerator[None]:
        address = client_address(request.scope)
        async with throttle.few_at_a_time(None, address):
            await throttle.check(None, address)
            try:
                yield
            except LinkNotFound:
                await throttle.failed(None, address)
                raise

    @post("/client/meeting", status_code=HTTP_200_OK, include_in_schema=False)
    async def look_up(
        request: Request[Any, Any, Any], data: JSONBody[MeetingQuery]
    ) -> Response[MeetingAnswer | Refusal]:
        try:
            async with counting_guesses(request):
                visit = await meeting_admission.look_up(data.number, data.key, data.access_token)
                return Response(_answer(visit, records=records))
        except LinkNotFound:
            return Response(MeetingAnswer(state="unknown", now=time_of(now())))
        except DomainError as error:
            return _refused(error, language_of(request.headers.get("accept-language", "")))

    @post("/client/meeting/enter", status_code=HTTP_200_OK, include_in_schema=False)
    async def enter(
        request: Request[Any, Any, Any], data: JSONBody[EnterQuery]
    ) -> Response[EnterAnswer | Refusal]:
        try:
            async with counting_guesses(request):
                granted = await meeting_admission.enter(
                    data.number, data.key, data.display_name, data.external_id or ""
                )
        except DomainError as error:
            return _refused(error, language_of(request.headers.get("accept-language", "")))
        claims, visit = granted.claims, granted.visit
        return Response(
            EnterAnswer(
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
        )

    @post("/client/meetings", status_code=HTTP_200_OK, include_in_schema=False)
    async def own(request: Request[Any, Any, Any], data: JSONBody[OwnQuery]) -> Response[OwnAnswer | Refusal]:
        try:
            return Response(OwnAnswer([_own(one) for one in await upcoming.of(data.access_token)]))
        except DomainError as error:
            return _refused(error, language_of(request.headers.get("accept-language", "")))

    return [look_up, enter, own]


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


def _answer(visit: Visit, *, records: bool) -> MeetingAnswer:
    return MeetingAnswer(
        state=visit.state.value,
        now=time_of(now()),
        number=visit.number,
        room_id=visit.room_id,
        company_id=visit.company_id,
        company_name=visit.company_name,
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


def _refused(error: DomainError, language: Language) -> Response[Any]:
    """Raises the error when it is none of the caller's."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), None)
    if status is None:
        raise error
    details = details_of(error)
    wait = details.get("retryAfter")
    return Response(
        Refusal(code_of(error), texts.message(error, language, NAMES.of), details),
        status_code=status,
        headers={"retry-after": wait} if wait else None,
    )
