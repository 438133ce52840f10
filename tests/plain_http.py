"""HTTP without TLS. A client that loads certificates which it never looks at takes forty milliseconds of a
processor for that, and so does each request that is made without a client."""

from __future__ import annotations

import ssl
from functools import partial

import httpx

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For `verify` of a client: it trusts nobody."""

PATIENCE = 60.0
"""Seconds that an answer may take: a machine that is busy stands still for longer than the usual five."""

request = partial(httpx.request, verify=NO_CERTIFICATES, timeout=PATIENCE)
get = partial(request, "GET")
post = partial(request, "POST")
put = partial(request, "PUT")
