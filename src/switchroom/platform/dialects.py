"""Dialects: every API, given the services that it speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.handlers import BaseRouteHandler

from switchroom.dialects.alfaview_v1.dialect import Alfaview
from switchroom.dialects.alfaview_v1.services import Services as AlfaviewServices
from switchroom.dialects.client.dialect import ClientApi
from switchroom.dialects.client.services import Services as ClientServices
from switchroom.dialects.client.socket import socket_handler
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.telephony_v3.callers import Callers as TelephonyCallers
from switchroom.dialects.telephony_v3.dialect import Telephony
from switchroom.dialects.telephony_v3.services import Services as TelephonyServices
from switchroom.dialects.webmeeting_v6.dialect import WebMeeting
from switchroom.dialects.webmeeting_v6.services import Services as WebMeetingServices
from switchroom.dialects.webmeeting_v6.views import MeetingWriter
from switchroom.dialects.webmeeting_v6.webhooks import VIEW, MeetingView
from switchroom.meetings.event_view import MeetingReports
from switchroom.platform.conference import LiveRooms
from switchroom.platform.events import EventServices
from switchroom.platform.identity import IdentityServices
from switchroom.platform.media_servers import MediaServers
from switchroom.platform.meetings import MeetingServices
from switchroom.platform.rooms import RoomServices
from switchroom.platform.storage import Storage
from switchroom.rooms.occupancy import Occupancy
from switchroom.settings import Settings


class Dialects:
    """The APIs of the platform."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        identity: IdentityServices,
        rooms: RoomServices,
        events: EventServices,
        meetings: MeetingServices,
        live: LiveRooms,
        media: MediaServers,
    ) -> None:
        self._settings = settings
        self._identity = identity
        self._rooms = rooms
        self._events = events
        self._meetings = meetings
        self._live = live
        self._media = media
        self.meeting_writer = MeetingWriter(
            meetings.invitations, live.service, identity.signer.name_of_instance()
        )
        reports = MeetingReports(storage.database)
        events.payloads[VIEW] = MeetingView(reports, self.meeting_writer).render
        self._telephony_callers = TelephonyCallers(
            identity.keys,
            identity.organizations,
            identity.authentication,
            identity.signer,
            identity.secret,
            lifetime=settings.security.access_token_lifetime,
        )

    def apis(self) -> Sequence[Dialect[Any, Any]]:
        """The APIs over HTTP."""
        return [
            Alfaview(self._alfaview_services()),
            WebMeeting(self._webmeeting_services()),
            self._telephony(),
            ClientApi.of(self._client_services()),
        ]

    def sockets(self) -> list[BaseRouteHandler]:
        """The route handlers of their WebSockets."""
        return [*self._telephony().sockets(), socket_handler(self._live.service, self._live.cluster)]

    def _client_services(self) -> ClientServices:
        identity, meetings = self._identity, self._meetings
        return ClientServices(
            conference=self._live.service,
            signer=identity.signer,
            tree=self._rooms.tree,
            admission=meetings.admission,
            upcoming=meetings.upcoming,
            throttle=identity.throttle,
            authentication=identity.authentication,
            password_links=identity.password_links,
            records=self._media.can_record,
            cookie_secure=self._settings.security.cookie_secure,
        )

    def _alfaview_services(self) -> AlfaviewServices:
        identity, rooms = self._identity, self._rooms
        return AlfaviewServices(
            signer=identity.signer,
            authentication=identity.authentication,
            organizations=identity.organizations,
            people=identity.people,
            rooms=rooms.rooms,
            listing=rooms.listing,
            occupancy=Occupancy(rooms.listing, self._live.service),
            quotas=rooms.quotas,
            links=rooms.links,
            admissions=rooms.admissions,
            revisions=rooms.revisions,
            cookie_secure=self._settings.security.cookie_secure,
        )

    def _telephony(self) -> Telephony:
        events = self._events
        return Telephony(
            TelephonyServices(callers=self._telephony_callers, events=events.log, tail=events.tail)
        )

    def _webmeeting_services(self) -> WebMeetingServices:
        meetings, settings = self._meetings, self._settings.webmeeting
        return WebMeetingServices(
            keys=self._identity.keys,
            accounts=meetings.accounts,
            meetings=meetings.meetings,
            attendances=meetings.attendances,
            recordings=meetings.recordings,
            calendars=meetings.calendars,
            webhooks=self._events.webhooks,
            writer=self.meeting_writer,
            require_api_key=settings.require_api_key,
            user_timezone=settings.user_timezone,
        )
