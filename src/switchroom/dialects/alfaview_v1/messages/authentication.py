"""Messages of the package `authentication`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct, field

from switchroom.dialects.alfaview_v1.messages.common import (
    AccessToken,
    Reply,
    ReplyStatusCode,
    Request,
    TrackingInfo,
)
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, UInt32, WireEnum
from switchroom.identity.people import MOST_PEOPLE
from switchroom.identity.usernames import LONGEST_USERNAME

_Names = Annotated[list[str], Meta(max_length=MOST_PEOPLE)]


class AccountStatus(WireEnum):
    DEFAULT = "DEFAULT", 0
    ACTIVATED = "ACTIVATED", 1
    DEACTIVATED = "DEACTIVATED", 2
    LOCKED = "LOCKED", 3
    PENDING = "PENDING", 4
    DELETED = "DELETED", 5


class UsernamePasswordCredentials(Struct, omit_defaults=True):
    username: str = ""
    password: str = ""
    companyId: str = ""
    current: str = ""
    passwordResetToken: str = ""


class AuthorizationCodeCredentials(Struct, omit_defaults=True):
    clientId: str = ""
    code: str = ""
    companyId: str = ""
    redirectUri: str = ""
    currentCode: str = ""


class RefreshTokenCredentials(Struct, omit_defaults=True):
    refreshToken: str = ""
    companyId: str = ""


class CompanySwitchCredentials(Struct, omit_defaults=True):
    accessToken: str = ""
    refreshToken: str = ""
    companyId: str = ""


class LdapCredentials(Struct, omit_defaults=True):
    username: str = ""
    password: str = ""
    companyId: str = ""
    bindDN: str = ""
    searchDN: str = ""


class ActivationTokenCredentials(Struct, omit_defaults=True):
    activationToken: str = ""
    code: str = ""
    companyId: str = ""
    expiry: Int64 = Int64(0)
    keyType: str = ""
    principal: str = ""
    resendInvitation: bool = False


class MagicTokenCredentials(Struct, omit_defaults=True):
    magicToken: str = ""


class Account(Struct, omit_defaults=True):
    companyId: str = ""


class AuthenticationRequest(Request):
    """Credentials to sign in with, or to give to a person. `permissions`, `accountStatus` and `metadata` are
    given by administrators of people; a caller who signs in has no use for them."""

    requestId: str = ""
    usernamePasswordCredentials: UsernamePasswordCredentials | None = None
    authorizationCodeCredentials: AuthorizationCodeCredentials | None = None
    refreshTokenCredentials: RefreshTokenCredentials | None = None
    ldapCredentials: LdapCredentials | None = None
    activationTokenCredentials: ActivationTokenCredentials | None = None
    companySwitchCredentials: CompanySwitchCredentials | None = None
    magicTokenCredentials: MagicTokenCredentials | None = None
    permissions: dict[str, bool] = {}
    accountStatus: AccountStatus = AccountStatus.DEFAULT
    metadata: dict[str, str] = {}


class AuthenticationReply(Reply):
    """`permissions` maps the numbers of BackendPermission, as text, to true."""

    accessToken: str = ""
    expiresAt: Int64 = Int64(0)
    refreshToken: str = ""
    userId: str = ""
    permissions: dict[str, bool] = {}
    accountStatus: AccountStatus = AccountStatus.DEFAULT
    companyId: str = ""
    accessibleAccounts: list[Account] = []


class AccessTokenInformationRequest(Request):
    pass


class SignAccessTokenRequest(Request):
    """The token to sign: its `permissions` are what it has, none without any; it is good until `expiresAt`,
    no longer than the one of `accessInfo`, whose person and company are its own."""

    accessToken: AccessToken | None = None


class IdentityProvider(Struct, omit_defaults=True):
    id: str = ""
    url: str = ""
    label: str = ""
    iconURL: str = ""


class ListIdentityProvidersRequest(Request):
    domain: str = ""


class ListIdentityProvidersReply(Reply):
    identityProviders: list[IdentityProvider] = []


class PasswordResetRequest(Request):
    username: Annotated[str, Meta(max_length=LONGEST_USERNAME)] = ""
    companyId: Annotated[str, Meta(max_length=100)] = ""


class PasswordResetReply(Reply):
    """The same for every name, so that nobody learns which there are: nothing but `replyInfo` is ever set."""

    userId: str = ""
    passwordResetToken: str = ""
    trackingInfo: TrackingInfo | None = None


class AuthenticationMethodInformation(Struct, omit_defaults=True):
    """Credentials of a person: `type` is a name of AuthenticationMethodType, `principal` a user name."""

    type: str = ""
    principal: str = ""
    companyId: str = ""
    userId: str = ""
    permissions: dict[str, bool] = {}
    accountStatus: AccountStatus = AccountStatus.DEFAULT
    metadata: dict[str, str] = {}


def _no_methods() -> list[AuthenticationMethodInformation]:
    return []


class AuthMethodInfoList(Struct, omit_defaults=True):
    methods: list[AuthenticationMethodInformation] = field(default_factory=_no_methods, name="list")


class AuthenticationInformationRequest(Request):
    userId: str = ""


class AuthenticationInformationReply(Reply):
    """`authenticationMethodInformation` is by its type."""

    userId: str = ""
    permissions: dict[str, bool] = {}
    authenticationMethodInformation: dict[str, AuthenticationMethodInformation] = {}


class ListAuthenticationsRequest(Request):
    limit: UInt32 = UInt32(0)
    offset: UInt32 = UInt32(0)
    principal: _Names = []
    userIdList: _Names = []
    accountStatus: Annotated[list[AccountStatus], Meta(max_length=100)] = []
    keyType: Annotated[list[str], Meta(max_length=100)] = []
    companyId: _Names = []
    onlyEligibleForCompanySwitch: bool = False


class ListAuthenticationsReply(Reply):
    """`results` are by user id, `maxOffset` is how many there are in all."""

    maxOffset: UInt32 = UInt32(0)
    results: dict[str, AuthMethodInfoList] = {}


class AuthenticationCreateRequest(Request):
    authenticationRequest: AuthenticationRequest | None = None


class AuthenticationCreateReply(Reply):
    userId: str = ""
    trackingInfo: TrackingInfo | None = None


class AuthenticationUpdateRequest(Request):
    """`removeAll` takes away what the person signs in with so far."""

    removeAll: bool = False
    userId: str = ""
    authenticationRequest: AuthenticationRequest | None = None


class AuthenticationUpdateReply(Reply):
    """Beside `replyInfo` its fields stand in the reply itself."""

    requestId: str = ""
    statusCode: ReplyStatusCode = ReplyStatusCode.OK
    statusMessage: str = ""
    trackingInfo: TrackingInfo | None = None


class SendCompanyDeletionEmailRequest(Request):
    pass


class SendCompanyDeletionEmailReply(Reply):
    pass


class CreateMagicTokenRequest(Request):
    """`refreshToken` is that of the sign-in, left out where the cookie `auth` comes along."""

    refreshToken: str = ""
    vanitySubdomain: str = ""


class CreateMagicTokenReply(Reply):
    launchURL: str = ""
    magicToken: str = ""
