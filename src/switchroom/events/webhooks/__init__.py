"""Web hooks: events of the log, sent to the addresses that organizations name."""
