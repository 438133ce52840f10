"""Ends every process of a program: those of its session, and those that left it.

What a program starts inherits its session (setsid(2)) and its environment. A child that begins a session of
its own, as daemons do, still carries the mark in the environment; one that overwrites its environment, as
some do to show a title, is still in the session.

Also run as a script, `python reaping.py MARK SESSION`, by the watchdog. It imports nothing but the standard
library.
"""

import contextlib
import errno
import os
import signal
import sys
import time

MARK = "SWITCHROOM_SUPERVISED"
"""The environment variable that carries the mark."""

_PAUSE = 0.01
_ROUNDS = 500


_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)


def processes(mark: str, session: int) -> list[int]:
    """The process ids of all that belong to the program and have not ended. Raises OSError where there is no
    descriptor to look for them with."""
    found: list[int] = []
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if _belongs(entry.path, mark, session):
                        found.append(int(entry.name))
                except OSError as error:  # it is gone, or somebody else's
                    if error.errno in _NO_DESCRIPTOR:
                        raise
    return found


def end(mark: str, session: int) -> int:
    """Kill them, and those they start meanwhile, and wait until none is left. Returns how many there were.
    Raises OSError where there was no descriptor to look for them with, all the time."""
    killed: set[int] = set()
    for number in range(_ROUNDS):
        try:
            left = processes(mark, session)
        except OSError:
            if number == _ROUNDS - 1:
                raise
            time.sleep(_PAUSE)
            continue
        if not left:
            break
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        killed.update(left)
        time.sleep(_PAUSE)
    return len(killed)


def _belongs(directory: str, mark: str, session: int) -> bool:
    with open(f"{directory}/stat", "rb") as file:
        # proc(5): the name, in parentheses, may hold anything; state, parent, group and session follow it.
        fields = file.read().rpartition(b")")[2].split()
    if fields[0] in (b"Z", b"X"):
        return False
    if int(fields[3]) == session:
        return True
    with open(f"{directory}/environ", "rb") as file:
        return f"{MARK}={mark}".encode() in file.read().split(b"\0")


if __name__ == "__main__":
    end(sys.argv[1], int(sys.argv[2]))
