"""Overrides of one room: what its moderators have decided about single people, and about everybody."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from msgspec import Struct

from switchroom.rooms.permissions import MODERATOR, NO_PERMISSION, Permission

REMOVED_FOR = 12 * 3600
"""Seconds that somebody whom a moderator has put out stays out."""

LOCKED_FOR = 12 * 3600
"""Seconds that a lock holds which no process has kept up: the room was not left by its last, but lost."""

RECORDED_FOR = 300
"""Seconds that the wish to record holds which no process has kept up: nobody is recorded who comes long after
a process was lost."""

MOST_REMOVED = 500
"""People who are kept out of one room; the one who was put out first may come again when one more is."""


@dataclass
class Overrides:
    """Permissions of one person beyond, or short of, what their admission says. It outlives their stay."""

    granted: Permission = NO_PERMISSION
    revoked: Permission = NO_PERMISSION

    def set(self, permission: Permission, *, allowed: bool) -> None:
        if allowed:
            self.granted |= permission
            self.revoked &= ~permission
        else:
            self.revoked |= permission
            self.granted &= ~permission

    def apply(self, permissions: Permission) -> Permission:
        return (permissions | self.granted) & ~self.revoked


@dataclass
class Rules:
    """Rules of a room. For everybody but its moderators: what nobody may do to whom it is not granted by
    name, and whether only those come in who have been inside. For everybody: whether it is to be recorded,
    where a moderator (`recorded_by`, a user id) has said so; None leaves it to the room's meeting."""

    forbidden: Permission = NO_PERMISSION
    locked: bool = False
    recording: bool | None = None
    recorded_by: str = ""

    @property
    def hold(self) -> bool:
        """Whether anything is otherwise than without rules."""
        return bool(self.forbidden) or self.locked or self.recording is not None

    def apply(self, permissions: Permission, overrides: Overrides) -> Permission:
        """Permissions that the rules leave of a person's."""
        if Permission.PROMOTE in permissions:
            return permissions
        return permissions & ~(self.forbidden & ~overrides.granted)


class Removal(Struct, frozen=True, kw_only=True):
    """Removal of a person from a room, by `by_name`, until a Unix time."""

    until: int
    display_name: str
    is_guest: bool
    browser: str = ""
    """Mark of their browser (see `browser_mark`), where it is known."""
    by_name: str = ""

    @property
    def holds(self) -> bool:
        return time.time() < self.until


class OverrideFollower(Protocol):
    """Follower of the overrides of a room: acts on what changes in them."""

    def person_changed(self, user_id: str) -> None:
        """Something else holds for one person."""
        ...

    def rules_changed(self) -> None:
        """Other rules hold."""
        ...


class RoomOverrides:
    """Overrides that hold in one room: permissions and rules as long as somebody is inside, removals until
    their own time."""

    def __init__(
        self,
        people: Mapping[str, Overrides] | None = None,
        removals: Mapping[str, Removal] | None = None,
        rules: Rules | None = None,
        session: str = "",
    ) -> None:
        """`people` and `removals` are by user id; without a `session` a new one begins."""
        self.people = dict(people or {})
        self.removals = dict(removals or {})
        self.rules = rules or Rules()
        self.session = session or _new_session()
        """The random mark of what goes on in the room until everybody has left."""
        self.follower: OverrideFollower | None = None

    def of(self, user_id: str) -> Overrides:
        """Overrides of one person's permissions, also for later stays."""
        return self.people.setdefault(user_id, Overrides())

    def permit(self, user_id: str, permission: Permission, *, allowed: bool) -> None:
        """Grant or revoke."""
        self.of(user_id).set(permission, allowed=allowed)
        self._person_changed(user_id)

    def demote(self, user_id: str) -> None:
        """Take back all that `MODERATOR` grants, beyond the person's admission."""
        self.of(user_id).granted &= ~MODERATOR
        self._person_changed(user_id)

    def forbid(self, permission: Permission, *, besides: set[str]) -> None:
        """Forbid everybody, and take back what was granted to single people, but for moderators: those of
        the user ids `besides`."""
        self.rules.forbidden |= permission
        for user_id, one in self.people.items():
            if one.granted & permission and user_id not in besides:
                one.granted &= ~permission
                self._person_changed(user_id)
        self._rules_changed()

    def allow(self, permission: Permission) -> None:
        """Forbid it no longer. What was revoked from single people stays revoked."""
        self.rules.forbidden &= ~permission
        self._rules_changed()

    def lock(self, *, locked: bool) -> None:
        self.rules.locked = locked
        self._rules_changed()

    def record(self, recording: bool | None, by: str = "") -> None:
        """Have the room recorded or not, as a moderator of this user id says, or as its meeting does."""
        self.rules.recording, self.rules.recorded_by = recording, by
        self._rules_changed()

    def keep_up(self) -> None:
        """Have the rules hold for longer, should the process be lost."""
        if self.rules.hold:
            self._rules_changed()

    def remove(self, user_id: str, removal: Removal) -> None:
        """Keep somebody out."""
        self.removals.pop(user_id, None)
        self.removals[user_id] = removal
        self._person_changed(user_id)
        if len(self.removals) > MOST_REMOVED:
            self.readmit(next(iter(self.removals)))

    def readmit(self, user_id: str) -> Removal | None:
        """Keep a person out no longer. Returns the removal that kept them out, if one did."""
        removal = self.removals.pop(user_id, None)
        if removal is not None:
            self._person_changed(user_id)
        return removal if removal is not None and removal.holds else None

    def removed(self) -> dict[str, Removal]:
        """Removals that hold now, by user id, in the order in which the people were put out."""
        return {user_id: one for user_id, one in self.removals.items() if one.holds}

    def removal_of(self, user_id: str, browser: str) -> Removal | None:
        """Removal that keeps a person out, None without one. `browser` is empty for moderators and people
        with an account, who are known by that."""
        for known_id, one in self.removals.items():
            if (known_id == user_id or (browser and one.browser == browser)) and one.holds:
                return one
        return None

    def end(self) -> None:
        """End the permissions and rules, as nobody is inside any more; people who were put out stay so."""
        self.people.clear()
        self.removals = self.removed()
        # In place: participants who have been inside look at them.
        self.rules.forbidden, self.rules.locked = NO_PERMISSION, False
        self.rules.recording, self.rules.recorded_by = None, ""
        self.session = _new_session()

    def _person_changed(self, user_id: str) -> None:
        if self.follower is not None:
            self.follower.person_changed(user_id)

    def _rules_changed(self) -> None:
        if self.follower is not None:
            self.follower.rules_changed()


def _new_session() -> str:
    return secrets.token_hex(8)


def browser_mark(room_id: str, browser: str | None) -> str:
    """A mark by which a room knows a browser again, and nobody knows it from elsewhere."""
    if not browser:
        return ""
    return hashlib.sha256(f"{room_id}\0{browser}".encode()).hexdigest()[:32]
