"""Telephony: phones, the people who have them, and what is configured for calls."""
