"""Background work: who does it, when it is tried again, and what becomes of it when a worker dies."""
