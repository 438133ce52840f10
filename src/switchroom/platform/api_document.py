"""OpenAPI document of the browser's own API, of which the types of `web/src/api` are made.

Run as `python -m switchroom.platform.api_document`, it prints the document.
"""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

import msgspec

from switchroom.dialects.client.dialect import ClientApi
from switchroom.dialects.client.documentation import DOCUMENTATION
from switchroom.dialects.openapi import describe
from switchroom.platform.build import Platform
from switchroom.settings import Settings


def api_document() -> str:
    """The document as text, indented."""
    with TemporaryDirectory() as directory:
        apis = Platform(Settings(data=directory)).dialects.apis()
    (client,) = (api for api in apis if isinstance(api, ClientApi))
    return msgspec.json.format(msgspec.json.encode(describe(client, DOCUMENTATION))).decode() + "\n"


if __name__ == "__main__":
    sys.stdout.write(api_document())
