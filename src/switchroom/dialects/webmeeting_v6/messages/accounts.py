"""Accounts and their meeting organizers on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

MeetingType = Literal["standard", "webinar", "boardroom"]
PreferredLanguage = Annotated[str, Meta(description="`en` or `de`.")]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339 in UTC, to the millisecond."""

Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339, as 2020-04-19T19:03:41.203Z.")]


class AccountCreation(Struct, rename="camel", kw_only=True):
    """A new account with its first meeting organizer, who becomes its admin."""

    admin_email: Annotated[str, Meta(description="Exists once in an instance.")]
    admin_firstname: str | UnsetType = UNSET
    admin_lastname: str | UnsetType = UNSET
    admin_preferred_language: PreferredLanguage | UnsetType = UNSET
    send_password: Annotated[
        bool, Meta(description="E-mail the admin a link by which to set a password.")
    ] = False
    account_type: Annotated[
        str, Meta(description="`trial` (fourteen days, whatever `paidUntil` says), `standard` …")
    ] = "standard"
    paid_until: Moment | None = None
    name: Annotated[str, Meta(description="The admin's address unless given.")] | UnsetType = UNSET


class AccountUpdate(Struct, rename="camel", kw_only=True):
    """Change of an account; a field left out stays."""

    name: str | UnsetType = UNSET
    account_type: str | UnsetType = UNSET
    paid_until: Moment | UnsetType | None = UNSET
    number_of_meetings: (
        Annotated[int, Meta(description="The most it may have; 0 is no limit.")] | UnsetType
    ) = UNSET
    number_of_meeting_organizers: Annotated[int, Meta(description="As `numberOfMeetings`.")] | UnsetType = (
        UNSET
    )
    number_of_meeting_rooms: Annotated[int, Meta(description="As `numberOfMeetings`.")] | UnsetType = UNSET
    ice_candidates_to_filter: list[str] | UnsetType = UNSET
    custom_dial_in_numbers: list[str] | UnsetType = UNSET
    display_standard_dial_in_numbers_in_invite: bool | UnsetType = UNSET
    default_meeting_permissions: str | UnsetType | None = UNSET
    default_meeting_type: MeetingType | UnsetType = UNSET
    default_meeting_has_dialin: bool | UnsetType = UNSET
    default_meeting_has_recording: bool | UnsetType = UNSET
    auto_extend_meetings: bool | UnsetType = UNSET
    auto_delete_meetings_after_x_days: int | UnsetType = UNSET


class AccountMessage(Struct, rename="camel", kw_only=True):
    """An account. Limits of 0 are none."""

    name: str
    account_type: str
    number_of_meetings: int
    number_of_meeting_organizers: int
    number_of_meeting_rooms: int
    paid_until: Time | None
    ice_candidates_to_filter: list[str]
    custom_dial_in_numbers: list[str]
    display_standard_dial_in_numbers_in_invite: bool
    default_meeting_permissions: str | None
    default_meeting_type: MeetingType
    default_meeting_has_dialin: bool
    default_meeting_has_recording: bool
    auto_extend_meetings: bool
    auto_delete_meetings_after_x_days: int
    id: str
    can_add_meeting_organizer: bool
    account_rooms: list[str]


class OrganizerCreation(Struct, rename="camel", kw_only=True):
    """A new meeting organizer, who gets a link by mail to set a password."""

    email: str
    first_name: str | UnsetType = UNSET
    last_name: str | UnsetType = UNSET
    external_user_id: str | UnsetType | None = UNSET
    preferred_language: PreferredLanguage | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    additional_timezones: list[str] | UnsetType = UNSET


class OrganizerUpdate(OrganizerCreation, rename="camel", kw_only=True):
    """Change of a meeting organizer; a field left out stays."""

    email: str | UnsetType = UNSET  # pyright: ignore[reportIncompatibleVariableOverride]


class UserMessage(Struct, rename="camel", kw_only=True):
    """A meeting organizer. Anybody with the `icsToken` may read the organizer's calendar."""

    email: str
    first_name: str
    last_name: str
    external_user_id: str | None
    preferred_language: str
    timezone: str
    additional_timezones: list[str]
    id: str
    ics_token: str
    ics_path: str


class Deleted(Struct, rename="camel"):
    """Id of what was deleted."""

    id: str
