"""Requests by which this side changes a session: re-INVITE and UPDATE, one after the other, with glare."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

from switchroom.engines.sip.context import SessionContext
from switchroom.engines.sip.core import ALLOW, SUPPORTED
from switchroom.engines.sip.errors import MalformedValue, Refused, SessionEnded
from switchroom.engines.sip.fields import parse_delta_seconds
from switchroom.engines.sip.message import Request, Response
from switchroom.engines.sip.offer_answer import Negotiation
from switchroom.engines.sip.session_timer import min_se

_MOST_TRIES = 6
_LONGEST_DELAY = 10


class Modifications:
    """Re-INVITEs and UPDATEs of one session. Each waits until no other is under way, in either direction."""

    def __init__(self, context: SessionContext, on_gone: Callable[[], None]) -> None:
        self._context = context
        self._on_gone = on_gone
        self._lock = asyncio.Lock()
        self._waiters: set[asyncio.Future[None]] = set()
        self._answers: set[asyncio.Future[Response]] = set()
        self._ack: Request | None = None
        self._unsent_ack = -1

    async def modify(self, method: str, sdp: bytes | None) -> Response:
        """The 2xx to a re-INVITE or UPDATE with this offer, tried again after glare (RFC 3261 section 14.1).

        Raises Refused, SessionEnded.
        """
        async with self._lock:
            response = await self._once(method, sdp)
            for _ in range(_MOST_TRIES):
                delay = self._delay(response)
                if delay is None:
                    break
                await self._sleep(delay)
                response = await self._once(method, sdp)
            if response.status >= 300:
                raise Refused(response.status, response.reason)
            return response

    def acknowledge_first(self, number: int, sdp: bytes = b"") -> None:
        """Send the ACK of a 2xx to an INVITE, and keep it for repetitions of that."""
        self._unsent_ack = -1
        self._ack = self._context.dialog.request("ACK", body=sdp, number=number)
        self._context.core.send_ack(self._ack)

    def acknowledge_again(self, number: int) -> bool:
        """Answer a repeated 2xx; False for one that was not acknowledged before."""
        if self._ack is not None and number == self._ack.cseq.number:
            self._context.core.send_ack(self._ack)
            return True
        return number == self._unsent_ack

    def postpone_ack(self, number: int) -> None:
        """The 2xx has an offer, whose answer the ACK is to carry."""
        self._unsent_ack = number

    def acknowledge_offer(self, sdp: bytes) -> None:
        """Answer the offer of a 2xx. Raises WrongState without one."""
        self._context.negotiation.answer(sdp)
        self.acknowledge_first(self._unsent_ack, sdp)

    def wake(self) -> None:
        """Wake the requests that wait for the end of another that was under way."""
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def end(self) -> None:
        """The session is over: who waits gets SessionEnded."""
        self.wake()
        for answer in self._answers:
            if not answer.done():
                answer.set_exception(SessionEnded("the session has ended"))
        self._answers.clear()

    async def _once(self, method: str, sdp: bytes | None) -> Response:
        await self._until_idle()
        context = self._context
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._answers.add(answer)
        if sdp is not None:
            context.negotiation.offer(sdp)
        context.own_invite = method == "INVITE"

        def responded(request: Request, response: Response) -> None:
            if response.status < 200:
                return
            if method == "INVITE" and response.status < 300 and self.acknowledge_again(request.cseq.number):
                return
            context.own_invite = False
            self._final(request, response, has_offer=sdp is not None)
            self._answers.discard(answer)
            if not answer.done():
                answer.set_result(response)
            self.wake()

        def failed(status: int) -> None:
            context.own_invite = False
            context.negotiation.roll_back()
            self._answers.discard(answer)
            if not answer.done():
                answer.set_exception(Refused(status, "no answer"))
            self._gone()

        context.core.send(
            lambda: context.dialog.request(method, self._headers(), sdp or b""),
            context.digest,
            on_response=responded,
            on_failure=failed,
        )
        return await answer

    def _headers(self) -> list[tuple[str, str]]:
        timer = self._context.timer
        fields = [("Allow", ALLOW), ("Supported", SUPPORTED)]
        if timer.interval:
            who = "uac" if timer.is_refresher else "uas"
            fields.append(("Session-Expires", f"{timer.interval};refresher={who}"))
        return fields

    def _final(self, request: Request, response: Response, *, has_offer: bool) -> None:
        context = self._context
        if response.status >= 300:
            if has_offer:
                context.negotiation.roll_back()
            if response.status in (408, 481):
                self._gone()
            elif response.status == 422 and context.timer.interval:
                context.timer.set(
                    max(context.timer.interval, min_se(response)), is_refresher=context.timer.is_refresher
                )
            return
        context.refresh_target(response)
        if not context.is_over:
            context.take_timer(response)
        if has_offer:
            context.negotiation.receive_answer(response.sdp or b"")
        if request.method == "INVITE":
            if not has_offer and response.sdp is not None and not context.is_over:
                context.negotiation.receive_offer(response.sdp)
                self.postpone_ack(request.cseq.number)
            else:
                self.acknowledge_first(request.cseq.number)

    def _delay(self, response: Response) -> float | None:
        """Seconds until another try; None when there is to be none (RFC 3261 sections 14.1, 21.5.1)."""
        if response.status == 491:
            hundredths = 210 + secrets.randbelow(191) if self._is_owner else secrets.randbelow(201)
            return hundredths / 100
        if response.status == 422 and self._context.timer.interval:
            return 0.0
        after = response.headers.get("Retry-After")
        if response.status == 500 and after is not None:
            try:
                return float(parse_delta_seconds(after, _LONGEST_DELAY)[0])
            except MalformedValue:
                return None
        return None

    @property
    def _is_owner(self) -> bool:
        """Whether this side has made the Call-ID."""
        return self._context.dialog.state.is_caller

    async def _until_idle(self) -> None:
        context = self._context
        while not context.is_over and not (
            context.pending is None
            and context.unacknowledged is None
            and not context.own_invite
            and context.negotiation.state is Negotiation.STABLE
        ):
            await self._wait()
        if context.is_over:
            raise SessionEnded("the session has ended")

    async def _wait(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    async def _sleep(self, seconds: float) -> None:
        due = False

        def wake() -> None:
            nonlocal due
            due = True
            self.wake()

        timer = self._context.core.clock.call_later(seconds, wake)
        try:
            while not due and not self._context.is_over:
                await self._wait()
        finally:
            timer.cancel()

    def _gone(self) -> None:
        if not self._context.is_over:
            self._on_gone()
