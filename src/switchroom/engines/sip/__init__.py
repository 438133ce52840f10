"""SIP user agent (RFC 3261) over UDP in asyncio: messages, transactions, dialogs, sessions.

It imports nothing else of the platform and can be used alone. Layers, lowest first: `message` and `parser`,
`transactions`, `session` with its two beginnings `incoming` and `outgoing`, `user_agent`.
"""
