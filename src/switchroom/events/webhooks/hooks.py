"""Making, changing and watching over web hooks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom.db.base import now
from switchroom.db.database import Database, notify
from switchroom.errors import Invalid, NotFound
from switchroom.events.models import Event
from switchroom.events.recording import record
from switchroom.events.webhooks.models import Delivery, DeliveryState, Verb, WebHook
from switchroom.events.webhooks.notices import DeliveriesQueued
from switchroom.events.webhooks.outbound import check_url

MOST_HOOKS = 100
_MOST_TYPES = 50
_LONGEST_NAME = 200
_LONGEST_SECRET = 200
_SHORTEST_SECRET = 16
_LARGEST_CUSTOM_DATA = 4096
_MOST_LISTED = 1000
_type = re.compile(r"\*|[a-z_]+(\.[a-z_]+)*(\.\*)?")


class WebHookDraft(Struct, frozen=True, kw_only=True):
    """A web hook to make, or what to change of one.

    `types` are types of events or beginnings that end in `.*`; none is all. Without a `secret` one is made.
    """

    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    verb: Verb | UnsetType = UNSET
    types: Sequence[str] | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    custom_data: dict[str, Any] | UnsetType = UNSET


class WebHooks:
    """The web hooks of an organization. Who may manage them is for the caller to know."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, organization_id: int, draft: WebHookDraft) -> WebHook:
        """A hook that gets every event of its types from now on."""
        async with self._database.write(organization_id) as session:
            if (await session.scalar(select(func.count()).select_from(WebHook)) or 0) >= MOST_HOOKS:
                raise Invalid(f"an organization has at most {MOST_HOOKS} web hooks", field="name")
            hook = WebHook(
                organization_id=organization_id,
                name="",
                url="",
                verb=Verb.POST,
                types=[],
                secret=secrets.token_urlsafe(32),
                enabled=True,
                custom_data={},
                after_event=await _newest(session),
                problem="",
            )
            _fill(hook, draft)
            if not hook.name:
                raise Invalid("a name is required", field="name")
            if not hook.url:
                raise Invalid("a URL is required", field="url")
            session.add(hook)
            await session.flush()
            _record(session, "webhook.created", hook)
        return hook

    async def list(self, organization_id: int) -> Sequence[WebHook]:
        async with self._database.read(organization_id) as session:
            return (await session.scalars(select(WebHook).order_by(WebHook.id))).all()

    async def get(self, organization_id: int, hook_id: int) -> WebHook:
        async with self._database.read(organization_id) as session:
            return await _find(session, hook_id)

    async def update(self, organization_id: int, hook_id: int, draft: WebHookDraft) -> WebHook:
        """Change what the draft names. A hook that is switched off misses what happens meanwhile; what was
        queued before waits for it."""
        async with self._database.write(organization_id) as session:
            hook = await _find(session, hook_id)
            if draft.enabled is True and not hook.enabled:
                hook.after_event = await _newest(session)
            _fill(hook, draft)
            if draft.enabled is True or draft.url is not UNSET:
                hook.problem = ""
            _record(session, "webhook.updated", hook)
        return hook

    async def delete(self, organization_id: int, hook_id: int) -> None:
        """Remove a hook, with what has not been delivered."""
        async with self._database.write(organization_id) as session:
            hook = await _find(session, hook_id)
            await session.delete(hook)
            _record(session, "webhook.deleted", hook)

    async def deliveries(
        self,
        organization_id: int,
        hook_id: int,
        *,
        state: DeliveryState | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Delivery]:
        """The deliveries of a hook, newest first; `before` is the id of the last one of the page before."""
        query = select(Delivery).where(Delivery.hook_id == hook_id).order_by(Delivery.id.desc())
        if state is not None:
            query = query.where(Delivery.state == state)
        if before is not None:
            query = query.where(Delivery.id < before)
        async with self._database.read(organization_id) as session:
            await _find(session, hook_id)
            return (await session.scalars(query.limit(max(1, min(limit, _MOST_LISTED))))).all()

    async def redeliver(self, organization_id: int, hook_id: int, delivery_id: int) -> None:
        """Deliver once more, beginning with the first attempt: one given up, or one that was accepted."""
        async with self._database.write(organization_id) as session:
            await _find(session, hook_id)
            delivery = await session.scalar(
                select(Delivery).where(Delivery.id == delivery_id, Delivery.hook_id == hook_id)
            )
            if delivery is None:
                raise NotFound(f"there is no delivery {delivery_id}", field="id")
            if delivery.state != DeliveryState.WAITING:
                delivery.state, delivery.attempts, delivery.finished_at = DeliveryState.WAITING, 0, None
            delivery.next_attempt_at = now()
            notify(session, DeliveriesQueued())


async def _newest(session: AsyncSession) -> int:
    return await session.scalar(select(func.max(Event.id))) or 0


async def _find(session: AsyncSession, hook_id: int) -> WebHook:
    hook = await session.scalar(select(WebHook).where(WebHook.id == hook_id))
    if hook is None:
        raise NotFound(f"there is no web hook {hook_id}", field="id")
    return hook


def _fill(hook: WebHook, draft: WebHookDraft) -> None:
    """Raises Invalid, naming the field."""
    if draft.name is not UNSET:
        hook.name = draft.name.strip()
        if not 1 <= len(hook.name) <= _LONGEST_NAME:
            raise Invalid(f"a name has 1 to {_LONGEST_NAME} characters", field="name")
    if draft.url is not UNSET:
        hook.url = check_url(draft.url)
    if draft.verb is not UNSET:
        hook.verb = draft.verb
    if draft.types is not UNSET:
        if len(draft.types) > _MOST_TYPES:
            raise Invalid(f"at most {_MOST_TYPES} types can be named", field="types")
        for kind in draft.types:
            if len(kind) > 64 or not _type.fullmatch(kind):
                raise Invalid(f"{kind[:70]} is no type of event", field="types")
        hook.types = list(draft.types)
    if draft.secret is not UNSET:
        if not _SHORTEST_SECRET <= len(draft.secret) <= _LONGEST_SECRET:
            raise Invalid(f"a secret has {_SHORTEST_SECRET} to {_LONGEST_SECRET} characters", field="secret")
        hook.secret = draft.secret
    if draft.enabled is not UNSET:
        hook.enabled = draft.enabled
    if draft.custom_data is not UNSET:
        if len(msgspec.json.encode(draft.custom_data)) > _LARGEST_CUSTOM_DATA:
            raise Invalid(f"custom_data has more than {_LARGEST_CUSTOM_DATA} bytes", field="custom_data")
        hook.custom_data = draft.custom_data


def _record(session: AsyncSession, kind: str, hook: WebHook) -> None:
    data = {"name": hook.name, "url": hook.url, "enabled": hook.enabled}
    record(session, hook.organization_id, kind, str(hook.id), data)
