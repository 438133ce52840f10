"""OpenAPI documents of the APIs that the pages use, of which the types of `web/src/api` are made.

Run as `python -m switchroom.platform.api_document [NAME]`, it prints the document of an API: `client`, the
browser's own, or `alfaview`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from tempfile import TemporaryDirectory
from typing import Any

import msgspec

from switchroom.dialects.alfaview_v1 import documentation as alfaview
from switchroom.dialects.alfaview_v1.dialect import Alfaview
from switchroom.dialects.client import documentation as client
from switchroom.dialects.client.dialect import ClientApi
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.openapi import Documentation, describe
from switchroom.platform.build import Platform
from switchroom.settings import Settings

_APIS: Mapping[str, tuple[type[Dialect[Any, Any]], Documentation]] = {
    "client": (ClientApi, client.DOCUMENTATION),
    "alfaview": (Alfaview, alfaview.DOCUMENTATION),
}


def api_document(name: str = "client") -> str:
    """The document as text, indented."""
    kind, documentation = _APIS[name]
    with TemporaryDirectory() as directory:
        apis = Platform(Settings(data=directory)).dialects.apis()
    (api,) = (api for api in apis if isinstance(api, kind))
    return msgspec.json.format(msgspec.json.encode(describe(api, documentation))).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(api_document(*sys.argv[1:2]))
