"""Operations on the branding of organizations, for everybody who stands before one of their pages."""

from __future__ import annotations

from msgspec import UNSET

from switchroom.accounts.shown_branding import ShownBranding
from switchroom.dialects.answer import Answer
from switchroom.dialects.client.context import Context
from switchroom.dialects.client.messages.branding import BrandingAnswer, BrandingQuery
from switchroom.dialects.client.operations import operation
from switchroom.dialects.operation import OPEN, Nothing, Operation
from switchroom.identity.tokens import TokenSigner

_PICTURE = "image/*"
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"cache-control", b"public, max-age=3600"),
)


class BrandingOperations:
    def __init__(self, branding: ShownBranding, signer: TokenSigner) -> None:
        self._branding = branding
        self._signer = signer

    def operations(self) -> list[Operation]:
        return [
            operation(
                path="/branding",
                summary="What the pages of an organization show of it.",
                request=BrandingQuery,
                reply=BrandingAnswer,
                handler=self.look_up,
            ),
            Operation(
                method="GET",
                path="/branding/{company_id}/logo",
                summary="The logo of an organization: PNG, JPEG, GIF or WebP.",
                reply=bytes,
                raw=_PICTURE,
                access=OPEN,
                handler=self.logo,
            ),
        ]

    async def look_up(self, _context: Context, request: BrandingQuery) -> BrandingAnswer:
        company_id = request.company_id or ""
        if request.access_token is not UNSET:
            # A page that was given a room by another program shows whose the room is, not whose it was told.
            company_id = self._signer.verify(request.access_token).company_id
        shown = await self._branding.get(company_id)
        if shown is None:
            return BrandingAnswer()
        branding, version = shown.branding, shown.logo_version
        return BrandingAnswer(
            title=branding.title or UNSET,
            colour=branding.navbar_colour or UNSET,
            # Another picture has another address, so that browsers may keep this one.
            logo=f"/client/branding/{company_id}/logo?v={version}" if version else UNSET,
            logo_width=branding.logo_width or UNSET,
            logo_height=branding.logo_height or UNSET,
            is_in_rooms=branding.logo_in_meeting_room,
            is_alone=branding.stock_branding_disabled,
        )

    async def logo(self, context: Context, _: Nothing) -> Answer:
        picture = await self._branding.logo(context.path["company_id"])
        return Answer(200, picture.content, _HEADERS, picture.content_type.encode())
