"""The Telephony API v3.0: configuration, and the events log, read and followed."""
