"""What commands load that administer: each of them something of it."""

from __future__ import annotations

import switchroom.platform.administration
from switchroom.cli import COMMANDS

assert switchroom.platform.administration
for _name, _lazy in COMMANDS.items():
    if _name not in ("serve", "up"):
        _lazy.load()
