"""What has happened: written once, read by whoever wants to know."""
