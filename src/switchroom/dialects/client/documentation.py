"""Documentation of the browser's API: what its OpenAPI document says beside its operations."""

from __future__ import annotations

import switchroom
from switchroom.conference.messages import RoomInfo
from switchroom.dialects.client.errors import Refusal
from switchroom.dialects.openapi import Documentation, Schema, Schemas


def _failure(schemas: Schemas) -> Schema:
    return schemas.of(Refusal)


DOCUMENTATION = Documentation(
    title="Switchroom client API",
    version=switchroom.__version__,
    description="What Switchroom's own pages ask the server, beside the alfaview API. It changes with them.",
    failures={"default": "What was asked is refused."},
    failure=_failure,
    messages=(RoomInfo,),
)
