"""Fills a fresh database with what the benchmarks ask for."""

from __future__ import annotations

import time
from collections.abc import Sequence

from msgspec import Struct

from switchroom.identity.keys import KeyPermission
from switchroom.identity.models import Membership, Organization, PermissionGroup, Person, new_id
from switchroom.identity.permissions import Role, Standing
from switchroom.identity.tokens import AccessToken, SubjectKind
from switchroom.platform.build import Platform
from switchroom.rooms.models import Room, RoomMode, RoomType
from switchroom.rooms.revisions import rooms_changed

FEW_ROOMS = 100
MANY_ROOMS = 10_000
PEOPLE = 1_000
_HOUR = 3600


class Seeded(Struct, frozen=True):
    """Access tokens and ids to ask with.

    `few` and `many` belong to an administrator of an organization of 100 and of 10,000 rooms, `people` to as
    many persons of the first. `meeting_key` is a key of the Web Meeting API for the whole instance,
    `organizer_id` whom it names. `company_id` is the first organization's.
    """

    few: str
    many: str
    people: Sequence[str]
    room_id: str
    permission_group_id: str
    meeting_key: str
    organizer_id: str
    company_id: str


async def seed(platform: Platform) -> Seeded:
    small = await platform.found_organization("Of a hundred rooms")
    large = await platform.found_organization("Of ten thousand rooms")
    room_ids = await _add_rooms(platform, small, FEW_ROOMS)
    await _add_rooms(platform, large, MANY_ROOMS)
    people = await _add_people(platform, small, PEOPLE)
    owners = [(await _add_people(platform, owned, 1))[0] for owned in (small, large)]
    claims = _token_claims(small, owners[0])
    groups = await platform.identity.organizations.permission_groups(claims)
    return Seeded(
        few=platform.identity.signer.sign(claims),
        many=platform.identity.signer.sign(_token_claims(large, owners[1])),
        people=[platform.identity.signer.sign(_token_claims(small, person_id)) for person_id in people],
        room_id=room_ids[0],
        permission_group_id=_participants(groups).id,
        meeting_key=await platform.identity.keys.create(
            "bench", KeyPermission.ACCOUNT | KeyPermission.MEETING
        ),
        organizer_id=(await platform.meetings.accounts.admins(small.id))[-1].person.hex_id,
        company_id=small.ulid,
    )


async def _add_rooms(platform: Platform, organization: Organization, count: int) -> list[str]:
    """Rooms as an owner makes them: a name, a default, one in ten a department that holds the next nine."""
    rooms: list[Room] = []
    department: Room | None = None
    for number in range(count):
        holds_others = number % 10 == 0
        room = Room(
            id=new_id(),
            parent_id=None if holds_others or department is None else department.id,
            type=RoomType.DEPARTMENT if holds_others else RoomType.ROOM,
            mode=RoomMode.SPECTATOR,
            display_name=f"{'Department' if holds_others else 'Room'} {number}",
            position=(number + 1) * 1024,
            quota_name=None if holds_others else "standard",
            active_limit=0 if holds_others else 50,
            passive_limit=0 if holds_others else 100,
            default_permissions=int(Role.PARTICIPANT.permissions),
            default_role=int(Role.PARTICIPANT),
            created_by=organization.ulid,
        )
        department = room if holds_others else department
        rooms.append(room)
    async with platform.storage.database.write(organization.id) as session:
        session.add_all([room for room in rooms if room.parent_id is None])
        await session.flush()
        session.add_all([room for room in rooms if room.parent_id is not None])
        await rooms_changed(session, organization.id)
    return [room.id for room in rooms if room.type == RoomType.ROOM]


async def _add_people(platform: Platform, organization: Organization, count: int) -> list[str]:
    people = [
        Person(id=(person_id := new_id()), username=f"{person_id}@bench.example", password_hash="-")
        for _ in range(count)
    ]
    async with platform.storage.database.write(organization.id) as session:
        session.add_all(people)
        await session.flush()
        session.add_all(
            Membership(person_id=person.id, standing=Standing.ADMINISTRATOR, administration=_ALL)
            for person in people
        )
    return [person.id for person in people]


_ALL = int(Standing.ADMINISTRATOR.administration)


def _token_claims(organization: Organization, person_id: str) -> AccessToken:
    moment = time.time()
    return AccessToken(
        organization_id=organization.id,
        company_id=organization.ulid,
        subject_id=person_id,
        kind=SubjectKind.PERSON,
        issued_at=moment,
        expires_at=int(moment) + _HOUR,
        administration=_ALL,
        display_name="Bench",
    )


def _participants(groups: Sequence[PermissionGroup]) -> PermissionGroup:
    return next(group for group in groups if group.role == Role.PARTICIPANT)
