"""Voicemail by telephone: leaving messages, and the menus for listening to them. Pure, as callflows are."""
