"""`companyService`: the companies a caller belongs to, changed and founded."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.dialects.alfaview_v1.companies import company_draft, company_message
from switchroom.dialects.alfaview_v1.messages.common import Company, Reply
from switchroom.dialects.alfaview_v1.messages.company import (
    BillingInformationUpdateReply,
    BillingInformationUpdateRequest,
    CompanyCreateReply,
    CompanyCreateRequest,
    CompanyDestroyReply,
    CompanyDestroyRequest,
    CompanyGetReply,
    CompanyGetRequest,
    CompanyListReply,
    CompanyListRequest,
    CompanySearchReply,
    CompanySearchRequest,
    CompanyUpdateReply,
    CompanyUpdateRequest,
)
from switchroom.dialects.alfaview_v1.messages.scalars import UInt32
from switchroom.dialects.alfaview_v1.operations import Context, operation, required
from switchroom.dialects.alfaview_v1.people import access_draft, person_draft
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.errors import ErrorCode, Invalid

_PAGE = 100
"""Companies of a page of a search that says nothing of it."""


class CompanyService:
    def __init__(self, services: Services) -> None:
        self._organizations = services.organizations
        self._deletions = services.deletions
        self._companies = services.companies

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "companyService/list",
                CompanyListRequest,
                CompanyListReply,
                self.list,
                "The companies that are open to whoever calls.",
            ),
            operation(
                "companyService/get",
                CompanyGetRequest,
                CompanyGetReply,
                self.get,
                "A company that is open to whoever calls, their own without `companyId`.",
            ),
            operation(
                "companyService/search",
                CompanySearchRequest,
                CompanySearchReply,
                self.search,
                "The companies that are open to whoever calls, by a part of their names, a page at a time.",
            ),
            operation(
                "companyService/create",
                CompanyCreateRequest,
                CompanyCreateReply,
                self.create,
                "Found another company, where the operator has opened that.",
            ),
            operation(
                "companyService/update",
                CompanyUpdateRequest,
                CompanyUpdateReply,
                self.update,
                "Change the company's name, owner, branding and metadata.",
            ),
            *(
                operation(
                    path,
                    CompanyDestroyRequest,
                    CompanyDestroyReply,
                    self.destroy,
                    "Delete the company with all that is in it, within an hour after the caller has "
                    "confirmed it by the key in the mail.",
                )
                for path in ("companyService/destroy", "businessLogicService/companies/destroy")
            ),
            operation(
                "companyService/billingInformationUpdate",
                BillingInformationUpdateRequest,
                BillingInformationUpdateReply,
                self.update_billing,
                "Note what the company is called where it is billed.",
            ),
        ]

    async def list(self, context: Context, request: CompanyListRequest) -> Reply:
        """Companies of the caller, by name. A page begins with the company `companyIdFrom`."""
        page = await self._organizations.accessible(
            context.caller, request.companyIdList, first=request.companyIdFrom, limit=request.limit
        )
        return CompanyListReply(
            companies={one.ulid: company_message(one, context.caller) for one in page},
            orderedCompanyIDs=[organization.ulid for organization in page],
        )

    async def get(self, context: Context, request: CompanyGetRequest) -> Reply:
        company_id = request.companyId or context.caller.company_id
        organization = await self._organizations.company(context.caller, company_id)
        return CompanyGetReply(company=company_message(organization, context.caller))

    async def search(self, context: Context, request: CompanySearchRequest) -> Reply:
        limit = request.limit or _PAGE
        page, total = await self._organizations.search(
            context.caller,
            request.term,
            following=request.continuation,
            limit=limit,
            most_recent_first=request.orderByMostRecent,
        )
        return CompanySearchReply(
            continuation=page[-1].ulid if page and len(page) == limit else "",
            totalResults=UInt32(total),
            accurateTotal=True,
            companies={one.ulid: company_message(one, context.caller) for one in page},
            orderedCompanyIDs=[organization.ulid for organization in page],
        )

    async def create(self, context: Context, request: CompanyCreateRequest) -> Reply:
        company, user = request.company or Company(), request.userCreateRequest
        access = access_draft(user.authenticationRequest, "") if user is not None else None
        metadata = (
            user.authenticationRequest.metadata if user is not None and user.authenticationRequest else {}
        )
        organization = await self._companies.create(
            context.caller,
            company_draft(company),
            person_draft(user.user, metadata) if user is not None else None,
            access,
            company.planId,
        )
        return CompanyCreateReply(companyId=organization.ulid)

    async def update(self, context: Context, request: CompanyUpdateRequest) -> Reply:
        if request.company is None:
            raise Invalid(ErrorCode.REQUIRED, "company")
        await self._companies.update(context.caller, request.companyId, company_draft(request.company))
        return CompanyUpdateReply()

    async def destroy(self, context: Context, request: CompanyDestroyRequest) -> Reply:
        await self._deletions.delete(context.caller, required(request.companyId, "companyId"))
        return CompanyDestroyReply()

    async def update_billing(self, context: Context, request: BillingInformationUpdateRequest) -> Reply:
        required(request.customerId or request.planId, "customerId")
        await self._companies.update_billing(
            context.caller, request.companyId, request.customerId, request.planId
        )
        return BillingInformationUpdateReply()
