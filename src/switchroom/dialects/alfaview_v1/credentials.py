"""`authenticationService`: what people sign in with, listed, made and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from switchroom.accounts.person_drafts import PersonDraft
from switchroom.dialects.alfaview_v1.changes_of_people import ChangesOfPeople
from switchroom.dialects.alfaview_v1.messages.authentication import (
    AccountStatus,
    AuthenticationCreateReply,
    AuthenticationCreateRequest,
    AuthenticationInformationReply,
    AuthenticationInformationRequest,
    AuthenticationMethodInformation,
    AuthenticationUpdateReply,
    AuthenticationUpdateRequest,
    AuthMethodInfoList,
    ListAuthenticationsReply,
    ListAuthenticationsRequest,
)
from switchroom.dialects.alfaview_v1.messages.common import AuthenticationMethodType, Reply
from switchroom.dialects.alfaview_v1.messages.scalars import UInt32
from switchroom.dialects.alfaview_v1.operations import Context, operation, own_id
from switchroom.dialects.alfaview_v1.people import access_draft, permission_numbers
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid
from switchroom.identity.credentials import (
    Credential,
    CredentialFilter,
    CredentialKind,
    CredentialState,
)

_TYPES = {
    CredentialKind.PASSWORD: AuthenticationMethodType.USERNAME_PASSWORD,
    CredentialKind.API_KEY: AuthenticationMethodType.AUTHORIZATION_CODE,
}
_KINDS = {kind_type.value: kind for kind, kind_type in _TYPES.items()}
_STATUSES: Mapping[CredentialState, AccountStatus] = {
    CredentialState.ACTIVE: AccountStatus.ACTIVATED,
    CredentialState.DISABLED: AccountStatus.DEACTIVATED,
    CredentialState.INVITED: AccountStatus.PENDING,
}
_STATES = {
    AccountStatus.ACTIVATED: CredentialState.ACTIVE,
    AccountStatus.DEACTIVATED: CredentialState.DISABLED,
    AccountStatus.LOCKED: CredentialState.DISABLED,
    AccountStatus.PENDING: CredentialState.INVITED,
}


class CredentialsService:
    def __init__(self, services: Services) -> None:
        self._credentials = services.credentials
        self._administration = services.people_administration
        self._changes = ChangesOfPeople(services)

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "authenticationService/authenticationCreate",
                AuthenticationCreateRequest,
                AuthenticationCreateReply,
                self.create,
                "Make somebody who signs in with a user name and a password.",
            ),
            operation(
                "authenticationService/authenticationUpdate",
                AuthenticationUpdateRequest,
                AuthenticationUpdateReply,
                self.update,
                "Change what somebody signs in with, their permissions and whether they get in.",
            ),
            operation(
                "authenticationService/authenticationInformation",
                AuthenticationInformationRequest,
                AuthenticationInformationReply,
                self.information,
                "What somebody signs in with and may do, oneself without `userId`.",
            ),
            operation(
                "authenticationService/listAuthentications",
                ListAuthenticationsRequest,
                ListAuthenticationsReply,
                self.list,
                "What people of the company sign in with, a page at a time; with "
                "`onlyEligibleForCompanySwitch` what oneself has in each company.",
            ),
        ]

    async def create(self, context: Context, request: AuthenticationCreateRequest) -> Reply:
        if request.authenticationRequest is None:
            raise Invalid(ErrorCode.REQUIRED, "authenticationRequest")
        access = access_draft(request.authenticationRequest, context.caller.company_id)
        draft = PersonDraft(properties=request.authenticationRequest.metadata)
        user_id = await self._administration.create(context.caller, draft, access)
        return AuthenticationCreateReply(userId=user_id)

    async def update(self, context: Context, request: AuthenticationUpdateRequest) -> Reply:
        if request.authenticationRequest is None and not request.removeAll:
            raise Invalid(ErrorCode.REQUIRED, "authenticationRequest")
        await self._changes.update(
            context,
            request.userId or own_id(context),
            None,
            request.authenticationRequest,
            removes_credentials=request.removeAll,
        )
        return AuthenticationUpdateReply(requestId=context.request_id, statusMessage="OK")

    async def information(self, context: Context, request: AuthenticationInformationRequest) -> Reply:
        found = await self._credentials.of(context.caller, request.userId)
        method = _method(found)
        return AuthenticationInformationReply(
            userId=method.userId,
            permissions=method.permissions,
            authenticationMethodInformation={method.type: method},
        )

    async def list(self, context: Context, request: ListAuthenticationsRequest) -> Reply:
        asked = CredentialFilter(
            principals=request.principal,
            person_ids=request.userIdList,
            states=[_STATES[one] for one in request.accountStatus if one in _STATES],
            kinds=[_KINDS.get(one, one) for one in request.keyType],
            company_ids=request.companyId,
            own=request.onlyEligibleForCompanySwitch,
        )
        found, total = await self._credentials.list(
            context.caller, asked, limit=request.limit, offset=request.offset
        )
        if request.accountStatus and not asked.states:
            return ListAuthenticationsReply()  # nobody is in any of these states
        results: dict[str, AuthMethodInfoList] = {}
        for one in found:
            results.setdefault(one.subject_id, AuthMethodInfoList()).methods.append(_method(one))
        return ListAuthenticationsReply(maxOffset=UInt32(total), results=results)


def _method(credential: Credential) -> AuthenticationMethodInformation:
    return AuthenticationMethodInformation(
        type=_TYPES[credential.kind].value,
        principal=credential.principal,
        companyId=credential.company_id,
        userId=credential.subject_id,
        permissions=permission_numbers(credential.administration),
        accountStatus=_STATUSES[credential.state],
        metadata=credential.properties,
    )
