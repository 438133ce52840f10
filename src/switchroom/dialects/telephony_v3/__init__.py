"""The Telephony API v3.0: the events log, read and followed."""
