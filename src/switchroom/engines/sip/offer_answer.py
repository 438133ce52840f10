"""Offer and answer (RFC 3264, RFC 6337): whose offer waits for an answer, and what was agreed upon last."""

from __future__ import annotations

from enum import Enum

from switchroom.engines.sip.errors import WrongState


class Negotiation(Enum):
    """State of an offer/answer exchange: stable, or the side whose offer is unanswered."""

    STABLE = "stable"
    LOCAL_OFFER = "local offer"
    REMOTE_OFFER = "remote offer"


class OfferAnswer:
    """The exchange of a session; descriptions are opaque bytes."""

    def __init__(self, local: bytes = b"", remote: bytes = b"") -> None:
        self.state = Negotiation.STABLE
        self.local = local
        self.remote = remote
        """The descriptions of the last exchange that was completed."""
        self._offer = b""

    @property
    def is_stable(self) -> bool:
        return self.state is Negotiation.STABLE

    def offer(self, sdp: bytes) -> None:
        """An offer of this side was sent. Raises WrongState while another is unanswered."""
        self._begin(Negotiation.LOCAL_OFFER, sdp)

    def receive_offer(self, sdp: bytes) -> None:
        """An offer of the peer was received. Raises WrongState while another is unanswered."""
        self._begin(Negotiation.REMOTE_OFFER, sdp)

    def answer(self, sdp: bytes) -> None:
        """This side answers the peer's offer. Raises WrongState without one."""
        if self.state is not Negotiation.REMOTE_OFFER:
            raise WrongState("there is no offer to answer")
        self.local, self.remote, self.state = sdp, self._offer, Negotiation.STABLE

    def receive_answer(self, sdp: bytes) -> None:
        """The peer answers this side's offer; it does nothing without one: a repetition."""
        if self.state is Negotiation.LOCAL_OFFER:
            self.local, self.remote, self.state = self._offer, sdp, Negotiation.STABLE

    def roll_back(self) -> None:
        """The unanswered offer was refused, or nobody answers it any more."""
        self.state = Negotiation.STABLE

    def _begin(self, state: Negotiation, sdp: bytes) -> None:
        if not self.is_stable:
            raise WrongState("an offer is unanswered")
        self.state, self._offer = state, sdp
