"""Voicemail by telephone: leaving messages, and the menus of who listens to them. Pure, as callflows are."""
