"""Each request of the developer handbook, sent by curl as the handbook prints it.

Its placeholders are filled in; where it prints a comment, a trailing comma or an escaped underscore, the
request is what that means in JSON. A printed reply is compared key for key: `...` stands for anything, as a
value or, as the key, for further keys. `replyInfo` may always carry the request id.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from msgspec import structs

from switchroom.identity.permissions import Standing
from tests.platform import RunningPlatform, Tenant

STRING = object()
"""Stands for any text that is not empty."""

JOIN_LINK = re.compile(
    r"^(https?://[^/]+)/#/join/([0-9A-HJKMNP-TV-Z]{26})/([0-9a-f-]{36})/([A-Za-z0-9]{32})/v2$"
)

MODERATOR_ROLE = '{ "voice": true, "video": true, "promote": true, "join": true, "screen": true }'
PARTICIPANT_ROLE = '{ "voice": true, "video": true, "join": true, "screen": true, "chat": true }'


def curl(tenant: Tenant, path: str, request: str, values: Mapping[str, str], *options: str) -> str:
    """Send the request with its placeholders `### NAME ###` filled in, and give back what came."""
    body = request
    for name, value in {"REQUEST ID": "z3ai9B11509", "ACCESS TOKEN": tenant.token, **values}.items():
        body = body.replace(f"### {name} ###", value)
    assert "###" not in body
    done = subprocess.run(
        ["curl", "-sS", "--noproxy", "*", *options, "-d", body, f"{tenant.running.base_url}/json/v1/{path}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


def matches(actual: Any, printed: Any, place: str = "reply") -> None:
    """Fail where `actual` is not what is printed."""
    if printed is ...:
        return
    if printed is STRING:
        assert isinstance(actual, str), place
        assert actual, place
    elif isinstance(printed, dict):
        assert isinstance(actual, dict), place
        _matches_object(cast("dict[Any, Any]", actual), cast("dict[Any, Any]", printed), place)
    elif isinstance(printed, list):
        values, items = cast("list[Any]", printed), cast("list[Any]", actual)
        assert isinstance(actual, list), place
        assert len(items) == len(values), place
        for number, value in enumerate(values):
            matches(items[number], value, f"{place}[{number}]")
    else:
        assert actual == printed, place


def _matches_object(actual: dict[Any, Any], printed: dict[Any, Any], place: str) -> None:
    expected = {key: value for key, value in printed.items() if key is not ...}
    missing = set(expected) - set(actual)
    assert not missing, f"{place} lacks {missing}"
    further = set(actual) - set(expected) - ({"requestId"} if place.endswith("replyInfo") else set())
    assert ... in printed or not further, f"{place} has {further} besides"
    for key, value in expected.items():
        matches(actual[key], value, f"{place}.{key}")


def test_create_group_links(tenant: Tenant):
    room_id = tenant.room()
    reply = json.loads(
        curl(
            tenant,
            "guestService.v2/createGroupLinks",
            """{
  "accessInfo": {
    "requestId": "### REQUEST ID ###",
    "accessToken": "### ACCESS TOKEN ###"
  },
  "roomId": "### ROOM ID ###",
  "groupLinkCreations": [
    {
      "description": "### GROUP LINK TITLE ###",
      "validFrom": "2022-08-01T13:15:00Z",
      "validUntil": "2022-08-02T14:00:00Z",
      "permissionGroupId": "### PERMISSION GROUP ID ###"
    }
  ]
}""",
            {
                "ROOM ID": room_id,
                "GROUP LINK TITLE": "Group link",
                "PERMISSION GROUP ID": tenant.permission_group(),
            },
        )
    )

    matches(
        reply,
        {
            "replyInfo": {...: ..., "statusMessage": "OK"},
            "groupLinks": [{...: ..., "joinLink": STRING, "accessKey": STRING}],
        },
    )
    (link,) = reply["groupLinks"]
    match = JOIN_LINK.match(link["joinLink"])
    assert match
    assert match.groups() == (tenant.running.base_url, tenant.company_id, room_id, link["accessKey"])


def test_create_guest_links(tenant: Tenant):
    room_id = tenant.room()
    reply = json.loads(
        curl(
            tenant,
            "guestService.v2/createGuestLinks",
            """{
  "accessInfo": {
    "requestId": "### REQUEST ID ###",
    "accessToken": "### ACCESS TOKEN ###"
  },
  "roomId": "### ROOM ID ###",
  "guestLinkCreations": [
    {
      "email": "### GUEST EMAIL ###",
      "displayName": "### GUEST NAME ###",
      "validFrom": "2022-07-25T07:25:48.057Z",
      "validUntil": "2022-07-25T07:25:48.057Z",
      "locale": "### GUEST LOCALE ###",
      "sendEmail": true,
      "permissionGroupId": "### PERMISSION GROUP ID ###",
      "skipRoomPermissionsUpdate": false
    }
  ]
}""",
            {
                "ROOM ID": room_id,
                "GUEST EMAIL": "guest@example.org",
                "GUEST NAME": "Guest",
                "GUEST LOCALE": "de",
                "PERMISSION GROUP ID": tenant.permission_group(),
            },
        )
    )

    printed = {
        "replyInfo": {...: ..., "statusMessage": "OK"},
        "guestLinks": [{...: ..., "joinLink": STRING, "accessKey": STRING}],
        "trackingInfo": {"taskId": STRING},
    }
    matches(reply, printed)
    match = JOIN_LINK.match(reply["guestLinks"][0]["joinLink"])
    assert match
    assert match.groups()[1:3] == (tenant.company_id, room_id)


def test_create_rooms_and_departments(tenant: Tenant):
    people = [tenant.person() for _ in range(3)]
    reply = json.loads(
        curl(
            tenant,
            "roomService/create",
            """{
  "accessInfo": {
    "requestId": "### REQUEST ID ###",
    "accessToken": "### ACCESS TOKEN ###"
  },
  "room": {
    "displayName": "Conference Room 1",
    "mode": "ROOM_MODE_SPECTATOR",
    "type": "ROOM_TYPE_ROOM",
    "quotas": {
      "name": "### QUOTA NAME ###"
    },
    "permissions": {
      "### USER ID 1 ###": ### MODERATOR ROLE ###,
      "### USER ID 2 ###": ### PARTICIPANT ROLE ###,
      "### USER ID 3 ###": ### PARTICIPANT ROLE ###
    },
    "defaultPermissions": ### PARTICIPANT ROLE ###
  }
}""",
            {
                "QUOTA NAME": tenant.api("quotaService/info")["quotas"][0]["name"],
                **{f"USER ID {number}": person.id for number, person in enumerate(people, start=1)},
                "MODERATOR ROLE": MODERATOR_ROLE,
                "PARTICIPANT ROLE": PARTICIPANT_ROLE,
            },
        )
    )

    matches(reply, {...: ..., "roomId": STRING})
    assert str(UUID(reply["roomId"])) == reply["roomId"]
    room = tenant.api("roomService/list")["rooms"][reply["roomId"]]
    assert room["permissions"] == {
        people[0].id: json.loads(MODERATOR_ROLE),
        people[1].id: json.loads(PARTICIPANT_ROLE),
        people[2].id: json.loads(PARTICIPANT_ROLE),
    }
    assert room["defaultPermissions"] == json.loads(PARTICIPANT_ROLE)


def test_delete_guest_and_group_links(tenant: Tenant):
    room_id = tenant.room()
    for link in (tenant.group_link(room_id), tenant.guest_link(room_id)):
        reply = json.loads(
            curl(
                tenant,
                "guestService.v2/deleteLink",
                """{
  "accessInfo": {
    "requestId": "### REQUEST ID ###",
    "accessToken": "### ACCESS TOKEN ###"
  },
  "roomId": "### ROOM ID ###",
  "id": "### GUEST / GROUP LINK ID ###",
  "skipRoomPermissionsUpdate": false
}""",
                {"ROOM ID": room_id, "GUEST / GROUP LINK ID": link["id"]},
            )
        )
        matches(reply, {"replyInfo": {...: ..., "statusMessage": "OK"}})
    assert "groupLinks" not in tenant.api("guestService.v2/listGroupLinks")


def test_initial_authentication_with_api_key(tenant: Tenant):
    reply = json.loads(
        curl(
            tenant,
            "authenticationService/authenticate",
            """{
  "requestId": "### REQUEST ID ###",
  "authorizationCodeCredentials": {
    "clientId": "### API KEY ALIAS ###",
    "code": "### API KEY SECRET ###",
    "companyId": "### COMPANY ID ###"
  }
}""",
            {
                "API KEY ALIAS": tenant.api_key.client_id,
                "API KEY SECRET": tenant.api_key.code,
                "COMPANY ID": tenant.company_id,
            },
        )
    )
    matches(reply, {...: ..., "accessToken": STRING, "expiresAt": STRING})


PASSWORD_REQUEST = """{
  "requestId": "### REQUEST ID ###",
  "usernamePasswordCredentials": {
    "username": "### USERNAME ###",
    "password": "### PASSWORD ###",
    "companyId": "### COMPANY ID ###"
  }
}"""


def test_initial_authentication_with_username_and_password(tenant: Tenant):
    account = tenant.administrator
    values = {"USERNAME": account.username, "PASSWORD": account.password, "COMPANY ID": tenant.company_id}

    reply = json.loads(curl(tenant, "authenticationService/authenticate", PASSWORD_REQUEST, values))

    matches(reply, {...: ..., "accessToken": STRING, "expiresAt": STRING})


def test_list_companies(tenant: Tenant):
    reply = json.loads(
        curl(
            tenant,
            "companyService/list",
            """{
  "accessInfo": {
    "requestId": "### REQUEST ID ###",
    "accessToken": "### ACCESS TOKEN ###"
  },
  "companyIdList": [
    "### COMPANY ID ###"
  ]
}""",
            {"COMPANY ID": tenant.company_id},
        )
    )
    printed = {...: ..., "companies": {tenant.company_id: {...: ..., "displayName": "Acme"}}}
    matches(reply, printed)


def test_list_permission_groups(tenant: Tenant):
    for path in ("permissionGroups", "permissionGroups/list"):
        reply = json.loads(
            curl(
                tenant,
                f"businessLogicService/{path}",
                """{
  "accessInfo": {
    "requestId": "### REQUEST ID ###",
    "accessToken": "### ACCESS TOKEN ###"
  }
}""",
                {},
            )
        )
        groups = {group["name"]: group for group in reply["permissionGroups"].values()}
        matches({**reply, "permissionGroups": groups}, _PRINTED_GROUPS)
        assert all(UUID(group_id) for group_id in reply["permissionGroups"])


_PRINTED_GROUPS: dict[Any, Any] = {
    "replyInfo": {"statusMessage": "OK"},
    "permissionGroups": {
        ...: ...,
        "Moderator": {
            "name": "Moderator",
            "order": 1,
            "permissions": {
                "voice": True,
                "video": True,
                "promote": True,
                "join": True,
                "screen": True,
                "chat": True,
                "chatBroadcast": True,
            },
        },
        "Participant": {
            "name": "Participant",
            "order": 2,
            "permissions": {"voice": True, "video": True, "join": True, "screen": True, "chat": True},
        },
        "Spectator": {"name": "Spectator", "order": 3, "permissions": {"join": True, "chat": True}},
    },
}


def test_list_rooms(tenant: Tenant):
    rooms = [tenant.room(f"Conference room {number}") for number in (1, 2, 3)]
    request = """{
  "accessInfo": {
    "requestId": "### REQUEST ID ###",
    "accessToken": "### ACCESS TOKEN ###"
  },
  "limit": 0,
  "offset": 0,
  "filterRoomIds": [
    "### ROOM ID ###"
  ]
}"""
    reply = json.loads(curl(tenant, "roomService/list", request, {"ROOM ID": rooms[0]}))
    matches(reply, {...: ..., "rooms": {rooms[0]: {...: ..., "displayName": "Conference room 1"}}})

    everything = json.loads(
        curl(tenant, "roomService/list", re.sub(r'\[\s*"### ROOM ID ###"\s*\]', "[]", request), {})
    )
    printed = {
        room_id: {...: ..., "displayName": f"Conference room {number}"}
        for number, room_id in enumerate(rooms, start=1)
    }
    matches(everything, {...: ..., "rooms": printed})


def test_subsequent_authentication_with_refresh_token(tenant: Tenant, tmp_path: Path):
    account, headers = tenant.administrator, tmp_path / "headers"
    values = {"USERNAME": account.username, "PASSWORD": account.password, "COMPANY ID": tenant.company_id}
    curl(tenant, "authenticationService/authenticate", PASSWORD_REQUEST, values, "-D", str(headers))
    cookie = re.search(
        r"^set-cookie: auth=([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}); Path=/; "
        r"Expires=[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT; HttpOnly; Secure; "
        r"SameSite=Lax\s*$",
        headers.read_text(),
        re.MULTILINE,
    )
    assert cookie

    reply = json.loads(
        curl(
            tenant,
            "authenticationService/authenticate",
            """{
  "requestId": "### REQUEST ID ###",
  "refreshTokenCredentials": {
    "companyId": "### COMPANY ID ###"
  }
}""",
            {"COMPANY ID": tenant.company_id},
            "-b",
            f"auth={cookie[1]}",
        )
    )

    matches(reply, {...: ..., "accessToken": STRING, "expiresAt": STRING})


def test_switch_company(tenant: Tenant, running: RunningPlatform):
    account, second = tenant.administrator, running.organization("Second")
    person = running.run(
        running.platform.identity.organizations.add_person(
            second.organization,
            username=account.username,
            password=None,
            standing=Standing.PARTICIPANT,
        )
    )
    for company_id in (tenant.company_id, second.company_id):
        values = {"USERNAME": account.username, "PASSWORD": account.password, "COMPANY ID": company_id}
        reply = json.loads(curl(tenant, "authenticationService/authenticate", PASSWORD_REQUEST, values))
        matches(reply, {...: ..., "companyId": company_id, "userId": person.id})


def test_generate_join_url_from_group_link(tenant: Tenant):
    link = tenant.group_link(tenant.room())
    match = JOIN_LINK.match(link["joinLink"])
    assert match
    _, company_id, room_id, access_key = match.groups()
    reply = json.loads(
        curl(
            tenant,
            "guestService.v2/authenticate",
            """{
  "companyId": "### COMPANY ID ###",
  "roomId": "### ROOM ID ###",
  "accessKey": "### ACCESS KEY ###",
  "displayName": "### GUEST NAME ###",
  "externalId": "### EXTERNAL ID ###"
}""",
            {
                "COMPANY ID": company_id,
                "ROOM ID": room_id,
                "ACCESS KEY": access_key,
                "GUEST NAME": "Guest",
                "EXTERNAL ID": "one-unique-value-for-each-user-01",
            },
        )
    )

    matches(
        reply,
        {
            "replyInfo": {"statusMessage": "OK"},
            "accessToken": STRING,
            "tokenExpiresAt": STRING,
            "userId": STRING,
            "linkInfo": {"type": "TYPE_GROUP_LINK"},
        },
    )


def test_errors(tenant: Tenant):
    claims = tenant.claims(tenant.administrator)
    expired = tenant.running.platform.identity.signer.sign(structs.replace(claims, expires_at=1))
    reply = json.loads(
        curl(
            tenant,
            "roomService/list",
            '{"accessInfo": {"requestId": "tn5BoQ10239", "accessToken": "### EXPIRED ###"}}',
            {"EXPIRED": expired},
        )
    )

    assert reply == {
        "code": 16,
        "message": "token expired",
        "details": [
            {
                "@type": "type.googleapis.com/common.ReplyInfo",
                "requestId": "tn5BoQ10239",
                "statusCode": "TOKEN_OUTDATED",
                "statusMessage": "token expired",
            }
        ],
    }
