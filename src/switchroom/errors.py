"""The domain's exceptions. They are raised where a rule is broken; each dialect words them in one place."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime


class DomainError(Exception):
    """A request that the domain refuses.

    `message` is one English sentence that may be shown to the caller; `field` names the request's field it is
    about, in the domain's words; `code` refines the class (for example `room_full`); `details` carries facts
    a program can use.
    """

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        code: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.code = code
        self.details: Mapping[str, str] = details or {}


class NotFound(DomainError):
    """There is no such thing in the caller's organization."""


class Forbidden(DomainError):
    """The caller may not do this."""


class Invalid(DomainError):
    """A value of the request breaks a rule."""


class Conflict(DomainError):
    """It exists already, or its state does not allow this."""


class Exhausted(DomainError):
    """A quota is used up, or a limit of attempts is reached."""


class Unavailable(DomainError):
    """A part of the platform that this needs is away."""


class Unauthenticated(DomainError):
    """Who is calling is not known: the token or the credentials are missing or wrong."""


class TokenExpired(Unauthenticated):
    """The access token was good and is too old."""


class LinkNotYetValid(Forbidden):
    """The link's validity begins at `valid_from`."""

    def __init__(self, valid_from: datetime) -> None:
        super().__init__(
            "the link is not valid yet",
            code="link_not_yet_valid",
            details={"validFrom": valid_from.isoformat().replace("+00:00", "Z")},
        )
        self.valid_from = valid_from


class LinkExpired(Forbidden):
    """The link's validity ended at `valid_until`."""

    def __init__(self, valid_until: datetime) -> None:
        super().__init__(
            "the link has expired",
            code="link_expired",
            details={"validUntil": valid_until.isoformat().replace("+00:00", "Z")},
        )
        self.valid_until = valid_until


class LinkNotFound(NotFound):
    """The link does not exist, or no longer."""

    def __init__(self) -> None:
        super().__init__("the link does not exist", code="link_deleted")
