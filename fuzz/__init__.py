"""A search for inputs that break the platform: see README.md."""
