"""Client transactions over UDP (RFC 3261 section 17.1, RFC 6026 section 7.2)."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from switchroom.engines.sip.errors import TransportError
from switchroom.engines.sip.fields import CSeq
from switchroom.engines.sip.headers import Headers
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.timing import Timing
from switchroom.engines.sip.transport import Address, Clock, Timer, Transport


class ClientState(Enum):
    """State of a client transaction; TRYING is INVITE's Calling."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    TERMINATED = "terminated"


class ClientTransaction:
    """One request that was sent, until no response to it can come any more.

    `on_response` gets every response that is for the transaction's user: provisional ones, the final one, and
    for INVITE each further 2xx (RFC 6026 section 7.2). `on_failure` is called once in the place of a final
    response: 408 when none came in time, 503 when the request could not be sent (RFC 3261 section 8.1.3.1).
    """

    def __init__(
        self,
        request: Request,
        to: Address,
        transport: Transport,
        clock: Clock,
        timing: Timing,
        *,
        on_response: Callable[[Response], None],
        on_failure: Callable[[int], None],
        on_end: Callable[[ClientTransaction], None],
    ) -> None:
        self.request = request
        self.to = to
        self.state = ClientState.TRYING
        self._data = bytes(request)
        self._transport = transport
        self._clock = clock
        self._timing = timing
        self._on_response = on_response
        self._on_failure = on_failure
        self._on_end = on_end
        self._is_invite = request.method == "INVITE"
        self._interval = timing.t1
        self._retransmission: Timer | None = None
        self._timeout: Timer | None = None
        self._ack: bytes = b""
        self._is_cancelled = False

    @property
    def key(self) -> tuple[str, str]:
        """Branch and method, by which a response finds its transaction (RFC 3261 section 17.1.3)."""
        return self.request.via.parameters.get("branch") or "", self.request.method

    def start(self) -> None:
        """Send the request; timers A and B, or E and F, run."""
        self._retransmission = self._clock.call_later(self._interval, self._retransmit)
        self._timeout = self._clock.call_later(self._timing.limit, self._time_out)
        self._send(self._data)

    def resume(self) -> None:
        """Take the place of another process's transaction that has had a provisional response, and whose
        request is to be cancelled at once."""
        self.state = ClientState.PROCEEDING
        self._wait(self._timing.limit)

    def receive(self, response: Response) -> None:
        """Take a response that was received."""
        if response.status < 200:
            self._provisional(response)
        elif not self._is_invite:
            self._final(response)
        elif response.status < 300:
            self._accepted(response)
        else:
            self._rejected(response)

    def cancelled(self) -> None:
        """A CANCEL of this INVITE was sent: wait 64 times T1 for its end (RFC 3261 section 9.1)."""
        if self.state is ClientState.PROCEEDING:
            self._is_cancelled = True
            self._wait(self._timing.limit)

    def stop(self) -> None:
        """End without a word to anybody: the process ends."""
        self._end()

    def _provisional(self, response: Response) -> None:
        if self.state not in (ClientState.TRYING, ClientState.PROCEEDING):
            return
        self.state = ClientState.PROCEEDING
        if self._is_invite:
            if not self._is_cancelled:
                self._wait(self._timing.ringing)
        else:
            self._interval = self._timing.t2
        self._on_response(response)

    def _final(self, response: Response) -> None:
        if self.state not in (ClientState.TRYING, ClientState.PROCEEDING):
            return
        self._linger(ClientState.COMPLETED, self._timing.t4)
        self._on_response(response)

    def _accepted(self, response: Response) -> None:
        if self.state in (ClientState.TRYING, ClientState.PROCEEDING):
            self._linger(ClientState.ACCEPTED, self._timing.limit)
        if self.state is ClientState.ACCEPTED:
            self._on_response(response)

    def _rejected(self, response: Response) -> None:
        if self.state is ClientState.COMPLETED:
            self._send(self._ack)
        elif self.state in (ClientState.TRYING, ClientState.PROCEEDING):
            self._ack = bytes(_ack_of(self.request, response))
            self._linger(ClientState.COMPLETED, self._timing.limit)
            self._send(self._ack)
            self._on_response(response)

    def _linger(self, state: ClientState, seconds: float) -> None:
        """Timers D, K and M: what is repeated is taken until then."""
        self.state = state
        self._cancel_timers()
        self._timeout = self._clock.call_later(seconds, self._end)

    def _wait(self, seconds: float) -> None:
        """Wait so long for a final response, without repetitions."""
        self._cancel_timers()
        self._timeout = self._clock.call_later(seconds, self._time_out)

    def _retransmit(self) -> None:
        self._interval = self._interval * 2
        if not self._is_invite:
            self._interval = min(self._interval, self._timing.t2)
        self._retransmission = self._clock.call_later(self._interval, self._retransmit)
        self._send(self._data)

    def _time_out(self) -> None:
        self._end()
        self._on_failure(408)

    def _send(self, data: bytes) -> None:
        try:
            self._transport.send(data, self.to)
        except TransportError:
            unanswered = self.state in (ClientState.TRYING, ClientState.PROCEEDING)
            self._end()
            if unanswered:
                self._on_failure(503)

    def _end(self) -> None:
        if self.state is not ClientState.TERMINATED:
            self.state = ClientState.TERMINATED
            self._cancel_timers()
            self._on_end(self)

    def _cancel_timers(self) -> None:
        for timer in (self._retransmission, self._timeout):
            if timer is not None:
                timer.cancel()
        self._retransmission = self._timeout = None


def _ack_of(request: Request, response: Response) -> Request:
    """The ACK of a response that is no 2xx (RFC 3261 section 17.1.1.3)."""
    cseq = CSeq(request.cseq.number, "ACK")
    fields = [(name, value) for name, value in request.headers if name in ("From", "Route", "Call-ID")]
    fields += [
        ("Via", str(request.via)),
        ("To", response.headers.get("To") or str(response.to)),
        ("CSeq", str(cseq)),
        ("Max-Forwards", "70"),
    ]
    return Request(
        method="ACK",
        uri=request.uri,
        headers=Headers(fields),
        via=request.via,
        from_=request.from_,
        to=response.to,
        call_id=request.call_id,
        cseq=cseq,
    )
