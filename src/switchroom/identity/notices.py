"""Notices (bus messages) of the identity domain."""

from msgspec import Struct


class AccessRevoked(Struct, frozen=True):
    """The access tokens of a person, an API key or a link no longer count."""

    organization_id: int
    subject_id: str


class OrganizationClosed(Struct, frozen=True):
    """Nobody gets into the organization any more; whoever is still inside one of its rooms leaves."""

    organization_id: int
