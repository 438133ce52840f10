"""Configuration of an account as routing reads it, by the names of the fields of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from switchroom.telephony.routing.number_kinds import NumberKind

COUNTRY = "DE"
"""The country of accounts that do not name one."""

RINGING_SECONDS = 20
"""For how long users, devices and members of groups ring where nothing else is said."""

LONGEST_RINGING = 180
"""Seconds that anybody rings at most: carriers and proxies give up then (RFC 3261 section 16.6, timer C)."""


class Permission(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    INHERIT = "inherit"


class Restriction(Struct, frozen=True):
    """Permissions to call: by the kind of a number, and by its country (ISO 3166). With `closed_groups` calls
    inside the account reach only users and devices that share a group with the caller."""

    kinds: Mapping[NumberKind, Permission] = {}
    countries: Mapping[str, Permission] = {}
    closed_groups: bool = False


class CallerIdEntry(Struct, frozen=True):
    name: str = ""
    number: str = ""
    anonymous: bool | None = None
    """Of the external one only; None takes over what the next level says."""


class CallerId(Struct, frozen=True):
    internal: CallerIdEntry = CallerIdEntry()
    external: CallerIdEntry = CallerIdEntry()
    fax: CallerIdEntry = CallerIdEntry()
    emergency: CallerIdEntry = CallerIdEntry()


class CallForward(Struct, frozen=True):
    """Forwarding to a number: always while it is `enabled`, with `failover` where no device is registered."""

    enabled: bool = False
    number: str = ""
    require_key_press: bool = True
    direct_calls_only: bool = False
    keep_caller_id: bool = True
    failover: bool = False


class CallLimits(Struct, frozen=True):
    """Limits of the calls of an account with the public network that are up at once: by direction, of the
    `forwarded` among the outgoing ones, and of all `together`; 0 for any number."""

    incoming: int = 0
    outgoing: int = 0
    forwarded: int = 0
    together: int = 0


class Account(Struct, frozen=True):
    """`numbers` are those of the public network that the account owns, in E.164. With
    `emergency_caller_id_required` nobody calls an emergency service for whom no caller id is configured by
    which it would know where help is needed."""

    id: int
    country: str = COUNTRY
    language: str = ""
    time_zone: str = "UTC"
    caller_id: CallerId = CallerId()
    restriction: Restriction = Restriction()
    music_on_hold_id: int | None = None
    numbers: frozenset[str] = frozenset()
    limits: CallLimits = CallLimits()
    emergency_caller_id_required: bool = False


class User(Struct, frozen=True):
    """`extension` is the number at which colleagues reach the user first, empty where there is none."""

    id: int
    first_name: str = ""
    last_name: str = ""
    enabled: bool = True
    no_service: bool = False
    extension: str = ""
    country: str = ""
    language: str = ""
    time_zone: str = ""
    caller_id: CallerId = CallerId()
    restriction: Restriction = Restriction()
    call_forward: CallForward = CallForward()
    music_on_hold_id: int | None = None
    do_not_disturb: bool = False
    call_waiting: bool = True

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()


class Device(Struct, frozen=True):
    """`owner_id` is the user who has the device now, be it by hotdesking. Without `missed_calls_log` it is to
    show no call that it has missed."""

    id: int
    name: str = ""
    owner_id: int | None = None
    enabled: bool = True
    is_fax: bool = False
    country: str = ""
    language: str = ""
    caller_id: CallerId = CallerId()
    restriction: Restriction = Restriction()
    call_forward: CallForward = CallForward()
    music_on_hold_id: int | None = None
    do_not_disturb: bool = False
    call_waiting: bool = True
    missed_calls_log: bool = True


class MemberType(StrEnum):
    USER = "user"
    DEVICE = "device"
    GROUP = "group"


def member_key(type_: MemberType, id_: int) -> str:
    """Name of a user, device or group, such as `user:1`."""
    return f"{type_.value}:{id_}"


class GroupMember(Struct, frozen=True):
    """`delay` and `timeout` in seconds. A member who is not `logged` in is not rung."""

    member_id: int
    member_type: MemberType = MemberType.USER
    delay: int = 0
    timeout: int = RINGING_SECONDS
    logged: bool = True

    @property
    def key(self) -> str:
        return member_key(self.member_type, self.member_id)


class Strategy(StrEnum):
    SIMULTANEOUS = "simultaneous"
    SEQUENTIAL = "sequential"
    ROUND_ROBIN = "round_robin"
    LONGEST_IDLE = "longest_idle"


class Group(Struct, frozen=True):
    """`global_timeout` in seconds is for all ringing of one call together; None leaves it to the members."""

    id: int
    name: str = ""
    strategy: Strategy = Strategy.SIMULTANEOUS
    global_timeout: int | None = None
    members: tuple[GroupMember, ...] = ()
    music_on_hold_id: int | None = None


class Hunt(Struct, frozen=True):
    """Extensions that a menu puts through to: those that begin as one of `allow` says, all where it is
    empty, but for those that begin as one of `deny`. In an entry `?` is any key, and a `^` before it says
    nothing."""

    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


class Menu(Struct, frozen=True):
    """`timeout` in seconds is for the first key. Without `hunt`, extensions are not put through to."""

    id: int
    name: str = ""
    media_id: int | None = None
    retries: int = 3
    timeout: int = 10
    hunt: Hunt | None = None


class Forced(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class Calendar(Struct, frozen=True):
    """`spans` are the times at which it is open, in order and in UTC, from when it was loaded on
    (`opening_hours.spans_of`): working them out takes too long to be done where calls wait for it."""

    id: int
    name: str = ""
    time_zone: str = ""
    forced: Forced | None = None
    spans: tuple[tuple[datetime, datetime], ...] = ()


class Conference(Struct, frozen=True):
    """`has_pin` is whether members need a PIN, `has_moderators_pin` whether there is one for moderators; the
    PINs themselves are not here."""

    id: int
    name: str = ""
    owner_id: int | None = None
    has_pin: bool = False
    has_moderators_pin: bool = False
    wait_for_moderator: bool = False
    members_maximum: int = 0
    members_announce_join_leave: bool = False
    members_join_muted: bool = False
    language: str = ""


class VoicemailBox(Struct, frozen=True):
    id: int
    mailbox: str = ""
    owner_id: int | None = None


class TrunkDirection(StrEnum):
    INCOMING = "incoming"
    OUTGOING = "outgoing"
    BOTH = "both"


class TrunkIncoming(Struct, frozen=True):
    """Changes to the numbers of incoming calls: so many digits go off the front, and these come before."""

    strip_numbers: int = 0
    prepend_numbers: str = ""


class MediaEncryption(StrEnum):
    """Encryption of the media of a trunk's calls: SRTP with keys in SDP (RFC 4568)."""

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    """SRTP is offered, and where that is refused media without it."""

    NONE = "none"
    """SRTP is not offered."""

    BY_TRANSPORT = ""
    """`optional` where keys in SDP are not readable on the way, else `none`."""


class TrunkAdvanced(Struct, frozen=True):
    override_from_domain: str = ""
    override_from_user: str = ""
    add_country_prefix_for_emergency_calls: bool = False
    media_encryption: MediaEncryption = MediaEncryption.BY_TRANSPORT
    incoming: TrunkIncoming = TrunkIncoming()


class CallerIdUsed(StrEnum):
    EXTERNAL = "external"
    INTERNAL = "internal"


class Trunk(Struct, frozen=True):
    """`concurrent_calls` is the number of calls it carries at once, None for any. With `internal_calls` those
    behind it call extensions too, as those of another telephone system of the account do."""

    id: int
    name: str = ""
    enabled: bool = True
    calls_direction: TrunkDirection = TrunkDirection.BOTH
    internal_calls: bool = False
    trunk_order: int = 0
    concurrent_calls: int | None = None
    transport: str = ""
    server: str = ""
    username: str = ""
    country: str = ""
    caller_id_used: CallerIdUsed = CallerIdUsed.EXTERNAL
    restriction: Restriction = Restriction()
    advanced: TrunkAdvanced = TrunkAdvanced()

    @property
    def media_encryption(self) -> MediaEncryption:
        """`mandatory`, `optional` or `none`."""
        said = self.advanced.media_encryption
        if said is not MediaEncryption.BY_TRANSPORT:
            return said
        return MediaEncryption.OPTIONAL if self.transport.startswith("tls") else MediaEncryption.NONE


class Contact(Struct, frozen=True):
    """Contact at which a device can be reached: the URI that it has registered."""

    uri: str
    is_browser: bool = False


class Live(Struct, frozen=True):
    """State that changes from call to call.

    `registered` are the devices that can be reached now, `contacts` their contacts. `device_calls` and
    `trunk_calls` are the numbers of calls that devices and trunks have. `group_turns` counts the calls that a
    group has had, `idle_since` is when the last call of a member ended, by `GroupMember.key`.
    """

    registered: frozenset[int] = frozenset()
    contacts: Mapping[int, Sequence[Contact]] = {}
    device_calls: Mapping[int, int] = {}
    trunk_calls: Mapping[int, int] = {}
    group_turns: Mapping[int, int] = {}
    idle_since: Mapping[str, datetime] = {}
