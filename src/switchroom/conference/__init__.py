"""Live rooms: who is inside, what they may do, their chat, and their media at the media server."""
