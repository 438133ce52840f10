"""Signature of a delivery, by which a receiver knows that it is genuine."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Webhook-Signature`: `v1=` and the hexadecimal HMAC-SHA256 of `<timestamp>.<body>`."""
    return "v1=" + hmac.digest(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hex()
