"""How Chromium is started, and what is added to each page before its own scripts run."""

from __future__ import annotations

from tests.conference.browser import ARGUMENTS as CONFERENCE_ARGUMENTS
from tests.conference.browser import EXECUTABLE

__all__ = ["ARGUMENTS", "EXECUTABLE", "INSECURE_HOST", "PLAIN_SOUND", "WATCHER"]

INSECURE_HOST = "meet.example"
"""A name of this machine that browsers do not trust without encryption, unlike localhost."""

ARGUMENTS = [
    *CONFERENCE_ARGUMENTS,
    "--use-fake-device-for-media-stream=fps=5",
    f"--host-resolver-rules=MAP {INSECURE_HOST} 127.0.0.1",
]

PLAIN_SOUND = """(() => {
  const devices = navigator.mediaDevices;
  if (!devices?.getUserMedia) return;
  const open = devices.getUserMedia.bind(devices);
  const plain = {echoCancellation: false, noiseSuppression: false, autoGainControl: false};
  devices.getUserMedia = wish => open(wish?.audio ? {...wish, audio: {...wish.audio, ...plain}} : wish);
})()"""
"""Takes the pretended microphone's sound as it is: a beep has no echo, and to look for one all the time takes
as much of a processor as to encode pictures."""

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
