"""Trunks: ways to carriers and other telephone systems."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, to_builtins
from sqlalchemy import Text as LongColumn
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import time_of
from switchroom.db.database import notify
from switchroom.errors import ErrorCode, Forbidden, Problems
from switchroom.telephony.resources.actor import Level
from switchroom.telephony.resources.fields import ONE_LINE, Country, Name, Restriction, Text, Transport
from switchroom.telephony.resources.resource import Resource, Work
from switchroom.telephony.resources.rows import ResourceRow, resource_table
from switchroom.telephony.resources.trunk_states import TrunkState

_OF_PLATFORM = "superduper"

_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9]([A-Za-z0-9-]{0,62})?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,62})?)*\.?")


class IncomingNumbers(Struct, frozen=True):
    """Changes to the number that a call comes in for: so many digits are taken off, these put before."""

    strip_numbers: Annotated[int, Meta(ge=0, le=20)] = 0
    prepend_numbers: Annotated[str, Meta(max_length=20, pattern=ONE_LINE)] = ""


class TrunkAdvanced(Struct, frozen=True):
    """Settings that few carriers want. With `shared_server` the trunk may lead to a carrier that another
    account has, which only `superduper` allows: one that knows the platform by its address bills that
    account. Over TLS the certificate must be that of `server`, by an authority that the platform trusts,
    unless `verify_certificate` is false. Media are encrypted (SRTP with keys in SDP, RFC 4568) as
    `media_encryption` says: `mandatory` takes no call without, but for those to emergency services;
    `optional` offers it, and calls without where that is refused; `none` offers none. Empty is `optional`
    over TLS, else `none`. Calls that come in with it are taken in any case."""

    override_from_domain: Text = ""
    override_from_user: Text = ""
    add_country_prefix_for_emergency_calls: bool = False
    vpn: bool = False
    shared_server: bool = False
    verify_certificate: bool = True
    media_encryption: Literal["", "mandatory", "optional", "none"] = ""
    incoming: IncomingNumbers = IncomingNumbers()


class Trunk(Struct, frozen=True, kw_only=True):
    """A way to a carrier or another telephone system. With a `username` it registers there; without one it is
    known by its address. Trunks are tried in the order of `trunk_order`. One whose `priv_level` is
    `superduper` is the platform's: administrators see and use it, and neither change nor delete it. With
    `caller_id_used` `internal` the other side, a telephone system, is told who calls as colleagues are; empty
    is `external`."""

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
    caller_id_used: Literal["", "external", "internal"] = ""
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


class TrunkStatus(Struct, frozen=True):
    """Status of a trunk, which says whether calls can come and go: `condition` is `by_address` for a trunk
    that does not register, `registered`, `refused` (with the SIP status as `code`), `unanswered`,
    `unresolved` (the server's name has no address), `forbidden` (it has one that the operator does not allow,
    or that of another account's carrier, or shows a certificate that is not its own), or `unknown`. Times are
    in RFC 3339."""

    condition: str = "unknown"
    code: int = 0
    reason: str = ""
    since: str | None = None
    registered_until: str | None = None


class TrunksChanged(Struct, frozen=True):
    """A trunk of an organization was made, changed or deleted."""

    organization_id: int


class Trunks(Resource[Trunk, TrunkRow]):
    name, singular = "trunks", "trunk"
    draft, table = Trunk, TrunkRow
    encrypted = frozenset(("password",))
    searched = ("name", "server")
    read_only = (("status", TrunkStatus),)

    def check(self, draft: Trunk, problems: Problems) -> None:
        super().check(draft, problems)
        if draft.server and draft.server is not UNSET and not _is_host(draft.server):
            problems.add(ErrorCode.SERVER_INVALID, "server")
        if draft.username and not draft.server:
            problems.add(ErrorCode.REQUIRED, "server")

    async def complete(self, work: Work, views: Sequence[dict[str, Any]]) -> None:
        query = select(TrunkState).where(TrunkState.trunk_id.in_([view["id"] for view in views]))
        states = {row.trunk_id: row for row in await work.session.scalars(query)}
        for view in views:
            view["status"] = to_builtins(_status(states.get(view["id"])))

    async def prepare(self, work: Work, row: TrunkRow, draft: Trunk, problems: Problems) -> Trunk:
        _require_level(work, row)
        if draft.priv_level == _OF_PLATFORM and work.actor.level is not Level.SUPERDUPER:
            raise Forbidden(ErrorCode.LEVEL_MISSING, "priv_level", level="superduper")
        if draft.advanced.shared_server and work.actor.level is not Level.SUPERDUPER:
            _require_shared(draft, None if self.is_new(row) else self.values_of(row))
        return draft

    async def written(self, work: Work, row: TrunkRow, draft: Trunk) -> None:
        notify(work.session, TrunksChanged(work.organization_id))

    async def remove(self, work: Work, row: TrunkRow) -> None:
        _require_level(work, row)
        await super().remove(work, row)
        notify(work.session, TrunksChanged(work.organization_id))


def _require_shared(draft: Trunk, before: Mapping[str, Any] | None) -> None:
    """Raises Forbidden for a carrier that only the operator lets the account share, and for changes of where
    such a trunk leads, or as whom: it was allowed for that carrier, and for what was agreed on with it."""
    if before is None or not before["advanced"].get("shared_server"):
        raise Forbidden(ErrorCode.LEVEL_MISSING, "advanced.shared_server", level="superduper")
    for name in ("server", "port", "username"):
        if getattr(draft, name) != before[name]:
            raise Forbidden(ErrorCode.LEVEL_MISSING, name, level="superduper")


def is_of_platform(row: TrunkRow) -> bool:
    """Whether a trunk is the platform's, and no administrator's."""
    return row.details.get("priv_level") == _OF_PLATFORM


def _require_level(work: Work, row: TrunkRow) -> None:
    """Raises Forbidden for a trunk of the platform: an actor who changes its server gets its calls."""
    if is_of_platform(row) and work.actor.level is not Level.SUPERDUPER:
        raise Forbidden(ErrorCode.LEVEL_MISSING, "priv_level", level="superduper")


def _status(row: TrunkState | None) -> TrunkStatus:
    if row is None:
        return TrunkStatus()
    until = time_of(row.expires_at) if row.expires_at is not None else None
    return TrunkStatus(row.condition, row.code, row.reason, time_of(row.changed_at), until)


def _is_host(text: str) -> bool:
    try:
        ip_address(text.strip("[]"))
    except ValueError:
        return _HOST.fullmatch(text) is not None
    return True
