"""Attack on the readers of bodies and headers: bytes that are no message, and requests that are no HTTP."""

from __future__ import annotations

import json
import random
import socket
import time
from collections.abc import Callable, Mapping
from http.client import HTTPException, HTTPResponse
from typing import Any, cast

import httpx
from msgspec import structs

from fuzz.credentials import Credentials
from fuzz.examples import DOCUMENTS, Request, examples
from fuzz.mutation import changed_path, changed_query, filled, patched, with_other_value, with_overlarge_field
from fuzz.tally import Tally
from fuzz.target import Target
from fuzz.telephony import TELEPHONY

_LIMIT, _SHORT = 30.0, 0.1
_SHOWN = 400

_SOUND = b"RIFF\x64\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0\x80>\0\0\x02\0\x10\0data@\0\0\0" + bytes(64)

_HEADERS = (
    "Accept", "Accept_Encoding", "Accept_Language", "Access_Control_Request_Method", "Connection",
    "Authorization", "Content_Encoding", "Content_Length", "Content_Type", "Cookie",
    "Expect", "Forwarded", "Host", "If_None_Match", "Origin", "Range", "Transfer_Encoding", "Upgrade",
    "X_API_KEY", "X_Auth_Token", "X_Forwarded_For", "X_USER_ID",
)  # fmt: skip
_HEADER_VALUES = (
    "", "x", "\xff\xfe", "a" * 7000, "-1", "0", "99999999999", "bytes=0-", "gzip", "auth=" + "x" * 4000,
    'for="[::1', "1.2.3.4, ,,", "Bearer ", "websocket", "100-continue", "text/plain; charset=utf-99", "*;q=x",
)  # fmt: skip


def requests(known: Credentials) -> list[Request]:
    """Requests of every API that succeed, or would once."""
    access = {"accessInfo": {"accessToken": known.tokens[0]}}
    room, company = known.room, known.values["companyid"][0]
    group, meeting = known.values["permissiongroupid"][0], known.values["meetingid"][0]
    account = known.values["accountid"][0]
    draft = {
        "displayName": "Fuzz",
        "type": "ROOM_TYPE_ROOM",
        "mode": "ROOM_MODE_NORMAL",
        "defaultPermissions": {"role": "ROLE_PARTICIPANT"},
        "permissions": [{"userId": known.values["userid"][1], "role": "ROLE_MODERATOR"}],
        "metadata": {"a": "b"},
    }
    link = {"description": "Fuzz", "permissionGroupId": group}
    v1: Mapping[str, Mapping[str, Any]] = {
        "authenticationService/authenticate": {
            "usernamePasswordCredentials": {"username": known.values["username"][0], "password": "x"}
        },
        "authenticationService/isAuthenticated": {},
        "companyService/list": {"companyIdList": [company]},
        "businessLogicService/permissionGroups/list": {},
        "roomService/list": {"filterRoomIds": [room], "filterRoomTypes": ["ROOM_TYPE_ROOM"], "skipFlags": []},
        "roomService/create": {"room": draft},
        "roomService/update": {"roomId": room, "room": {"displayName": "Fuzz", "metadata": {"a": ""}}},
        "roomService/status": {"roomIds": [room]},
        "roomService/permissions": {"roomId": room},
        "roomService/sort": {"roomMoves": [{"roomId": room}]},
        "roomService/availableTypes": {"type": "ROOM_TYPE_ROOM"},
        "roomService/createJoinLink": {"roomId": room},
        "guestService.v2/createGroupLinks": {"roomId": room, "groupLinkCreations": [link]},
        "guestService.v2/createGuestLinks": {
            "roomId": room,
            "guestLinkCreations": [{**link, "displayName": "Grace", "email": "grace@example.org"}],
        },
        "guestService.v2/listGroupLinks": {"roomId": room},
        "guestService.v2/authenticate": {
            "companyId": company,
            "roomId": room,
            "accessKey": known.values["accesskey"][0],
            "displayName": "Grace",
        },
        "userService/list": {"userIdList": [known.values["userid"][1]]},
        "quotaService/info": {},
    }
    person = {"email": "otto@example.org", "firstName": "Otto", "lastName": "Fuzz"}
    return [
        *(Request("POST", f"/json/v1/{path}", {**access, **body}) for path, body in v1.items()),
        Request("POST", f"/api/v6/account/{account}/organizer", person),
        Request("PUT", f"/api/v6/account/{account}", {"companyName": "Fuzz"}),
        Request(
            "POST",
            "/api/v6/meeting",
            {
                "topic": "Fuzz",
                "invitedParticipants": [person],
                "recurrence": {"type": "daily", "endTimes": 3},
            },
        ),
        Request("GET", f"/api/v6/meeting/{meeting}", None),
        Request("GET", "/api/v6/account?page=1&pageSize=10", None),
        Request(
            "PUT", "/api/v6/webhook", {"onMeetingJoined": {"url": "https://example.org/x", "method": "POST"}}
        ),
        *(Request(*one) for one in TELEPHONY),
        Request("GET", "/client/config", None),
        Request("POST", "/client/link", {"companyId": company, "roomId": room, "accessKey": "x"}),
        Request("POST", "/client/meeting", {"number": meeting}),
        Request("POST", "/client/meeting/enter", {"number": meeting, "displayName": "Grace"}),
        Request("POST", "/client/meetings", {"accessToken": known.tokens[0]}),
        Request("POST", "/client/rooms", {"accessToken": known.tokens[0]}),
        Request("POST", "/client/password/look-up", {"key": "x"}),
        Request("POST", "/client/sign-out", {}),
        Request("PUT", "/v3.0/medias/1/raw", _SOUND),
        Request("GET", "/", None),
        Request("HEAD", "/docs", None),
        Request("GET", "/assets/index.js", None),
        Request("GET", "/metrics", None),
        Request("GET", "/health/ready", None),
        Request("GET", "/recordings/1/x", None),
        Request("OPTIONS", "/json/v1/roomService/list", None),
    ]


class Bodies:
    """Attack with mutated requests, each over a connection of its own."""

    name = "bodies and headers"
    share = 4

    def __init__(self, target: Target, tally: Tally, seed: int) -> None:
        self._target = target
        self._tally = tally
        self._chance = random.Random(seed)
        self._documents = [
            httpx.get(target.base_url + path, timeout=_LIMIT, trust_env=False).json() for path in DOCUMENTS
        ]
        self._ways: tuple[Callable[[Request, bytes], bytes], ...] = (
            self._patched,
            self._other_value,
            self._overlarge,
            self._cut,
            self._chunked,
            self._odd_headers,
            self._filled,
            self._filled,
            self._filled,
            self._other_path,
            self._other_query,
        )

        self._byte_ways = (self._patched, self._cut, self._chunked, self._odd_headers, self._other_path)

    def attack(self, known: Credentials, seconds: float) -> None:
        """Send mutated requests until the time is over."""
        deadline = time.monotonic() + seconds
        self._headers = dict(known.headers)
        by_hand = requests(known)
        documented = self._documented(known)
        while time.monotonic() < deadline:
            request = self._chance.choice(self._chance.choice((by_hand, documented)))
            way = self._chance.choice(self._ways if not isinstance(request.body, bytes) else self._byte_ways)
            body = _bytes_of(request)
            patience = _SHORT if way in (self._cut, self._chunked, self._odd_headers) else _LIMIT
            self._send(request, way(request, body), patience)

    def ask_all(self, known: Credentials) -> None:
        """Send one request of every operation, as it is documented."""
        self._headers = dict(known.headers)
        for request in self._documented(known):
            self._send(request, self._message(request, _bytes_of(request)), _LIMIT)

    def _documented(self, known: Credentials) -> list[Request]:
        return [one for document in self._documents for one in examples(document, known)]

    def _send(self, request: Request, sent: bytes, patience: float) -> None:
        """Send it. Without an answer the sender leaves after a short patience: perhaps not all was sent."""
        cause = f"{request.method} {request.path} …{sent[-_SHOWN:]!r}"
        try:
            with socket.create_connection(self._target.address, _LIMIT) as connection:
                connection.sendall(sent)
                connection.settimeout(patience)
                answer = HTTPResponse(connection, method=request.method)
                answer.begin()
                self._tally.answer(self.name, answer.status, cause, answer.read(500).decode(errors="replace"))
        except TimeoutError:
            if patience == _LIMIT:
                self._tally.no_answer(self.name, cause)
            else:
                self._tally.case(self.name)
        except (OSError, HTTPException):  # the connection was closed: what was sent is no HTTP
            self._tally.case(self.name)

    def _message(self, request: Request, body: bytes, **other: str) -> bytes:
        path = request.path
        headers = {
            "Host": "localhost",
            "Content-Type": "application/json",
            "Connection": "close",
            **self._headers,
            "Content-Length": str(len(body)),
            **{name.replace("_", "-"): value for name, value in other.items()},
        }
        lines = [
            f"{request.method} {path} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def _patched(self, request: Request, body: bytes) -> bytes:
        """Bytes put in, or in the place of others, anywhere."""
        return self._message(request, patched(body, self._chance))

    def _other_value(self, request: Request, body: bytes) -> bytes:
        """Another value in the place of one or two fields, wherever they are."""
        message = json.loads(body or b"{}")
        for _ in range(self._chance.randint(1, 2)):
            message = with_other_value(message, self._chance)
        return self._message(request, json.dumps(message).encode())

    def _overlarge(self, request: Request, body: bytes) -> bytes:
        """Far too many levels, or one very long thing, in the place of the message or of a field of it."""
        return self._message(
            request,
            with_overlarge_field(body, _names_of(request), self._chance),
        )

    def _filled(self, request: Request, body: bytes) -> bytes:
        """As much of something as a body may have."""
        return self._message(request, filled(body, self._chance))

    def _other_path(self, request: Request, body: bytes) -> bytes:
        """Another path, mostly a very long one."""
        path = changed_path(request.path, self._chance)
        return self._message(structs.replace(request, path=path), body)

    def _other_query(self, request: Request, body: bytes) -> bytes:
        """Something odd for what is said in the query, or a query where there is none."""
        path = changed_query(request.path, self._chance)
        return self._message(structs.replace(request, path=path), body)

    def _cut(self, request: Request, body: bytes) -> bytes:
        """An end before the end."""
        message = self._message(request, body)
        return message[: self._chance.randint(1, len(message) - 1)]

    def _chunked(self, request: Request, body: bytes) -> bytes:
        """Chunks, most of them broken."""
        size = self._chance.choice(
            (f"{len(body):x}", "0", "-1", "fffffffffffffffff", "zz", "", f"{len(body) + 9:x}")
        )
        end = self._chance.choice((b"\r\n0\r\n\r\n", b"\r\n0\r\nA: b\r\n\r\n", b"0\r\n", b"", b"\r\n\r\n"))
        head = self._message(request, b"", Transfer_Encoding="chunked").replace(b"Content-Length: 0\r\n", b"")
        return head + size.encode() + b"\r\n" + body + end

    def _odd_headers(self, request: Request, body: bytes) -> bytes:
        """A header of the kind that is read by somebody, with something odd in it."""
        name, value = self._chance.choice(_HEADERS), self._chance.choice(_HEADER_VALUES)
        return self._message(request, body, **{name: value})


def _bytes_of(request: Request) -> bytes:
    if request.body is None or isinstance(request.body, bytes):
        return request.body or b""
    return json.dumps(request.body).encode()


def _names_of(request: Request) -> list[str]:
    body: object = request.body
    return list(cast("dict[str, Any]", body)) if isinstance(body, dict) else []
