"""NATS, which carries messages between processes: configuration, process, a connection that is kept up."""
