"""Operations on the branding of an organization, for its administrators."""

from __future__ import annotations

from base64 import b64encode

from switchroom.accounts.branding_settings import BrandingDraft, BrandingView
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.branding import BrandingChange, BrandingSettingsAnswer
from switchroom.dialects.client.messages.organization import OwnOrganizationQuery
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services


class BrandingSettingsOperations:
    def __init__(self, services: Services) -> None:
        self._signer = services.signer
        self._settings = services.branding_settings

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/organization/branding",
                summary="The branding of the organization of whoever is signed in, shown or not.",
                request=OwnOrganizationQuery,
                reply=BrandingSettingsAnswer,
                handler=self.look_up,
            ),
            operation(
                path="/organization/branding/change",
                summary="Change the branding, unless somebody else has done so meanwhile.",
                request=BrandingChange,
                reply=BrandingSettingsAnswer,
                handler=self.change,
            ),
        ]

    async def look_up(self, _context: Context, request: OwnOrganizationQuery) -> BrandingSettingsAnswer:
        return _message(await self._settings.get(self._signer.verify(request.access_token)))

    async def change(self, _context: Context, request: BrandingChange) -> BrandingSettingsAnswer:
        draft = BrandingDraft(
            enabled=request.is_shown,
            title=request.title,
            colour=request.colour,
            logo=request.logo,
            in_rooms=request.is_in_rooms,
            alone=request.is_alone,
            mail_text=request.mail_text,
        )
        claims = self._signer.verify(request.access_token)
        return _message(await self._settings.update(claims, draft, request.version))


def _message(view: BrandingView) -> BrandingSettingsAnswer:
    branding, logo = view.branding, view.logo
    data = f"data:{logo.content_type};base64,{b64encode(logo.content).decode()}" if logo is not None else ""
    return BrandingSettingsAnswer(
        is_shown=branding.enabled,
        title=branding.title,
        colour=branding.navbar_colour,
        logo=data,
        logo_url=view.logo_url,
        is_in_rooms=branding.logo_in_meeting_room,
        is_alone=branding.stock_branding_disabled,
        mail_text=branding.mail_text,
        version=view.version,
    )
