"""Event log: written once, read and followed, sent to web hooks."""
