"""Tables of identity: organizations, people, their memberships and credentials, permission groups."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now


def new_id() -> str:
    """A random UUID in its 36-character form."""
    return str(uuid4())


class Organization(Base):
    """A tenant; nothing crosses its border. `ulid` is its name in the alfaview dialects."""

    __tablename__ = "organizations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ulid: Mapped[str] = mapped_column(String(26), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    owner_id: Mapped[str | None] = mapped_column(String(36))
    properties: Mapped[dict[str, str]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Person(Base):
    """Someone with credentials in one or more organizations. `username` is kept folded to lower case."""

    __tablename__ = "people"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    username: Mapped[str] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(254), default="")
    first_name: Mapped[str] = mapped_column(String(200), default="")
    last_name: Mapped[str] = mapped_column(String(200), default="")
    title: Mapped[str] = mapped_column(String(100), default="")
    locale: Mapped[str] = mapped_column(String(16), default="en")
    spoken_languages: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)

    @property
    def display_name(self) -> str:
        parts = (self.title, self.first_name, self.last_name)
        return " ".join(part for part in parts if part) or self.username


class Membership(OfOrganization, Base):
    """A person's place in an organization."""

    __tablename__ = "memberships"
    __table_args__ = (UniqueConstraint("person_id", "organization_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    standing: Mapped[str] = mapped_column(String(16))
    administration: Mapped[int] = mapped_column(default=0)
    properties: Mapped[dict[str, str]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


class ApiKey(OfOrganization, Base):
    """A program's credentials. The code itself is not kept."""

    __tablename__ = "api_keys"
    __table_args__ = (UniqueConstraint("organization_id", "client_id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    client_id: Mapped[str] = mapped_column(String(100))
    code_hash: Mapped[str] = mapped_column(String(64))
    administration: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class RefreshToken(OfOrganization, Base):
    """Brings a new access token, for one organization. The token itself is not kept."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    api_key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(default=now)


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


class PermissionGroup(OfOrganization, Base):
    """A named set of room permissions, for links and invitations."""

    __tablename__ = "permission_groups"
    __table_args__ = (Index("ix_permission_groups_order", "organization_id", "position"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(100))
    position: Mapped[int]
    role: Mapped[int]
    permissions: Mapped[int]
