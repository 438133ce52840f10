"""Answers with sounds: their bytes or, to who accepts only that, JSON with them in base64."""

from __future__ import annotations

import msgspec

from switchroom.dialects.answer import Answer
from switchroom.dialects.telephony_v3.callers import Context
from switchroom.dialects.telephony_v3.messages.envelope import Reply
from switchroom.dialects.telephony_v3.messages.resources import Raw

ANY_BYTES = "application/octet-stream"
"""The type of what is no sound that anybody knows."""


def sound_answer(context: Context, content_type: str, content: bytes) -> Answer:
    """The answer to a request for a sound."""
    if context.header(b"accept").strip().startswith("application/json"):
        return Answer(200, msgspec.json.encode(Reply(Raw(content_type, content))))
    nosniff = [(b"x-content-type-options", b"nosniff")]
    return Answer(200, content, nosniff, content_type.encode() or ANY_BYTES.encode())
