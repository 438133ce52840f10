"""Records of calls, on the wire."""

from __future__ import annotations

from switchroom.dialects.telephony_v3.messages.envelope import Page
from switchroom.telephony.resources.calls_history import CallRecordView


class HistoryPage(Page[CallRecordView], frozen=True):
    """Records of calls, oldest first."""
