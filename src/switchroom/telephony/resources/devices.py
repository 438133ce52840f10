"""Devices: phones that register, and who has them."""

from __future__ import annotations

import secrets
import string
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, structs
from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from switchroom.db.base import Base, BigId, OfOrganization, now
from switchroom.errors import ErrorCode, Problems
from switchroom.identity.secrets import random_key
from switchroom.telephony.resources.emergencies import country_of_account, require_forward
from switchroom.telephony.resources.fields import (
    CallerId,
    CallForward,
    Country,
    Id,
    Language,
    Name,
    Restriction,
    SipPassword,
    SipUsername,
    Text,
    TimeZone,
    Transport,
)
from switchroom.telephony.resources.realms import account_of, ha1, prefix_of, release_unused
from switchroom.telephony.resources.references import Reference
from switchroom.telephony.resources.resource import Resource, Work
from switchroom.telephony.resources.rows import OwnedRow, resource_table
from switchroom.telephony.resources.users import TelephonyUser

_USERNAME_LENGTH = 8
_PASSWORD_LENGTH = 19
_LETTERS_AND_DIGITS = string.ascii_lowercase + string.digits


class Hardware(Struct, frozen=True, kw_only=True):
    """Hardware of a phone, for its provisioning."""

    category: Text = ""
    brand: Text = ""
    family: Text = ""
    model: Text = ""
    mac_address: Text = ""
    version: Text = ""
    provisioning_version: Text = ""
    zero_touch_provisioning: bool = False
    remote_logging: bool = False
    config: dict[str, Any] = {}


class Retries(Struct, frozen=True):
    """Retries of a phone's registration: how many, and after how many seconds; 0 leaves it to the phone."""

    wait_until_next_retry: Annotated[int, Meta(ge=0, le=86_400)] = 0
    max: Annotated[int, Meta(ge=0, le=1000)] = 0


class DeviceDraft(Struct, frozen=True, kw_only=True):
    """A phone. Username and password are those of SIP; where none is given one is made, and a password that
    was made is in the reply to this call, and in no other. A change of the username needs a password too.
    With `do_not_disturb` it does not ring, without `call_waiting` not while it has a call; without
    `missed_calls_log` it is told of calls that it has missed as of those that another has taken. `hostname`,
    `transport`, `hardware` (but for the category `fax`), `hardware_order`, `retries`, `always_registered` and
    `owner_association_category` are kept for the provisioning of phones, and change no call."""

    name: Name
    hostname: Text = ""
    owner_id: Id | None = None
    owner_association_category: Text = ""
    username: SipUsername | Literal[""] = ""
    password: SipPassword | None = None
    language: Language = ""
    time_zone: TimeZone = ""
    country: Country = ""
    restriction: Restriction | None = None
    caller_id: CallerId = CallerId()
    call_forward: CallForward = CallForward()
    do_not_disturb: bool = False
    call_waiting: bool = True
    music_on_hold_id: Id | None = None
    transport: Transport = ""
    hardware_order: Text = ""
    hardware: Hardware = Hardware()
    retries: Retries = Retries()
    always_registered: bool = False
    missed_calls_log: bool = True
    external_sip_account: bool = False
    enabled: bool = True


class Device(OwnedRow):
    """A phone. It signs in as `username` or as `<realm prefix>.<username>`, in `realm`: `ha1` and
    `ha1_prefixed` are the digests of its password for the one and the other, both empty without a password.
    Of one that is not `enabled` no registration and no call is taken."""

    __tablename__ = "devices"
    __table_args__ = resource_table(
        "devices",
        UniqueConstraint("organization_id", "username"),
        UniqueConstraint("realm", "username"),
    )

    username: Mapped[str] = mapped_column(String(64))
    # The constraint begins with it.
    realm: Mapped[str] = mapped_column(ForeignKey("sip_realms.realm"))
    ha1: Mapped[str] = mapped_column(String(32), default="")
    ha1_prefixed: Mapped[str] = mapped_column(String(32), default="")
    external_sip_account: Mapped[bool] = mapped_column(default=False)
    enabled: Mapped[bool] = mapped_column(default=True)


class ContactsChanged(Struct, frozen=True):
    """Notice (bus message) that devices of the account are to be reached elsewhere than a moment ago."""

    organization_id: int


class Registration(OfOrganization, Base):
    """A contact at which a device can be reached until `expires_at`."""

    __tablename__ = "device_registrations"
    __table_args__ = (UniqueConstraint("device_id", "contact"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The constraint begins with it.
    device_id: Mapped[int] = mapped_column(ForeignKey("devices.id", ondelete="CASCADE"))
    contact: Mapped[str] = mapped_column(String(400))
    user_agent: Mapped[str] = mapped_column(String(200), default="")
    contact_ip: Mapped[str] = mapped_column(String(45), default="")
    contact_port: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    registered_at: Mapped[datetime] = mapped_column(default=now)


class DeviceStatus(Struct, frozen=True):
    """Status of a device: whether it can be reached, and its state: `ringing` (also one that calls and is not
    answered yet), `answered`, `held` (it holds the other), else `idle`, or `offline` where it cannot be
    reached."""

    registered: bool
    state: str


DeviceStates = Callable[[AsyncSession, int], Awaitable[Mapping[int, str]]]
"""States of an account's devices that are in a call, by their ids."""


async def no_calls(session: AsyncSession, organization_id: int) -> Mapping[int, str]:
    """States of devices where there are no calls."""
    return {}


class RegistrationView(Struct, frozen=True):
    """A contact of a device."""

    username: str
    name: str
    owner_id: int | None
    category: str
    user_agent: str
    contact_ip: str
    contact_port: int


class Devices(Resource[DeviceDraft, Device]):
    name, singular = "devices", "device"
    draft, table = DeviceDraft, Device
    owner = "owner_id"
    own_fields = frozenset(
        (
            "name",
            "language",
            "time_zone",
            "call_forward",
            "do_not_disturb",
            "call_waiting",
            "music_on_hold_id",
            "missed_calls_log",
        )
    )
    other_secrets = frozenset(("password",))
    unique = ("username",)
    searched = ("name", "username")
    filters = (
        ("owner_id", int),
        ("external_sip_account", bool),
    )
    read_only = (
        ("realm", str),
        ("status", DeviceStatus),
    )

    def __init__(self, states: DeviceStates = no_calls) -> None:
        self._states = states

    def references(self, draft: DeviceDraft) -> Iterable[Reference]:
        yield from super().references(draft)
        if draft.music_on_hold_id is not None:
            yield Reference("music_on_hold_id", "medias", draft.music_on_hold_id)

    def view(self, row: Device) -> dict[str, Any]:
        return {**super().view(row), "realm": row.realm}

    async def complete(self, work: Work, views: Sequence[dict[str, Any]]) -> None:
        registered = await self._registered(work.session, work.organization_id, [one["id"] for one in views])
        states = await self._states(work.session, work.organization_id)
        for view in views:
            status = _status(view["id"] in registered, states.get(view["id"]))
            view["status"] = {"registered": status.registered, "state": status.state}

    async def prepare(self, work: Work, row: Device, draft: DeviceDraft, problems: Problems) -> DeviceDraft:
        is_new = self.is_new(row)
        if not draft.username:
            draft = structs.replace(draft, username=_new_username() if is_new else row.username)
        if not is_new and draft.username != row.username and draft.password is None:
            problems.add(ErrorCode.REQUIRED, "password")
        if is_new and draft.password is None:
            draft = structs.replace(draft, password=random_key(_PASSWORD_LENGTH))
            work.shown_once["password"] = draft.password
        if draft.call_forward.number:
            with problems:
                require_forward(draft.call_forward, await _country(work, draft))
        return draft

    async def before_flush(self, work: Work, row: Device, draft: DeviceDraft) -> None:
        """A password is one for the account's realm of today."""
        if draft.password is None:
            return
        account = await account_of(work.session, work.organization_id, work.realm_suffix)
        row.realm = account.realm
        row.ha1 = ha1(draft.username, account.realm, draft.password)
        prefixed = f"{prefix_of(account.realm)}.{draft.username}"
        row.ha1_prefixed = ha1(prefixed, account.realm, draft.password)

    async def written(self, work: Work, row: Device, draft: DeviceDraft) -> None:
        await release_unused(work.session, work.organization_id, Device.realm)

    async def remove(self, work: Work, row: Device) -> None:
        await super().remove(work, row)
        await work.session.flush()
        await release_unused(work.session, work.organization_id, Device.realm)

    async def registrations(self, work: Work, filters: Mapping[str, Any]) -> Sequence[RegistrationView]:
        """Every contact of the devices that the actor sees, oldest device first."""
        query = (
            select(Device, Registration)
            .join(Registration, Registration.device_id == Device.id)
            .where(self.visible_to(work.actor), Registration.expires_at > now())
            .order_by(Device.id, Registration.id)
        )
        for name, value in filters.items():
            query = query.where(getattr(Device, name) == value)
        return [
            RegistrationView(
                username=device.username,
                name=device.name,
                owner_id=device.owner_id,
                category=str(device.details.get("hardware", {}).get("category", "")),
                user_agent=one.user_agent,
                contact_ip=one.contact_ip,
                contact_port=one.contact_port,
            )
            for device, one in await work.session.execute(query)
        ]

    async def statuses(self, work: Work, filters: Mapping[str, Any]) -> Mapping[str, DeviceStatus]:
        """Statuses of the devices that the actor sees, by their ids."""
        query = select(Device.id).where(self.visible_to(work.actor)).order_by(Device.id)
        for name, value in filters.items():
            query = query.where(getattr(Device, name) == value)
        ids = (await work.session.scalars(query)).all()
        registered = await self._registered(work.session, work.organization_id, None)
        states = await self._states(work.session, work.organization_id)
        return {str(one): _status(one in registered, states.get(one)) for one in ids}

    async def _registered(
        self, session: AsyncSession, organization_id: int, ids: Sequence[int] | None
    ) -> set[int]:
        query = select(Registration.device_id).where(
            Registration.organization_id == organization_id, Registration.expires_at > now()
        )
        if ids is not None:
            query = query.where(Registration.device_id.in_(ids))
        return set((await session.scalars(query)).all())


async def _country(work: Work, draft: DeviceDraft) -> str:
    """The country in which the device's numbers are dialled: its own, its owner's, or the account's."""
    if draft.country:
        return draft.country
    owner = await work.session.get(TelephonyUser, draft.owner_id) if draft.owner_id is not None else None
    of_owner: str = owner.details.get("country", "") if owner is not None else ""
    return of_owner or await country_of_account(work.session, work.organization_id)


def _status(is_registered: bool, in_call: str | None) -> DeviceStatus:
    return DeviceStatus(is_registered, in_call or ("idle" if is_registered else "offline"))


def _new_username() -> str:
    return "".join(secrets.choice(_LETTERS_AND_DIGITS) for _ in range(_USERNAME_LENGTH))
