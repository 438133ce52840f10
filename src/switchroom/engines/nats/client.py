"""The client of the NATS library, with a flush that comes after what was sent before it."""

from __future__ import annotations

from nats.aio.client import Client


class OrderedClient(Client):
    """A connection whose `flush` returns when the server has dealt with all that was sent before."""

    async def flush(self, timeout: int = 10) -> None:  # noqa: ASYNC109 - as the library has it
        """Wait for the server. Raises nats.errors.TimeoutError.

        The library writes the ping of a flush at once, and what was sent before it a moment later: when the
        first pong comes, that has been written, and the second ping comes after it.
        """
        await super().flush(timeout)
        await super().flush(timeout)
