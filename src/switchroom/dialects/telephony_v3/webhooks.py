"""Operations on web hooks, and on what was delivered to them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from msgspec import UNSET

from switchroom.db.base import time_of
from switchroom.dialects.operation import Method, Nothing, Operation, Parameter
from switchroom.dialects.telephony_v3.actors import ACCOUNT, Actors, id_in_path
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages import webhooks as messages
from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.dialects.telephony_v3.resources import id_of_change
from switchroom.errors import ErrorCode, NotFound
from switchroom.events.webhooks.hooks import MOST_LISTED, WebHookDraft, WebHooks
from switchroom.events.webhooks.models import Delivery, DeliveryState, Verb, WebHook

_KIND = "webhook"
_STANDARD_LIMIT = 100


class WebHookOperations:
    """Web hooks of an account or, where all accounts are open and none is named, of the platform."""

    def __init__(self, hooks: WebHooks, actors: Actors) -> None:
        self._hooks = hooks
        self._actors = actors

    def operations(self) -> list[Operation]:
        attempts = "/webhooks/{id}/attempts"
        return [
            self._operation("GET", "/webhooks", "List web hooks.", messages.HooksPage, self.list),
            self._operation("GET", "/webhooks/{id}", "Read a web hook.", messages.HookView, self.read),
            self._operation(
                "PUT", "/webhooks", "Make a web hook.", messages.HookView, self.make, messages.Hook
            ),
            *(
                self._operation(
                    "POST",
                    path,
                    "Change a web hook: the fields that are given.",
                    messages.HookView,
                    self.change,
                    messages.HookChange,
                )
                for path in ("/webhooks", "/webhooks/{id}")
            ),
            self._operation(
                "DELETE",
                "/webhooks/{id}",
                "Delete a web hook, with what has not been delivered.",
                messages.HookDeleted,
                self.delete,
            ),
            Operation(
                method="GET",
                path=attempts,
                summary="What was delivered to a web hook, waits, or was given up, newest first.",
                parameters=(
                    ACCOUNT,
                    Parameter("limit", f"How many at most, {_STANDARD_LIMIT} unless said."),
                    Parameter("cursor", "Only what is older: the `cursor` of the part before."),
                ),
                reply=messages.AttemptsPage,
                access="admin",
                handler=self.attempts,
            ),
            self._operation(
                "POST",
                f"{attempts}/{{attempt_id}}",
                "Deliver once more.",
                messages.Attempt,
                self.act,
                messages.AttemptAction,
            ),
        ]

    def _operation(
        self,
        method: Method,
        path: str,
        summary: str,
        reply: type,
        handler: Callable[[Context, Any], Awaitable[Any]],
        request: type = Nothing,
    ) -> Operation:
        return Operation(
            method=method,
            path=path,
            summary=summary,
            parameters=(ACCOUNT,),
            request=request,
            reply=reply,
            access="admin",
            handler=handler,
        )

    async def list(self, context: Context, _: Nothing) -> Page[messages.HookView]:
        hooks = await self._hooks.list(await self._owner(context))
        return Page([_view(hook) for hook in hooks if not hook.view], "")

    async def read(self, context: Context, _: Nothing) -> messages.HookView:
        return _view(await self._hook(await self._owner(context), id_in_path(context, _KIND)))

    async def make(self, context: Context, wanted: messages.Hook) -> messages.HookView:
        draft = WebHookDraft(
            name=wanted.name,
            url=wanted.url,
            verb=Verb(wanted.http_verb),
            types=_types(wanted.types),
            secret=wanted.secret,
            enabled=wanted.enabled,
            custom_data=wanted.custom_data,
            retries=wanted.retries,
        )
        hook = await self._hooks.create(await self._owner(context), draft)
        return _view(hook, secret=hook.secret)

    async def change(self, context: Context, change: messages.HookChange) -> messages.HookView:
        owner = await self._owner(context)
        said = change.id if change.id is not UNSET else None
        hook = await self._hook(owner, id_of_change(context, _KIND, said))
        draft = WebHookDraft(
            name=change.name,
            url=change.url,
            verb=Verb(change.http_verb) if change.http_verb is not UNSET else UNSET,
            types=_types(change.types) if change.types is not UNSET else UNSET,
            secret=change.secret,
            enabled=change.enabled,
            custom_data=change.custom_data,
            retries=change.retries,
        )
        return _view(await self._hooks.update(owner, hook.id, draft))

    async def delete(self, context: Context, _: Nothing) -> messages.HookDeleted:
        owner = await self._owner(context)
        hook = await self._hook(owner, id_in_path(context, _KIND))
        await self._hooks.delete(owner, hook.id)
        return messages.HookDeleted(hook.id)

    async def attempts(self, context: Context, _: Nothing) -> Page[messages.Attempt]:
        with context.reading_query() as query:
            before = query.number("cursor", 0, most=(1 << 63) - 1) or None
            limit = query.number("limit", _STANDARD_LIMIT, least=1, most=MOST_LISTED)
        owner = await self._owner(context)
        hook = await self._hook(owner, id_in_path(context, _KIND))
        found = await self._hooks.deliveries(owner, hook.id, before=before, limit=limit)
        return Page([_attempt(one) for one in found], str(found[-1].id) if len(found) == limit else "")

    async def act(self, context: Context, _: messages.AttemptAction) -> messages.Attempt:
        owner = await self._owner(context)
        hook = await self._hook(owner, id_in_path(context, _KIND))
        attempt_id = id_in_path(context, "attempt", "attempt_id")
        await self._hooks.redeliver(owner, hook.id, attempt_id)
        found = await self._hooks.deliveries(owner, hook.id, before=attempt_id + 1, limit=1)
        return _attempt(found[0])

    async def _owner(self, context: Context) -> int | None:
        """The account; None for the platform."""
        if context.caller.organization_id is None and "account_id" not in context.query:
            return None
        return (await self._actors.of(context)).organization_id

    async def _hook(self, owner: int | None, hook_id: int) -> WebHook:
        """Raises NotFound, also for a hook of another API."""
        hook = await self._hooks.get(owner, hook_id)
        if hook.view:
            raise NotFound(ErrorCode.WEBHOOK_NOT_FOUND, "id", id=hook_id)
        return hook


def _types(types: Sequence[str]) -> Sequence[str]:
    """Types of events as the hooks have them, where none stands for all."""
    return [] if "*" in types else types


def _view(hook: WebHook, *, secret: str = "") -> messages.HookView:
    return messages.HookView(
        id=hook.id,
        name=hook.name,
        url=hook.url,
        http_verb="put" if hook.verb == Verb.PUT else "post",
        types=hook.types or ["*"],
        enabled=hook.enabled,
        custom_data=hook.custom_data,
        retries=hook.retries,
        problem=hook.problem,
        secret=secret or UNSET,
    )


def _attempt(delivery: Delivery) -> messages.Attempt:
    waits = delivery.state == DeliveryState.WAITING
    return messages.Attempt(
        id=delivery.id,
        event_id=delivery.event_id,
        type=delivery.event_type,
        state=delivery.state,
        attempts=delivery.attempts,
        last_status=delivery.last_status,
        last_error=delivery.last_error,
        created=time_of(delivery.created_at),
        next_attempt=time_of(delivery.next_attempt_at) if waits else None,
    )
