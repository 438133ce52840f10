"""Becomes another program that does not outlive the process that started it.

Run as a script: `python launch.py PARENT_PID KEEPER_FD PROGRAM [ARGUMENT...]`. The kernel kills PROGRAM when
the thread that started it is gone, whatever ended it (prctl(2), PR_SET_PDEATHSIG). KEEPER_FD is the pipe to
the watchdog (`watchdog.sh`), which ends what PROGRAM has started, or -1. It imports nothing but the standard
library.
"""

import contextlib
import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, watchdog, program = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        sys.exit(f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        sys.exit("the parent is gone already")
    if watchdog >= 0:
        # Before the program can start anything; it must not hold the pipe itself, whose end says that
        # the supervisor is gone.
        with contextlib.suppress(BrokenPipeError):
            os.write(watchdog, b"%d\n" % os.getsid(0))
        os.set_inheritable(watchdog, False)
    try:
        os.execvp(program[0], program)  # noqa: S606
    except OSError as error:
        sys.exit(f"{program[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
