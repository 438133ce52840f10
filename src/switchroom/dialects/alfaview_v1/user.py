"""`userService`: the people of a company."""

from __future__ import annotations

from collections.abc import Sequence

from switchroom.dialects.alfaview_v1.messages.common import Locale, Reply, User, UserProfile
from switchroom.dialects.alfaview_v1.messages.user import UserListReply, UserListRequest
from switchroom.dialects.alfaview_v1.operations import Context, operation
from switchroom.dialects.operation import Operation
from switchroom.dialects.services import Services
from switchroom.identity.models import Membership, Person


class UserService:
    def __init__(self, services: Services) -> None:
        self._people = services.people

    def operations(self) -> Sequence[Operation]:
        return [
            operation(
                "userService/list", UserListRequest, UserListReply, self.list, "People of the company, by id."
            )
        ]

    async def list(self, context: Context, request: UserListRequest) -> Reply:
        people = await self._people.list(context.caller, request.userIdList)
        ids = [person.id for person, _ in people]
        if request.returnUserIdsOnly or (request.accessInfo and request.accessInfo.returnObjectIdsOnly):
            return UserListReply(userIdList=ids)
        return UserListReply(
            users={person.id: _user(person, membership) for person, membership in people}, userIdList=ids
        )


def _user(person: Person, membership: Membership) -> User:
    return User(
        email=person.email,
        metadata=dict(membership.properties),
        userProfile=UserProfile(firstname=person.first_name, lastname=person.last_name, title=person.title),
        locale=Locale(UILanguage=person.locale, spokenLanguages=list(person.spoken_languages)),
    )
