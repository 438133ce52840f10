"""A server that says one word to who connects. Run as a script with its configuration."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any


def read() -> dict[str, Any]:
    return json.loads(Path(sys.argv[1]).read_text())


def main() -> None:
    configuration = read()

    def note(what: str) -> None:
        with Path(configuration["diary"]).open("a") as diary:
            diary.write(f"{configuration['name']} {what}\n")

    def reload(*_: object) -> None:
        nonlocal configuration
        configuration = read()
        note("reloaded")

    def drain(*_: object) -> None:
        for port in configuration["neighbours"]:
            socket.create_connection(("127.0.0.1", port)).close()
        note("drained")
        os._exit(0)

    def greet(port: int) -> None:
        with socket.create_server(("127.0.0.1", port)) as server:
            note("started")
            print("listening", flush=True)
            while True:
                connection, _ = server.accept()
                connection.sendall(f"{configuration['name']}: {configuration['greeting']}".encode())
                connection.close()

    signal.signal(signal.SIGHUP, reload)
    signal.signal(signal.SIGUSR2, drain)
    greet(configuration["port"])


if __name__ == "__main__":
    main()
