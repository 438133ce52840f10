"""Notices (bus messages) of the identity domain."""

from datetime import datetime

from msgspec import Struct, field

from switchroom.db.base import now


class AccessRevoked(Struct, frozen=True):
    """The access tokens of a person, an API key or a link, issued until `revoked_at`, no longer count."""

    organization_id: int
    subject_id: str
    revoked_at: datetime = field(default_factory=now)


class OrganizationClosed(Struct, frozen=True):
    """Nobody gets into the organization any more since `revoked_at`; people who are still inside one of its
    rooms leave."""

    organization_id: int
    revoked_at: datetime = field(default_factory=now)


class PermissionGroupsChanged(Struct, frozen=True):
    """Permission groups of the organization permit something else than before."""

    organization_id: int


class RecordingRuleChanged(Struct, frozen=True):
    """The organization asks people before they are recorded, or does so no longer."""

    organization_id: int
