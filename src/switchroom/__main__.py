"""The command `switchroom`, also `python -m switchroom`."""

from __future__ import annotations

import gc


def main() -> None:
    """Load the commands and run the one that is asked for."""
    # What loading makes stays: to have it looked through for garbage would take a seventh of a start.
    gc.disable()
    from switchroom.cli import main as run

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
