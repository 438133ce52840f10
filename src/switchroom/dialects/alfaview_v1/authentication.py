"""`authenticationService`: from credentials to access tokens."""

from __future__ import annotations

import time
from collections.abc import Sequence
from email.utils import formatdate

from msgspec import Struct

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
    CreateMagicTokenReply,
    CreateMagicTokenRequest,
    ListIdentityProvidersReply,
    ListIdentityProvidersRequest,
    MagicTokenCredentials,
    PasswordResetReply,
    PasswordResetRequest,
    RefreshTokenCredentials,
    SendCompanyDeletionEmailReply,
    SendCompanyDeletionEmailRequest,
    SignAccessTokenRequest,
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
from switchroom.dialects.alfaview_v1.people import administration_of, permission_numbers
from switchroom.dialects.operation import DEVICE_COOKIE, OPEN, Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Forbidden, Invalid, LinkNotFound, NotFound
from switchroom.identity.authentication import SignedIn
from switchroom.identity.devices import DEVICE_FORGOTTEN_AFTER
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.identity.usernames import folded

_ACTIVATION_TOKEN = "activationTokenCredentials.activationToken"  # noqa: S105
_DELETION = "COMPANY_DELETION"
"""The type of the key in the mail by which a company is deleted."""

_WELCOME = "You were authenticated successfully"


class AuthenticationService:
    def __init__(self, services: Services) -> None:
        self._authentication = services.authentication
        self._invitations = services.member_invitations
        self._deletions = services.deletions
        self._magic_tokens = services.magic_tokens
        self._password_links = services.password_links
        self._password_resets = services.password_resets
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
            operation(
                "authenticationService/signAccessToken",
                SignAccessTokenRequest,
                AuthenticationReply,
                self.sign_access_token,
                "A token of the caller's with fewer permissions or a shorter life, to hand on.",
            ),
            operation(
                "authenticationService/listIdentityProviders",
                ListIdentityProvidersRequest,
                ListIdentityProvidersReply,
                self.list_identity_providers,
                "The identity providers of a domain; there are none.",
            ),
            operation(
                "authenticationService/createMagicToken",
                CreateMagicTokenRequest,
                CreateMagicTokenReply,
                self.create_magic_token,
                "A token that signs the caller in elsewhere by `magicTokenCredentials`, once and within two "
                "minutes, and the page that does so.",
            ),
            operation(
                "authenticationService/sendCompanyDeletionEmail",
                SendCompanyDeletionEmailRequest,
                SendCompanyDeletionEmailReply,
                self.send_company_deletion_email,
                "Mail the caller a link by which they delete their company.",
            ),
            operation(
                "authenticationService/requestPasswordReset",
                PasswordResetRequest,
                PasswordResetReply,
                self.request_password_reset,
                "Mail a link to whoever has the name; the answer is the same when nobody has.",
                access=OPEN,
            ),
        ]

    async def authenticate(self, context: Context, request: AuthenticationRequest) -> Reply:
        """Sign the caller in. With `resendInvitation` the invitation is sent again, and nobody is signed
        in."""
        given = _credentials(request)
        if isinstance(given, ActivationTokenCredentials) and given.resendInvitation:
            key = required(given.activationToken or given.code, _ACTIVATION_TOKEN)
            person_id, company_id = await self._invitations.resend_by_link(
                key, context.address, given.companyId
            )
            return AuthenticationReply(
                userId=person_id, companyId=company_id, accountStatus=AccountStatus.PENDING
            )
        signed_in = await self._sign_in(context, request, given)
        if signed_in.refresh_token:
            context.headers.append(
                self._cookie("auth", signed_in.refresh_token, signed_in.refresh_expires_in)
            )
        elif request.magicTokenCredentials is not None:
            # The browser must not go on as whoever signed in before, whose cookie it may still have.
            context.headers.append(self._cookie("auth", "", 0))
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

    async def sign_access_token(self, context: Context, request: SignAccessTokenRequest) -> Reply:
        claims, wanted = context.caller, request.accessToken
        if claims.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        if wanted is None:
            raise Invalid(ErrorCode.REQUIRED, "accessToken")
        if wanted.companyId and wanted.companyId != claims.company_id:
            raise NotFound(ErrorCode.ORGANIZATION_NOT_FOUND, "organization_id", id=wanted.companyId[:100])
        if wanted.userId and wanted.userId != claims.subject_id:
            raise Forbidden(ErrorCode.OWN_TOKEN_ONLY)
        if wanted.isGuest or wanted.basePermissionsId:
            path = "isGuest" if wanted.isGuest else "basePermissionsId"
            raise Invalid(ErrorCode.TOKEN_OF_GUESTS_BY_LINK, path)
        signed = self._authentication.narrowed(
            claims, administration_of(wanted.permissions), int(wanted.expiresAt) or None
        )
        reply = _reply(signed.claims, signed.accessible)
        reply.accessToken = signed.token
        return reply

    async def list_identity_providers(self, context: Context, request: ListIdentityProvidersRequest) -> Reply:
        if context.caller.is_guest:
            raise Forbidden(ErrorCode.NOT_FOR_GUESTS)
        return ListIdentityProvidersReply()

    async def create_magic_token(self, context: Context, request: CreateMagicTokenRequest) -> Reply:
        """Make a magic token. Its address has no vanity subdomain: there are none."""
        refresh_token = request.refreshToken or context.cookie("auth")
        made = await self._magic_tokens.create(context.caller, refresh_token)
        return CreateMagicTokenReply(launchURL=made.address, magicToken=made.token)

    async def send_company_deletion_email(
        self, context: Context, request: SendCompanyDeletionEmailRequest
    ) -> Reply:
        await self._deletions.ask(context.caller)
        return SendCompanyDeletionEmailReply()

    async def request_password_reset(self, context: Context, request: PasswordResetRequest) -> Reply:
        username = required(request.username, "username")
        self._password_resets.ask_for(username, context.address, request.companyId)
        return PasswordResetReply()

    async def _sign_in(
        self, context: Context, request: AuthenticationRequest, credentials: Struct
    ) -> SignedIn:
        match credentials:
            case UsernamePasswordCredentials() as password:
                username = password.username
                if password.passwordResetToken:
                    username = await self._reset_password(context, password)
                device = context.cookie(DEVICE_COOKIE)
                return await self._authentication.with_password(
                    username,
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
            case MagicTokenCredentials() as magic:
                return await self._magic_tokens.sign_in(magic.magicToken, context.address)
            case other:
                raise Unimplemented(type(other).__name__)

    async def _reset_password(self, context: Context, credentials: UsernamePasswordCredentials) -> str:
        """Set the password by the key of the link that was mailed, once. Returns the user name."""
        key = credentials.passwordResetToken
        known = await self._password_links.look_up(key, context.address)
        if credentials.username and folded(credentials.username) != known.username:
            raise LinkNotFound
        return await self._password_links.set_password(key, credentials.password, context.address)

    async def _activate(
        self, context: Context, request: AuthenticationRequest, activation: ActivationTokenCredentials
    ) -> SignedIn:
        """The key of an invitation's link brings a token that accepts the invitation, and nothing else."""
        key = required(activation.activationToken or activation.code, _ACTIVATION_TOKEN)
        own = request.accessInfo.accessToken if request.accessInfo else ""
        if activation.keyType == _DELETION:
            claims = await self._deletions.confirm(key, standard_base64(own), context.address)
            return SignedIn(self._signer.sign(claims), claims, "", 0, [claims.company_id])
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


def _credentials(request: AuthenticationRequest) -> Struct:
    """Raises Invalid unless there is one kind of them."""
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
    return given[0]


def _reply(claims: AccessToken, accessible: Sequence[str]) -> AuthenticationReply:
    return AuthenticationReply(
        expiresAt=Int64(claims.expires_at),
        userId=claims.subject_id,
        permissions=permission_numbers(claims.administration),
        accountStatus=AccountStatus.PENDING
        if claims.kind is SubjectKind.INVITEE
        else AccountStatus.ACTIVATED,
        companyId=claims.company_id,
        accessibleAccounts=[Account(company_id) for company_id in accessible],
    )
