"""Configuration page, docs/configuration.md: what can be set, that of the engines included.

Run as `python -m switchroom.platform.configuration_page`, it prints the page.
"""

from __future__ import annotations

import sys

from switchroom import settings
from switchroom.platform import engine_table

if __name__ == "__main__":
    sys.stdout.write(settings.reference(engine_table.sections()))
