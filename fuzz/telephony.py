"""Requests of the Telephony API that succeed, or would once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_HANGUP = {"module": "hangup"}

_RESOURCES: Mapping[str, Mapping[str, Any]] = {
    "callflows": {
        "name": "Fuzz",
        "numbers": ["7777"],
        "featurecode": {"name": "echo", "number": "43"},
        "flow": {"module": "park", "data": {"caption": "End"}, "children": {"_": _HANGUP}},
    },
    "calendars": {"name": "Fuzz", "time_zone": "Europe/Brussels", "ics": "BEGIN:VCALENDAR\r\nEND:VCALENDAR"},
    "conferences": {"name": "Fuzz", "members_pin": "1234", "members_maximum": 5},
    "devices": {
        "name": "Fuzz",
        "caller_id": {"internal": {"name": "Desk", "number": "100"}},
        "config": {"a": ["b"]},
        "hardware": {"brand": "snom"},
    },
    "directories": {"details": {"names": {"first": "Ada"}, "phone_numbers": {"mobiles": ["+3225550100"]}}},
    "groups": {"name": "Fuzz", "strategy": "round_robin", "members": [{"member_id": 1}]},
    "medias": {"name": "Fuzz", "available_as_moh": True},
    "menus": {"name": "Fuzz", "hunt": {"allow": ["1"], "deny": ["19"]}},
    "networks": {"networks": [{"name": "Fuzz", "cidr": "192.0.2.0/24"}]},
    "phone_numbers": {"phone_numbers": ["+3225550199"]},
    "trunks": {
        "name": "Fuzz",
        "server": "sip.carrier.example.org",
        "advanced": {"incoming": {"strip_numbers": 2}},
    },
    "users": {"username": "fuzz@example.org", "first_name": "A", "last_name": "B", "advanced": {"a": "b"}},
    "vmboxes": {"name": "Fuzz", "mailbox": "700", "pin": "123456"},
    "webhooks": {
        "name": "Fuzz",
        "url": "https://example.org/x",
        "types": ["room.*", "call.created"],
        "custom_data": {"a": {"b": "c"}},
    },
}

_READ = (
    "accounts",
    "calls_history/all?limit=5&created_from=1700000000",
    "channels",
    "events?limit=10&type=room.*,user.signed_in&from=2026-01-01T00:00:00Z&to=1900000000",
    "phone_numbers",
)

_CHANGED = [kind for kind in _RESOURCES if kind != "users"]

TELEPHONY: Sequence[tuple[str, str, Any]] = [
    ("PUT", "/v3.0/auth/user", {"data": {"username": "x", "password": "y"}}),
    ("PUT", "/v3.0/auth/user", {"data": {"username": "x", "api_key": "y"}}),
    ("PUT", "/v3.0/auth/account", {"data": {"api_key": "x"}}),
    *(("PUT", f"/v3.0/{kind}", {"data": dict(made)}) for kind, made in _RESOURCES.items()),
    *(
        ("POST", f"/v3.0/{kind}/1", {"data": dict(made)})
        for kind, made in _RESOURCES.items()
        if kind != "users"
    ),
    *(("GET", f"/v3.0/{kind}?search=u&limit=5", None) for kind in _RESOURCES),
    *(("GET", f"/v3.0/{kind}/1", None) for kind in _RESOURCES),
    *(("GET", f"/v3.0/{path}", None) for path in _READ),
    ("PUT", "/v3.0/directories", {"data": {"contacts": [{"phonebook": "many"}] * 10_000}}),
    ("POST", "/v3.0/directories/delete", {"data": {"ids": list(range(1, 10_001))}}),
    ("PUT", "/v3.0/quickcall", {"data": {"user_id": 1, "number": "100"}}),
    ("POST", "/v3.0/channels/x", {"data": {"action": "hangup"}}),
]
"""By method, path and body. The first user is who signs in, and keeps their name."""
