"""Telephony of the demo organization: two people with a phone each, and what they can call."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any, cast

import structlog
from msgspec import Struct

from switchroom.errors import DomainError
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Organization
from switchroom.platform import sip_server
from switchroom.platform.build import Platform
from switchroom.settings import Settings
from switchroom.telephony.prompts.library import PromptLibrary, PromptMissing
from switchroom.telephony.resources.actor import Actor, Level
from switchroom.telephony.resources.calendars import Calendar
from switchroom.telephony.resources.callflows import Callflow, FeatureCode
from switchroom.telephony.resources.conferences import Conference
from switchroom.telephony.resources.devices import DeviceDraft
from switchroom.telephony.resources.groups import Group, Member
from switchroom.telephony.resources.medias import Media, Medias, Sounds
from switchroom.telephony.resources.menus import Hunt, Menu
from switchroom.telephony.resources.vmboxes import VoicemailBox

CONFERENCE_PIN = "4711"
BOX_PIN = "1234"

_RATE = 16_000
_PAUSE = 0.5
"""Seconds between the two languages of the menu."""

_OPENING_HOURS = "\r\n".join(
    (
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Switchroom//Demo//EN",
        "BEGIN:VEVENT",
        "UID:opening-hours@demo.example",
        "SUMMARY:Open",
        "DTSTART:20260105T090000",
        "DTEND:20260105T170000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    )
)

log = structlog.get_logger()


class DemoDevice(Struct):
    """A phone: what it signs in with, and the extension at which it rings."""

    username: str
    password: str
    number: str


class DemoTelephony(Struct):
    """A key of the account for telephony and events, and what is to be typed into softphones."""

    api_key: str
    realm: str
    sip_port: int
    devices: list[DemoDevice]


async def make_telephony(
    platform: Platform, organization: Organization, ada_id: str, emil_id: str
) -> DemoTelephony:
    """Phones on 100 and 101 for these two people, a mailbox behind 100, a menu on 200, a group on 300, a
    conference on 400, opening hours on 500."""
    key = await platform.identity.keys.create(
        "demo", KeyPermission.TELEPHONY | KeyPermission.EVENTS, organization
    )
    office = _Office(platform, organization.id)
    people = [await platform.telephony.user_ids.of(organization.id, one) for one in (ada_id, emil_id)]
    ada, emil = (cast("int", one) for one in people)
    devices = [await office.phone("Ada", ada, "100"), await office.phone("Emil", emil, "101")]
    box = await office.make("vmboxes", VoicemailBox(name="Ada", mailbox="100", owner_id=ada, pin=BOX_PIN))
    to_box = _node("voicemail", box)
    to_ada = await office.callflow("Ada", ["100"], _node("user", ada, _=to_box))
    to_emil = await office.callflow("Emil", ["101"], _node("user", emil))
    members = [Member(member_id=ada), Member(member_id=emil)]
    group = await office.make("groups", Group(name="Everybody", members=members))
    to_group = await office.callflow("Everybody", ["300"], _node("group", group, _=to_box))
    menu = await office.make("menus", Menu(name="Welcome", media_id=await office.greeting(), hunt=Hunt()))
    choices = {
        key_: _node("callflow", flow) for key_, flow in (("1", to_ada), ("2", to_emil), ("3", to_group))
    }
    to_menu = await office.callflow("Welcome", ["200"], _node("menu", menu, **choices))
    conference = await office.make("conferences", Conference(name="Conference", members_pin=CONFERENCE_PIN))
    await office.callflow("Conference", ["400"], _node("conference", conference))
    calendar = await office.make(
        "calendars", Calendar(name="Opening hours", ics=_OPENING_HOURS, time_zone="Europe/Berlin")
    )
    by_time = _node("calendar", calendar, open=_node("callflow", to_menu), closed=to_box)
    await office.callflow("Opening hours", ["500"], by_time)
    own_box = FeatureCode(name="voicemail[single_mailbox_login]", number="98")
    await office.callflow("Voicemail", [], {"module": "check_voicemail"}, own_box)
    realm = (await office.account())["realm"]
    return DemoTelephony(key, realm, platform.settings.telephony.sip_port, devices)


def sip_address(settings: Settings) -> str:
    """Address at which softphones on this machine, or near it, find the SIP server."""
    return sip_server.advertised_address(settings) or sip_server.local_address(settings)


class _Office:
    """Makes resources of the demo organization."""

    def __init__(self, platform: Platform, organization_id: int) -> None:
        self._telephony = platform.telephony
        self._resources = platform.telephony.resources
        self._actor = Actor(organization_id, Level.ADMIN, by="demo")

    async def make(self, kind: str, draft: Struct) -> int:
        return int((await self._made(kind, draft))["id"])

    async def account(self) -> dict[str, Any]:
        kind = self._resources.kinds["accounts"]
        return await self._resources.read(self._actor, kind, self._actor.organization_id)

    async def phone(self, name: str, owner_id: int, number: str) -> DemoDevice:
        made = await self._made("devices", DeviceDraft(name=f"{name}'s phone", owner_id=owner_id))
        return DemoDevice(made["username"], made["password"], number)

    async def callflow(
        self, name: str, numbers: list[str], flow: dict[str, Any], code: FeatureCode | None = None
    ) -> int:
        return await self.make("callflows", Callflow(name=name, numbers=numbers, flow=flow, featurecode=code))

    async def greeting(self) -> int | None:
        """A sound that says the menu in English and in German; None where no prompts have been made."""
        try:
            content = await asyncio.to_thread(_spoken)
        except (PromptMissing, OSError, wave.Error) as error:
            log.warning("demo menu has no greeting: the prompts are not made", reason=repr(error))
            return None
        media = await self.make("medias", Media(name="Welcome", file_name="welcome.wav"))
        kind = cast("Medias", self._resources.kinds["medias"])
        try:
            await Sounds(self._resources, kind, self._telephony.sounds).upload(self._actor, media, content)
        except DomainError as error:
            log.warning("demo menu has no greeting", reason=str(error))
        return media

    async def _made(self, kind: str, draft: Struct) -> dict[str, Any]:
        return await self._resources.make(self._actor, self._resources.kinds[kind], draft)


def _node(module: str, id_: int, **children: dict[str, Any]) -> dict[str, Any]:
    return {"module": module, "data": {"id": id_}, "children": children}


def _spoken() -> bytes:
    """The menu's text in both languages, as WAV."""
    library = PromptLibrary()
    content = io.BytesIO()
    with wave.open(content, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(_RATE)
        for language in ("en", "de"):
            with wave.open(str(library.find("demo-menu", language, _RATE))) as read:
                written.writeframes(read.readframes(read.getnframes()))
            written.writeframes(bytes(2 * int(_RATE * _PAUSE)))
    return content.getvalue()
