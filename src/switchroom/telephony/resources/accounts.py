"""Accounts: organizations as telephony sees them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Any, cast

import msgspec
from msgspec import Meta, Struct, structs
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from switchroom import sanitize
from switchroom.accounts.models import MeetingTerms
from switchroom.db.base import time_of
from switchroom.errors import Conflict, ErrorCode, Forbidden, Problems
from switchroom.events.append import append
from switchroom.events.types import AccountUpdated, ResourceSnapshot
from switchroom.identity.models import Organization
from switchroom.telephony.resources.actor import Level
from switchroom.telephony.resources.devices import Device
from switchroom.telephony.resources.emergencies import emergency_extension
from switchroom.telephony.resources.fields import (
    CallerId,
    Country,
    Id,
    Language,
    LongText,
    Name,
    PhoneNumber,
    Pin,
    Restriction,
    Text,
    TimeZone,
)
from switchroom.telephony.resources.realms import (
    LONGEST_REALM,
    TelephonyAccount,
    account_of,
    release_unused,
    take_realm,
)
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import Resource, Work
from switchroom.telephony.routing.configuration import COUNTRY

MOST_CHILDREN = 10_000
_REALM = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")


class Provision(Struct, frozen=True):
    """Secrets that open settings of the account's phones. They are never told; null leaves one as it is."""

    admin_password: Annotated[str, Meta(max_length=100)] | None = None
    admin_pin: Pin | None = None


class PostalAddress(Struct, frozen=True):
    company_name: Text = ""
    address_line_1: Text = ""
    address_number: Text = ""
    address_line_2: Text = ""
    postal_code: Text = ""
    city: Text = ""
    vat: Text = ""


class PostalAddresses(Struct, frozen=True):
    main: PostalAddress = PostalAddress()


class Offer(Struct, frozen=True):
    id: Text = ""
    label: Text = ""


class Billing(Struct, frozen=True):
    """Terms that are agreed on with the account: plans, and limits of which 0 is none. The
    `max_number_…_calls` are calls with the public network that may be up at once: incoming, outgoing, those
    of them that are forwards, and all together; emergency calls pass. Plans and credit are kept, and limit
    nothing."""

    rate_plan: Text = ""
    volume_pack: Text = ""
    spending_plan: Text = ""
    credit_limit: float = 0
    credit_limit_theshold: float = 0
    max_number_fwd_calls: Annotated[int, Meta(ge=0)] = 0
    max_number_incoming_calls: Annotated[int, Meta(ge=0)] = 0
    max_number_outgoing_calls: Annotated[int, Meta(ge=0)] = 0
    max_number_sim_calls: Annotated[int, Meta(ge=0)] = 0
    available_products: list[Offer] = []
    available_packs: list[Offer] = []
    available_spending_plans: list[Offer] = []


_Slot = Annotated[int, Meta(ge=1, le=9999)]


class Parking(Struct, frozen=True):
    """Parking of calls: in the slots from `first_slot` to `last_slot`, for `timeout` seconds."""

    enabled: bool = False
    park_extension: Annotated[str, Meta(max_length=20)] = ""
    first_slot: _Slot = 701
    last_slot: _Slot = 720
    timeout: Annotated[int, Meta(ge=10, le=3600)] = 120


class Parkings(Struct, frozen=True):
    main: Parking = Parking()


class AccountChild(Struct, frozen=True):
    """An account of the platform."""

    id: int
    name: str


class BillingView(Billing, frozen=True, kw_only=True):
    """Terms that are agreed on with the account, and once more fields of it that clients look for there."""

    platform_trunk_enabled: bool = False
    pickup: bool = False
    parkings: Parkings = Parkings()
    failover_number: str = ""
    custom_files: list[Text] = []
    internal_phonebook: bool = True
    realm: str = ""
    prov_key: str = ""
    hostname_suffix: str = ""
    created: str = ""
    children: list[AccountChild] = []


class AccountDraft(Struct, frozen=True, kw_only=True):
    """An account. `realm` is the SIP domain of its phones: one that it had before goes on to be its own while
    phones have passwords for it. `billing`, `category` and `available_apps`, and a realm outside of the
    platform's domain, are for the platform to say; so is `emergency_caller_id_required`, with which nobody
    calls an emergency service who has no emergency caller id. `failover_number`, `custom_files`, `pickup`,
    `parkings` and `internal_phonebook` are kept, and change nothing yet."""

    name: Name
    category: Text = ""
    notes: LongText = ""
    available_apps: list[Text] = []
    provision: Provision = Provision()
    caller_id: CallerId = CallerId()
    music_on_hold_id: Id | None = None
    time_zone: TimeZone = ""
    language: Language = ""
    country: Country = ""
    restriction: Restriction | None = None
    postal_address: PostalAddresses = PostalAddresses()
    billing: Billing = Billing()
    realm: Annotated[str, Meta(max_length=LONGEST_REALM)] = ""
    platform_trunk_enabled: bool = False
    pickup: bool = False
    parkings: Parkings = Parkings()
    failover_number: PhoneNumber = ""
    custom_files: list[Text] = []
    internal_phonebook: bool = True
    emergency_caller_id_required: bool = False


_OF_PLATFORM = ("billing", "category", "available_apps", "emergency_caller_id_required")
_ALSO_UNDER_BILLING = tuple(
    name for name in BillingView.__struct_fields__ if name not in Billing.__struct_fields__
)


class AccountRow(Struct, frozen=True):
    organization: Organization
    telephony: TelephonyAccount

    @property
    def id(self) -> int:
        return self.organization.id


class Accounts(Resource[AccountDraft, Any]):
    name, singular = "accounts", "account"
    draft, table = AccountDraft, TelephonyAccount
    other_secrets = frozenset(("provision",))
    read_only = (
        ("billing", BillingView),
        ("prov_key", str),
        ("hostname_suffix", str),
        ("created", str),
        ("children", list[AccountChild]),
    )
    is_made = False
    is_there_at_first_look = True

    async def find(self, work: Work, resource_id: int, *, to_change: bool = False) -> AccountRow | None:
        if resource_id != work.organization_id:
            return None
        if work.writes:
            telephony = await account_of(work.session, work.organization_id, work.realm_suffix)
        else:
            telephony = await work.session.get(TelephonyAccount, work.organization_id)
        if telephony is None:
            return None
        query = select(Organization).where(Organization.id == work.organization_id)
        if to_change:
            query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        return AccountRow((await work.session.scalars(query)).one(), telephony)

    async def names(self, session: AsyncSession, organization_id: int, ids: Sequence[int]) -> dict[int, str]:
        organization = await session.get_one(Organization, organization_id)
        return {organization.id: organization.display_name}

    async def children(self, session: AsyncSession) -> Sequence[AccountChild]:
        """All accounts of the platform that are open."""
        query = select(Organization.id, Organization.display_name).where(Organization.closed_at.is_(None))
        found = await session.execute(query.order_by(Organization.id).limit(MOST_CHILDREN))
        return [AccountChild(*row) for row in found]

    def references(self, draft: AccountDraft) -> Iterable[Reference]:
        if draft.music_on_hold_id is not None:
            yield Reference("music_on_hold_id", "medias", draft.music_on_hold_id)

    def values_of(self, row: AccountRow) -> dict[str, Any]:
        values = {
            **self.defaults,
            **row.telephony.details,
            "name": row.organization.display_name,
            "realm": row.telephony.realm,
        }
        return {name: values[name] for name in self.fields if name not in self.secrets}

    def view(self, row: AccountRow) -> dict[str, Any]:
        view: dict[str, Any] = {
            **super().view(row),
            "prov_key": "",
            "hostname_suffix": row.telephony.realm.partition(".")[2],
            "created": time_of(row.organization.created_at),
            "children": [],
        }
        view["billing"] = {**view["billing"], **{name: view[name] for name in _ALSO_UNDER_BILLING}}
        return view

    def platform_view(self, children: Sequence[AccountChild]) -> dict[str, Any]:
        """View of the platform above all accounts, in the form of an account: its id is 0."""
        fields = {name: value for name, value in self.defaults.items() if name not in self.secrets}
        own = {"id": 0, "name": "Switchroom", "prov_key": "", "hostname_suffix": "", "created": ""}
        return {**fields, **own, "children": msgspec.to_builtins(children)}

    def check(self, draft: AccountDraft, problems: Problems) -> None:
        super().check(draft, problems)
        if not _REALM.fullmatch(draft.realm):
            problems.add(ErrorCode.REALM_MALFORMED, "realm")
        if draft.parkings.main.last_slot < draft.parkings.main.first_slot:
            problems.add(ErrorCode.RANGE_REVERSED, "parkings.main.last_slot")

    async def prepare(
        self, work: Work, row: AccountRow, draft: AccountDraft, problems: Problems
    ) -> AccountDraft:
        before = msgspec.convert(self.values_of(row), AccountDraft)
        if work.actor.level is not Level.SUPERDUPER:
            for name in _OF_PLATFORM:
                if getattr(draft, name) != getattr(before, name):
                    raise Forbidden(ErrorCode.LEVEL_MISSING, name, level="superduper")
            is_elsewhere = not draft.realm.endswith(f".{work.realm_suffix}")
            if draft.realm != before.realm and is_elsewhere and _REALM.fullmatch(draft.realm):
                raise Forbidden(ErrorCode.LEVEL_MISSING, "realm", level="superduper")
        if draft.country != before.country:
            country = draft.country or COUNTRY
            number = await emergency_extension(work.session, work.organization_id, country)
            if number is not None:
                problems.add(ErrorCode.EXTENSIONS_OF_EMERGENCY, "country", number=number, country=country)
        return structs.replace(draft, name=sanitize.name(draft.name))

    async def save(self, work: Work, row: AccountRow, draft: AccountDraft, said: frozenset[str]) -> None:
        session, telephony = work.session, row.telephony
        if draft.realm != telephony.realm:
            if not await take_realm(session, work.organization_id, draft.realm):
                raise Conflict(ErrorCode.VALUE_TAKEN, "realm", value=draft.realm)
            telephony.realm = draft.realm
        row.organization.display_name = draft.name
        values = msgspec.to_builtins(draft)
        kept = {name: values[name] for name in self.fields if name not in {"name", "realm", "provision"}}
        telephony.details = {**telephony.details, **kept, **_provision(work, telephony, draft.provision)}
        await session.flush()
        await release_unused(session, work.organization_id, Device.realm)

    def log(self, work: Work, row: AccountRow, kind: type[ResourceSnapshot]) -> None:
        organization = row.organization
        account_type = cast("MeetingTerms", work.shown_once.pop("terms")).account_type
        event = AccountUpdated(display_name=organization.display_name, account_type=account_type)
        append(work.session, organization.id, event, organization.hex_id)

    async def written(self, work: Work, row: AccountRow, draft: AccountDraft) -> None:
        work.shown_once["terms"] = await work.session.get_one(MeetingTerms, work.organization_id)


def _provision(work: Work, telephony: TelephonyAccount, provision: Provision) -> dict[str, Any]:
    """The secrets of phones' settings, encrypted: they are written into phones as they are."""
    known = dict(telephony.details.get("provision_encrypted", {}))
    for name in provision.__struct_fields__:
        secret = getattr(provision, name)
        if secret is not None:
            known[name] = work.vault.encrypt(secret)
    return {"provision_encrypted": known} if known else {}
