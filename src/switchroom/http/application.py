"""The ASGI application of Litestar."""

from __future__ import annotations

from litestar import Litestar
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin
from litestar.types import Method

READING: list[Method] = ["GET", "HEAD"]
"""HEAD is answered wherever GET is (RFC 9110, 9.3.2)."""


class Application(Litestar):
    """Litestar without its plugins for other libraries: no handler uses them, and loading pydantic, which is
    there for the command line, would take a tenth of each start."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]
