"""Janus, the media server of the rooms: configuration, process, WebSocket client and the VideoRoom plugin."""
