"""Operations on the settings of an organization, and on the keys of its programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec import UNSET, UnsetType

from switchroom.accounts.organization_settings import OrganizationDraft, OrganizationView
from switchroom.accounts.person_drafts import names_of
from switchroom.db.base import time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.organization import (
    ApiKeyQuery,
    KeyAnswer,
    KeysAnswer,
    KeyUse,
    ListedApiKey,
    ListedMeetingKey,
    MeetingKeyQuery,
    NewApiKey,
    NewMeetingKey,
    OrganizationAnswer,
    OrganizationChange,
    OwnOrganizationQuery,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.client.permissions import administration_named
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.identity.keys import KeyPermission
from switchroom.identity.permissions import NO_ADMINISTRATION, Administration, with_children


class OrganizationOperations:
    def __init__(self, services: Services) -> None:
        self._signer = services.signer
        self._settings = services.organization_settings
        self._keys = services.program_keys

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/organization",
                summary="The organization of whoever is signed in.",
                request=OwnOrganizationQuery,
                reply=OrganizationAnswer,
                handler=self.look_up,
            ),
            operation(
                path="/organization/change",
                summary="Change the organization, unless somebody else has done so meanwhile.",
                request=OrganizationChange,
                reply=OrganizationAnswer,
                handler=self.change,
            ),
            operation(
                path="/keys",
                summary="The keys of the organization's programs, without what is secret.",
                request=OwnOrganizationQuery,
                reply=KeysAnswer,
                handler=self.list_keys,
            ),
            operation(
                path="/keys/create-api-key",
                summary="Make an API key, whose code is shown this once.",
                request=NewApiKey,
                reply=KeyAnswer,
                handler=self.create_api_key,
            ),
            operation(
                path="/keys/revoke-api-key",
                summary="Revoke an API key, with all tokens that it brought.",
                request=ApiKeyQuery,
                reply=None,
                status=204,
                handler=self.revoke_api_key,
            ),
            operation(
                path="/keys/create-meeting-key",
                summary="Make a key of the Web Meeting and Telephony APIs, which is shown this once.",
                request=NewMeetingKey,
                reply=KeyAnswer,
                handler=self.create_meeting_key,
            ),
            operation(
                path="/keys/revoke-meeting-key",
                summary="Revoke a key of the Web Meeting and Telephony APIs.",
                request=MeetingKeyQuery,
                reply=None,
                status=204,
                handler=self.revoke_meeting_key,
            ),
        ]

    async def look_up(self, _context: Context, request: OwnOrganizationQuery) -> OrganizationAnswer:
        return _message(await self._settings.get(self._signer.verify(request.access_token)))

    async def change(self, _context: Context, request: OrganizationChange) -> OrganizationAnswer:
        claims = self._signer.verify(request.access_token)
        draft = OrganizationDraft(
            display_name=request.name,
            privacy_link=request.privacy_link,
            kept_days=request.kept_days,
            asks_before_recording=request.asks_before_recording,
        )
        return _message(await self._settings.update(claims, draft, request.version))

    async def list_keys(self, _context: Context, request: OwnOrganizationQuery) -> KeysAnswer:
        claims = self._signer.verify(request.access_token)
        return KeysAnswer(
            api_keys=[
                ListedApiKey(
                    client_id=key.client_id,
                    permissions=names_of(key.administration),
                    created_at=time_of(key.created_at),
                    last_used_at=_time(key.last_used_at),
                )
                for key in await self._keys.api_keys(claims)
            ],
            meeting_keys=[
                ListedMeetingKey(
                    id=key.id,
                    name=key.name,
                    permissions=[use for use, one in _USES.items() if one in key.permissions],
                    created_at=time_of(key.created_at),
                    last_used_at=_time(key.last_used_at),
                )
                for key in await self._keys.meeting_keys(claims)
            ],
        )

    async def create_api_key(self, _context: Context, request: NewApiKey) -> KeyAnswer:
        claims = self._signer.verify(request.access_token)
        wanted = _with_all(administration_named(request.permissions))
        return KeyAnswer(await self._keys.create_api_key(claims, request.client_id, wanted))

    async def revoke_api_key(self, _context: Context, request: ApiKeyQuery) -> None:
        await self._keys.revoke_api_key(self._signer.verify(request.access_token), request.client_id)

    async def create_meeting_key(self, _context: Context, request: NewMeetingKey) -> KeyAnswer:
        claims = self._signer.verify(request.access_token)
        permissions = KeyPermission(0)
        for use in request.permissions:
            permissions |= _USES[use]
        return KeyAnswer(await self._keys.create_meeting_key(claims, request.name, permissions))

    async def revoke_meeting_key(self, _context: Context, request: MeetingKeyQuery) -> None:
        await self._keys.delete_meeting_key(self._signer.verify(request.access_token), request.id)


_USES: dict[KeyUse, KeyPermission] = {
    "account": KeyPermission.ACCOUNT,
    "meeting": KeyPermission.MEETING,
    "events": KeyPermission.EVENTS,
    "telephony": KeyPermission.TELEPHONY,
}


def _with_all(named: Sequence[Administration]) -> Administration:
    wanted = NO_ADMINISTRATION
    for one in named:
        wanted |= with_children(one)
    return wanted


def _message(view: OrganizationView) -> OrganizationAnswer:
    return OrganizationAnswer(
        company_id=view.ulid,
        name=view.display_name,
        privacy_link=view.privacy_link,
        kept_days=view.kept_days,
        asks_before_recording=view.asks_before_recording,
        created_at=time_of(view.created_at),
        version=view.version,
    )


def _time(moment: datetime | None) -> str | UnsetType:
    return UNSET if moment is None else time_of(moment)
