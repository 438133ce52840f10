"""Consents to be recorded, in one live room."""

from __future__ import annotations

from typing import Literal

Consent = Literal["asked", "agreed", "declined"]


class Consents:
    """Consents of the people in a room, by user id, as long as it is to be recorded: nothing is relayed, and
    so nothing recorded, of people who are asked and have not agreed."""

    def __init__(self) -> None:
        self.asks = False
        """Whether people are asked now."""
        self._answers: dict[str, bool] = {}

    def ask(self, *, asks: bool) -> None:
        """Begin to ask everybody, or ask nobody any more: what was answered is forgotten."""
        self.asks = asks
        if not asks:
            self._answers.clear()

    def answer(self, user_id: str, *, agrees: bool) -> None:
        self._answers[user_id] = agrees

    def of(self, user_id: str) -> Consent | None:
        """Consent of a person, None where nobody is asked."""
        if not self.asks:
            return None
        agrees = self._answers.get(user_id)
        if agrees is None:
            return "asked"
        return "agreed" if agrees else "declined"

    def withholds(self, user_id: str) -> bool:
        """Whether nothing of the person may be relayed."""
        return self.of(user_id) in ("asked", "declined")
