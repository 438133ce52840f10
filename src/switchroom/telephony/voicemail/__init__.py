"""Voicemail: messages in boxes, their sounds, the mail about them."""
