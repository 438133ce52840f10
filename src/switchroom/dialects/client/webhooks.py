"""Operations on the web hooks of an organization, and on its event log."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import UNSET

from switchroom.accounts.people import require_permission
from switchroom.db.base import time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.webhooks import (
    DeliveriesAnswer,
    DeliveriesQuery,
    DeliveryQuery,
    EventsAnswer,
    EventsQuery,
    HookChange,
    HookQuery,
    HooksAnswer,
    HooksQuery,
    ListedDelivery,
    ListedEvent,
    ListedHook,
    NewHook,
    NewHookAnswer,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.events.log import TYPE, EventFilter
from switchroom.events.types import catalogue
from switchroom.events.webhooks.hooks import WebHookDraft, version_of
from switchroom.events.webhooks.models import Delivery, DeliveryState, WebHook
from switchroom.identity.authentication import require_whole
from switchroom.identity.permissions import Administration

PAGE = 50
"""Deliveries or events of one page."""


class WebHookOperations:
    """Operations on web hooks, for managers of the organization: events tell of all that happens in it."""

    def __init__(self, services: Services) -> None:
        self._signer = services.signer
        self._hooks = services.webhooks
        self._log = services.events
        self._known = sorted(one.event_type for one in catalogue())

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/webhooks",
                summary="The web hooks of the organization.",
                request=HooksQuery,
                reply=HooksAnswer,
                handler=self.list,
            ),
            operation(
                path="/webhooks/create",
                summary="Make a web hook, whose secret is shown this once.",
                request=NewHook,
                reply=NewHookAnswer,
                handler=self.create,
            ),
            operation(
                path="/webhooks/change",
                summary="Change a web hook, unless somebody else has done so meanwhile.",
                request=HookChange,
                reply=ListedHook,
                handler=self.change,
            ),
            operation(
                path="/webhooks/delete",
                summary="Remove a web hook, with what has not been delivered.",
                request=HookQuery,
                reply=None,
                status=204,
                handler=self.delete,
            ),
            operation(
                path="/webhooks/test",
                summary="Send a web hook an event that nothing else hears of.",
                request=HookQuery,
                reply=None,
                status=204,
                handler=self.test,
            ),
            operation(
                path="/webhooks/deliveries",
                summary="What became of the deliveries of a web hook.",
                request=DeliveriesQuery,
                reply=DeliveriesAnswer,
                handler=self.deliveries,
            ),
            operation(
                path="/webhooks/redeliver",
                summary="Send a delivery again.",
                request=DeliveryQuery,
                reply=None,
                status=204,
                handler=self.redeliver,
            ),
            operation(
                path="/events",
                summary="A page of the organization's event log.",
                request=EventsQuery,
                reply=EventsAnswer,
                handler=self.events,
            ),
        ]

    async def list(self, _context: Context, request: HooksQuery) -> HooksAnswer:
        organization_id = self._managed(request.access_token)
        return HooksAnswer([_hook(one) for one in await self._hooks.list(organization_id)])

    async def create(self, _context: Context, request: NewHook) -> NewHookAnswer:
        organization_id = self._managed(request.access_token, to_make=True)
        draft = WebHookDraft(name=request.name, url=request.url, types=request.types)
        made = await self._hooks.create(organization_id, draft)
        return NewHookAnswer(_hook(made), made.secret)

    async def change(self, _context: Context, request: HookChange) -> ListedHook:
        organization_id = self._managed(request.access_token, to_make=True)
        draft = WebHookDraft(name=request.name, url=request.url, types=request.types, enabled=request.enabled)
        return _hook(await self._hooks.update(organization_id, request.id, draft, version=request.version))

    async def delete(self, _context: Context, request: HookQuery) -> None:
        await self._hooks.delete(self._managed(request.access_token), request.id)

    async def test(self, _context: Context, request: HookQuery) -> None:
        await self._hooks.test(self._managed(request.access_token), request.id)

    async def deliveries(self, _context: Context, request: DeliveriesQuery) -> DeliveriesAnswer:
        organization_id = self._managed(request.access_token)
        before = None if request.before is UNSET else request.before
        found = await self._hooks.deliveries(organization_id, request.id, before=before, limit=PAGE + 1)
        shown = found[:PAGE]
        return DeliveriesAnswer(
            deliveries=[_delivery(one) for one in shown],
            before=shown[-1].id if len(found) > PAGE else UNSET,
        )

    async def redeliver(self, _context: Context, request: DeliveryQuery) -> None:
        organization_id = self._managed(request.access_token)
        await self._hooks.redeliver(organization_id, request.id, request.delivery_id)

    async def events(self, _context: Context, request: EventsQuery) -> EventsAnswer:
        organization_id = self._managed(request.access_token)
        for kind in request.types:
            if not TYPE.fullmatch(kind):
                raise Invalid(ErrorCode.EVENT_TYPE_UNKNOWN, "types", type=kind)
        wanted = EventFilter(
            types=request.types,
            object_id=request.object_id,
            since=_moment(request.since, "since"),
            until=_moment(request.until, "until"),
        )
        before = None if request.before is UNSET else request.before
        found = await self._log.read_back(organization_id, wanted, before=before, limit=PAGE + 1)
        shown = found[:PAGE]
        return EventsAnswer(
            events=[
                ListedEvent(
                    id=one.id,
                    type=one.type,
                    object_id=one.object_id,
                    occurred_at=time_of(one.occurred_at),
                    data=one.data,
                )
                for one in shown
            ],
            known=self._known,
            before=shown[-1].id if len(found) > PAGE else UNSET,
        )

    def _managed(self, access_token: str, *, to_make: bool = False) -> int:
        """The organization that the caller manages. Raises Unauthenticated, and Forbidden: `to_make` what
        outlasts a token, also for one that may do less than whom it is of."""
        claims = self._signer.verify(access_token)
        require_permission(claims, Administration.MANAGE_COMPANY)
        if to_make:
            require_whole(claims)
        return claims.organization_id


def _hook(hook: WebHook) -> ListedHook:
    return ListedHook(
        id=hook.id,
        name=hook.name,
        url=hook.url,
        types=list(hook.types),
        enabled=hook.enabled,
        problem=hook.problem,
        created_at=time_of(hook.created_at),
        version=version_of(hook),
    )


def _delivery(one: Delivery) -> ListedDelivery:
    state = DeliveryState(one.state)
    return ListedDelivery(
        id=one.id,
        event_id=one.event_id,
        type=one.event_type,
        state=state.value,
        attempts=one.attempts,
        last_status=one.last_status,
        last_error=one.last_error,
        created_at=time_of(one.created_at),
        next_attempt_at=time_of(one.next_attempt_at) if state is DeliveryState.WAITING else UNSET,
    )


def _moment(text: str, path: str) -> datetime | None:
    """Raises Invalid for what is no time with a zone."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(ErrorCode.NOT_A_TIME, path) from None
