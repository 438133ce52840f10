"""Operations on the people of an organization, for their administrators."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from msgspec import UNSET, UnsetType

from switchroom.accounts import directory
from switchroom.accounts.directory import MOST_COUNTED, PeopleFilter, PersonState
from switchroom.accounts.person_drafts import AccessDraft, PersonDraft, names_of
from switchroom.db.base import time_of
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.people import (
    ListedPerson,
    PeopleAnswer,
    PeopleQuery,
    PersonChange,
    PersonQuery,
    RemovalAnswer,
)
from switchroom.dialects.client.operations import operation
from switchroom.dialects.client.permissions import administration_named
from switchroom.dialects.operation import DEVICE_COOKIE, Operation
from switchroom.dialects.services import Services
from switchroom.identity.permissions import Administration


class PeopleOperations:
    def __init__(self, services: Services) -> None:
        self._signer = services.signer
        self._directory = services.people_directory
        self._administration = services.people_administration
        self._password_changes = services.password_changes
        self._password_help = services.password_help
        self._removals = services.removals

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/people",
                summary="A page of the people of the organization.",
                request=PeopleQuery,
                reply=PeopleAnswer,
                handler=self.list,
            ),
            operation(
                path="/people/look-up",
                summary="Somebody of the organization.",
                request=PersonQuery,
                reply=ListedPerson,
                handler=self.look_up,
            ),
            operation(
                path="/people/change",
                summary="Change somebody, unless somebody else has done so meanwhile.",
                request=PersonChange,
                reply=ListedPerson,
                handler=self.change,
            ),
            operation(
                path="/people/send-password-link",
                summary="Mail somebody a link by which they set another password.",
                request=PersonQuery,
                reply=None,
                status=204,
                handler=self.send_password_link,
            ),
            operation(
                path="/people/removal",
                summary="What goes along when somebody is removed.",
                request=PersonQuery,
                reply=RemovalAnswer,
                handler=self.look_at_removal,
            ),
        ]

    async def list(self, _context: Context, request: PeopleQuery) -> PeopleAnswer:
        claims = self._signer.verify(request.access_token)
        wanted = PeopleFilter(
            term=request.term,
            state=PersonState(request.state) if request.state is not UNSET else None,
            administrators_only=request.administrators_only,
        )
        after = None if request.after is UNSET else request.after
        page = await self._directory.page(claims, wanted, after=after)
        return PeopleAnswer(
            people=[_message(one) for one in page.people],
            count=min(page.count, MOST_COUNTED),
            is_more=page.count > MOST_COUNTED,
            after=UNSET if page.after is None else page.after,
        )

    async def look_up(self, _context: Context, request: PersonQuery) -> ListedPerson:
        claims = self._signer.verify(request.access_token)
        return _message(await self._directory.get(claims, request.person_id))

    async def change(self, context: Context, request: PersonChange) -> ListedPerson:
        claims = self._signer.verify(request.access_token)
        draft = PersonDraft(
            email=request.email,
            title=request.title,
            first_name=request.first_name,
            last_name=request.last_name,
            language=request.language,
        )
        access = AccessDraft(enabled=request.enabled, permissions=_permissions(request.permissions))
        if request.password:
            device = context.cookie(DEVICE_COOKIE)
            await self._password_changes.require_own(claims, request.password, context.address, device)
        await self._administration.update(
            claims,
            request.person_id,
            draft,
            access,
            version=request.version,
            has_shown_password=bool(request.password),
        )
        return _message(await self._directory.get(claims, request.person_id))

    async def send_password_link(self, _context: Context, request: PersonQuery) -> None:
        await self._password_help.send(self._signer.verify(request.access_token), request.person_id)

    async def look_at_removal(self, _context: Context, request: PersonQuery) -> RemovalAnswer:
        removal = await self._removals.look_at(self._signer.verify(request.access_token), request.person_id)
        return RemovalAnswer(meetings=removal.meetings, heir_name=removal.heir_name, rooms=removal.rooms)


def _message(person: directory.ListedPerson) -> ListedPerson:
    return ListedPerson(
        id=person.id,
        username=person.username,
        email=person.email,
        title=person.title,
        first_name=person.first_name,
        last_name=person.last_name,
        language=person.language,
        state=person.state.value,
        permissions=names_of(person.administration),
        created_at=time_of(person.created_at),
        is_shared=person.is_shared,
        version=person.version,
        mailed_at=_time(person.mailed_at),
        expires_at=_time(person.expires_at),
    )


def _time(moment: datetime | None) -> str | UnsetType:
    return UNSET if moment is None else time_of(moment)


def _permissions(named: Mapping[str, bool]) -> Mapping[Administration, bool]:
    return dict(zip(administration_named(named), named.values(), strict=True))
