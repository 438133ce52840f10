"""The private configuration folder of one Janus server that this machine runs for itself.

Only the WebSocket transport (on loopback), the VideoRoom plugin and, where it is there, the AudioBridge
plugin are loaded; the admin API is off. Follows the comments of Janus 1.1's `janus.jcfg`,
`janus.transport.websockets.jcfg` and `janus.plugin.audiobridge.jcfg`.
"""

from __future__ import annotations

import glob
import re
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from switchroom.engines.ports import free_port

TRANSPORT = "libjanus_websockets.so"
PLUGIN = "libjanus_videoroom.so"
MIXER = "libjanus_audiobridge.so"
"""The plugin for conferences of telephones, without which meetings work all the same."""

PLACES = ("/usr/lib/*/janus", "/usr/lib/janus", "/usr/local/lib/janus", "/opt/janus/lib/janus")

_PORT = re.compile(r"^\tws_port = (\d+)$", re.M)
_SECRET = re.compile(r'^\tapi_secret = "((?:[^"\\]|\\.)*)"$', re.M)


class JanusNotInstalled(Exception):
    """The program or one of its two modules is not on this machine."""


@dataclass(frozen=True, kw_only=True)
class JanusConfiguration:
    """Configuration: what differs from one installation to the next.

    `ice_enforce` names interfaces or prefixes of addresses that media use; empty means every interface but
    loopback, which Janus never uses when another is up. `stun` is `host:port`, asked by Janus itself to learn
    its public address; `nat_1_1` lists public addresses to announce instead of private ones.
    """

    port: int = field(default_factory=free_port)
    api_secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ice_enforce: Sequence[str] = ()
    ice_lite: bool = True
    nat_1_1: Sequence[str] = ()
    stun: str | None = None
    ipv6: bool = False
    rtp_port_min: int = 20000
    rtp_port_max: int = 29999
    debug_level: int = 2

    @property
    def url(self) -> str:
        """URL of the server's WebSocket API."""
        return f"ws://127.0.0.1:{self.port}"

    def write(self, directory: Path, executable: str = "janus") -> None:
        """Make `directory` the configuration folder of one server.

        Raises JanusNotInstalled.
        """
        modules = find_modules(executable)
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        ports = f"{self.rtp_port_min}-{self.rtp_port_max}"
        plugins = [modules / "plugins" / name for name in (PLUGIN, MIXER)]
        _link_only(directory / "transports", [modules / "transports" / TRANSPORT])
        _link_only(directory / "plugins", [plugin for plugin in plugins if plugin.exists()])
        for unused in ("events", "loggers"):
            (directory / unused).mkdir(exist_ok=True)
        _write(directory / "janus.jcfg", self._core(directory))
        _write(
            directory / "janus.transport.websockets.jcfg",
            _category(
                "general",
                {"json": "compact", "ws": True, "ws_ip": "127.0.0.1", "ws_port": self.port, "wss": False},
            )
            + _category("admin", {"admin_ws": False, "admin_wss": False}),
        )
        _write(directory / "janus.plugin.videoroom.jcfg", _category("general", {"string_ids": True}))
        _write(
            directory / "janus.plugin.audiobridge.jcfg",
            # Plain RTP is for the media relay of this machine.
            _category("general", {"string_ids": True, "local_ip": "127.0.0.1", "rtp_port_range": ports}),
        )

    def _core(self, directory: Path) -> str:
        general: dict[str, str | int | bool] = {
            "configs_folder": str(directory),
            "plugins_folder": str(directory / "plugins"),
            "transports_folder": str(directory / "transports"),
            "events_folder": str(directory / "events"),
            "loggers_folder": str(directory / "loggers"),
            "log_to_stdout": False,
            "log_to_file": str(directory / "janus.log"),
            "debug_level": self.debug_level,
            "debug_colors": False,
            "debug_timestamps": True,
            "api_secret": self.api_secret,
            "server_name": "switchroom",
            "session_timeout": 60,
            "candidates_timeout": 45,
            "hide_dependencies": True,
        }
        media: dict[str, str | int | bool] = {
            "rtp_port_range": f"{self.rtp_port_min}-{self.rtp_port_max}",
            "ipv6": self.ipv6,
            "no_media_timer": 0,
            "twcc_period": 100,
        }
        nat: dict[str, str | int | bool] = {
            "nice_debug": False,
            # Candidates travel in the SDP: one message fewer for each, and Janus has only a few.
            "full_trickle": False,
            # Janus asks for full ICE where a 1:1 NAT stands in front of it.
            "ice_lite": self.ice_lite and not self.nat_1_1,
            "ice_ignore_list": "vmnet,docker,veth,virbr,br-",
            "ignore_unreachable_ice_server": True,
        }
        if self.ice_enforce:
            nat["ice_enforce_list"] = ",".join(self.ice_enforce)
        if self.nat_1_1:
            nat["nat_1_1_mapping"] = ",".join(self.nat_1_1)
        if self.stun:
            host, _, port = self.stun.rpartition(":")
            nat |= {"stun_server": host, "stun_port": int(port)}
        return _category("general", general) + _category("media", media) + _category("nat", nat)


def written_endpoint(directory: Path) -> tuple[str, str] | None:
    """The address and the API secret of the server whose configuration folder it is; None where there is no
    such folder, or none that may be read."""
    try:
        transport = (directory / "janus.transport.websockets.jcfg").read_text("utf-8")
        core = (directory / "janus.jcfg").read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    port, secret = _PORT.search(transport), _SECRET.search(core)
    if port is None or secret is None:
        return None
    return f"ws://127.0.0.1:{port[1]}", re.sub(r"\\(.)", r"\1", secret[1])


def find_modules(executable: str) -> Path:
    """The folder with the modules that are loaded. Raises JanusNotInstalled."""
    if shutil.which(executable) is None:
        raise JanusNotInstalled(f"{executable} is not installed")
    for place in PLACES:
        for folder in sorted(glob.glob(place)):
            modules = Path(folder)
            if (modules / "transports" / TRANSPORT).exists() and (modules / "plugins" / PLUGIN).exists():
                return modules
    raise JanusNotInstalled("the WebSocket transport and the VideoRoom plugin of Janus are not installed")


def _link_only(folder: Path, modules: Sequence[Path]) -> None:
    folder.mkdir(exist_ok=True)
    for other in folder.iterdir():
        other.unlink()
    for module in modules:
        (folder / module.name).symlink_to(module.resolve())


def _write(file: Path, text: str) -> None:
    file.touch(mode=0o600, exist_ok=True)
    file.write_text(text, "utf-8")


def _category(name: str, values: dict[str, str | int | bool]) -> str:
    lines = [f"\t{key} = {_value(value)}" for key, value in values.items()]
    return "\n".join([f"{name}: {{", *lines, "}", ""])


def _value(value: str | int | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
