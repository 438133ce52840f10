"""Speed and memory, each figure beside its yardstick: `make bench`. See README.md."""
