"""Directories: contacts, an account's (`global`) and each user's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, structs
from sqlalchemy import ColumnElement, ForeignKey, Index, String, or_, true
from sqlalchemy.orm import Mapped, mapped_column

from switchroom import sanitize
from switchroom.db.base import Base, BigId, OfOrganization
from switchroom.telephony.resources.actor import Actor
from switchroom.telephony.resources.fields import Id, PhoneNumber, Text
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import Resource, is_said
from switchroom.telephony.resources.rows import LONGEST_NAME, ResourceRow, resource_table
from switchroom.telephony.routing.numbers import LONGEST_ENDING, ending

MOST_CONTACTS = 10_000
"""Contacts in one request to the API."""

_MOST_NAMING = 10
"""Numbers of a contact by which it names callers: each is a row, in the one transaction of all contacts."""

_Numbers = Annotated[list[PhoneNumber], Meta(max_length=50)]


class ContactNames(Struct, frozen=True):
    first: Text = ""
    last: Text = ""


class ContactCompany(Struct, frozen=True):
    name: Text = ""


class ContactNumbers(Struct, frozen=True):
    land_lines: _Numbers = []
    mobiles: _Numbers = []
    faxes: _Numbers = []


class ContactDetails(Struct, frozen=True):
    """Details of a contact: names, company and telephone numbers."""

    names: ContactNames = ContactNames()
    company: ContactCompany = ContactCompany()
    phone_numbers: ContactNumbers = ContactNumbers()


class Contact(Struct, frozen=True, kw_only=True):
    """Contact in a phonebook: a user's own one, or without `user_id` the account's."""

    user_id: Id | None = None
    phonebook: Annotated[str, Meta(max_length=64)] = "global"
    details: ContactDetails = ContactDetails()


class ContactRow(ResourceRow):
    """A contact. What is known of them is under `details` in the column of that name."""

    __tablename__ = "contacts"
    __table_args__ = resource_table("contacts")

    user_id: Mapped[int | None] = mapped_column(ForeignKey("memberships.id", ondelete="CASCADE"), index=True)
    phonebook: Mapped[str] = mapped_column(String(64), default="global")


class ContactNumber(OfOrganization, Base):
    """Telephone number of a contact of the account itself, by its end: what comes before that is written in
    many ways."""

    __tablename__ = "contact_numbers"
    # In the order in which contacts are asked for, however many have the same number.
    __table_args__ = (Index("ix_contact_numbers_ending", "organization_id", "ending", "contact_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The index begins with it.
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id", ondelete="CASCADE"))
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id", ondelete="CASCADE"), index=True)
    ending: Mapped[str] = mapped_column(String(LONGEST_ENDING))


class Directories(Resource[Contact, ContactRow]):
    name, singular = "directories", "contact"
    draft, table = Contact, ContactRow
    owner = "user_id"
    own_fields = frozenset(("phonebook", "details"))
    users_make = True
    filters = (
        ("user_id", int),
        ("phonebook", str),
    )

    def references(self, draft: Contact) -> tuple[Reference, ...]:
        """Contacts go with their user, who can be deleted all the same."""
        return ()

    def visible_to(self, actor: Actor) -> ColumnElement[bool]:
        if not actor.is_user:
            return true()
        return or_(ContactRow.user_id == actor.user_id, ContactRow.user_id.is_(None))

    def search_text(self, values: Any) -> str:
        details = values["details"]
        numbers = [number for kind in details["phone_numbers"].values() for number in kind]
        texts = [*details["names"].values(), details["company"]["name"], *numbers]
        return "\n".join(texts).casefold()

    def tidied(self, draft: Contact) -> Contact:
        return structs.replace(draft, details=_tidied(draft.details)) if is_said(draft.details) else draft

    def assign(self, work: Any, row: ContactRow, draft: Contact, said: frozenset[str]) -> None:
        super().assign(work, row, draft, said)
        row.name = _name_of(draft)

    def columns_of(self, draft: Contact) -> dict[str, Any]:
        """Columns that `assign` writes into a row, for one of many contacts."""
        draft = self.tidied(draft)
        values = msgspec.to_builtins(draft)
        return {
            "name": _name_of(draft),
            "search_text": self.search_text(values),
            "user_id": draft.user_id,
            "phonebook": draft.phonebook,
            "details": {"details": values["details"]},
        }


def numbers_in(details: Mapping[str, Any]) -> Iterator[str]:
    """The telephone numbers of a contact, as they are written, in the column `details` of its row."""
    for numbers in details["details"]["phone_numbers"].values():
        yield from numbers


def endings_in(user_id: int | None, details: Mapping[str, Any]) -> frozenset[str]:
    """The ends of the numbers by which a contact names callers, by the columns of its row: its first, and
    none of a user's."""
    if user_id is not None:
        return frozenset()
    found = dict.fromkeys(end for one in numbers_in(details) if (end := ending(one)))
    return frozenset(islice(found, _MOST_NAMING))


def _tidied(details: ContactDetails) -> ContactDetails:
    first, last = (sanitize.name(name) for name in (details.names.first, details.names.last))
    company = ContactCompany(name=sanitize.name(details.company.name))
    return structs.replace(details, names=ContactNames(first=first, last=last), company=company)


def _name_of(contact: Contact) -> str:
    names = contact.details.names
    return (f"{names.first} {names.last}".strip() or contact.details.company.name)[:LONGEST_NAME]
