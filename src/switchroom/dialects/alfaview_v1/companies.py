"""Companies between messages and the domain."""

from __future__ import annotations

from msgspec import UNSET

from switchroom.accounts.companies import CompanyDraft
from switchroom.dialects.alfaview_v1.messages import common
from switchroom.dialects.alfaview_v1.messages.common import Company
from switchroom.dialects.alfaview_v1.messages.scalars import Int64
from switchroom.identity.branding import Branding, branding_of
from switchroom.identity.models import Organization
from switchroom.identity.permissions import Administration
from switchroom.identity.tokens import AccessToken

_TO_SEE_BILLING = Administration.MANAGE_BILLING | Administration.MANAGE_COMPANY


def company_message(organization: Organization, caller: AccessToken) -> Company:
    """Message of a company. Its ids in billing are for managers of billing or of the company, in it."""
    is_billed = caller.organization_id == organization.id and caller.may(_TO_SEE_BILLING)
    branding = branding_of(organization)
    return Company(
        displayName=organization.display_name,
        ownerId=organization.owner_id or "",
        createdAt=Int64(int(organization.created_at.timestamp())),
        branding=_branding_message(branding) if branding is not None else None,
        metadata=dict(organization.properties),
        customerId=organization.customer_id if is_billed else "",
        planId=organization.plan_id if is_billed else "",
    )


def company_draft(message: Company) -> CompanyDraft:
    """Draft of a change. Empty fields stay as they are; ids in billing and the time of creation always do."""
    return CompanyDraft(
        display_name=message.displayName or UNSET,
        owner_id=message.ownerId or UNSET,
        branding=_branding(message.branding) if message.branding is not None else UNSET,
        properties=message.metadata,
    )


def _branding_message(branding: Branding) -> common.Branding:
    return common.Branding(
        title=branding.title,
        navbarBg=branding.navbar_colour,
        logoURL=branding.logo_url,
        logoHeight=Int64(branding.logo_height),
        logoWidth=Int64(branding.logo_width),
        enabled=branding.enabled,
        logoAlternativeURL=branding.logo_alternative_url,
        logoSquare48URL=branding.logo_square_48_url,
        logoSquare96URL=branding.logo_square_96_url,
        logoSquare256URL=branding.logo_square_256_url,
        stockBrandingDisabled=branding.stock_branding_disabled,
        logoInMeetingRoomEnabled=branding.logo_in_meeting_room,
    )


def _branding(message: common.Branding) -> Branding:
    return Branding(
        title=message.title,
        navbar_colour=message.navbarBg,
        logo_url=message.logoURL,
        logo_height=int(message.logoHeight),
        logo_width=int(message.logoWidth),
        enabled=message.enabled,
        logo_alternative_url=message.logoAlternativeURL,
        logo_square_48_url=message.logoSquare48URL,
        logo_square_96_url=message.logoSquare96URL,
        logo_square_256_url=message.logoSquare256URL,
        stock_branding_disabled=message.stockBrandingDisabled,
        logo_in_meeting_room=message.logoInMeetingRoomEnabled,
    )
