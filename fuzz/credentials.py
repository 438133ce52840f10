"""What the attackers know of the platform: who they may say they are, and what there is."""

from __future__ import annotations

import random
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, cast

import httpx
from msgspec import Struct

from fuzz.target import Target

_LIMIT = 30.0
_PLANTED = 0.6
_V1, _V6 = "/json/v1", "/api/v6"


class Credentials(Struct, frozen=True):
    """Tokens of the demo's people, in their order, headers that each API wants, and values that exist by the
    name of the field that they are a value of, in lower case. `account_id` is one of the
    Web Meeting API in paths, and one of the Telephony API in queries. People that are named are others than
    those of the tokens, who still have to sign in when all has been done to them."""

    tokens: Sequence[str]
    headers: Mapping[str, str]
    values: Mapping[str, Sequence[str]]

    @property
    def room(self) -> str:
        """A room that nothing was tried on yet."""
        return self.values["roomid"][0]

    def value(self, field: str, chance: random.Random) -> str | None:
        """A value that exists for a field of this name."""
        known = self.values.get(field) or self.values.get(field.replace("_", "").lower())
        return chance.choice(known) if known else None

    def spare_oneself(self, message: dict[str, Any], chance: random.Random) -> None:
        """Name somebody in a message that is about who sends it when it names nobody."""
        message["userId"] = chance.choice(self.values["userid"])

    def identify(self, message: dict[str, Any], chance: random.Random) -> None:
        """Put the token of somebody into the top of a message, where the APIs look for it."""
        token = chance.choice(self.tokens)
        message["accessInfo"] = {"accessToken": token}
        if "accessToken" in message:
            message["accessToken"] = token

    def plant(self, message: Any, chance: random.Random) -> Any:
        """The message with values that exist in most places where there are such."""
        if isinstance(message, list):
            return [self.plant(one, chance) for one in cast("list[Any]", message)]
        if not isinstance(message, dict):
            return message
        planted: dict[Any, Any] = {}
        for name, value in cast("dict[Any, Any]", message).items():
            known = self.value(str(name), chance) if chance.random() < _PLANTED else None
            if known is None:
                planted[name] = self.plant(value, chance)
            else:
                planted[name] = [known] if isinstance(value, list) else known
        return planted


def credentials(target: Target) -> Credentials:
    """Sign in as everybody of the demo, and make rooms, links, an account and a meeting to be spoilt.
    Raises httpx.HTTPError when that fails."""
    demo = target.demo
    assert demo.webmeeting is not None
    with httpx.Client(base_url=target.base_url, timeout=_LIMIT, trust_env=False) as client:
        tokens = [_sign_in(client, user.username, user.password) for user in demo.users]
        access = {"accessInfo": {"accessToken": tokens[0]}}
        rooms = [_room(client, access, f"Fuzz {number}") for number in range(3)]
        groups = _post(client, f"{_V1}/businessLogicService/permissionGroups/list", access)[
            "permissionGroups"
        ]
        links = [_link(client, access, room, group) for room in rooms for group in groups]
        people = [_person(client, access) for _ in range(3)]
        key = {"X-API-KEY": demo.webmeeting.api_key}
        account = _post(client, f"{_V6}/account", _new_account(), key)["data"]
        (organizer,) = client.get(f"{_V6}/account/admin/{account['id']}", headers=key).json()["data"]
        headers = {**key, "X-USER-ID": organizer["id"]}
        meetings = [_post(client, f"{_V6}/meeting", {"topic": "Fuzz"}, headers)["data"] for _ in range(2)]
        telephony = client.put("/v3.0/auth/user", json={"data": _password(demo.users[0])})
        telephony.raise_for_status()
        headers["X-Auth-Token"] = telephony.json()["data"]["auth_token"]
        organization = client.get("/v3.0/accounts", headers=headers).json()["data"]["id"]
    return Credentials(
        tokens,
        headers,
        {
            "accesstoken": tokens,
            "roomid": rooms,
            "roomids": rooms,
            "parentid": rooms,
            "companyid": [demo.company_id],
            "permissiongroupid": list(groups),
            "linkid": [link["id"] for link in links],
            "accesskey": [link["joinLink"].split("/")[-2] for link in links],
            "username": [user.username for user in demo.users],
            "personid": people,
            "clientid": [demo.api_key.client_id],
            "accountid": [account["id"]],
            "userid": [*people, organizer["id"]],
            "userids": people,
            "meetingid": [one for meeting in meetings for one in (meeting["id"], meeting["meetingId"])],
            "number": [meeting["meetingId"] for meeting in meetings],
            "series": ["true", "false"],
            "account_id": [account["id"], str(organization)],
            "id": ["1", "2", *(link["id"] for link in links)],
        },
    )


def _person(client: httpx.Client, access: Mapping[str, Any]) -> str:
    name = {"username": f"{secrets.token_hex(6)}@example.org", "password": secrets.token_hex(12)}
    body = {**access, "authenticationRequest": {"usernamePasswordCredentials": name}}
    made: str = _post(client, f"{_V1}/userService/create", body)["userId"]
    return made


def _new_account() -> dict[str, str]:
    return {
        "adminEmail": f"{secrets.token_hex(6)}@example.org",
        "adminFirstname": "Fuzz",
        "adminLastname": "Fuzz",
        "accountType": "standard",
    }


def _post(client: httpx.Client, path: str, body: object, headers: Mapping[str, str] | None = None) -> Any:
    answer = client.post(path, json=body, headers=headers)
    answer.raise_for_status()
    return answer.json()


def _sign_in(client: httpx.Client, username: str, password: str) -> str:
    body = {"usernamePasswordCredentials": {"username": username, "password": password}}
    token: str = _post(client, f"{_V1}/authenticationService/authenticate", body)["accessToken"]
    return token


def _room(client: httpx.Client, access: Mapping[str, Any], name: str) -> str:
    room = {
        "displayName": name,
        "type": "ROOM_TYPE_ROOM",
        "mode": "ROOM_MODE_NORMAL",
        "defaultPermissions": {"role": "ROLE_PARTICIPANT"},
    }
    made: str = _post(client, f"{_V1}/roomService/create", {**access, "room": room})["roomId"]
    return made


def _link(client: httpx.Client, access: Mapping[str, Any], room: str, group: str) -> dict[str, Any]:
    wish = {"description": "Fuzz", "permissionGroupId": group}
    body = {**access, "roomId": room, "groupLinkCreations": [wish]}
    (link,) = _post(client, f"{_V1}/guestService.v2/createGroupLinks", body)["groupLinks"]
    return link


def _password(user: Any) -> dict[str, str]:
    return {"username": user.username, "password": user.password}
