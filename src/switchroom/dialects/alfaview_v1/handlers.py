"""Every route of the API under `/json/v1`."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler

from switchroom.dialects.alfaview_v1.authentication import AuthenticationService
from switchroom.dialects.alfaview_v1.business_logic import BusinessLogicService
from switchroom.dialects.alfaview_v1.company import CompanyService
from switchroom.dialects.alfaview_v1.documentation import PATH, describe
from switchroom.dialects.alfaview_v1.guest import GuestService
from switchroom.dialects.alfaview_v1.operations import Call, document, route, unimplemented, unknown
from switchroom.dialects.alfaview_v1.quota import QuotaService
from switchroom.dialects.alfaview_v1.room import RoomService
from switchroom.dialects.alfaview_v1.services import Services
from switchroom.dialects.alfaview_v1.user import UserService

NOT_CARRIED_OUT = {
    "authenticationService": (
        "signAccessToken",
        "authenticationCreate",
        "authenticationUpdate",
        "authenticationInformation",
        "listAuthentications",
        "listIdentityProviders",
        "requestPasswordReset",
        "createMagicToken",
        "sendCompanyDeletionEmail",
    ),
    "businessLogicService": (
        "companies/create",
        "companies/signup",
        "companies/destroy",
        "favorites/list",
        "favorites/update",
        "inviteUsers",
        "permissionGroups/update",
        "streamTaskProgress",
    ),
    "companyService": ("get", "create", "update", "destroy", "search", "billingInformationUpdate"),
    "guestService.v2": ("streamTaskProgress",),
    "meetingService": ("create", "get", "list", "update", "cancel"),
    "quotaService": ("stats",),
    "userService": (
        "create",
        "invite",
        "acceptInvitation",
        "update",
        "destroy",
        "updateProfile",
        "getLocale",
    ),
}


def handlers(services: Services) -> list[ASGIRouteHandler | HTTPRouteHandler]:
    """The handlers to mount: one for each call, those not carried out, and one for all that is unknown."""
    parts = (
        AuthenticationService(services),
        BusinessLogicService(services),
        CompanyService(services),
        GuestService(services),
        QuotaService(services),
        RoomService(services),
        UserService(services),
    )
    calls: list[Call[Any]] = [call for part in parts for call in part.calls()]
    return [
        *(route(call, services.signer) for call in calls),
        *(unimplemented(f"{service}/{path}") for service, paths in NOT_CARRIED_OUT.items() for path in paths),
        document(PATH, msgspec.json.encode(describe(calls))),
        unknown(),
    ]
