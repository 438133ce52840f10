"""Tables of identity: organizations, people, their memberships and credentials, permission groups."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import uuid4

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column
from ulid import ULID

from switchroom.db.base import Base, BigId, OfOrganization, now
from switchroom.identity.permissions import Role

LONGEST_DISPLAY_NAME = 200
"""Characters of what somebody is called; their names may have more together."""


def new_id() -> str:
    """A random UUID in its 36-character form."""
    return str(uuid4())


def new_ordered_id() -> str:
    """A UUID in the same form that comes after those of the milliseconds before: rows that are written
    together lie together in an index, and take one page of it instead of one each."""
    return str(ULID().to_uuid())


def new_hex_id() -> str:
    """24 random hexadecimal characters: what the Web Meeting API calls things by."""
    return secrets.token_hex(12)


def new_calendar_token() -> str:
    """Two random UUIDs: the way to somebody's or something's calendar without signing in."""
    return f"{uuid4()}-{uuid4()}"


class Organization(Base):
    """A tenant; nothing crosses its border. `ulid` is its name in the alfaview dialects, `hex_id` in the Web
    Meeting API. Nobody gets into one that is closed. `branding` is that of `identity.branding` as JSON, empty
    for none; `customer_id` and `plan_id` are its names where it is billed. Where it `asks_before_recording`,
    nothing is recorded of people inside who have not agreed."""

    __tablename__ = "organizations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ulid: Mapped[str] = mapped_column(String(26), unique=True)
    hex_id: Mapped[str] = mapped_column(String(24), index=True, unique=True, default=new_hex_id)
    display_name: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[str | None] = mapped_column(String(36))
    branding: Mapped[str] = mapped_column(Text, default="", server_default="")
    customer_id: Mapped[str] = mapped_column(String(200), default="", server_default="")
    plan_id: Mapped[str] = mapped_column(String(200), default="", server_default="")
    properties: Mapped[dict[str, str]] = mapped_column(default=dict)
    asks_before_recording: Mapped[bool] = mapped_column(default=False, server_default=false())
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Person(Base):
    """Someone with credentials in one or more organizations. `username` is kept folded to lower case.

    `timezone` is empty while nobody has said one, `password_hash` while no password has been set.
    `external_id` and `calendar_token` are read by nobody any more: each membership has its own. They stay for
    a process of the version before, which may still run while this one starts.
    """

    __tablename__ = "people"
    __table_args__ = (Index("ix_people_email", text("lower(email)")),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    hex_id: Mapped[str] = mapped_column(String(24), index=True, unique=True, default=new_hex_id)
    username: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(254), default="")
    first_name: Mapped[str] = mapped_column(String(200), default="")
    last_name: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(100), default="")
    locale: Mapped[str] = mapped_column(String(16), default="en")
    spoken_languages: Mapped[list[str]] = mapped_column(default=list)
    timezone: Mapped[str] = mapped_column(String(64), default="")
    additional_timezones: Mapped[list[str]] = mapped_column(default=list)
    external_id: Mapped[str | None] = mapped_column(String(200))
    calendar_token: Mapped[str] = mapped_column(
        String(73), index=True, unique=True, default=new_calendar_token
    )
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def display_name(self) -> str:
        parts = (self.title, self.first_name, self.last_name)
        return (" ".join(part for part in parts if part) or self.username)[:LONGEST_DISPLAY_NAME]


class Membership(OfOrganization, Base):
    """A person's place in an organization. `external_id` is what the organization's own programs call them;
    `calendar_token` is the way to their calendar of this organization, and of no other. A disabled person
    does not get in; an invitee who has not accepted yet (`invited_at`) is disabled, and is not made a member
    by being enabled. Disabled by somebody, they stay invited, with a link that is void until they are invited
    again."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("person_id", "organization_id"),
        Index("ix_memberships_in_order", "organization_id", "id"),
        Index(
            "ix_memberships_of_organizers",
            "organization_id",
            "id",
            "standing",
            sqlite_where=text("standing <> 'participant'"),
            postgresql_where=text("standing <> 'participant'"),
        ),
    )

    # The index above begins with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    standing: Mapped[str] = mapped_column(String(16))
    administration: Mapped[int] = mapped_column(default=0)
    properties: Mapped[dict[str, str]] = mapped_column(default=dict)
    external_id: Mapped[str | None] = mapped_column(String(200))
    calendar_token: Mapped[str] = mapped_column(
        String(73), index=True, unique=True, default=new_calendar_token
    )
    disabled_at: Mapped[datetime | None]
    invited_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)


class MemberInvitation(OfOrganization, Base):
    """Invitation of somebody to an organization, the last one that was sent. It is accepted by the link in
    the mail, whose key is not kept, until `expires_at`. When they have accepted, mail for the person goes to
    its address; what else it says of them is theirs unless they had an account or belonged to another
    organization before."""

    __tablename__ = "member_invitations"
    __table_args__ = (UniqueConstraint("organization_id", "person_id"),)

    # The constraint above begins with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_ordered_id)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    first_name: Mapped[str] = mapped_column(String(200))
    last_name: Mapped[str] = mapped_column(String(200))
    title: Mapped[str] = mapped_column(String(100))
    language: Mapped[str] = mapped_column(String(2))
    spoken_languages: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    inviter_name: Mapped[str] = mapped_column(String(200))
    invited_by: Mapped[str] = mapped_column(String(36))
    mailed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]


class ApiKey(OfOrganization, Base):
    """A program's credentials. The code itself is not kept."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("organization_id", "client_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    client_id: Mapped[str] = mapped_column(String(100))
    code_hash: Mapped[str] = mapped_column(String(64))
    administration: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class PlatformKey(Base):
    """A program's key, for everything (`organization_id` is None) or for one organization. The key itself is
    not kept. `permissions` are those of `identity.keys.KeyPermission`. `last_used_at` is right to
    the minute."""

    __tablename__ = "platform_keys"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    organization_id: Mapped[int | None] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), index=True
    )
    permissions: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)
    last_used_at: Mapped[datetime | None]


class PasswordLink(Base):
    """Link by which its recipient sets the person's password, once. The key in the link is not kept."""

    __tablename__ = "password_links"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class RefreshToken(OfOrganization, Base):
    """Brings a new access token, for one organization. The token itself is not kept."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    api_key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


class OrganizationDeletion(OfOrganization, Base):
    """Deletion of an organization that a person has asked for, by a link whose key is not kept: asked for,
    confirmed by who has shown the key, or carried out, until nothing is left of it."""

    __tablename__ = "organization_deletions"

    organization_id: Mapped[int] = mapped_column(
        ForeignKey("organizations.id", ondelete="CASCADE"), primary_key=True
    )
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(String(36))
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class MagicToken(OfOrganization, Base):
    """Signs a person in to the organization, once. The token itself is not kept. It is made by a sign-in with
    the refresh token of `refresh_token_hash`, which must still be good; or by an access token alone, and the
    sign-in is over at `signed_in_until` then."""

    __tablename__ = "magic_tokens"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    refresh_token_hash: Mapped[str | None] = mapped_column(String(64))
    signed_in_until: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Revocation(Base):
    """Access tokens of `subject_id` (a person, an API key or a link) issued until `revoked_at` are void."""

    __tablename__ = "revocations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    subject_id: Mapped[str] = mapped_column(String(36))
    revoked_at: Mapped[datetime] = mapped_column(index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SignInFailure(Base):
    """Failed sign-ins for one account or from one address, and until when the next is refused."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]


class SignInPlace(Base):
    """An account and an address that somebody has signed in to it from, and when they last did. The key is
    `place:` and a SHA-256 of both."""

    __tablename__ = "sign_in_places"

    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    last_at: Mapped[datetime] = mapped_column(index=True)


class SignInDevice(Base):
    """A device that somebody has signed in to an account with, and when they last did. `key_hash` is a
    SHA-256 of the account and the device's key, which itself is not kept."""

    __tablename__ = "sign_in_devices"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_hash: Mapped[str] = mapped_column(String(64), index=True)
    last_at: Mapped[datetime] = mapped_column(index=True)


LONGEST_GROUP_NAME = 100


class PermissionGroup(OfOrganization, Base):
    """A named set of room permissions, for links and invitations. `role` is what it was made as, whatever it
    permits by now."""

    __tablename__ = "permission_groups"
    __table_args__ = (Index("ix_permission_groups_order", "organization_id", "position"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(LONGEST_GROUP_NAME))
    position: Mapped[int]
    role: Mapped[int]
    permissions: Mapped[int]

    @property
    def granted_role(self) -> Role:
        """The role that the group gives: its own for as long as it permits the same."""
        role = Role(self.role)
        return role if role.permissions == self.permissions else Role.CUSTOM
