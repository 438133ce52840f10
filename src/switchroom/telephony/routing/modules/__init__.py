"""Modules of callflows: what each begins with, and how it goes on with an event."""
