"""Web hooks: making, changing, removing them, and what became of their deliveries."""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
import structlog
from msgspec import UNSET, Struct, UnsetType, structs
from sqlalchemy import Select, column, delete, func, literal_column, select, table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm.exc import StaleDataError

from switchroom import sanitize
from switchroom.db.clock import clock
from switchroom.db.database import Database, notify
from switchroom.errors import Conflict, ErrorCode, Invalid, NotFound, Problems
from switchroom.events.append import append
from switchroom.events.log import TYPE, newest
from switchroom.events.types import (
    WebhookCreated,
    WebhookDeleted,
    WebhookSnapshot,
    WebhookTested,
    WebhookUpdated,
)
from switchroom.events.webhooks.addresses import check_url
from switchroom.events.webhooks.models import Delivery, DeliveryState, Verb, WebHook
from switchroom.events.webhooks.notices import DeliveriesQueued
from switchroom.events.webhooks.schedule import RETRY_DELAYS

MOST_HOOKS = 100
_MOST_TYPES = 50
_LONGEST_NAME = 200
_LONGEST_SECRET = 200
_SHORTEST_SECRET = 16
_LARGEST_CUSTOM_DATA = 4096
MOST_LISTED = 1000
_TRIES = 5
_ORGANIZATIONS = table("organizations", column("id"))
"""Organizations' table, which belongs to `identity`: that package stands above this one."""
_api_key = re.compile(r"[!-~]{0,200}")
_view = re.compile(r"[a-z0-9_]{0,32}")

log = structlog.get_logger()


class WebHookDraft(Struct, frozen=True, kw_only=True):
    """Draft of a web hook: of one to make, or what to change of one.

    `types` are types of events or beginnings that end in `.*`; none is all. Without a `secret` one is made.
    `custom_data` is put at the end of each body. `retries` is how often a delivery that fails is tried again,
    None for as often as the schedule says. `api_key` is sent along as `X-API-KEY`. `view` names who renders
    what is sent: without one, the event is.
    """

    name: str | UnsetType = UNSET
    url: str | UnsetType = UNSET
    verb: Verb | UnsetType = UNSET
    types: Sequence[str] | UnsetType = UNSET
    secret: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    custom_data: dict[str, Any] | UnsetType = UNSET
    retries: int | UnsetType | None = UNSET
    api_key: str | UnsetType = UNSET
    view: str | UnsetType = UNSET


class PutHook(Struct, frozen=True):
    """Result of a `put` for one of the hooks named in it, and whether that was made by it."""

    hook: WebHook
    is_new: bool


def new_secret() -> str:
    """Random secret by which a hook's deliveries are signed, where nobody names another."""
    return secrets.token_urlsafe(32)


class WebHooks:
    """Web hooks of an organization or, where None stands for it, of the platform: those hear the events
    of all organizations, and each has a name of its own. Who may manage them is for the caller to know."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, organization_id: int | None, draft: WebHookDraft) -> WebHook:
        """A hook that gets every event of its types from now on."""
        async with self._database.write(organization_id) as session:
            return await _create(session, organization_id, draft)

    async def put(self, drafts: Sequence[WebHookDraft], *, remove: Sequence[str] = ()) -> Sequence[PutHook]:
        """The platform's hooks of these names, each made or, if there is one, replaced: what a draft leaves
        out is as in a new one, but for the secret. What waits for the one before goes to this one. Those
        named in `remove` are taken away. All of it is done, or nothing.

        Raises Invalid, each path with the hook's name and a dot before it.
        """
        problems = Problems()
        for draft in drafts:
            with problems.within("" if draft.name is UNSET else sanitize.name(draft.name)):
                _fill(WebHook(), draft)
        problems.require_none()
        for _ in range(_TRIES - 1):
            # Another caller may make, or take away, a hook of one of these names at the same time.
            with contextlib.suppress(Conflict, IntegrityError, StaleDataError):
                return await self._put(drafts, remove)
        return await self._put(drafts, remove)

    async def _put(self, drafts: Sequence[WebHookDraft], remove: Sequence[str]) -> Sequence[PutHook]:
        async with self._database.write(None) as session:
            if remove:
                gone = delete(WebHook).where(WebHook.organization_id.is_(None), WebHook.name.in_(remove))
                gone = gone.returning(WebHook).execution_options(synchronize_session=False)
                for hook in await session.scalars(gone):
                    _append(session, WebhookDeleted, hook)
            return [await _put(session, draft) for draft in drafts]

    async def list(self, organization_id: int | None) -> Sequence[WebHook]:
        async with self._database.read(organization_id) as session:
            return (await session.scalars(_of(organization_id).order_by(WebHook.id))).all()

    async def get(self, organization_id: int | None, hook_id: int) -> WebHook:
        async with self._database.read(organization_id) as session:
            return await _find(session, organization_id, hook_id)

    async def update(
        self, organization_id: int | None, hook_id: int, draft: WebHookDraft, *, version: str = ""
    ) -> WebHook:
        """Change what the draft names. With the `version` that was seen, raises Conflict when somebody else
        has changed it since. A hook that is switched off misses what happens meanwhile; what was queued
        before waits for it."""
        async with self._database.write(organization_id) as session:
            hook = await _find(session, organization_id, hook_id, to_change=True)
            if version and version_of(hook) != version:
                raise Conflict(ErrorCode.CHANGED_MEANWHILE)
            if draft.enabled is True and not hook.enabled:
                hook.after_event = await newest(session, hook.organization_id)
            _fill(hook, draft)
            await _check_name(session, hook)
            if draft.enabled is True or draft.url is not UNSET:
                hook.problem = ""
            _append(session, WebhookUpdated, hook)
        return hook

    async def delete(self, organization_id: int | None, hook_id: int) -> None:
        """Remove a hook, with what has not been delivered."""
        async with self._database.write(organization_id) as session:
            hook = await _find(session, organization_id, hook_id)
            await session.delete(hook)
            _append(session, WebhookDeleted, hook)

    async def test(self, organization_id: int, hook_id: int) -> None:
        """Have the hook, and no other, sent an event. Raises NotFound, and Conflict for one that is off."""
        async with self._database.write(organization_id) as session:
            hook = await _find(session, organization_id, hook_id)
            if not hook.enabled:
                raise Conflict(ErrorCode.WEBHOOK_OFF)
            _append(session, WebhookTested, hook)

    async def deliveries(
        self,
        organization_id: int | None,
        hook_id: int | None = None,
        *,
        state: DeliveryState | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Delivery]:
        """The deliveries of a hook, or of all, newest first; `before` is the id of the last one of the page
        before."""
        query = select(Delivery).order_by(Delivery.id.desc())
        if state is not None:
            # Written into the statement, not bound to it, so that the index of those given up serves it.
            query = query.where(Delivery.state == literal_column(f"'{DeliveryState(state)}'"))
        if before is not None:
            query = query.where(Delivery.id < before)
        async with self._database.read(organization_id) as session:
            if hook_id is None:
                hooks = await session.scalars(_of(organization_id).with_only_columns(WebHook.id))
                query = query.where(Delivery.hook_id.in_(hooks.all()))
            else:
                hook = await _find(session, organization_id, hook_id)
                query = query.where(Delivery.hook_id == hook.id)
            return (await session.scalars(query.limit(max(1, min(limit, MOST_LISTED))))).all()

    async def redeliver(self, organization_id: int | None, hook_id: int, delivery_id: int) -> None:
        """Deliver once more, beginning with the first attempt: one given up, or one that was accepted."""
        async with self._database.write(organization_id) as session:
            await _find(session, organization_id, hook_id)
            delivery = await session.scalar(
                select(Delivery).where(Delivery.id == delivery_id, Delivery.hook_id == hook_id)
            )
            if delivery is None:
                raise NotFound(ErrorCode.DELIVERY_NOT_FOUND, "id", id=delivery_id)
            if delivery.state != DeliveryState.WAITING:
                delivery.state, delivery.attempts, delivery.finished_at = DeliveryState.WAITING, 0, None
            delivery.next_attempt_at = clock()
            notify(session, DeliveriesQueued())


def version_of(hook: WebHook) -> str:
    """16 characters that are others when something of the hook has been changed."""
    said = (hook.name, hook.url, str(hook.verb), hook.types, hook.enabled, hook.custom_data, hook.secret)
    return hashlib.sha256(msgspec.json.encode((said, hook.retries))).hexdigest()[:16]


async def _put(session: AsyncSession, draft: WebHookDraft) -> PutHook:
    name = "" if draft.name is UNSET else sanitize.name(draft.name)
    hook = await session.scalar(_of(None).where(WebHook.name == name))
    try:
        if hook is None:
            return PutHook(await _create(session, None, draft), is_new=True)
        if not hook.enabled:
            hook.after_event = await newest(session, hook.organization_id)
        _fill(hook, _defaults)
        _fill(hook, draft)
    except Invalid as error:
        raise error.within(name) from error
    hook.problem = ""
    _append(session, WebhookUpdated, hook)
    return PutHook(hook, is_new=False)


def _of(organization_id: int | None) -> Select[WebHook]:
    """A session for no organization sees the hooks of all: it is to see those of the platform only."""
    return select(WebHook).where(
        WebHook.organization_id.is_(None)
        if organization_id is None
        else WebHook.organization_id == organization_id
    )


async def _find(
    session: AsyncSession, organization_id: int | None, hook_id: int, *, to_change: bool = False
) -> WebHook:
    """`to_change`: nobody else changes it until the session's transaction has ended."""
    query = _of(organization_id).where(WebHook.id == hook_id)
    if to_change:
        query = query.with_for_update().execution_options(populate_existing=True)
    hook = await session.scalar(query)
    if hook is None:
        raise NotFound(ErrorCode.WEBHOOK_NOT_FOUND, "id", id=hook_id)
    return hook


async def _create(session: AsyncSession, organization_id: int | None, draft: WebHookDraft) -> WebHook:
    if organization_id is not None:
        # One after the other, so that each counts those of the others.
        lock = select(_ORGANIZATIONS.c.id).where(_ORGANIZATIONS.c.id == organization_id)
        await session.execute(lock.with_for_update(key_share=True))
    hooks = _of(organization_id).with_only_columns(func.count())
    if (await session.scalar(hooks) or 0) >= MOST_HOOKS:
        raise Invalid(ErrorCode.TOO_MANY_WEBHOOKS, "name", most=MOST_HOOKS)
    hook = WebHook(
        organization_id=organization_id,
        name="",
        url="",
        after_event=await newest(session, organization_id),
        problem="",
    )
    _fill(hook, structs.replace(_defaults, secret=new_secret()))
    _fill(hook, draft)
    if not hook.name:
        raise Invalid(ErrorCode.NAME_REQUIRED, "name")
    if not hook.url:
        raise Invalid(ErrorCode.REQUIRED, "url")
    await _check_name(session, hook)
    session.add(hook)
    await session.flush()
    _append(session, WebhookCreated, hook)
    return hook


async def _check_name(session: AsyncSession, hook: WebHook) -> None:
    """Raises Conflict for a hook of the platform whose name another has: names tell these apart."""
    if hook.organization_id is None:
        with session.no_autoflush:
            others = _of(None).where(WebHook.name == hook.name, WebHook.id != (hook.id or 0))
            if await session.scalar(others) is not None:
                raise Conflict(ErrorCode.WEBHOOK_EXISTS, "name", name=hook.name)


_defaults = WebHookDraft(
    verb=Verb.POST, types=(), enabled=True, custom_data={}, retries=None, api_key="", view=""
)


def _fill(hook: WebHook, draft: WebHookDraft) -> None:
    """Raises Invalid with all that is wrong; the hook is not to be used then."""
    problems = Problems()
    if draft.name is not UNSET:
        hook.name = sanitize.name(draft.name)
        if not 1 <= len(hook.name) <= _LONGEST_NAME:
            problems.add(ErrorCode.LENGTH_OUT_OF_RANGE, "name", least=1, most=_LONGEST_NAME)
    if draft.url is not UNSET:
        with problems:
            hook.url = check_url(draft.url)
    if draft.verb is not UNSET:
        hook.verb = draft.verb
    if draft.types is not UNSET:
        if len(draft.types) > _MOST_TYPES:
            problems.add(ErrorCode.TOO_MANY_ENTRIES, "types", most=_MOST_TYPES)
        for kind in draft.types[:_MOST_TYPES]:
            if len(kind) > 64 or not TYPE.fullmatch(kind):
                problems.add(ErrorCode.EVENT_TYPE_UNKNOWN, "types", type=kind[:70])
        hook.types = list(draft.types)
    if draft.secret is not UNSET:
        if not _SHORTEST_SECRET <= len(draft.secret) <= _LONGEST_SECRET:
            problems.add(
                ErrorCode.LENGTH_OUT_OF_RANGE, "secret", least=_SHORTEST_SECRET, most=_LONGEST_SECRET
            )
        hook.secret = draft.secret
    if draft.enabled is not UNSET:
        hook.enabled = draft.enabled
    if draft.custom_data is not UNSET:
        if len(msgspec.json.encode(draft.custom_data)) > _LARGEST_CUSTOM_DATA:
            problems.add(ErrorCode.TOO_MANY_BYTES, "custom_data", most=_LARGEST_CUSTOM_DATA)
        hook.custom_data = draft.custom_data
    if draft.retries is not UNSET:
        if draft.retries is not None and not 0 <= draft.retries <= len(RETRY_DELAYS):
            problems.add(ErrorCode.RETRIES_OUT_OF_RANGE, "retries", most=len(RETRY_DELAYS))
        hook.retries = draft.retries
    if draft.api_key is not UNSET:
        if not _api_key.fullmatch(draft.api_key):
            problems.add(ErrorCode.KEY_NOT_PRINTABLE, "api_key", most=_LONGEST_SECRET)
        hook.api_key = draft.api_key
    if draft.view is not UNSET:
        if not _view.fullmatch(draft.view):
            problems.add(ErrorCode.VIEW_UNKNOWN, "view", view=draft.view[:70])
        hook.view = draft.view
    problems.require_none()


def _append(session: AsyncSession, kind: type[WebhookSnapshot], hook: WebHook) -> None:
    # Not the path and query, which may hold what lets others in: other hooks and the process' log hear of it.
    address = urlsplit(hook.url)
    origin = f"{address.scheme}://{address.netloc}"
    event = kind(name=hook.name, url=origin, enabled=hook.enabled)
    if hook.organization_id is not None:
        append(session, hook.organization_id, event, str(hook.id))
    else:
        # The log has the events of organizations, and hooks of the platform are none of their business.
        log.info(kind.event_type, hook=hook.id, **structs.asdict(event))
