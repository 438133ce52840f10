"""Server transactions over UDP (RFC 3261 section 17.2, RFC 6026 section 7.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import Enum

from switchroom.engines.sip.errors import TransportError
from switchroom.engines.sip.message import Request, Response, response_to
from switchroom.engines.sip.timing import Timing
from switchroom.engines.sip.transport import Address, Clock, Timer, Transport


class ServerState(Enum):
    """State of a server transaction; TRYING is INVITE's Proceeding before a response."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class ServerTransaction:
    """One request that was received, until no retransmission of it can come any more.

    A 2xx to an INVITE is repeated by `respond`'s caller until its ACK comes, a failure by the transaction.
    """

    def __init__(
        self,
        request: Request,
        source: Address,
        transport: Transport,
        clock: Clock,
        timing: Timing,
        *,
        on_give_up: Callable[[ServerTransaction], None],
        on_end: Callable[[ServerTransaction], None],
    ) -> None:
        """`on_give_up` is called when there is no final response after `Timing.ringing`, of an INVITE, or 64
        times T1."""
        self.request = request
        self.source = source
        self.state = ServerState.TRYING
        self.last_response: Response | None = None
        self._data = b""
        self._transport = transport
        self._clock = clock
        self._timing = timing
        self._on_give_up = on_give_up
        self._on_end = on_end
        self._is_invite = request.method == "INVITE"
        self._interval = timing.t1
        self._retransmission: Timer | None = None
        # A request without a final response is forgotten when its sender has given it up.
        self._timeout: Timer | None = clock.call_later(
            timing.ringing if self._is_invite else timing.limit, self._give_up
        )

    @property
    def is_answered(self) -> bool:
        """Whether a final response was sent."""
        return self.state not in (ServerState.TRYING, ServerState.PROCEEDING)

    def respond(
        self,
        status: int,
        reason: str | None = None,
        *,
        to_tag: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str = "application/sdp",
    ) -> None:
        """Send a response; it does nothing after a final one.

        Raises MalformedValue for values that would make other header fields.
        """
        if self.is_answered:
            return
        response = response_to(
            self.request,
            status,
            reason,
            to_tag=to_tag,
            headers=headers,
            body=body,
            content_type=content_type,
        )
        self._data = bytes(response)
        self.last_response = response
        if status < 200:
            self.state = ServerState.PROCEEDING
        elif not self._is_invite:
            self._linger(ServerState.COMPLETED)
        elif status < 300:
            self._linger(ServerState.ACCEPTED)
        else:
            self._retransmission = self._clock.call_later(self._interval, self._retransmit)
            self._linger(ServerState.COMPLETED)
        self.repeat()

    def receive_again(self) -> None:
        """Take a retransmission of the request."""
        if self.state in (ServerState.PROCEEDING, ServerState.COMPLETED):
            self.repeat()

    def receive_ack(self) -> bool:
        """Take an ACK with the INVITE's branch; whether it was for a failure, and thus is done with."""
        if self.state is ServerState.COMPLETED:
            self._cancel_timers()
            self.state = ServerState.CONFIRMED
            self._timeout = self._clock.call_later(self._timing.t4, self._end)
            return True
        return self.state is ServerState.CONFIRMED

    def repeat(self) -> None:
        """Send the last response again; what the network does not take ends the transaction."""
        try:
            self._transport.send(self._data, self.source)
        except TransportError:
            self._end()

    def stop(self) -> None:
        """End without a word to anybody: the process ends."""
        self._end()

    def _linger(self, state: ServerState) -> None:
        """Timers H, J and L."""
        self.state = state
        if self._timeout is not None:
            self._timeout.cancel()
        self._timeout = self._clock.call_later(self._timing.limit, self._end)

    def _give_up(self) -> None:
        self._timeout = None
        self._on_give_up(self)

    def _retransmit(self) -> None:
        self._interval = min(self._interval * 2, self._timing.t2)
        self._retransmission = self._clock.call_later(self._interval, self._retransmit)
        self.repeat()

    def _end(self) -> None:
        if self.state is not ServerState.TERMINATED:
            self.state = ServerState.TERMINATED
            self._cancel_timers()
            self._on_end(self)

    def _cancel_timers(self) -> None:
        for timer in (self._retransmission, self._timeout):
            if timer is not None:
                timer.cancel()
        self._retransmission = self._timeout = None
