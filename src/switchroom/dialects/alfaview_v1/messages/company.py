"""Messages of the package `companyService`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from switchroom.dialects.alfaview_v1.messages.common import Company, Reply, Request, TrackingInfo
from switchroom.dialects.alfaview_v1.messages.scalars import UInt32
from switchroom.dialects.alfaview_v1.messages.user import UserCreateRequest
from switchroom.identity.organizations import MOST_NAMED


class CompanyListRequest(Request):
    companyIdList: Annotated[list[str], Meta(max_length=MOST_NAMED)] = []
    companyIdFrom: str = ""
    limit: UInt32 = UInt32(0)


class CompanyListReply(Reply):
    companies: dict[str, Company] = {}
    orderedCompanyIDs: list[str] = []


class CompanyGetRequest(Request):
    companyId: str = ""


class CompanyGetReply(Reply):
    company: Company | None = None


class CompanyCreateRequest(Request):
    """Request to make a company. Without `userCreateRequest` the caller administers it."""

    company: Company | None = None
    userCreateRequest: UserCreateRequest | None = None


class CompanyCreateReply(Reply):
    companyId: str = ""


class CompanyUpdateRequest(Request):
    """Change of a company: empty fields of `company` stay; `branding` that is sent counts as a whole."""

    company: Company | None = None
    companyId: str = ""


class CompanyUpdateReply(Reply):
    pass


class CompanySearchRequest(Request):
    """`continue` is that of the page before."""

    term: str = ""
    continuation: str = field(default="", name="continue")
    limit: UInt32 = UInt32(0)
    orderByMostRecent: bool = False


class CompanySearchReply(Reply):
    """`continue` is empty on the last page."""

    continuation: str = field(default="", name="continue")
    totalResults: UInt32 = UInt32(0)
    accurateTotal: bool = False
    companies: dict[str, Company] = {}
    orderedCompanyIDs: list[str] = []


class CompanyDestroyRequest(Request):
    companyId: str = ""


class CompanyDestroyReply(Reply):
    trackingInfo: TrackingInfo | None = None


class BillingInformationUpdateRequest(Request):
    companyId: str = ""
    customerId: str = ""
    planId: str = ""


class BillingInformationUpdateReply(Reply):
    pass
