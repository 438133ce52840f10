"""`userService`: the people of a company."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.accounts.person_drafts import AccessDraft
from switchroom.dialects.alfaview_v1.changes_of_people import ChangesOfPeople
from switchroom.dialects.alfaview_v1.messages.authentication import AuthenticationRequest
from switchroom.dialects.alfaview_v1.messages.common import Reply, ReplyInfo, User
from switchroom.dialects.alfaview_v1.messages.user import (
    UserAcceptInvitationReply,
    UserAcceptInvitationRequest,
    UserCreateReply,
    UserCreateRequest,
    UserDestroyRequest,
    UserGetLocaleReply,
    UserGetLocaleRequest,
    UserInviteReply,
    UserInviteRequest,
    UserListReply,
    UserListRequest,
    UserProfileUpdateRequest,
    UserUpdateRequest,
)
from switchroom.dialects.alfaview_v1.operations import Context, operation, own_id, required
from switchroom.dialects.alfaview_v1.people import (
    access_draft,
    invitation_draft,
    locale_message,
    person_draft,
    user_message,
)
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid, NotFound

_OK = "OK"


class UserService:
    def __init__(self, services: Services) -> None:
        self._people = services.people
        self._administration = services.people_administration
        self._invitations = services.member_invitations
        self._changes = ChangesOfPeople(services)

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "userService/list", UserListRequest, UserListReply, self.list, "People of the company, by id."
            ),
            operation(
                "userService/create",
                UserCreateRequest,
                UserCreateReply,
                self.create,
                "Make somebody with a password who can sign in at once.",
            ),
            operation(
                "userService/invite",
                UserInviteRequest,
                UserInviteReply,
                self.invite,
                "Invite somebody by mail, or send an invitation again.",
            ),
            operation(
                "userService/acceptInvitation",
                UserAcceptInvitationRequest,
                UserAcceptInvitationReply,
                self.accept_invitation,
                "Accept the invitation whose `activationToken` the access token was got with.",
            ),
            operation(
                "userService/update",
                UserUpdateRequest,
                ReplyInfo,
                self.update,
                "Change what is said of somebody, their credentials and permissions. The reply is the inner "
                "message by itself.",
            ),
            operation(
                "userService/updateProfile",
                UserProfileUpdateRequest,
                ReplyInfo,
                self.update_profile,
                "Change somebody's name, taken as a whole. The reply is the inner message by itself.",
            ),
            operation(
                "userService/getLocale",
                UserGetLocaleRequest,
                UserGetLocaleReply,
                self.get_locale,
                "Somebody's languages, one's own without `userId`.",
            ),
            operation(
                "userService/destroy",
                UserDestroyRequest,
                ReplyInfo,
                self.destroy,
                "Take somebody out of the company. The reply is the inner message by itself.",
            ),
        ]

    async def list(self, context: Context, request: UserListRequest) -> Reply:
        people = await self._people.list(context.caller, request.userIdList)
        ids = [person.id for person, _ in people]
        if request.returnUserIdsOnly or (request.accessInfo and request.accessInfo.returnObjectIdsOnly):
            return UserListReply(userIdList=ids)
        return UserListReply(
            users={person.id: user_message(person, membership) for person, membership in people},
            userIdList=ids,
        )

    async def create(self, context: Context, request: UserCreateRequest) -> Reply:
        if request.user is None and request.authenticationRequest is None:
            raise Invalid(ErrorCode.REQUIRED, "user")
        draft = person_draft(request.user, _metadata(request.authenticationRequest))
        access = access_draft(request.authenticationRequest, context.caller.company_id)
        return UserCreateReply(userId=await self._administration.create(context.caller, draft, access))

    async def invite(self, context: Context, request: UserInviteRequest) -> Reply:
        user = User(email=request.email, userProfile=request.userProfile, locale=request.locale)
        return UserInviteReply(userId=await self._invitations.invite(context.caller, invitation_draft(user)))

    async def accept_invitation(self, context: Context, request: UserAcceptInvitationRequest) -> Reply:
        await self._invitations.accept_as(context.caller)
        return UserAcceptInvitationReply()

    async def update(self, context: Context, request: UserUpdateRequest) -> ReplyInfo:
        """Change a person. Callers who change their own password give the one so far in `current`."""
        person_id = required(request.userId, "userId")
        await self._changes.update(context, person_id, request.user, request.authenticationRequest)
        return ReplyInfo(statusMessage=_OK)

    async def update_profile(self, context: Context, request: UserProfileUpdateRequest) -> ReplyInfo:
        if request.userProfile is None:
            raise Invalid(ErrorCode.REQUIRED, "userProfile")
        draft = person_draft(User(userProfile=request.userProfile))
        person_id = request.userId or own_id(context)
        await self._administration.update(context.caller, person_id, draft, AccessDraft())
        return ReplyInfo(statusMessage=_OK)

    async def get_locale(self, context: Context, request: UserGetLocaleRequest) -> Reply:
        person_id = request.userId or own_id(context)
        person = await self._administration.languages(context.caller, person_id)
        return UserGetLocaleReply(locale=locale_message(person))

    async def destroy(self, context: Context, request: UserDestroyRequest) -> ReplyInfo:
        if request.companyId and request.companyId != context.caller.company_id:
            raise NotFound(ErrorCode.ORGANIZATION_NOT_FOUND, "organization_id", id=request.companyId[:100])
        await self._administration.destroy(context.caller, required(request.userId, "userId"))
        return ReplyInfo(statusMessage=_OK)


def _metadata(request: AuthenticationRequest | None) -> dict[str, str]:
    return request.metadata if request is not None else {}
