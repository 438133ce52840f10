"""Every operation that the server carries out, with a request that succeeds."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.mail.outbox import deletion_key, invitation_key
from tests.platform import PASSWORD, Tenant

Body = dict[str, Any]


def _room_of(tenant: Tenant) -> str:
    return tenant.room("Lounge")


def _in_days(days: int, hours: int = 0) -> str:
    return (datetime.now(UTC) + timedelta(days=days, hours=hours)).isoformat()


def _meeting_of(tenant: Tenant) -> str:
    wish = {"title": "Planning", "start": _in_days(1), "end": _in_days(1, hours=1)}
    return tenant.api("meetingService/create", meeting=wish)["meetingId"]


def invitee_token(tenant: Tenant) -> str:
    """The token of somebody who has been invited and has not accepted."""
    email = f"{secrets.token_hex(6)}@example.org"
    tenant.api("userService/invite", email=email)
    credentials = {"activationTokenCredentials": {"activationToken": invitation_key(tenant.running, email)}}
    return tenant.api.post("authenticationService/authenticate", credentials).json()["accessToken"]


def tasks_of_mails(tenant: Tenant) -> str:
    """A task that ends soon."""
    link = tenant.guest_link(_room_of(tenant))
    sent = tenant.api("guestService.v2/resendGuestLinkEmail", id=link["id"])
    return sent["trackingInfo"]["taskId"]


def confirmed_deletion(tenant: Tenant) -> Body:
    """For an administrator who has shown the key in the mail."""
    tenant.api("authenticationService/sendCompanyDeletionEmail")
    key = deletion_key(tenant.running, tenant.administrator.username)
    credentials = {"activationToken": key, "keyType": "COMPANY_DELETION"}
    body = {"activationTokenCredentials": credentials, "accessInfo": {"accessToken": tenant.token}}
    assert tenant.api.post("authenticationService/authenticate", body).status_code == 200
    return {"companyId": tenant.company_id}


CALLS: dict[str, Callable[[Tenant], Body]] = {
    "authenticationService/accessTokenInformation": lambda tenant: {},
    "authenticationService/signAccessToken": lambda tenant: {
        "accessToken": {
            "userId": tenant.administrator.id,
            "companyId": tenant.company_id,
            "expiresAt": "4102444800",
            "permissions": {"4": True},
            "displayName": "Ada",
        }
    },
    "authenticationService/createMagicToken": lambda tenant: {
        "refreshToken": "",
        "vanitySubdomain": "acme",
    },
    "authenticationService/sendCompanyDeletionEmail": lambda tenant: {},
    "companyService/destroy": confirmed_deletion,
    "businessLogicService/companies/destroy": confirmed_deletion,
    "authenticationService/listIdentityProviders": lambda tenant: {"domain": "example.org"},
    "authenticationService/authenticationCreate": lambda tenant: {
        "authenticationRequest": {
            "usernamePasswordCredentials": {
                "username": secrets.token_hex(6),
                "password": PASSWORD,
                "companyId": tenant.company_id,
            },
            "permissions": {"4": True},
            "accountStatus": "ACTIVATED",
            "metadata": {"staff": "7"},
        }
    },
    "authenticationService/authenticationUpdate": lambda tenant: {
        "userId": tenant.person().id,
        "removeAll": False,
        "authenticationRequest": {
            "usernamePasswordCredentials": {"username": secrets.token_hex(6), "password": PASSWORD + "!"},
            "permissions": {"10": True},
        },
    },
    "authenticationService/authenticationInformation": lambda tenant: {"userId": tenant.person().id},
    "authenticationService/listAuthentications": lambda tenant: {
        "limit": 10,
        "offset": 0,
        "principal": [tenant.administrator.username],
        "userIdList": [tenant.administrator.id],
        "accountStatus": ["ACTIVATED"],
        "keyType": ["USERNAME_PASSWORD"],
        "companyId": [tenant.company_id],
        "onlyEligibleForCompanySwitch": False,
    },
    "companyService/get": lambda tenant: {"companyId": tenant.company_id},
    "companyService/search": lambda tenant: {
        "term": "acme",
        "continue": "",
        "limit": 10,
        "orderByMostRecent": True,
    },
    "companyService/create": lambda tenant: {
        "company": {"displayName": "New", "metadata": {"a": "b"}, "planId": "basic"},
        "userCreateRequest": {
            "user": {
                "email": f"{secrets.token_hex(6)}@example.org",
                "userProfile": {"firstname": "Grace", "lastname": "Hopper"},
            },
            "authenticationRequest": {
                "usernamePasswordCredentials": {"username": secrets.token_hex(6), "password": PASSWORD}
            },
        },
    },
    "companyService/update": lambda tenant: {
        "companyId": tenant.company_id,
        "company": {
            "displayName": "Renamed",
            "ownerId": tenant.administrator.id,
            "metadata": {"a": "b"},
            "branding": {
                "title": "Renamed",
                "navbarBg": "#1864ab",
                "logoURL": "https://example.org/logo.png",
                "logoHeight": "40",
                "enabled": True,
                "logoSquare48URL": "https://example.org/logo48.png",
            },
        },
    },
    "companyService/billingInformationUpdate": lambda tenant: {
        "companyId": tenant.company_id,
        "customerId": "customer 7",
        "planId": "basic",
    },
    "businessLogicService/companies/create": lambda tenant: {
        "companyName": "New",
        "user": {
            "email": f"{secrets.token_hex(6)}@example.org",
            "userProfile": {"firstname": "Grace", "lastname": "Hopper"},
        },
        "userPermissions": {"16": True},
        "room": {"displayName": "Lounge"},
        "planId": "basic",
    },
    "companyService/list": lambda tenant: {"companyIdList": [tenant.company_id]},
    "businessLogicService/permissionGroups": lambda tenant: {},
    "businessLogicService/permissionGroups/list": lambda tenant: {},
    "businessLogicService/permissionGroups/update": lambda tenant: {
        "permissionGroups": {
            tenant.permission_group("Participant"): {
                "name": "Participant",
                "order": 2,
                "permissions": {"role": "ROLE_PARTICIPANT", "join": True},
            }
        }
    },
    "roomService/list": lambda tenant: {
        "limit": 10,
        "offset": 0,
        "filterRoomIds": [_room_of(tenant)],
        "skipFlags": ["SKIP_METADATA"],
        "filterRoomTypes": ["ROOM_TYPE_ROOM"],
    },
    "roomService/create": lambda tenant: {
        "room": {
            "displayName": "New",
            "mode": "ROOM_MODE_NORMAL",
            "type": "ROOM_TYPE_ROOM",
            "parentId": tenant.department(),
            "quotas": {"activeParticipants": 3, "passiveParticipants": 4},
            "metadata": {"a": "b"},
            "permissions": {tenant.administrator.id: {"role": "ROLE_MODERATOR", "join": True}},
            "defaultPermissions": {"join": True},
            "subRooms": {"1": {"displayName": "Part", "sort": 1}},
            "features": [{"id": "RAISE_HANDS", "state": "ENABLED"}],
        }
    },
    "roomService/update": lambda tenant: {"roomId": _room_of(tenant), "room": {"displayName": "Changed"}},
    "roomService/destroy": lambda tenant: {"roomId": _room_of(tenant)},
    "roomService/status": lambda tenant: {"roomIds": [_room_of(tenant)], "groupBySubroom": False},
    "roomService/permissions": lambda tenant: {
        "roomId": _room_of(tenant),
        "userId": tenant.administrator.id,
        "ignorePromotes": True,
    },
    "roomService/createJoinLink": lambda tenant: {"roomId": _room_of(tenant), "expiresAt": "4102444800"},
    "roomService/sort": lambda tenant: {
        "roomMoves": [{"roomId": _room_of(tenant), "parentId": "", "moveAfterRoomId": ""}]
    },
    "roomService/availableTypes": lambda tenant: {"type": "ROOM_TYPE_ROOM"},
    "guestService.v2/createGroupLinks": lambda tenant: {
        "roomId": _room_of(tenant),
        "origin": "test",
        "groupLinkCreations": [
            {
                "description": "Everybody",
                "validFrom": "2022-08-01T13:15:00Z",
                "validUntil": "2042-08-01T13:15:00Z",
                "permissionGroupId": tenant.permission_group(),
            }
        ],
    },
    "guestService.v2/createGuestLinks": lambda tenant: {
        "roomId": _room_of(tenant),
        "timezone": "Europe/Berlin",
        "guestLinkCreations": [
            {
                "email": "grace@example.org",
                "displayName": "Grace",
                "validFrom": "2022-08-01T13:15:00Z",
                "validUntil": "2042-08-01T13:15:00Z",
                "locale": "de",
                "sendEmail": False,
                "permissionGroupId": tenant.permission_group(),
            }
        ],
    },
    "guestService.v2/listGroupLinks": lambda tenant: {"roomId": _room_of(tenant)},
    "guestService.v2/listGuestLinks": lambda tenant: {"roomId": _room_of(tenant)},
    "guestService.v2/getGroupLink": lambda tenant: {"id": tenant.group_link(_room_of(tenant))["id"]},
    "guestService.v2/getGuestLink": lambda tenant: {"id": tenant.guest_link(_room_of(tenant))["id"]},
    "guestService.v2/getLink": lambda tenant: {"id": tenant.guest_link(_room_of(tenant))["id"]},
    "guestService.v2/updateGroupLink": lambda tenant: {
        "groupLink": {
            "id": tenant.group_link(_room_of(tenant))["id"],
            "description": "Changed",
            "validUntil": "2042-08-01T13:15:00Z",
        }
    },
    "guestService.v2/updateGuestLink": lambda tenant: {
        "guestLink": {
            "id": tenant.guest_link(_room_of(tenant))["id"],
            "displayName": "Changed",
            "email": "changed@example.org",
            "locale": "de",
        },
        "sendEmail": False,
        "timezone": "Europe/Berlin",
    },
    "guestService.v2/resendGuestLinkEmail": lambda tenant: {
        "id": tenant.guest_link(_room_of(tenant))["id"],
        "timezone": "Europe/Berlin",
    },
    "guestService.v2/deleteLink": lambda tenant: {"id": tenant.guest_link(_room_of(tenant))["id"]},
    "quotaService/info": lambda tenant: {"resource": "ALL_LIMITS"},
    "meetingService/create": lambda tenant: {
        "meeting": {
            "title": "Planning",
            "agenda": "Everything",
            "start": _in_days(1),
            "end": _in_days(1, hours=1),
            "timezone": "Europe/Berlin",
            "earlyAccessMinutes": 5,
            "waitingRoomEnabled": True,
            "waitingRoomWelcomeNote": "A moment, please",
            "features": [{"id": "RAISE_HANDS", "state": "ENABLED"}],
            "subRooms": {"1": {"displayName": "Part", "sort": 1}},
        },
        "groupLinkCreations": [{"permissionGroupId": tenant.permission_group(), "description": "All"}],
        "guestLinkCreations": [
            {
                "email": "grace@example.org",
                "displayName": "Grace",
                "locale": "de",
                "sendEmail": False,
                "permissionGroupId": tenant.permission_group(),
            }
        ],
        "origin": "test",
        "timezone": "Europe/Berlin",
    },
    "meetingService/get": lambda tenant: {"meetingId": _meeting_of(tenant)},
    "meetingService/list": lambda tenant: {"from": _in_days(0), "to": _in_days(30)},
    "meetingService/update": lambda tenant: {
        "meetingId": _meeting_of(tenant),
        "meeting": {
            "title": "Changed",
            "agenda": "Nothing",
            "start": _in_days(2),
            "end": _in_days(2, hours=1),
            "timezone": "Europe/Berlin",
            "earlyAccessMinutes": 5,
        },
    },
    "meetingService/cancel": lambda tenant: {
        "meetingId": _meeting_of(tenant),
        "reason": "Nobody has time",
        "sendNotification": True,
    },
    "quotaService/stats": lambda tenant: {
        "resource": "ROOM_ONLINE_SECONDS",
        "name": "",
        "startTime": (datetime.now(UTC) - timedelta(days=3)).isoformat(),
        "stopTime": datetime.now(UTC).isoformat(),
    },
    "userService/list": lambda tenant: {"userIdList": [tenant.administrator.id]},
    "userService/invite": lambda tenant: {
        "email": f"{secrets.token_hex(6)}@example.org",
        "userProfile": {"firstname": "Grace", "lastname": "Hopper", "title": "Dr."},
        "locale": {"UILanguage": "de_DE", "spokenLanguages": ["de_DE"]},
    },
    "userService/acceptInvitation": lambda tenant: {"accessInfo": {"accessToken": invitee_token(tenant)}},
    "businessLogicService/inviteUsers": lambda tenant: {
        "userInvitations": [
            {
                "user": {
                    "email": f"{secrets.token_hex(6)}@example.org",
                    "userProfile": {"firstname": "Grace"},
                    "locale": {"UILanguage": "de"},
                },
                "roomIds": [_room_of(tenant)],
                "permissionGroupId": tenant.permission_group(),
            }
        ],
        "userPermissions": {"4": True},
        "companyName": "Acme",
        "inviterName": "Ada",
    },
    "businessLogicService/favorites/list": lambda tenant: {"userId": tenant.administrator.id},
    "businessLogicService/favorites/update": lambda tenant: {
        "userId": tenant.administrator.id,
        "roomIds": {_room_of(tenant): True},
    },
    "businessLogicService/streamTaskProgress": lambda tenant: {
        "trackingInfo": {"taskId": tasks_of_mails(tenant)}
    },
    "guestService.v2/streamTaskProgress": lambda tenant: {"trackingInfo": {"taskId": tasks_of_mails(tenant)}},
    "userService/create": lambda tenant: {
        "user": {
            "email": f"{secrets.token_hex(6)}@example.org",
            "metadata": {"staff": "7"},
            "userProfile": {"firstname": "Grace", "lastname": "Hopper", "title": "Dr."},
            "locale": {"UILanguage": "de_DE", "spokenLanguages": ["de_DE", "en_US"]},
        },
        "authenticationRequest": {
            "usernamePasswordCredentials": {"username": secrets.token_hex(6), "password": PASSWORD},
            "permissions": {"4": True},
            "accountStatus": "ACTIVATED",
        },
    },
    "userService/update": lambda tenant: {
        "userId": tenant.person().id,
        "user": {
            "email": f"{secrets.token_hex(6)}@example.org",
            "metadata": {"staff": "7"},
            "userProfile": {"firstname": "Grace", "lastname": "Hopper", "title": "Dr."},
            "locale": {"UILanguage": "de", "spokenLanguages": ["de"]},
        },
        "authenticationRequest": {"permissions": {"10": True}},
    },
    "userService/updateProfile": lambda tenant: {
        "userId": tenant.person().id,
        "userProfile": {"firstname": "Grace", "lastname": "Hopper", "title": "Dr."},
    },
    "userService/getLocale": lambda tenant: {"userId": tenant.person().id},
    "userService/destroy": lambda tenant: {
        "userId": tenant.person().id,
        "companyId": tenant.company_id,
    },
}
"""The operations that take an access token in `accessInfo`, by path."""

NEEDS_PERMISSION = {
    "authenticationService/sendCompanyDeletionEmail",
    "companyService/destroy",
    "businessLogicService/companies/destroy",
    "companyService/create",
    "companyService/update",
    "companyService/billingInformationUpdate",
    "businessLogicService/companies/create",
    "authenticationService/signAccessToken",
    "authenticationService/authenticationCreate",
    "authenticationService/authenticationUpdate",
    "authenticationService/authenticationInformation",
    "authenticationService/listAuthentications",
    "roomService/create",
    "roomService/update",
    "roomService/destroy",
    "roomService/createJoinLink",
    "roomService/sort",
    "guestService.v2/createGroupLinks",
    "guestService.v2/createGuestLinks",
    "guestService.v2/listGroupLinks",
    "guestService.v2/listGuestLinks",
    "guestService.v2/getGroupLink",
    "guestService.v2/getGuestLink",
    "guestService.v2/getLink",
    "guestService.v2/updateGroupLink",
    "guestService.v2/updateGuestLink",
    "guestService.v2/resendGuestLinkEmail",
    "guestService.v2/deleteLink",
    "userService/list",
    "userService/invite",
    "businessLogicService/permissionGroups/update",
    "quotaService/stats",
    "businessLogicService/favorites/list",
    "businessLogicService/favorites/update",
    "businessLogicService/inviteUsers",
    "userService/create",
    "userService/update",
    "userService/updateProfile",
    "userService/getLocale",
    "userService/destroy",
}
"""Those that a participant may not make."""


def sign_in_body(tenant: Tenant) -> Body:
    account = tenant.administrator
    return {
        "requestId": "test",
        "usernamePasswordCredentials": {
            "username": account.username,
            "password": account.password,
            "companyId": tenant.company_id,
        },
    }


def guest_body(tenant: Tenant) -> Body:
    link = tenant.group_link(_room_of(tenant))
    return {
        "companyId": tenant.company_id,
        "roomId": link["roomId"],
        "accessKey": link["accessKey"],
        "displayName": "Grace",
        "externalId": "x" * 32,
    }


def reset_body(tenant: Tenant) -> Body:
    return {
        "accessInfo": {"requestId": "test"},
        "username": tenant.person().username,
        "companyId": tenant.company_id,
    }


def signup_body(tenant: Tenant) -> Body:
    return {
        "requestId": "test",
        "accessInfo": {"requestId": "test"},
        "company": "New",
        "accountName": "new",
        "user": {
            "email": f"{secrets.token_hex(6)}@example.org",
            "userProfile": {"firstname": "Grace", "lastname": "Hopper"},
            "locale": {"UILanguage": "de"},
        },
        "agreedToTerms": True,
        "agreedToPrivacyPolicy": True,
        "planId": "basic",
    }


OPEN_CALLS: dict[str, Callable[[Tenant], Body]] = {
    "authenticationService/authenticate": sign_in_body,
    "authenticationService/requestPasswordReset": reset_body,
    "businessLogicService/companies/signup": signup_body,
    "guestService.v2/authenticate": guest_body,
}
"""The operations without an access token."""

ALL_PATHS = [*CALLS, *OPEN_CALLS, "authenticationService/isAuthenticated"]


def body_of(tenant: Tenant, path: str) -> Body:
    """A whole request that succeeds."""
    if path in OPEN_CALLS:
        return OPEN_CALLS[path](tenant)
    access = {"requestId": "test", "accessToken": tenant.token}
    if path == "authenticationService/isAuthenticated":
        return access
    body = CALLS[path](tenant)
    return {**body, "accessInfo": {**access, **body.get("accessInfo", {})}}
