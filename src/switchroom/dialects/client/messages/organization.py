"""Settings and keys of an organization, on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from switchroom.conference.messages import Token

Text = Annotated[str, Meta(max_length=4000)]
Name = Annotated[str, Meta(min_length=1, max_length=100)]
KeyUse = Literal["account", "meeting", "events", "telephony"]
Number = Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]


class OwnOrganizationQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token


class OrganizationAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    """The organization. `keptDays` is for how many days after their end meetings are kept, with who was
    there, chat and recordings. Where it `asksBeforeRecording`, nothing is recorded of people who have not
    agreed. `version` is to be sent along with a change."""

    company_id: str
    name: str
    privacy_link: str
    kept_days: int
    asks_before_recording: bool
    created_at: str
    version: str


class OrganizationChange(Struct, frozen=True, rename="camel", kw_only=True):
    """Change of an organization; a field left out stays. `version` is that of the organization on which the
    change was made."""

    access_token: Token
    version: Annotated[str, Meta(min_length=1, max_length=100)]
    name: Text | UnsetType = UNSET
    privacy_link: Text | UnsetType = UNSET
    kept_days: Number | UnsetType = UNSET
    asks_before_recording: bool | UnsetType = UNSET


class ListedApiKey(Struct, frozen=True, rename="camel", kw_only=True):
    """An API key without its code. Without `lastUsedAt` it has not been used since the event log begins."""

    client_id: str
    permissions: list[str]
    created_at: str
    last_used_at: str | UnsetType = UNSET


class ListedMeetingKey(Struct, frozen=True, rename="camel", kw_only=True):
    """A key of the Web Meeting and Telephony APIs, without the key itself."""

    id: int
    name: str
    permissions: list[KeyUse]
    created_at: str
    last_used_at: str | UnsetType = UNSET


class KeysAnswer(Struct, frozen=True, rename="camel", kw_only=True):
    api_keys: list[ListedApiKey]
    meeting_keys: list[ListedMeetingKey]


class NewApiKey(Struct, frozen=True, rename="camel", kw_only=True):
    """`permissions` are names of what the key may administer; each brings those below it."""

    access_token: Token
    client_id: Name
    permissions: Annotated[list[str], Meta(max_length=50)]


class NewMeetingKey(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token
    name: Name
    permissions: Annotated[list[KeyUse], Meta(min_length=1, max_length=10)]


class KeyAnswer(Struct, frozen=True, rename="camel"):
    """The key, which is shown this once."""

    key: str


class ApiKeyQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token
    client_id: Name


class MeetingKeyQuery(Struct, frozen=True, rename="camel", kw_only=True):
    access_token: Token
    id: Number
