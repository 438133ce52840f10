"""The command `switchroom`, also `python -m switchroom`."""

from __future__ import annotations

from switchroom.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
