"""`authenticationService`: from credentials to access tokens."""

from __future__ import annotations

import time
from collections.abc import Sequence
from email.utils import formatdate

from switchroom.dialects.alfaview_v1.errors import Unimplemented
from switchroom.dialects.alfaview_v1.messages.authentication import (
    AccessTokenInformationRequest,
    Account,
    AccountStatus,
    ActivationTokenCredentials,
    AuthenticationReply,
    AuthenticationRequest,
    AuthorizationCodeCredentials,
    CompanySwitchCredentials,
    RefreshTokenCredentials,
    UsernamePasswordCredentials,
)
from switchroom.dialects.alfaview_v1.messages.common import AccessInfo, Reply, ReplyInfo
from switchroom.dialects.alfaview_v1.messages.scalars import Int64
from switchroom.dialects.alfaview_v1.operations import (
    Context,
    operation,
    required,
    standard_base64,
)
from switchroom.dialects.operation import DEVICE_COOKIE, OPEN, Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid, LinkNotFound
from switchroom.identity.authentication import SignedIn
from switchroom.identity.devices import DEVICE_FORGOTTEN_AFTER
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken, SubjectKind

_WELCOME = "You were authenticated successfully"


class AuthenticationService:
    def __init__(self, services: Services) -> None:
        self._authentication = services.authentication
        self._invitations = services.member_invitations
        self._signer = services.signer
        self._secure = services.cookie_secure

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "authenticationService/authenticate",
                AuthenticationRequest,
                AuthenticationReply,
                self.authenticate,
                "Sign in with one kind of credentials; sets the cookie `auth`, a refresh token, and for a "
                "page that signs in with a password the cookie `device`, by which it is known the next time.",
                access=OPEN,
            ),
            operation(
                "authenticationService/isAuthenticated",
                AccessInfo,
                ReplyInfo,
                self.is_authenticated,
                "Whether an access token is good. Request and reply are the inner messages by themselves.",
            ),
            operation(
                "authenticationService/accessTokenInformation",
                AccessTokenInformationRequest,
                AuthenticationReply,
                self.access_token_information,
                "Whose an access token is, what it allows, until when, and which companies are open to them.",
            ),
        ]

    async def authenticate(self, context: Context, request: AuthenticationRequest) -> Reply:
        signed_in = await self._sign_in(context, request)
        if signed_in.refresh_token:
            context.headers.append(
                self._cookie("auth", signed_in.refresh_token, signed_in.refresh_expires_in)
            )
        if signed_in.device:
            lifetime = int(DEVICE_FORGOTTEN_AFTER.total_seconds())
            context.headers.append(self._cookie(DEVICE_COOKIE, signed_in.device, lifetime))
        reply = _reply(signed_in.claims, signed_in.accessible)
        reply.accessToken = signed_in.token
        return reply

    async def is_authenticated(self, context: Context, request: AccessInfo) -> ReplyInfo:
        return ReplyInfo(statusMessage=_WELCOME)

    async def access_token_information(
        self, context: Context, request: AccessTokenInformationRequest
    ) -> Reply:
        claims = context.caller
        return _reply(claims, await self._authentication.accessible(claims))

    async def _sign_in(self, context: Context, request: AuthenticationRequest) -> SignedIn:
        given = [
            credentials
            for credentials in (
                request.usernamePasswordCredentials,
                request.authorizationCodeCredentials,
                request.refreshTokenCredentials,
                request.companySwitchCredentials,
                request.ldapCredentials,
                request.activationTokenCredentials,
                request.magicTokenCredentials,
            )
            if credentials is not None
        ]
        if len(given) != 1:
            raise Invalid(ErrorCode.CREDENTIALS_AMBIGUOUS, "usernamePasswordCredentials")
        match given[0]:
            case UsernamePasswordCredentials() as password:
                device = context.cookie(DEVICE_COOKIE)
                return await self._authentication.with_password(
                    password.username,
                    password.password,
                    password.companyId or None,
                    context.address,
                    device if device or context.is_page else None,
                )
            case AuthorizationCodeCredentials() as key:
                company_id = required(key.companyId, "authorizationCodeCredentials.companyId")
                return await self._authentication.with_api_key(
                    key.clientId, key.code, company_id, context.address
                )
            case RefreshTokenCredentials() as refresh:
                return await self._authentication.with_refresh_token(
                    refresh.refreshToken or context.cookie("auth"), refresh.companyId or None, context.address
                )
            case ActivationTokenCredentials() as activation:
                return await self._activate(context, request, activation)
            case CompanySwitchCredentials() as switch:
                return await self._switch(context, request, switch)
            case other:
                raise Unimplemented(type(other).__name__)

    async def _activate(
        self, context: Context, request: AuthenticationRequest, activation: ActivationTokenCredentials
    ) -> SignedIn:
        """The key of an invitation's link brings a token that accepts the invitation, and nothing else."""
        key = required(
            activation.activationToken or activation.code, "activationTokenCredentials.activationToken"
        )
        own = request.accessInfo.accessToken if request.accessInfo else ""
        claims = await self._invitations.sign_in(key, standard_base64(own) if own else "", context.address)
        if activation.companyId and activation.companyId != claims.company_id:
            raise LinkNotFound
        return SignedIn(self._signer.sign(claims), claims, "", 0, [])

    async def _switch(
        self, context: Context, request: AuthenticationRequest, switch: CompanySwitchCredentials
    ) -> SignedIn:
        company_id = required(switch.companyId, "companySwitchCredentials.companyId")
        token = switch.accessToken or (request.accessInfo.accessToken if request.accessInfo else "")
        refresh_token = switch.refreshToken or context.cookie("auth")
        if token:
            return await self._authentication.switch(standard_base64(token), company_id, refresh_token)
        return await self._authentication.with_refresh_token(refresh_token, company_id, context.address)

    def _cookie(self, name: str, value: str, lifetime: int) -> tuple[bytes, bytes]:
        """The header that sets a cookie for so many seconds."""
        expires = formatdate(time.time() + lifetime, usegmt=True)
        secure = "; Secure" if self._secure else ""
        cookie = f"{name}={value}; Path=/; Expires={expires}; HttpOnly{secure}; SameSite=Lax"
        return b"set-cookie", cookie.encode()


def _reply(claims: AccessToken, accessible: Sequence[str]) -> AuthenticationReply:
    return AuthenticationReply(
        expiresAt=Int64(claims.expires_at),
        userId=claims.subject_id,
        permissions={
            str(permission.bit_length() - 1): True for permission in Administration(claims.administration)
        },
        accountStatus=AccountStatus.PENDING
        if claims.kind is SubjectKind.INVITEE
        else AccountStatus.ACTIVATED,
        companyId=claims.company_id,
        accessibleAccounts=[Account(company_id) for company_id in accessible],
    )
