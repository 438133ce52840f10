"""Messages of the package `authentication`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from msgspec import Struct

from switchroom.dialects.alfaview_v1.messages.common import Reply, Request
from switchroom.dialects.alfaview_v1.messages.scalars import Int64, WireEnum


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
    """`permissions`, `accountStatus` and `metadata` are said of people by who administers them; whoever signs
    in has no use for them."""

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
