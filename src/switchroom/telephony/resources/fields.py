"""Fields: the types of values that several resources have."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from switchroom.telephony.routing.number_kinds import NumberKind

END = r"(?![\s\S])"
"""The end of a text in a pattern: `$` would also match before a line break."""

Id = Annotated[int, Meta(ge=1, le=(1 << 63) - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
ONE_LINE = rf"^[^\x00-\x1f\x7f-\x9f]*{END}"
"""Texts without control characters, whose line ends would be header fields of their own in SIP."""

Text = Annotated[str, Meta(max_length=200, pattern=ONE_LINE)]
LongText = Annotated[str, Meta(max_length=4000)]
Pin = Annotated[str, Meta(pattern=f"^[0-9]{{4,6}}{END}")]
SipUsername = Annotated[str, Meta(pattern=f"^[a-z0-9][a-z0-9_-]{{0,63}}{END}")]
SipPassword = Annotated[str, Meta(min_length=8, max_length=100, pattern=ONE_LINE)]
Language = Annotated[str, Meta(pattern=f"^([a-z]{{2,3}}([-_][A-Za-z]{{2,4}})?)?{END}")]
Country = Annotated[str, Meta(pattern=f"^([A-Z]{{2}})?{END}")]
TimeZone = Annotated[str, Meta(max_length=64)]
PhoneNumber = Annotated[str, Meta(max_length=35, pattern=ONE_LINE)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]

Transport = Literal[
    "",
    "tcp_10065",
    "tcp_34540",
    "tcp_34560",
    "udp_10060",
    "udp_34540",
    "udp_34560",
    "tls_10061",
    "tls_34521",
    "tls_34541",
    "tls_34561",
    "wss_443",
]

Verdict = Literal["allow", "deny"]
RestrictedKind = Annotated[
    NumberKind,
    Meta(extra_json_schema={"enum": [one.value for one in NumberKind if one is not NumberKind.EMERGENCY]}),
]


class Identity(Struct, frozen=True):
    """Identity of a caller, as the other side sees it."""

    name: PhoneNumber = ""
    number: PhoneNumber = ""


class ExternalIdentity(Identity, frozen=True):
    """Identity of a caller for the public network: hidden or not; null is as of the next level above."""

    anonymous: bool | None = None


class CallerId(Struct, frozen=True):
    """Identities of a caller: towards phones of the account, towards everybody else, for faxes and for
    emergency calls. An empty field is as of the next level above: the device, its user, the account."""

    internal: Identity = Identity()
    external: ExternalIdentity = ExternalIdentity()
    fax: Identity = Identity()
    emergency: Identity = Identity()


class CallForward(Struct, frozen=True):
    """Forwarding of calls to another number."""

    enabled: bool = False
    number: PhoneNumber = ""
    require_key_press: bool = True
    direct_calls_only: bool = False
    keep_caller_id: bool = True
    failover: bool = False


class Restriction(Struct, frozen=True):
    """Permissions to call: by kinds of numbers and by countries. One that is not named is as of the next
    level above; emergency numbers can always be called. With `closed_groups` extensions are called only where
    a group is shared."""

    kinds: dict[RestrictedKind, Verdict] = {}
    countries: dict[str, Verdict] = {}
    closed_groups: bool = False
