"""The configuration of one NATS server that this machine runs for itself.

It listens on loopback only and lets in who knows its token. Follows the page "Configuring NATS Server" of the
NATS documentation.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from switchroom.engines.ports import free_port

FILE = "nats.conf"
LARGEST_PAYLOAD = 8 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class NatsConfiguration:
    """Configuration: what differs from one installation to the next."""

    port: int = field(default_factory=free_port)
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    @property
    def url(self) -> str:
        """URL of the server, with the token."""
        return f"nats://{self.token}@127.0.0.1:{self.port}"

    def write(self, directory: Path) -> Path:
        """Write the file that the server is started with; its owner alone can read it. Returns its path."""
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / FILE
        lines = (
            'host: "127.0.0.1"',
            f"port: {self.port}",
            f"max_payload: {LARGEST_PAYLOAD}",
            f"authorization {{ token: {json.dumps(self.token)} }}",
        )
        temporary = path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        temporary.replace(path)
        return path
