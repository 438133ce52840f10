"""Messages of the package `companyService`."""

# ruff: noqa: RUF012 (msgspec gives every instance a list or map of its own)

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from switchroom.dialects.alfaview_v1.messages.common import Company, Reply, Request
from switchroom.dialects.alfaview_v1.messages.scalars import UInt32
from switchroom.identity.organizations import MOST_NAMED


class CompanyListRequest(Request):
    companyIdList: Annotated[list[str], Meta(max_length=MOST_NAMED)] = []
    companyIdFrom: str = ""
    limit: UInt32 = UInt32(0)


class CompanyListReply(Reply):
    companies: dict[str, Company] = {}
    orderedCompanyIDs: list[str] = []
