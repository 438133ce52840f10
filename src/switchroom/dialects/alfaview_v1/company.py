"""`companyService`: the companies a caller belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.dialects.alfaview_v1.messages.common import Company, Reply
from switchroom.dialects.alfaview_v1.messages.company import CompanyListReply, CompanyListRequest
from switchroom.dialects.alfaview_v1.messages.scalars import Int64
from switchroom.dialects.alfaview_v1.operations import Context, operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.identity.models import Organization


class CompanyService:
    def __init__(self, services: Services) -> None:
        self._organizations = services.organizations

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "companyService/list",
                CompanyListRequest,
                CompanyListReply,
                self.list,
                "The companies that are open to whoever calls.",
            )
        ]

    async def list(self, context: Context, request: CompanyListRequest) -> Reply:
        """By name. A page begins with the company `companyIdFrom`."""
        page = await self._organizations.accessible(
            context.caller, request.companyIdList, first=request.companyIdFrom, limit=request.limit
        )
        return CompanyListReply(
            companies={organization.ulid: _company(organization) for organization in page},
            orderedCompanyIDs=[organization.ulid for organization in page],
        )


def _company(organization: Organization) -> Company:
    return Company(
        displayName=organization.display_name,
        ownerId=organization.owner_id or "",
        createdAt=Int64(int(organization.created_at.timestamp())),
        metadata=dict(organization.properties),
    )
