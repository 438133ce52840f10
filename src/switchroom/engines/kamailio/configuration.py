"""Configuration of a Kamailio that this machine runs for itself: the script, its files, and its interfaces.

The script is `core.cfg` (modules) and `routes.cfg` (what is done with each message) of this package, after
definitions of what differs from one installation to the next. Follows Kamailio 5.6's core cookbook and the
READMEs of its modules.
"""

from __future__ import annotations

import errno
import os
import secrets
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from msgspec import Struct

from switchroom.engines.interfaces import keep_interfaces, kept_interfaces
from switchroom.engines.kamailio.state import BANS_FILE, LAMPS_FILE, STATE_FILE, prepare_state
from switchroom.engines.ports import free_port
from switchroom.engines.supervisor import ProcessError

SCRIPT, WORKERS_FILE, PASSWORD_FILE = "kamailio.cfg", "workers.list", "pgpass"
TLS_FILE = "tls.cfg"
_PARTS = ("core.cfg", "routes.cfg")
_SSL = "sslmode"


class WrongConfiguration(ProcessError):
    """A setting has a value that cannot be, or that cannot be said to Kamailio; the message names it."""


class Limits(Struct, frozen=True):
    """Limits: what somebody may send a second and a minute, and failed credentials of one address.

    `ban_time` is in seconds: failures count for so long, and so long an address is banned.
    """

    device_invites: tuple[int, int] = (5, 100)
    account_invites: tuple[int, int] = (50, 200)
    device_registers: tuple[int, int] = (2, 20)
    account_registers: tuple[int, int] = (20, 100)
    device_subscribes: tuple[int, int] = (100, 300)
    """A phone with many lamps asks for all of them when it starts."""

    account_subscribes: tuple[int, int] = (500, 3000)
    trunk_invites: tuple[int, int] = (50, 1500)
    address_requests: int = 500
    """Requests a second that begin something; those beyond are dropped."""

    address_dialog_requests: int = 2000
    """Requests a second within dialogs; those beyond are dropped."""

    slow_after: int = 10
    ban_after: int = 30
    ban_time: int = 600
    slow_time: int = 2000
    """Milliseconds until the answer to failed credentials, once there were `slow_after`."""


class Interfaces(Struct, frozen=True):
    """Interfaces of a Kamailio of this machine, for the platform's processes: ports of loopback, and the
    token that they show there. `workers` are the UDP ports at which it looks for telephony workers,
    `trunks_port` is the one from which it takes registrations for carriers."""

    core_port: int
    web_port: int
    events_port: int
    token: str
    workers: tuple[int, ...]
    trunks_port: int

    @property
    def websocket_url(self) -> str:
        """URL for SIP over WebSocket; the header `X-SR-Source: ADDRESS|PORT` says who the client is."""
        return f"ws://127.0.0.1:{self.web_port}/{self.token}"

    @property
    def rpc_url(self) -> str:
        """URL of JSON-RPC."""
        return f"http://127.0.0.1:{self.web_port}/{self.token}/rpc"

    @property
    def unban_url(self) -> str:
        """URL that lifts a ban by a POST with the header `X-SR-Address: ADDRESS`: 204, or 404 without one."""
        return f"http://127.0.0.1:{self.web_port}/{self.token}/unban"


def read_interfaces(directory: Path) -> Interfaces | None:
    """Interfaces of the Kamailio that was configured last in this directory, None when none was."""
    return kept_interfaces(directory, Interfaces)


@dataclass(frozen=True, kw_only=True)
class KamailioConfiguration:
    """Configuration: what differs from one installation to the next.

    `listen` is the address (a number) of SIP's UDP and TCP `port` and, with a certificate, of `tls_port`;
    `advertise` is what phones are told in its place. `authorities` is a PEM file by which certificates of
    carriers are checked, the system's where it is empty. `database_url` is SQLAlchemy's address of the
    platform's database, of which the views `sip_credentials`, `sip_trunks` and `sip_numbers` are read.
    `no_calls` is why there will be no telephony workers, which callers are told; empty where there will be.
    """

    database_url: str
    listen: str = "127.0.0.1"
    port: int = 5060
    advertise: str = ""
    tls_port: int = 5061
    tls_certificate: str = ""
    tls_private_key: str = ""
    authorities: str = ""
    workers: Sequence[int] = field(default_factory=lambda: (free_port(),))
    limits: Limits = field(default_factory=Limits)
    no_calls: str = ""
    core_port: int = field(default_factory=free_port)
    web_port: int = field(default_factory=free_port)
    events_port: int = field(default_factory=free_port)
    trunks_port: int = field(default_factory=free_port)
    token: str = field(default_factory=lambda: secrets.token_hex(24))

    @property
    def interfaces(self) -> Interfaces:
        return Interfaces(
            self.core_port,
            self.web_port,
            self.events_port,
            self.token,
            tuple(self.workers),
            self.trunks_port,
        )

    def write(self, directory: Path) -> None:
        """Make `directory` that of one Kamailio. What it knew of registrations and subscriptions stays.

        Raises WrongConfiguration, OSError.
        """
        for problem in self.port_problems():
            raise WrongConfiguration(problem)
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        prepare_state(directory)
        workers = "".join(f"1 sip:127.0.0.1:{port}\n" for port in self.workers)
        _write(directory / WORKERS_FILE, workers)
        keep_interfaces(directory, self.interfaces)
        if not self._is_sqlite:
            _write(directory / PASSWORD_FILE, self._password_line)
        if self.tls_certificate:
            _write(directory / TLS_FILE, self._tls_profiles)
        _write(directory / SCRIPT, self._script(directory))

    def port_problems(self) -> list[str]:
        """Problems that keep it from listening: another program has the port, or the address is not here."""
        family = socket.AF_INET6 if ":" in _address(self.listen) else socket.AF_INET
        wanted = [
            (socket.SOCK_DGRAM, "UDP", self.port, "telephony.sip_port"),
            (socket.SOCK_STREAM, "TCP", self.port, "telephony.sip_port"),
        ]
        if self.tls_certificate:
            wanted.append((socket.SOCK_STREAM, "TCP", self.tls_port, "telephony.sip_tls_port"))
        problems: list[str] = []
        for kind, transport, port, setting in wanted:
            with socket.socket(family, kind) as probe:
                if kind is socket.SOCK_STREAM:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.listen, port))
                except OSError as error:
                    where = f"{transport} port {port} on {self.listen}"
                    said = "telephony.listen" if error.errno == errno.EADDRNOTAVAIL else setting
                    problems.append(f"{where}: {(error.strerror or 'taken').lower()}; see {said}")
        return problems

    def environment(self, directory: Path) -> dict[str, str]:
        """Variables of the program: times in UTC, and what libpq reads the database with. The password is in
        a file, which others can neither read nor see in the list of processes."""
        if self._is_sqlite:
            return {"TZ": "UTC"}
        url = urlsplit(self.database_url)
        said = dict(parse_qsl(url.query))
        ssl = said.get("ssl", said.get(_SSL, ""))
        variables = {
            "TZ": "UTC",
            "PGHOST": url.hostname or said.get("host", ""),
            "PGPORT": str(url.port or said.get("port", "")),
            "PGUSER": unquote(url.username or said.get("user", "")),
            "PGDATABASE": unquote(url.path.lstrip("/")),
            "PGPASSFILE": str(directory / PASSWORD_FILE),
            "PGSSLMODE": {"true": "require", "false": "disable"}.get(ssl, ssl),
            "PGAPPNAME": "switchroom-kamailio",
            "PGCONNECT_TIMEOUT": "5",
            "PGOPTIONS": "-c default_transaction_read_only=on -c statement_timeout=3000",
        }
        return {name: value for name, value in variables.items() if value}

    @property
    def _is_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def _password_line(self) -> str:
        """All of it, whichever server: PostgreSQL's documentation, "The Password File"."""
        url = urlsplit(self.database_url)
        password = unquote(url.password or dict(parse_qsl(url.query)).get("password", ""))
        escaped = password.replace("\\", "\\\\").replace(":", "\\:")
        return f"*:*:*:*:{escaped}\n"

    @property
    def _tls_profiles(self) -> str:
        """As a server nobody is asked for a certificate; as a client, of a carrier, it is checked with the
        authorities, but for connections that the script says otherwise of."""
        own = [
            "method = TLSv1.2+",
            f"certificate = {_value('TLS_CERTIFICATE', os.path.abspath(self.tls_certificate))}",
            f"private_key = {_value('TLS_PRIVATE_KEY', os.path.abspath(self.tls_private_key))}",
        ]
        unchecked = [*own, "verify_certificate = no", "require_certificate = no"]
        checked = [*own, "verify_certificate = yes", "require_certificate = yes"]
        if self.authorities:
            checked.append(f"ca_list = {_value('TLS_AUTHORITIES', os.path.abspath(self.authorities))}")
        elif directory := ssl.get_default_verify_paths().capath:
            # Not the system's list: each process would read all of it at its start, which takes a minute.
            checked.append(f"ca_path = {_value('TLS_AUTHORITIES', directory)}")
        profiles = {
            "server:default": unchecked,
            "client:default": checked,
            "client:any": [*unchecked, "server_name = unchecked", "server_id = unchecked"],
        }
        return "\n".join(line for name, lines in profiles.items() for line in (f"[{name}]", *lines, ""))

    def _script(self, directory: Path) -> str:
        package = resources.files("switchroom.engines.kamailio")
        parts = [package.joinpath(name).read_text("utf-8") for name in _PARTS]
        lines = ["#!KAMAILIO", "# Written by the platform at each start.", *self._definitions(directory)]
        return "\n".join([*lines, "", *self._listeners(), "", *parts])

    def _definitions(self, directory: Path) -> list[str]:
        limits = self.limits
        names: dict[str, str | int] = {
            "CORE_PORT": self.core_port,
            "WEB_PORT": self.web_port,
            "WEB_TOKEN": self.token,
            "EVENTS_PORT": self.events_port,
            "TRUNKS_PORT": self.trunks_port,
            "STATE_FILE": str(directory / STATE_FILE),
            "LAMPS_FILE": str(directory / LAMPS_FILE),
            "BANS_FILE": str(directory / BANS_FILE),
            "DISPATCHER_FILE": str(directory / WORKERS_FILE),
            "NO_HA1": secrets.token_hex(16),
            "ADDRESS_REQUESTS": limits.address_requests * 2,
            "ADDRESS_DIALOG_REQUESTS": limits.address_dialog_requests,
            "NO_CALLS": self.no_calls or "No Call Control",
            "BAN_AFTER": limits.ban_after,
            "BAN_TIME": limits.ban_time,
            "SLOW_AFTER": limits.slow_after,
            "SLOW_TIME": limits.slow_time,
            **_numbers("DEVICE_INVITES", limits.device_invites),
            **_numbers("ACCOUNT_INVITES", limits.account_invites),
            **_numbers("DEVICE_REGISTERS", limits.device_registers),
            **_numbers("ACCOUNT_REGISTERS", limits.account_registers),
            **_numbers("DEVICE_SUBSCRIBES", limits.device_subscribes),
            **_numbers("ACCOUNT_SUBSCRIBES", limits.account_subscribes),
            **_numbers("TRUNK_INVITES", limits.trunk_invites),
        }
        flags: list[str] = []
        if self._is_sqlite:
            file = self.database_url.partition("///")[2].partition("?")[0]
            names["PLATFORM_URL"] = f"sqlite:///{os.path.abspath(file)}"
            flags.append("WITH_SQLITE")
        else:
            # Server, user and database are in the environment: not all of them can be said in this address.
            names["PLATFORM_URL"] = "postgres:///"
            flags.append("WITH_POSTGRESQL")
        if not ip_address(self.listen).is_loopback:
            flags.append("SERVES_OTHERS")
        if self.tls_certificate:
            names["TLS_FILE"] = str(directory / TLS_FILE)
            flags.append("WITH_TLS")
        return [f"#!define {flag}" for flag in flags] + [
            f'#!substdef "!{name}!{_value(name, value)}!g"' for name, value in names.items()
        ]

    def _listeners(self) -> list[str]:
        address = _address(self.listen)
        told = f" advertise {_host(self.advertise)}" if self.advertise else ""
        # With two receivers of one UDP socket, replies that follow each other closely are sent on in the
        # other order, and of two that write a registration at once one fails. It is said before each socket.
        one_receiver = "socket_workers=1"
        lines = [
            one_receiver,
            f'listen=udp:{address}:{self.port}{told and f"{told}:{self.port}"} name "sip_udp"',
            f'listen=tcp:{address}:{self.port}{told and f"{told}:{self.port}"} name "sip_tcp"',
            one_receiver,
            f'listen=udp:127.0.0.1:{self.core_port} name "core"',
            f'listen=tcp:127.0.0.1:{self.web_port} name "web"',
        ]
        if self.tls_certificate:
            lines.append(
                f'listen=tls:{address}:{self.tls_port}{told and f"{told}:{self.tls_port}"} name "sip_tls"'
            )
        return lines


def _numbers(name: str, limit: tuple[int, int]) -> Mapping[str, int]:
    return {f"{name}_SECOND": limit[0], f"{name}_MINUTE": limit[1]}


def _value(name: str, value: str | int) -> str:
    text = str(value)
    if any(sign in text for sign in '!"\\$\n;=`'):
        raise WrongConfiguration(f"{text!r} cannot be said to Kamailio as {name}: use a plainer path")
    return text


def _address(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        raise WrongConfiguration(f"telephony.listen: {text!r} is not an IP address") from None
    return f"[{address}]" if address.version == 6 else str(address)


def _host(text: str) -> str:
    """A name, or an address as it stands in a SIP address."""
    try:
        return _address(text)
    except WrongConfiguration:
        if not all(sign.isalnum() or sign in "-." for sign in text):
            raise WrongConfiguration(f"telephony.advertised_address: {text!r} is no name") from None
        return text


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=True)
    file.write_text(text, "utf-8")
