"""The alfaview API, version 1: JSON over HTTP in the manner of a gRPC gateway."""
