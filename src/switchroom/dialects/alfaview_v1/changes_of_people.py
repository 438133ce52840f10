"""Changes of people and of what they sign in with, which two services carry out."""

from __future__ import annotations

from msgspec import UNSET, structs

from switchroom.accounts.person_drafts import AccessDraft, PersonDraft
from switchroom.dialects.alfaview_v1.messages.authentication import AuthenticationRequest
from switchroom.dialects.alfaview_v1.messages.common import User
from switchroom.dialects.alfaview_v1.operations import Context
from switchroom.dialects.alfaview_v1.people import access_draft, person_draft, resends_invitation
from switchroom.dialects.operation import DEVICE_COOKIE
from switchroom.dialects.services import Services
from switchroom.identity.tokens import SubjectKind


class ChangesOfPeople:
    def __init__(self, services: Services) -> None:
        self._administration = services.people_administration
        self._invitations = services.member_invitations
        self._password_changes = services.password_changes

    async def update(
        self,
        context: Context,
        person_id: str,
        user: User | None,
        request: AuthenticationRequest | None,
        *,
        removes_credentials: bool = False,
    ) -> None:
        """Change a person. Callers who change their own password, address or user name give the password so
        far in `current`. Another password ends all sessions. With `resendInvitation` the invitation is sent
        again, after the changes."""
        caller = context.caller
        draft = person_draft(user, request.metadata if request is not None else {})
        access = access_draft(request, caller.company_id, may_resend=True)
        resends = resends_invitation(request)
        if removes_credentials:
            access = structs.replace(access, removes_credentials=True)
        is_self = caller.kind is SubjectKind.PERSON and person_id == caller.subject_id
        password = access.password if is_self else UNSET
        if password is not UNSET:
            access = structs.replace(access, password=UNSET)
        credentials = request and request.usernamePasswordCredentials
        current = credentials.current if credentials else ""
        if (password is UNSET and not resends) or (draft, access) != (PersonDraft(), AccessDraft()):
            is_named = draft.email is not UNSET or access.username is not UNSET
            has_shown_password = is_self and is_named and bool(current)
            if has_shown_password:
                device = context.cookie(DEVICE_COOKIE)
                await self._password_changes.require_own(caller, current, context.address, device)
            await self._administration.update(
                caller, person_id, draft, access, has_shown_password=has_shown_password
            )
        if password is not UNSET:
            await self._password_changes.change_own(
                caller, current, password, context.address, context.cookie(DEVICE_COOKIE)
            )
        if resends:
            await self._invitations.resend(caller, person_id)
