"""Configuration: defaults, then one TOML file, then `SWITCHROOM_*` variables, then command line options.

A setting `name` of section `section` is `[section] name = …` in the file and `SWITCHROOM_SECTION_NAME` in the
environment; one without a section is `SWITCHROOM_NAME`. Lists are comma-separated in the environment.
An engine may have a section of its own, `[engines.NAME]`, whose type is handed in.
`docs/configuration.md` is generated from the descriptions of settings
(`python -m switchroom.platform.configuration_page`).
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, cast, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec
from msgspec import Meta, Struct, field

S = TypeVar("S", bound=Struct)

LONGEST_TOKEN = 2 * 86_400
"""Seconds; for so long it is known of each access token that it has been revoked."""


def _no_strings() -> list[str]:
    return []


class ConfigurationError(Exception):
    """The configuration cannot be read; the message names the setting."""


class DatabaseSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Database, in which the platform keeps its state."""

    url: Annotated[
        str,
        Meta(
            description="SQLAlchemy address, `sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`. "
            "Empty: `switchroom.db` in the data directory."
        ),
    ] = ""
    pool_size: Annotated[int, Meta(ge=1, description="Connections kept open to PostgreSQL.")] = 10


class SmtpSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Delivery of mail."""

    url: Annotated[
        str,
        Meta(
            description="`smtp://user:password@host:587` (STARTTLS; without a user port 25) or `smtps://…`. "
            "`?starttls=required` or `?starttls=offered` says what to do where the server offers none. "
            "Empty: mails are written to `outbox/` in the data directory."
        ),
    ] = ""
    sender: Annotated[str, Meta(description="The From address of all mail.")] = (
        "Switchroom <noreply@localhost>"
    )
    timeout: Annotated[float, Meta(gt=0, description="Seconds before a delivery attempt is given up.")] = 20.0


class JanusSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The media server for rooms."""

    executable: Annotated[str, Meta(description="The program that `up` starts.")] = "janus"
    urls: Annotated[
        list[str],
        Meta(
            description="WebSocket addresses of media servers run elsewhere. Empty: `up` starts one itself."
        ),
    ] = field(default_factory=_no_strings)
    api_secret: Annotated[str, Meta(description="The API secret of the servers in `urls`.")] = ""
    ice_enforce: Annotated[
        list[str],
        Meta(
            description="Interfaces or address prefixes that media use. Empty: all but those of containers."
        ),
    ] = field(default_factory=_no_strings)
    ice_lite: Annotated[
        bool, Meta(description="Answer connectivity checks only; right for a server that clients can reach.")
    ] = True
    nat_1_1: Annotated[
        list[str], Meta(description="Public addresses to announce when the server is behind a 1:1 NAT.")
    ] = field(default_factory=_no_strings)
    rtp_port_min: Annotated[int, Meta(ge=1024, le=65535, description="First UDP port for media.")] = 20000
    rtp_port_max: Annotated[int, Meta(ge=1024, le=65535, description="Last UDP port for media.")] = 29999
    video_bitrate: Annotated[
        int, Meta(ge=64_000, description="Bits a second that one participant may send, all layers together.")
    ] = 2_500_000
    recordings_directory: Annotated[
        str,
        Meta(
            description="Directory of recordings, which the media servers and all processes of the platform "
            "see under the same path. Empty: `recordings/` in the data directory with the media server that "
            "`up` starts; nothing is recorded with those in `urls`."
        ),
    ] = ""
    recordings_least_free: Annotated[
        int, Meta(ge=0, description="MiB that must be free there for a recording to begin.")
    ] = 1000


class NatsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The server for messages between processes."""

    executable: Annotated[str, Meta(description="The program that `up` and `serve --workers` start.")] = (
        "nats-server"
    )
    url: Annotated[
        str,
        Meta(
            description="`nats://token@host:4222` (`tls://…`) of a server run elsewhere; those of a cluster "
            "with commas between. Empty: `up` and `serve --workers` start one themselves."
        ),
    ] = ""
    prefix: Annotated[
        str,
        Meta(
            description="Begins the subjects of all messages; platforms that share a server differ in it.",
            pattern="^[A-Za-z0-9_-]+$",
        ),
    ] = "switchroom"


class IceSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Ways through NATs and firewalls, which browsers are told."""

    stun: Annotated[list[str], Meta(description="STUN servers, such as `stun:stun.example.org:3478`.")] = (
        field(default_factory=_no_strings)
    )
    turn: Annotated[
        list[str], Meta(description="TURN servers, such as `turns:turn.example.org:443?transport=tcp`.")
    ] = field(default_factory=_no_strings)
    turn_secret: Annotated[
        str, Meta(description="The secret shared with the TURN servers (coturn: `static-auth-secret`).")
    ] = ""
    turn_ttl: Annotated[int, Meta(ge=60, description="Seconds that a TURN credential is good for.")] = 43_200


def _loopback() -> list[str]:
    return ["127.0.0.0/8", "::1"]


class SecuritySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Lifetimes and limits."""

    secret: Annotated[
        str,
        Meta(
            description="Key that access tokens are signed with; the same on all servers of one platform. "
            "Empty: made at the first start and kept in `secret.key` in the data directory."
        ),
    ] = ""
    metrics_from: Annotated[
        list[str], Meta(description="Addresses and networks that may read `/metrics`.")
    ] = field(default_factory=_loopback)

    access_token_lifetime: Annotated[
        int, Meta(ge=60, le=LONGEST_TOKEN, description="Seconds; people's and API keys' tokens.")
    ] = 3600
    guest_token_lifetime: Annotated[
        int, Meta(ge=60, le=LONGEST_TOKEN, description="Seconds; guests' tokens. At most two days.")
    ] = 43_200
    refresh_token_lifetime: Annotated[int, Meta(ge=60, description="Seconds; the cookie `auth`.")] = (
        30 * 86_400
    )
    cookie_secure: Annotated[
        bool, Meta(description="Send the cookies `auth` and `device` over HTTPS (and to localhost) only.")
    ] = True
    trusted_proxies: Annotated[
        list[str],
        Meta(description="Addresses of reverse proxies that are believed when they say who has asked them."),
    ] = field(default_factory=_no_strings)
    proxy_header: Annotated[
        Literal["x-forwarded-for", "forwarded"],
        Meta(description="The header in which they say so. They must write it themselves."),
    ] = "x-forwarded-for"
    account_attempts: Annotated[
        int, Meta(ge=1, description="Failed sign-ins for one account before a delay begins.")
    ] = 5
    address_attempts: Annotated[
        int, Meta(ge=1, description="Failed sign-ins from one address before a delay begins.")
    ] = 30
    signup: Annotated[
        bool,
        Meta(
            description="Whether strangers may found organizations of their own, by mail, and those who "
            "manage one already further ones (`companies/signup` and `companies/create` of the v1 API)."
        ),
    ] = False
    incoming_mb: Annotated[
        int,
        Meta(
            ge=4,
            description="Megabytes that strangers' messages and bodies may take in each process until they "
            "are complete, of one address (IPv6: /64) a quarter; the first 16 KiB of each do not count.",
        ),
    ] = 64


class EventSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The log of what has happened."""

    keep_days: Annotated[int, Meta(ge=30, description="Days for which the event log is kept.")] = 90
    webhook_networks: Annotated[
        list[str],
        Meta(
            description="Networks that web hooks may reach beside public addresses, such as `10.0.0.0/8`; "
            "never name one that holds what trusts its neighbours."
        ),
    ] = field(default_factory=_no_strings)


class WebMeetingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Meetings, and the Web Meeting API by which they are scheduled."""

    require_api_key: Annotated[
        bool,
        Meta(
            description="Refuse requests to the API without a key. Without this, whoever knows a user's id "
            "schedules meetings in that user's name."
        ),
    ] = True
    user_timezone: Annotated[str, Meta(description="Time zone of people who have not said theirs.")] = (
        "Europe/Paris"
    )
    meeting_timezone: Annotated[
        str, Meta(description="Time zone of meetings where neither request nor organizer says one.")
    ] = "Europe/Zurich"
    dial_in_numbers: Annotated[
        list[str], Meta(description="Telephone numbers at which every meeting with dial-in can be reached.")
    ] = field(default_factory=_no_strings)


MOST_TELEPHONY_WORKERS = 64


class TelephonySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Telephones: where they register and call, and the ways that their media take."""

    enabled: Annotated[bool, Meta(description="Whether `up` runs the engines of telephony.")] = True
    listen: Annotated[
        str,
        Meta(description="Address (a number) on which SIP and media listen. Empty: that of `host`."),
    ] = ""
    advertised_address: Annotated[
        str,
        Meta(
            description="Address or name by which phones reach `listen`, where that is behind a NAT or "
            "`0.0.0.0`. Empty: `listen`, or the address of this machine."
        ),
    ] = ""
    sip_port: Annotated[int, Meta(ge=1, le=65535, description="Port for SIP, UDP and TCP.")] = 5060
    sip_tls_port: Annotated[
        int, Meta(ge=1, le=65535, description="TCP port for SIP over TLS, where there is a certificate.")
    ] = 5061
    tls_certificate: Annotated[
        str,
        Meta(description="PEM file of the certificate for SIP over TLS, its chain after it. Empty: no TLS."),
    ] = ""
    tls_private_key: Annotated[str, Meta(description="PEM file of the certificate's private key.")] = ""
    carrier_authorities: Annotated[
        str,
        Meta(
            description="PEM file of the authorities by which certificates of carriers are checked, over TLS."
            " Empty: the system's."
        ),
    ] = ""
    media_advertised_address: Annotated[
        str,
        Meta(
            description="Address (a number) to which phones send media. Empty: `advertised_address` where "
            "that is a number, else `listen`."
        ),
    ] = ""
    media_port_min: Annotated[int, Meta(ge=1024, le=65535, description="First UDP port for media.")] = 10000
    media_port_max: Annotated[int, Meta(ge=1024, le=65535, description="Last UDP port for media.")] = 19999
    media_timeout: Annotated[
        int,
        Meta(
            ge=2,
            description="Seconds without media from a phone, which has not said that it holds, after which "
            "its call is ended.",
        ),
    ] = 60
    realm_suffix: Annotated[
        str,
        Meta(
            description="Domain in which accounts have their SIP realms: `acme.pbx.example.org`. Empty: the "
            "name of this server or, where that is none, `sip.internal`."
        ),
    ] = ""
    numbers_claimed: Annotated[
        bool,
        Meta(
            description="Whether administrators of accounts say which telephone numbers come by their "
            "trunks. Where accounts do not trust each other: `false`, and the operator gives every number."
        ),
    ] = True
    sounds_mb: Annotated[
        int,
        Meta(
            ge=1,
            description="Megabytes that the sounds of one account may take: as they were uploaded, and as "
            "they are played (2 MB a minute), together.",
        ),
    ] = 1000
    workers: Annotated[
        int,
        Meta(
            ge=1,
            le=MOST_TELEPHONY_WORKERS,
            description="Processes that control calls, each with calls of its own; also "
            "`up --telephony-workers`.",
        ),
    ] = 1
    slow_after: Annotated[
        int,
        Meta(
            ge=1,
            description="Failed credentials from one address in `ban_time` after which its requests are "
            "answered later.",
        ),
    ] = 10
    ban_after: Annotated[
        int,
        Meta(ge=1, description="Failed credentials from one address in `ban_time` after which it is banned."),
    ] = 30
    ban_time: Annotated[int, Meta(ge=1, description="Seconds that an address is banned.")] = 600
    device_registrations_second: Annotated[
        int, Meta(ge=1, description="Times that a device may register a second.")
    ] = 2
    device_registrations_minute: Annotated[
        int, Meta(ge=1, description="Times that a device may register a minute.")
    ] = 20
    account_registrations_second: Annotated[
        int, Meta(ge=1, description="Times that the devices of an account may register a second.")
    ] = 20
    account_registrations_minute: Annotated[
        int, Meta(ge=1, description="Times that the devices of an account may register a minute.")
    ] = 100
    device_subscriptions_second: Annotated[
        int,
        Meta(
            ge=1,
            description="Subscriptions (lamps, waiting messages) that a device may make or renew a second: "
            "it asks for all of its lamps when it starts.",
        ),
    ] = 100
    device_subscriptions_minute: Annotated[
        int, Meta(ge=1, description="Subscriptions that a device may make or renew a minute.")
    ] = 300
    account_subscriptions_second: Annotated[
        int,
        Meta(ge=1, description="Subscriptions that an account's devices may make or renew a second."),
    ] = 500
    account_subscriptions_minute: Annotated[
        int,
        Meta(ge=1, description="Subscriptions that an account's devices may make or renew a minute."),
    ] = 3000
    address_requests: Annotated[
        int,
        Meta(
            ge=1,
            description="SIP requests of one address a second that begin something; those beyond are "
            "dropped.",
        ),
    ] = 500
    address_dialog_requests: Annotated[
        int,
        Meta(
            ge=1,
            description="SIP requests of one address a second within calls and subscriptions; those beyond "
            "are dropped.",
        ),
    ] = 2000
    device_calls_second: Annotated[int, Meta(ge=1, description="Calls that a device may make a second.")] = 5
    device_calls_minute: Annotated[int, Meta(ge=1, description="Calls that a device may make a minute.")] = (
        100
    )
    account_calls_second: Annotated[
        int, Meta(ge=1, description="Calls that the devices of an account may make a second.")
    ] = 50
    account_calls_minute: Annotated[
        int, Meta(ge=1, description="Calls that the devices of an account may make a minute.")
    ] = 200
    trunk_calls_second: Annotated[int, Meta(ge=1, description="Calls that a trunk may bring a second.")] = 50
    trunk_calls_minute: Annotated[int, Meta(ge=1, description="Calls that a trunk may bring a minute.")] = (
        1500
    )
    trunk_networks: Annotated[
        list[str],
        Meta(
            description="Networks in which servers of trunks may be beside public addresses, such as "
            "`10.0.0.0/8`; never name one that holds what trusts its neighbours."
        ),
    ] = field(default_factory=_no_strings)
    kamailio_executable: Annotated[str, Meta(description="The SIP server that `up` starts.")] = "kamailio"
    rtpengine_executable: Annotated[
        str, Meta(description="The relay for the media of telephone calls that `up` starts.")
    ] = "rtpengine"
    voicemail_days: Annotated[
        int, Meta(ge=1, le=3650, description="Days that voicemail messages are kept, also deleted ones.")
    ] = 93
    voicemail_megabytes: Annotated[
        int,
        Meta(ge=1, description="Megabytes of voicemail of an account from which on its boxes are full."),
    ] = 10_000

    @property
    def media_ports(self) -> range:
        return range(self.media_port_min, self.media_port_max + 1)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """The platform."""

    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(ge=0, le=65535, description="TCP port to listen on.")] = 8000
    data: Annotated[str, Meta(description="Directory of everything the platform writes.")] = "./var"
    public_url: Annotated[
        str,
        Meta(description="The address people use: `https://meet.example.org`. Empty: made of host and port."),
    ] = ""
    log_format: Annotated[str, Meta(description="`text` or `json`.", pattern="^(text|json)$")] = "text"
    log_level: Annotated[
        str,
        Meta(description="`debug`, `info`, `warning` or `error`.", pattern="^(debug|info|warning|error)$"),
    ] = "info"
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    smtp: SmtpSettings = field(default_factory=SmtpSettings)
    janus: JanusSettings = field(default_factory=JanusSettings)
    nats: NatsSettings = field(default_factory=NatsSettings)
    ice: IceSettings = field(default_factory=IceSettings)
    security: SecuritySettings = field(default_factory=SecuritySettings)
    events: EventSettings = field(default_factory=EventSettings)
    webmeeting: WebMeetingSettings = field(default_factory=WebMeetingSettings)
    telephony: TelephonySettings = field(default_factory=TelephonySettings)
    engines: Mapping[str, Mapping[str, Any]] = {}
    """Values in the sections of engines that have one of their own, which they read them into."""

    def of_engine(self, name: str, kind: type[S]) -> S:
        """The settings of an engine that has a section of its own."""
        return msgspec.convert(self.engines.get(name, {}), kind, strict=False)

    @property
    def data_directory(self) -> Path:
        return Path(self.data)

    @property
    def base_url(self) -> str:
        """The public address without a trailing slash."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in {"0.0.0.0", "::", "127.0.0.1", "::1"} else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def database_url(self) -> str:
        return self.database.url or f"sqlite+aiosqlite:///{self.data_directory.resolve() / 'switchroom.db'}"


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
    engines: Mapping[str, type[Struct]] | None = None,
) -> Settings:
    """Read the configuration.

    `file` defaults to `$SWITCHROOM_CONFIG`, or `switchroom.toml` in the working directory where that exists.
    `options` are top-level settings given on the command line; `None` values are ignored. `engines` are the
    types of the sections `[engines.NAME]`, by the engine's name.

    Raises ConfigurationError, naming the setting.
    """
    env = os.environ if environment is None else environment
    values = _read_file(file, env, engines or {})
    _add_environment(values, env)
    _add_engines(values, env, engines or {})
    for name, value in (options or {}).items():
        if value is not None:
            values[name] = value
    try:
        settings = msgspec.convert(values, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(str(error)) from error
    for name, said in settings.engines.items():
        _require_engine(name, said, (engines or {}).get(name))
    _require_database(settings.database.url)
    _require_networks("security.trusted_proxies", settings.security.trusted_proxies)
    _require_networks("security.metrics_from", settings.security.metrics_from)
    _require_networks("events.webhook_networks", settings.events.webhook_networks)
    _require_networks("telephony.trunk_networks", settings.telephony.trunk_networks)
    _require_ports(settings)
    _require_servers("ice.stun", settings.ice.stun, _STUN)
    _require_servers("ice.turn", settings.ice.turn, _TURN)
    _require_timezone("webmeeting.user_timezone", settings.webmeeting.user_timezone)
    _require_timezone("webmeeting.meeting_timezone", settings.webmeeting.meeting_timezone)
    return settings


def _require_engine(name: str, said: Mapping[str, Any], kind: type[Struct] | None) -> None:
    if kind is None:
        raise ConfigurationError(f"engines.{name}: no engine of this name has settings")
    try:
        msgspec.convert(said, kind, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"engines.{name}: {error}") from error


_HOST = r"(?:\[[0-9a-fA-F:.]+\]|[^\s:/?\[\]]+)(?::\d{1,5})?"
_DATABASE = re.compile(r"sqlite\+aiosqlite://|postgresql\+asyncpg://")
_STUN = re.compile(rf"stuns?:{_HOST}")
_TURN = re.compile(rf"turns?:{_HOST}(?:\?transport=(?:udp|tcp))?")


def _require_database(url: str) -> None:
    if url and not _DATABASE.match(url):
        raise ConfigurationError(
            "database.url must be like sqlite+aiosqlite:////srv/switchroom.db or "
            "postgresql+asyncpg://user:password@host/database"
        )


def _require_networks(name: str, networks: list[str]) -> None:
    for network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigurationError(f"{name}: {error}") from error


def _require_ports(settings: Settings) -> None:
    """Media ports belong to one program: another's would be taken from it without an error."""
    telephony, janus = settings.telephony, settings.janus
    if not telephony.enabled:
        return
    media = telephony.media_ports
    for name in ("sip_port", "sip_tls_port"):
        if getattr(telephony, name) in media:
            raise ConfigurationError(
                f"telephony.{name}: {getattr(telephony, name)} is one of the ports for media (telephony."
                "media_port_min to _max)"
            )
    if media.start <= janus.rtp_port_max and janus.rtp_port_min < media.stop:
        raise ConfigurationError(
            f"telephony.media_port_min: ports {media.start} to {media.stop - 1} are in part those of "
            f"janus.rtp_port_min to _max, {janus.rtp_port_min} to {janus.rtp_port_max}"
        )


def _require_servers(name: str, addresses: list[str], form: re.Pattern[str]) -> None:
    """Browsers refuse a whole connection for one address that they cannot read."""
    for address in addresses:
        if not form.fullmatch(address):
            raise ConfigurationError(f"{name}: {address!r} is not the address of such a server")


def _require_timezone(name: str, timezone: str) -> None:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(f"{name}: {timezone!r} is not the name of a time zone") from error


def _read_file(
    file: Path | None, env: Mapping[str, str], engines: Mapping[str, type[Struct]]
) -> dict[str, Any]:
    path = file or (Path(env["SWITCHROOM_CONFIG"]) if env.get("SWITCHROOM_CONFIG") else None)
    if path is None:
        path = Path("switchroom.toml")
        if not path.exists():
            return {}
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    _require_known(path, values, engines)
    return values


def _require_known(path: Path, values: Mapping[str, Any], engines: Mapping[str, type[Struct]]) -> None:
    """Raises ConfigurationError for a key that the file has and nothing is called by, with the nearest that
    there is."""
    kinds = sections() | {f"engines.{name}": kind for name, kind in engines.items()}
    known = sorted(
        {name for name in Settings.__struct_fields__ if name not in kinds}
        | {f"{section}.{name}" for section, kind in kinds.items() for name in kind.__struct_fields__}
    )
    for key, is_section in _keys(values, kinds):
        if is_section:
            nearest = difflib.get_close_matches(key, list(kinds), 1, 0.0)
            raise ConfigurationError(f"{path}: [{key}] is no section; did you mean [{nearest[0]}]?")
        if key not in known:
            # One in the wrong section is nearer to its namesake than to any other there.
            namesakes = [one for one in known if one.rpartition(".")[2] == key.rpartition(".")[2]]
            nearest = namesakes or difflib.get_close_matches(key, known, 1, 0.0)
            raise ConfigurationError(f"{path}: {key} is no setting; did you mean {nearest[0]}?")


def _keys(
    values: Mapping[str, Any], kinds: Mapping[str, type[Struct]], within: str = ""
) -> Iterator[tuple[str, bool]]:
    """The full names of what stands in the file, and whether each is a section that nobody knows. An engine
    that nobody knows is refused as such, later."""
    for name, value in values.items():
        key = f"{within}{name}"
        if key == "engines" or key in kinds:
            if isinstance(value, Mapping):
                yield from _keys(cast("Mapping[str, Any]", value), kinds, f"{key}.")
        elif within != "engines.":
            yield key, isinstance(value, Mapping)


def sections() -> dict[str, type[Struct]]:
    """The types of the sections, by their names; those of engines come from elsewhere."""
    hints = get_type_hints(Settings)
    return {name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, Struct)}


def _add_environment(values: dict[str, Any], env: Mapping[str, str]) -> None:
    kinds = sections()
    for name in Settings.__struct_fields__:
        if name in kinds:
            _add_section(values.setdefault(name, {}), env, name, kinds[name])
        elif name != "engines" and (variable := f"SWITCHROOM_{name}".upper()) in env:
            values[name] = env[variable]


def _add_engines(values: dict[str, Any], env: Mapping[str, str], engines: Mapping[str, type[Struct]]) -> None:
    for name, kind in engines.items():
        section: dict[str, Any] = {}
        _add_section(section, env, f"engines.{name}", kind)
        if section:
            values.setdefault("engines", {}).setdefault(name, {}).update(section)


def _add_section(section: dict[str, Any], env: Mapping[str, str], name: str, kind: type[Struct]) -> None:
    for setting in msgspec.structs.fields(kind):
        variable = variable_of(name, setting.name)
        if variable in env:
            section[setting.name] = _parse(env[variable], setting.type)


def variable_of(*names: str) -> str:
    """The environment variable of a setting, by its section and name."""
    return "_".join(("SWITCHROOM", *names)).upper().replace("-", "_").replace(".", "_")


def _parse(text: str, kind: Any) -> Any:
    if "list[" in repr(kind):
        return [item.strip() for item in text.split(",") if item.strip()]
    return text
