"""Context of the operations of the browser's API."""

from __future__ import annotations

from switchroom.dialects import operation

Context = operation.Context[None]
"""Context without a caller: nobody is known by more than what their request says."""
