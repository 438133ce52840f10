"""People and their permissions in the administration, between messages and the domain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import UNSET, UnsetType

from switchroom.accounts.inviting import InvitationDraft
from switchroom.accounts.person_drafts import AccessDraft, PersonDraft
from switchroom.dialects.alfaview_v1.errors import Unimplemented
from switchroom.dialects.alfaview_v1.messages.authentication import (
    AccountStatus,
    ActivationTokenCredentials,
    AuthenticationRequest,
)
from switchroom.dialects.alfaview_v1.messages.common import Locale, User, UserProfile
from switchroom.errors import ErrorCode, Invalid, NotFound
from switchroom.identity.models import Membership, Person
from switchroom.identity.permissions import Administration

_ENABLED: Mapping[AccountStatus, bool | UnsetType] = {
    AccountStatus.DEFAULT: UNSET,
    AccountStatus.ACTIVATED: True,
    AccountStatus.DEACTIVATED: False,
    AccountStatus.LOCKED: False,
}
_RESEND = ActivationTokenCredentials(resendInvitation=True)
_NUMBERED = {str(one.bit_length() - 1): one for one in Administration}


def user_message(person: Person, membership: Membership) -> User:
    return User(
        email=person.email,
        metadata=dict(membership.properties),
        userProfile=UserProfile(firstname=person.first_name, lastname=person.last_name, title=person.title),
        locale=locale_message(person),
    )


def locale_message(person: Person) -> Locale:
    return Locale(UILanguage=person.locale, spokenLanguages=list(person.spoken_languages))


def person_draft(user: User | None, metadata: Mapping[str, str] | None = None) -> PersonDraft:
    """A profile or locale that is sent counts as a whole; an empty `UILanguage` is none. `metadata` is more
    of it."""
    if user is None:
        return PersonDraft(properties=metadata or {})
    profile, locale = user.userProfile, user.locale
    return PersonDraft(
        email=user.email or UNSET,
        first_name=profile.firstname if profile else UNSET,
        last_name=profile.lastname if profile else UNSET,
        title=profile.title if profile else UNSET,
        language=(locale and locale.UILanguage) or UNSET,
        spoken_languages=locale.spokenLanguages if locale else UNSET,
        properties={**user.metadata, **(metadata or {})},
    )


def invitation_draft(
    user: User | None, room_ids: Sequence[str] = (), permission_group_id: str = ""
) -> InvitationDraft:
    user = user or User()
    profile, locale = user.userProfile or UserProfile(), user.locale or Locale()
    return InvitationDraft(
        email=user.email,
        first_name=profile.firstname,
        last_name=profile.lastname,
        title=profile.title,
        language=locale.UILanguage,
        spoken_languages=locale.spokenLanguages,
        properties=user.metadata,
        room_ids=room_ids,
        permission_group_id=permission_group_id,
    )


def resends_invitation(request: AuthenticationRequest | None) -> bool:
    """Whether an invitation is to be sent again."""
    return request is not None and request.activationTokenCredentials == _RESEND


def access_draft(
    request: AuthenticationRequest | None, company_id: str, *, may_resend: bool = False
) -> AccessDraft:
    """`may_resend` is whether an invitation can be sent again by the request. Raises Unimplemented for
    credentials that are not a user name and a password, NotFound for those of another company than the
    caller's."""
    if request is None:
        return AccessDraft()
    resends = may_resend and resends_invitation(request)
    for others in (
        request.authorizationCodeCredentials,
        request.refreshTokenCredentials,
        request.ldapCredentials,
        None if resends else request.activationTokenCredentials,
        request.companySwitchCredentials,
        request.magicTokenCredentials,
    ):
        if others is not None:
            raise Unimplemented(type(others).__name__)
    credentials = request.usernamePasswordCredentials
    if credentials and credentials.companyId not in ("", company_id):
        raise NotFound(ErrorCode.ORGANIZATION_NOT_FOUND, "organization_id", id=credentials.companyId[:100])
    if request.accountStatus not in _ENABLED:
        raise Invalid(ErrorCode.ACCOUNT_STATUS_NOT_GIVEN, "accountStatus")
    return AccessDraft(
        username=(credentials and credentials.username) or UNSET,
        password=(credentials and credentials.password) or UNSET,
        enabled=_ENABLED[request.accountStatus],
        permissions=administration_of(request.permissions),
    )


def administration_of(permissions: Mapping[str, bool]) -> Mapping[Administration, bool]:
    """Permissions by their numbers in BackendPermission, or by their names there. Raises Invalid."""
    return {_permission(key): is_given for key, is_given in permissions.items()}


def permission_numbers(administration: int) -> dict[str, bool]:
    """The permissions by their numbers in BackendPermission, as text."""
    return {str(one.bit_length() - 1): True for one in Administration(administration)}


def _permission(key: str) -> Administration:
    known = _NUMBERED.get(key) or Administration.__members__.get(key)
    if known is not None:
        return known
    raise Invalid(ErrorCode.PERMISSION_UNKNOWN, "administration", permission=key[:50])
