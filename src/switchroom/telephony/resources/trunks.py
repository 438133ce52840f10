"""Trunks: ways to carriers and other telephone systems."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct
from sqlalchemy import Text as LongColumn
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.errors import ErrorCode, Problems
from switchroom.telephony.resources.fields import ONE_LINE, Country, Name, Restriction, Text, Transport
from switchroom.telephony.resources.resource import Resource
from switchroom.telephony.resources.rows import ResourceRow, resource_table

_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,62})?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62})?)*\.?")


class IncomingNumbers(Struct, frozen=True):
    """What becomes of the number that a call comes in for: so many digits taken off, these put before."""

    strip_numbers: Annotated[int, Meta(ge=0, le=20)] = 0
    prepend_numbers: Annotated[str, Meta(max_length=20, pattern=ONE_LINE)] = ""


class TrunkAdvanced(Struct, frozen=True):
    """What few carriers want."""

    override_from_domain: Text = ""
    override_from_user: Text = ""
    add_country_prefix_for_emergency_calls: bool = False
    vpn: bool = False
    incoming: IncomingNumbers = IncomingNumbers()


class Trunk(Struct, frozen=True, kw_only=True):
    """A way to a carrier or another telephone system. With a `username` it registers there; without one it is
    known by its address. Trunks are tried in the order of `trunk_order`."""

    name: Name
    category: Literal["carrier", "pbx_connector", "inter_account"] = "carrier"
    brand: Literal["unknown", "panasonic", "soft_switch_cloud", "v3m1", "niko"] = "unknown"
    concurrent_calls_volume: Literal["xsmall", "small", "medium", "large", "xlarge"] = "small"
    calls_direction: Literal["incoming", "outgoing", "both"] = "both"
    priv_level: Literal["user", "admin", "superduper"] = "admin"
    internal_calls: bool = False
    enabled: bool = True
    transport: Transport | Literal["udp", "tcp", "tls"] = ""
    server: Annotated[str, Meta(max_length=253)] = ""
    port: Annotated[int, Meta(ge=0, le=65535)] = 0
    username: Annotated[str, Meta(max_length=128, pattern=ONE_LINE)] = ""
    password: Annotated[str, Meta(max_length=128, pattern=ONE_LINE)] | None = None
    caller_id_used: Text = ""
    trunk_order: Annotated[int, Meta(ge=0, le=10_000)] = 0
    country: Country = ""
    restriction: Restriction | None = None
    advanced: TrunkAdvanced = TrunkAdvanced()


class TrunkRow(ResourceRow):
    """A trunk. Its password answers the carrier's challenges, whose realm is not known before: it is kept
    encrypted (`vault`), empty for none."""

    __tablename__ = "trunks"
    __table_args__ = resource_table("trunks")

    enabled: Mapped[bool] = mapped_column(default=True)
    trunk_order: Mapped[int] = mapped_column(default=0)
    password_encrypted: Mapped[str] = mapped_column(LongColumn, default="")


class Trunks(Resource[Trunk, TrunkRow]):
    name, singular = "trunks", "trunk"
    draft, table = Trunk, TrunkRow
    encrypted = frozenset(("password",))
    searched = ("name", "server")

    def check(self, draft: Trunk, problems: Problems) -> None:
        super().check(draft, problems)
        if draft.server and draft.server is not UNSET and not _is_host(draft.server):
            problems.add(ErrorCode.SERVER_INVALID, "server")
        if draft.username and not draft.server:
            problems.add(ErrorCode.REQUIRED, "server")


def _is_host(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True
