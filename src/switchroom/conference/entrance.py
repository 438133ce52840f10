"""The entrance of live rooms: whom moderators keep out, and who has to wait until they are let in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from switchroom.conference.live_room import LiveRoom
from switchroom.conference.messages import Join
from switchroom.conference.room.override_records import PermissionOverrides
from switchroom.conference.room.permission_overrides import Overrides, browser_mark
from switchroom.conference.room.reentry import ReentryTokens
from switchroom.db.base import time_of
from switchroom.errors import ErrorCode, Forbidden
from switchroom.rooms.admission import Admission
from switchroom.rooms.permissions import Permission


class Entrance:
    """The entrance of one process' rooms."""

    def __init__(
        self, live: Mapping[str, LiveRoom], overrides: PermissionOverrides, reentry_tokens: ReentryTokens
    ) -> None:
        """`live` are the rooms as they are at any time."""
        self._live = live
        self._overrides = overrides
        self._reentry_tokens = reentry_tokens

    def require_welcome(self, admission: Admission, request: Join) -> None:
        """Raises Forbidden for whom a moderator has put out (`removed_from_room`), or locked out
        (`room_locked`)."""
        room_id, user_id = admission.room.room_id, admission.user_id
        overrides = self._overrides.of(room_id)
        own = overrides.people.get(user_id, Overrides())
        moderates = Permission.PROMOTE in own.apply(admission.permissions)
        # Moderators, and people with an account, are known by that: a browser may be a classroom's.
        by_browser = admission.is_guest and not moderates
        removal = overrides.removal_of(user_id, browser_mark(room_id, request.browser) if by_browser else "")
        if removal is not None:
            until = time_of(datetime.fromtimestamp(removal.until, UTC))
            raise Forbidden(ErrorCode.REMOVED_FROM_ROOM, until=until)
        if overrides.rules.locked and not moderates and not self._is_of_session(admission, request):
            raise Forbidden(ErrorCode.ROOM_LOCKED)

    def has_to_wait(self, admission: Admission, request: Join) -> bool:
        """Whether a moderator has to let somebody in."""
        if not admission.waits or self._is_let_in(admission):
            return False
        return self._shown_session(admission, request) is None

    def _is_of_session(self, admission: Admission, request: Join) -> bool:
        """Whether somebody has been inside since the room was last empty: here, or at another process whose
        reentry token they show."""
        session = self._overrides.of(admission.room.room_id).session
        return self._is_let_in(admission) or self._shown_session(admission, request) == session

    def _is_let_in(self, admission: Admission) -> bool:
        live = self._live.get(admission.room.room_id)
        return live is not None and admission.user_id in live.conference.let_in

    def _shown_session(self, admission: Admission, request: Join) -> str | None:
        """The mark of the session of which they show a reentry token."""
        return self._reentry_tokens.session_of(
            request.let_in or "", admission.room.room_id, admission.user_id
        )
