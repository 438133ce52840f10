"""An office whose telephony an integrator has made over the API, and what a loader reads of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from switchroom.db.base import now
from switchroom.identity.models import Organization
from switchroom.telephony.calls.loaded import Caller, LoadedFlow
from switchroom.telephony.calls.loader import Loader
from switchroom.telephony.resources.callflows import CallflowRow
from switchroom.telephony.resources.devices import Registration
from switchroom.telephony.routing.actions import Action, Event, Finished, Started
from switchroom.telephony.routing.call import Call
from switchroom.telephony.routing.interpreter import start, step
from tests.dialects.telephony_v3.client import Api
from tests.platform import RunningPlatform

ALWAYS = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "BEGIN:VEVENT",
        "UID:1",
        "DTSTART:20260101T000000",
        "DTEND:20260102T000000",
        "RRULE:FREQ=DAILY",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)


class Office:
    """Two people with a phone each, 100 and 101, a menu on 200, a group on 300, a conference on 400, a
    mailbox behind 100, opening hours on the main number, and two trunks."""

    def __init__(self, running: RunningPlatform, organization: Organization, main: str) -> None:
        self.running, self.organization, self.main = running, organization, main
        self.api = api = Api.of(running, organization)
        services = running.platform
        self.loader = Loader(
            services.storage.database, services.telephony.vault, services.telephony.resources.kinds
        )
        domain = f"o{organization.id}.example.org"
        self.anna = api.make("users", username=f"anna@{domain}", first_name="Anna", last_name="Groß")
        self.bert = api.make("users", username=f"bert@{domain}", first_name="Bert", country="FR")
        self.phone = api.make("devices", name="Annas Telefon", owner_id=self.anna)
        self.other_phone = api.make("devices", name="Berts Telefon", owner_id=self.bert)
        self.box = api.make("vmboxes", name="Anna", mailbox="100", owner_id=self.anna, pin="1234")
        self.menu = api.make("menus", name="Hauptmenü", hunt={})
        members = [
            {"member_id": self.anna, "delay": 2},
            {"member_id": self.other_phone, "member_type": "device"},
        ]
        self.group = api.make("groups", name="Alle", members=members)
        self.conference = api.make("conferences", name="Besprechung", members_pin="4321")
        self.calendar = api.make("calendars", name="Zeiten", ics=ALWAYS)
        secret = "carrier secret"
        self.trunk = api.make(
            "trunks", name="Amt", server="sip.example.org", username="acme", password=secret, country="DE"
        )
        api("PUT", "/phone_numbers", {"numbers": [main], "trunk_id": self.trunk})
        to_box = {"module": "voicemail", "data": {"id": self.box}}
        self.to_anna = self.flow("Anna", ["100"], "user", self.anna, _=to_box)
        self.to_bert = self.flow("Bert", ["101"], "user", self.bert)
        to_anna = {"module": "callflow", "data": {"id": self.to_anna}}
        self.to_menu = self.flow("Menü", ["200"], "menu", self.menu, **{"1": to_anna})
        self.to_group = self.flow("Gruppe", ["300"], "group", self.group)
        self.to_conference = self.flow("Konferenz", ["400"], "conference", self.conference)
        open_ = {"module": "group", "data": {"id": self.group}}
        self.to_main = self.flow("Zentrale", [main], "calendar", self.calendar, open=open_)
        self.to_own_box = api.make(
            "callflows",
            name="Abhören",
            featurecode={"name": "voicemail[single_mailbox_login]", "number": "98"},
            flow={"module": "check_voicemail"},
        )

    def flow(self, name: str, numbers: list[str], module: str, id_: int, **children: Any) -> int:
        flow = {"module": module, "data": {"id": id_}, "children": children}
        return self.api.make("callflows", name=name, numbers=numbers, flow=flow)

    def stored(self, flow: dict[str, Any]) -> int:
        """A callflow that the API would not have taken."""
        details: dict[str, object] = {"numbers": [], "featurecode": None, "flow": flow}

        async def store() -> int:
            async with self.running.platform.storage.database.write(self.organization.id) as session:
                row = CallflowRow(name="fremd", search_text="", details=details)
                session.add(row)
                await session.flush()
                return row.id

        return self.running.run(store())

    def register(self, device_id: int, seconds: int = 3600) -> None:
        """A contact of a device, which ends in so many seconds."""

        async def write() -> None:
            async with self.running.platform.storage.database.write(self.organization.id) as session:
                contact = f"sip:{device_id}@192.0.2.1:5060"
                expires = now() + timedelta(seconds=seconds)
                session.add(Registration(device_id=device_id, contact=contact, expires_at=expires))

        self.running.run(write())

    def dials(self, number: str, device_id: int | None = None) -> CallInOffice:
        caller = self.running.run(self.loader.caller(device_id or self.phone, number))
        assert isinstance(caller, Caller), caller
        loaded = self.running.run(self.loader.flow_to(self.organization.id, caller.destination, caller.call))
        assert loaded is not None
        return CallInOffice(loaded, caller.call)

    def comes_to(self, callflow_id: int, call: Call) -> CallInOffice:
        loaded = self.running.run(self.loader.flow(self.organization.id, callflow_id, call))
        assert loaded is not None
        return CallInOffice(loaded, call)


class CallInOffice:
    """A call that has come to a flow as it was loaded."""

    def __init__(self, loaded: LoadedFlow, call: Call) -> None:
        self.loaded, self.flow = loaded, loaded.flow
        self.state = start(self.flow, call)

    def begins(self) -> Action | None:
        return self.then(Started())

    def then(self, event: Event) -> Action | None:
        self.state, action = step(self.flow, self.state, event, now())
        return action

    def answered(self) -> Action | None:
        """The first action after the answer that it needs."""
        self.begins()
        return self.then(Finished())
