"""Prompts: what callers are told. Their texts, the making of their sounds, and where the sounds are found."""
