"""Operations on accounts and their meeting organizers."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, UnsetType

from switchroom.accounts.accounts import MOST_LISTED, Account
from switchroom.accounts.models import MeetingKind
from switchroom.accounts.organizers import Organizer
from switchroom.accounts.validation import (
    AccountChange,
    OrganizerDraft,
    validate_account,
    validate_new_account,
    validate_organizer,
)
from switchroom.dialects.operation import Nothing, Operation, Parameter
from switchroom.dialects.services import Services
from switchroom.dialects.webmeeting_v6.callers import Callers, Context, is_of_instance, require_instance
from switchroom.dialects.webmeeting_v6.messages import accounts as messages
from switchroom.dialects.webmeeting_v6.times import in_utc, text_or_none
from switchroom.errors import ErrorCode, Forbidden

_PAGE = (
    Parameter("limit", "How many at most, 100 unless said, 1000 at most."),
    Parameter("offset", "How many to pass over."),
)
_ACCOUNT = "/account/{account_id}"
_ORGANIZER = "/account/{account_id}/organizer/{user_id}"


class AccountOperations:
    def __init__(self, services: Services, callers: Callers) -> None:
        self._accounts = services.accounts
        self._timezone = services.user_timezone
        self._callers = callers

    def operations(self) -> list[Operation]:
        account, user = messages.AccountMessage, messages.UserMessage
        return [
            Operation(
                method="POST",
                path="/account",
                summary="Create an account and its first meeting organizer.",
                request=messages.AccountCreation,
                reply=account,
                access="account",
                handler=self.create,
                validate=_check_new,
            ),
            Operation(
                method="GET",
                path="/account",
                summary="List the accounts.",
                parameters=_PAGE,
                reply=list[account],
                access="account",
                handler=self.list,
            ),
            Operation(
                method="GET",
                path="/account/admin/{account_id}",
                summary="The admins of an account.",
                reply=list[user],
                access="account",
                handler=self.admins,
            ),
            Operation(
                method="GET",
                path=_ACCOUNT,
                summary="Read an account.",
                reply=account,
                access="account",
                handler=self.get,
            ),
            Operation(
                method="PUT",
                path=_ACCOUNT,
                summary="Change an account.",
                request=messages.AccountUpdate,
                reply=account,
                access="account",
                handler=self.update,
                validate=_check_change,
            ),
            Operation(
                method="DELETE",
                path=_ACCOUNT,
                summary="Close an account.",
                reply=messages.Deleted,
                access="account",
                handler=self.close,
            ),
            Operation(
                method="GET",
                path="/account/{account_id}/organizer",
                summary="List an account's meeting organizers.",
                parameters=_PAGE,
                reply=list[user],
                access="account",
                handler=self.organizers,
            ),
            Operation(
                method="POST",
                path="/account/{account_id}/organizer",
                summary="Add a meeting organizer.",
                request=messages.OrganizerCreation,
                reply=user,
                access="account",
                handler=self.add_organizer,
                validate=_check_organizer,
            ),
            Operation(
                method="GET",
                path=_ORGANIZER,
                summary="Read a meeting organizer.",
                reply=user,
                access="account",
                handler=self.organizer,
            ),
            Operation(
                method="PUT",
                path=_ORGANIZER,
                summary="Change a meeting organizer.",
                request=messages.OrganizerUpdate,
                reply=user,
                access="account",
                handler=self.update_organizer,
                validate=_check_organizer,
            ),
            Operation(
                method="DELETE",
                path=_ORGANIZER,
                summary="Remove a meeting organizer from the account.",
                reply=messages.Deleted,
                access="account",
                handler=self.remove_organizer,
            ),
        ]

    async def create(self, context: Context, request: messages.AccountCreation) -> messages.AccountMessage:
        require_instance(context.caller)
        change, admin = _new_account(request)
        return _account(await self._accounts.create(change, admin, send_password=request.send_password))

    async def list(self, context: Context, _: Nothing) -> list[messages.AccountMessage]:
        require_instance(context.caller)
        limit, offset = _page(context)
        return [_account(one) for one in await self._accounts.list(limit=limit, offset=offset)]

    async def get(self, context: Context, _: Nothing) -> messages.AccountMessage:
        return _account(await self._callers.account(context.caller, context.path["account_id"]))

    async def update(self, context: Context, request: messages.AccountUpdate) -> messages.AccountMessage:
        account_id = context.path["account_id"]
        account = await self._callers.account(context.caller, account_id, to_change=True)
        change = _change(request)
        if not is_of_instance(context.caller):
            _require_own_terms(request, _account(account))
        return _account(await self._accounts.change(account_id, change))

    async def close(self, context: Context, _: Nothing) -> messages.Deleted:
        require_instance(context.caller)
        account_id = context.path["account_id"]
        await self._accounts.close(account_id)
        return messages.Deleted(account_id)

    async def admins(self, context: Context, _: Nothing) -> list[messages.UserMessage]:
        account = await self._callers.account(context.caller, context.path["account_id"])
        return [self._user(one) for one in await self._accounts.admins(account.organization.id)]

    async def organizers(self, context: Context, _: Nothing) -> list[messages.UserMessage]:
        account = await self._callers.account(context.caller, context.path["account_id"])
        limit, offset = _page(context)
        people = await self._accounts.organizers(account.organization.id, limit=limit, offset=offset)
        return [self._user(one) for one in people]

    async def add_organizer(
        self, context: Context, request: messages.OrganizerCreation
    ) -> messages.UserMessage:
        account = await self._callers.account(context.caller, context.path["account_id"], to_change=True)
        return self._user(await self._accounts.add_organizer(account.organization.id, _draft(request)))

    async def organizer(self, context: Context, _: Nothing) -> messages.UserMessage:
        account = await self._callers.account(context.caller, context.path["account_id"])
        return self._user(await self._accounts.member(account.organization.id, context.path["user_id"]))

    async def update_organizer(
        self, context: Context, request: messages.OrganizerUpdate
    ) -> messages.UserMessage:
        account = await self._callers.account(context.caller, context.path["account_id"], to_change=True)
        user_id = context.path["user_id"]
        changed = await self._accounts.change_organizer(
            account.organization.id, user_id, _draft(request), everywhere=is_of_instance(context.caller)
        )
        return self._user(changed)

    async def remove_organizer(self, context: Context, _: Nothing) -> messages.Deleted:
        account = await self._callers.account(context.caller, context.path["account_id"], to_change=True)
        user_id = context.path["user_id"]
        await self._accounts.remove_organizer(account.organization.id, user_id)
        return messages.Deleted(user_id)

    def _user(self, organizer: Organizer) -> messages.UserMessage:
        person, membership = organizer.person, organizer.membership
        return messages.UserMessage(
            email=person.email or person.username,
            first_name=person.first_name,
            last_name=person.last_name,
            external_user_id=membership.external_id,
            preferred_language=person.locale,
            timezone=person.timezone or self._timezone,
            additional_timezones=person.additional_timezones,
            id=person.hex_id,
            ics_token=membership.calendar_token,
            ics_path=f"/api/v6/meeting/calender/user/{membership.calendar_token}",
        )


async def _check_new(_: Context, request: messages.AccountCreation) -> None:
    validate_new_account(*_new_account(request))


async def _check_change(_: Context, request: messages.AccountUpdate) -> None:
    validate_account(_change(request))


async def _check_organizer(
    _: Context, request: messages.OrganizerCreation | messages.OrganizerUpdate
) -> None:
    validate_organizer(_draft(request))


def _new_account(request: messages.AccountCreation) -> tuple[AccountChange, OrganizerDraft]:
    admin = OrganizerDraft(
        email=request.admin_email,
        first_name=request.admin_firstname,
        last_name=request.admin_lastname,
        locale=request.admin_preferred_language,
    )
    change = AccountChange(
        name=request.name, account_type=request.account_type, paid_until=_paid_until(request.paid_until)
    )
    return change, admin


def _change(request: messages.AccountUpdate) -> AccountChange:
    kind = request.default_meeting_type
    return AccountChange(
        name=request.name,
        account_type=request.account_type,
        paid_until=_paid_until(request.paid_until),
        most_meetings=request.number_of_meetings,
        most_organizers=request.number_of_meeting_organizers,
        most_rooms=request.number_of_meeting_rooms,
        ice_candidates_to_filter=request.ice_candidates_to_filter,
        dial_in_numbers=request.custom_dial_in_numbers,
        with_standard_numbers=request.display_standard_dial_in_numbers_in_invite,
        default_permission_group_id=request.default_meeting_permissions,
        default_kind=MeetingKind(kind) if kind is not UNSET else UNSET,
        default_dial_in=request.default_meeting_has_dialin,
        default_recorded=request.default_meeting_has_recording,
        auto_extend=request.auto_extend_meetings,
        delete_after_days=request.auto_delete_meetings_after_x_days,
    )


def _require_own_terms(request: messages.AccountUpdate, present: messages.AccountMessage) -> None:
    """Raises Forbidden for what an account may not decide about itself: what it is and how much it may. It
    may say what there is."""
    paid_until = _paid_until(request.paid_until)
    for said, there in (
        (request.account_type, present.account_type),
        (paid_until if isinstance(paid_until, UnsetType) else text_or_none(paid_until), present.paid_until),
        (request.number_of_meetings, present.number_of_meetings),
        (request.number_of_meeting_organizers, present.number_of_meeting_organizers),
        (request.number_of_meeting_rooms, present.number_of_meeting_rooms),
    ):
        if said is not UNSET and said != there:
            raise Forbidden(ErrorCode.KEY_LEVEL)


def _paid_until(said: datetime | UnsetType | None) -> datetime | UnsetType | None:
    return in_utc(said, "paid_until") if isinstance(said, datetime) else said


def _page(context: Context) -> tuple[int, int]:
    """Limit and offset. Raises Invalid."""
    with context.reading_query() as query:
        limit, offset = query.number("limit", 100, least=1, most=MOST_LISTED), query.number("offset", 0)
    return limit, offset


def _draft(request: messages.OrganizerCreation | messages.OrganizerUpdate) -> OrganizerDraft:
    return OrganizerDraft(
        email=request.email,
        first_name=request.first_name,
        last_name=request.last_name,
        locale=request.preferred_language,
        timezone=request.timezone,
        additional_timezones=request.additional_timezones,
        external_id=request.external_user_id,
    )


def _account(account: Account) -> messages.AccountMessage:
    terms = account.terms
    return messages.AccountMessage(
        name=account.organization.display_name,
        account_type=terms.account_type,
        number_of_meetings=terms.most_meetings,
        number_of_meeting_organizers=terms.most_organizers,
        number_of_meeting_rooms=terms.most_rooms,
        paid_until=text_or_none(terms.paid_until),
        ice_candidates_to_filter=terms.ice_candidates_to_filter,
        custom_dial_in_numbers=terms.dial_in_numbers,
        display_standard_dial_in_numbers_in_invite=terms.with_standard_numbers,
        default_meeting_permissions=terms.default_permission_group_id,
        default_meeting_type=MeetingKind(terms.default_kind).value,
        default_meeting_has_dialin=terms.default_dial_in,
        default_meeting_has_recording=terms.default_recorded,
        auto_extend_meetings=terms.auto_extend,
        auto_delete_meetings_after_x_days=terms.delete_after_days,
        id=account.organization.hex_id,
        can_add_meeting_organizer=account.can_add_organizer,
        account_rooms=[],
    )
