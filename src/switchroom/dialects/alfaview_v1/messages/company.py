"""Messages of the package `companyService`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from switchroom.dialects.alfaview_v1.messages.common import Company, Reply, Request
from switchroom.dialects.alfaview_v1.messages.scalars import UInt32


class CompanyListRequest(Request):
    companyIdList: list[str] = []
    companyIdFrom: str = ""
    limit: UInt32 = UInt32(0)


class CompanyListReply(Reply):
    companies: dict[str, Company] = {}
    orderedCompanyIDs: list[str] = []
