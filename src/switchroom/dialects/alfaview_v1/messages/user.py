"""Messages of the package `user`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from switchroom.dialects.alfaview_v1.messages.authentication import AuthenticationRequest
from switchroom.dialects.alfaview_v1.messages.common import Locale, Reply, Request, User, UserProfile
from switchroom.identity.people import MOST_PEOPLE


class UserListRequest(Request):
    userIdList: Annotated[list[str], Meta(max_length=MOST_PEOPLE)] = []
    returnUserIdsOnly: bool = False


class UserListReply(Reply):
    users: dict[str, User] = {}
    userIdList: list[str] = []


class UserCreateRequest(Request):
    user: User | None = None
    authenticationRequest: AuthenticationRequest | None = None


class UserCreateReply(Reply):
    userId: str = ""


class UserUpdateRequest(Request):
    user: User | None = None
    userId: str = ""
    authenticationRequest: AuthenticationRequest | None = None


class UserDestroyRequest(Request):
    userId: str = ""
    companyId: str = ""


class UserProfileUpdateRequest(Request):
    userId: str = ""
    userProfile: UserProfile | None = None


class UserGetLocaleRequest(Request):
    userId: str = ""


class UserGetLocaleReply(Reply):
    locale: Locale | None = None


class UserInviteRequest(Request):
    email: str = ""
    userProfile: UserProfile | None = None
    locale: Locale | None = None


class UserInviteReply(Reply):
    userId: str = ""


class UserAcceptInvitationRequest(Request):
    pass


class UserAcceptInvitationReply(Reply):
    pass
