"""The live state of a room: the people inside, what each may do and has switched on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from switchroom.conference.messages import ServerMessage
from switchroom.conference.room.consents import Consent, Consents
from switchroom.conference.room.permission_overrides import Overrides, Rules
from switchroom.db.base import now
from switchroom.rooms.admission import Admission
from switchroom.rooms.permissions import ACTIVE, Permission


class Source(StrEnum):
    """Sources that one participant can send, in the order of the media lines of every publish connection."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"
    SCREEN_AUDIO = "screen-audio"

    @property
    def is_audio(self) -> bool:
        return self in (Source.MICROPHONE, Source.SCREEN_AUDIO)

    @property
    def permission(self) -> Permission:
        """Permission that sending it takes."""
        match self:
            case Source.MICROPHONE:
                return Permission.VOICE
            case Source.CAMERA:
                return Permission.VIDEO
            case Source.SCREEN | Source.SCREEN_AUDIO:
                return Permission.SCREEN


class MediaState(Struct, frozen=True):
    """Media switched on; a shared screen's sound goes with the screen."""

    microphone: bool = False
    camera: bool = False
    screen: bool = False

    def within(self, permissions: Permission) -> MediaState:
        """Media of these that are permitted."""
        return MediaState(
            self.microphone and Permission.VOICE in permissions,
            self.camera and Permission.VIDEO in permissions,
            self.screen and Permission.SCREEN in permissions,
        )

    def both(self, other: MediaState) -> MediaState:
        """Media that are on in both."""
        return MediaState(
            self.microphone and other.microphone, self.camera and other.camera, self.screen and other.screen
        )

    def has(self, source: Source) -> bool:
        match source:
            case Source.MICROPHONE:
                return self.microphone
            case Source.CAMERA:
                return self.camera
            case Source.SCREEN | Source.SCREEN_AUDIO:
                return self.screen


class Connection(Protocol):
    """The way to one participant's browser. Neither method waits."""

    def send(self, message: ServerMessage) -> None: ...

    def send_encoded(self, text: str) -> None: ...

    def end(self, code: int) -> None:
        """Close the connection after everything sent before."""
        ...


@dataclass(eq=False, kw_only=True)
class Participant:
    """Participant inside, from the join until they leave or their connection has been lost for too long."""

    id: str
    resume: str
    token: str
    admission: Admission
    overrides: Overrides
    rules: Rules
    consents: Consents
    wish: MediaState
    is_spectator: bool
    browser: str = ""
    """Mark of a guest's browser (see `browser_mark`)."""
    connection: Connection | None = None
    hand_raised_at: datetime | None = None
    speaking: bool = False
    joined_at: datetime = field(default_factory=now)
    grace: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def user_id(self) -> str:
        return self.admission.user_id

    @property
    def display_name(self) -> str:
        return self.admission.display_name

    @property
    def permissions(self) -> Permission:
        permissions = self.rules.apply(self.overrides.apply(self.admission.permissions), self.overrides)
        is_silent = self.is_spectator or self.consents.withholds(self.user_id)
        return permissions & ~ACTIVE if is_silent else permissions

    @property
    def consent(self) -> Consent | None:
        """Consent to be recorded, of somebody who is asked: spectators send nothing."""
        return None if self.is_spectator else self.consents.of(self.user_id)

    @property
    def is_moderator(self) -> bool:
        return Permission.PROMOTE in self.permissions

    @property
    def media(self) -> MediaState:
        """Media that are on and permitted: exactly these are relayed."""
        return self.wish.within(self.permissions)

    def send(self, message: ServerMessage) -> None:
        if self.connection is not None:
            self.connection.send(message)


def is_spectator(admission: Admission, overrides: Overrides) -> bool:
    """Whether somebody comes in as a spectator. Being silenced by a moderator makes nobody one."""
    return not (admission.permissions | overrides.granted) & ACTIVE
