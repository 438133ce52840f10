"""Control channel: what the processes that serve the API ask of the telephony workers of the machine, and
hear from them."""
