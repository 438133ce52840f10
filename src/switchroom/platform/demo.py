"""The demo organization: something to try the platform with."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec import Struct, structs

from switchroom.accounts.organizers import Actor
from switchroom.db.base import now
from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Organization, PermissionGroup, Person
from switchroom.identity.permissions import Role, Standing
from switchroom.identity.secrets import random_key
from switchroom.identity.tokens import AccessToken
from switchroom.meetings.drafts import MeetingDraft
from switchroom.platform.build import Platform
from switchroom.platform.demo_telephony import DemoTelephony, make_telephony
from switchroom.rooms.drafts import Grant, QuotaWish, RoomDraft
from switchroom.rooms.links import LinkDraft
from switchroom.rooms.models import LinkKind, RoomMode, RoomType
from switchroom.settings import Settings

_PEOPLE = (
    ("administrator", Standing.ADMINISTRATOR, "Ada", "Lovelace"),
    ("moderator", Standing.MODERATOR, "Emil", "Berliner"),
    ("participant", Standing.PARTICIPANT, "Jürgen", "Müller"),
)
TREE = (
    ("Teaching", ("Classroom 1", "Classroom 2", "Lecture hall")),
    ("Office", ("Meeting room", "Coffee corner")),
)
_CLIENT_ID = "demo"


class DemoKey(Struct):
    client_id: str
    code: str


class DemoUser(Struct):
    username: str
    password: str
    user_id: str
    role: str


class DemoRoom(Struct):
    id: str
    display_name: str


class DemoLinks(Struct):
    moderator: str
    participant: str


class DemoMeeting(Struct):
    """A key of the instance and a scheduled meeting, by the names that the Web Meeting API has for them."""

    api_key: str
    account_id: str
    user_id: str
    meeting_id: str


class Demo(Struct):
    """Content of `demo.json`. A file from before there were meetings has no `webmeeting`; one made where no
    telephones are served has no `telephony`."""

    base_url: str
    company_id: str
    api_key: DemoKey
    users: list[DemoUser]
    rooms: list[DemoRoom]
    links: DemoLinks
    webmeeting: DemoMeeting | None = None
    telephony: DemoTelephony | None = None


async def ensure_demo(platform: Platform) -> Demo:
    """Make the demo organization, unless `demo.json` in the data directory says that it is there."""
    path = platform.settings.data_directory / "demo.json"
    if not path.exists():
        demo = await _make(platform)
    else:
        demo = msgspec.json.decode(path.read_bytes(), type=Demo)
        as_it_was = demo
        demo = await _completed(platform, _moved(demo, platform.settings))
        if demo == as_it_was:
            return demo
    _write_privately(path, msgspec.json.format(msgspec.json.encode(demo), indent=2) + b"\n")
    return demo


async def _completed(platform: Platform, demo: Demo) -> Demo:
    """The demo with what an earlier version did not make, or one that served no telephones."""
    organization = await platform.identity.organizations.find(demo.company_id)
    if demo.webmeeting is None:
        meeting = await _make_meeting(platform, organization, demo.users[0].user_id)
        demo = structs.replace(demo, webmeeting=meeting)
    if demo.telephony is None:
        demo = structs.replace(demo, telephony=await _make_telephony(platform, organization, demo.users))
    return demo


def _moved(demo: Demo, settings: Settings) -> Demo:
    """The same demo at another address."""
    base_url = settings.base_url
    telephony = demo.telephony
    if telephony is not None:
        telephony = structs.replace(telephony, sip_port=settings.telephony.sip_port)
    links = DemoLinks(
        moderator=demo.links.moderator.replace(demo.base_url, base_url, 1),
        participant=demo.links.participant.replace(demo.base_url, base_url, 1),
    )
    return structs.replace(demo, base_url=base_url, links=links, telephony=telephony)


async def _make(platform: Platform) -> Demo:
    organization = await platform.found_organization("Demo")
    users, people = await _make_people(platform, organization)
    code = await platform.identity.api_keys.create(organization, _CLIENT_ID)
    token = await platform.identity.authentication.vouched_for(users[0].username, organization.id)
    rooms = await _make_rooms(platform, token, people)
    groups = {group.role: group for group in await platform.identity.organizations.permission_groups(token)}
    return Demo(
        base_url=platform.settings.base_url,
        company_id=organization.ulid,
        api_key=DemoKey(_CLIENT_ID, code),
        users=users,
        rooms=rooms,
        links=DemoLinks(
            moderator=await _make_link(platform, token, rooms[0].id, groups[Role.MODERATOR]),
            participant=await _make_link(platform, token, rooms[0].id, groups[Role.PARTICIPANT]),
        ),
        webmeeting=await _make_meeting(platform, organization, users[0].user_id),
        telephony=await _make_telephony(platform, organization, users),
    )


async def _make_telephony(
    platform: Platform, organization: Organization, users: Sequence[DemoUser]
) -> DemoTelephony | None:
    """None where no telephones are served: nobody could call, and what it takes to make them would be
    loaded."""
    if not platform.settings.telephony.enabled:
        return None
    return await make_telephony(platform, organization, *(user.user_id for user in users[:2]))


async def _make_people(
    platform: Platform, organization: Organization
) -> tuple[list[DemoUser], dict[Standing, Person]]:
    users: list[DemoUser] = []
    people: dict[Standing, Person] = {}
    for name, standing, first_name, last_name in _PEOPLE:
        username = f"{name}@demo.example"
        if await platform.identity.organizations.is_known(username):
            username = f"{name}.{organization.ulid[-6:].lower()}@demo.example"
        password = random_key(16)
        person = await platform.identity.organizations.add_person(
            organization,
            username=username,
            password=password,
            standing=standing,
            first_name=first_name,
            last_name=last_name,
        )
        users.append(DemoUser(username, password, person.id, standing))
        people[standing] = person
    return users, people


async def _make_rooms(
    platform: Platform, token: AccessToken, people: dict[Standing, Person]
) -> list[DemoRoom]:
    rooms: list[DemoRoom] = []
    open_to_all = Grant(Role.PARTICIPANT)
    moderated = {people[Standing.MODERATOR].id: Grant(Role.MODERATOR)}
    for department_name, room_names in TREE:
        department = await platform.rooms.rooms.create(
            token,
            RoomDraft(display_name=department_name, type=RoomType.DEPARTMENT, default=open_to_all),
        )
        for room_name in room_names:
            hall = room_name == "Lecture hall"
            made = await platform.rooms.rooms.create(
                token,
                RoomDraft(
                    display_name=room_name,
                    type=RoomType.ROOM,
                    mode=RoomMode.SPECTATOR,
                    parent_id=department.room.id,
                    quota=QuotaWish(name="large" if hall else "standard"),
                    default=open_to_all,
                    grants=moderated,
                ),
            )
            rooms.append(DemoRoom(made.room.id, room_name))
    return rooms


async def _make_meeting(platform: Platform, organization: Organization, person_id: str) -> DemoMeeting:
    """A meeting that is on for a day from now, and a key to schedule others with."""
    key = await platform.identity.keys.create(_CLIENT_ID, KeyPermission.ACCOUNT | KeyPermission.MEETING)
    start = now().replace(minute=0, second=0, microsecond=0)
    meeting = await platform.meetings.meetings.schedule(
        Actor(organization.id, person_id, administers=True),
        MeetingDraft(
            topic="Demo meeting",
            agenda="Something to try the meeting page with.",
            start=start,
            end=start + timedelta(days=1),
        ),
    )
    return DemoMeeting(
        api_key=key,
        account_id=meeting.organization.hex_id,
        user_id=meeting.organizer.hex_id,
        meeting_id=meeting.hex_id,
    )


async def _make_link(platform: Platform, token: AccessToken, room_id: str, group: PermissionGroup) -> str:
    made = await platform.rooms.links.create(
        token,
        room_id,
        LinkKind.GROUP,
        [LinkDraft(permission_group_id=group.id, description=f"Demo: {group.name}")],
    )
    return platform.rooms.links.address(token.company_id, made.links[0])


def _write_privately(path: Path, content: bytes) -> None:
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    temporary.replace(path)
