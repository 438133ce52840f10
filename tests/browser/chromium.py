"""How Chromium is started, and what is added to each page before its own scripts run."""

from __future__ import annotations

from tests.conference.browser import ARGUMENTS as CONFERENCE_ARGUMENTS
from tests.conference.browser import EXECUTABLE

__all__ = ["ARGUMENTS", "EXECUTABLE", "INSECURE_HOST", "WATCHER"]

INSECURE_HOST = "meet.example"
"""A name of this machine that browsers do not trust without encryption, unlike localhost."""

ARGUMENTS = [
    *CONFERENCE_ARGUMENTS,
    # Three pretended cameras of 30 frames a second are more than two cores can encode in three layers each.
    "--use-fake-device-for-media-stream=fps=10",
    f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
]

WATCHER = """(() => {
  if (!window.RTCPeerConnection) return;
  const connections = [];
  window.RTCPeerConnection = class extends RTCPeerConnection {
    constructor(...given) {
      super(...given);
      connections.push(this);
    }
  };
  const reports = async type => {
    const found = [];
    for (const connection of connections) {
      if (connection.connectionState === 'closed') continue;
      for (const report of (await connection.getStats()).values())
        if (report.type === type) found.push(report);
    }
    return found;
  };
  window.received = () => reports('inbound-rtp');
  window.sent = () => reports('outbound-rtp');
  window.connectionStates = () => connections.map(one => one.connectionState);
})()"""
"""Remembers the page's peer connections, and tells what they have received and sent."""
