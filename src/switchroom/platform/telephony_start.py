"""Start of a telephony worker: `python -m switchroom.platform.telephony_start`."""

from __future__ import annotations

from switchroom import collector


def main() -> None:
    collector.load("switchroom.platform.telephony_worker").main()


if __name__ == "__main__":
    main()
