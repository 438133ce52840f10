"""The programs that carry media: generated configuration, supervised processes, clients."""
