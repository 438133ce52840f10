"""Dialects: every API, given the services that it speaks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar.handlers import BaseRouteHandler

from switchroom.dialects.alfaview_v1.dialect import Alfaview
from switchroom.dialects.client.dialect import ClientApi
from switchroom.dialects.client.socket import socket_handler
from switchroom.dialects.dialect import Dialect
from switchroom.dialects.services import Services
from switchroom.dialects.telephony_v3.callers import Callers as TelephonyCallers
from switchroom.dialects.telephony_v3.dialect import Telephony
from switchroom.dialects.webmeeting_v6.dialect import WebMeeting
from switchroom.dialects.webmeeting_v6.meeting_messages import MeetingWriter
from switchroom.dialects.webmeeting_v6.webhooks import VIEW, MeetingPayloads
from switchroom.meetings.event_view import MeetingEventView
from switchroom.platform.conference import ConferenceServices
from switchroom.platform.events import EventServices
from switchroom.platform.identity import IdentityServices
from switchroom.platform.media_servers import MediaServers
from switchroom.platform.meetings import MeetingServices
from switchroom.platform.rooms import RoomServices
from switchroom.platform.storage import Storage
from switchroom.platform.telephony import TelephonyServices
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
        live: ConferenceServices,
        media: MediaServers,
        telephony: TelephonyServices,
    ) -> None:
        self._live = live
        self._services = Services(
            authentication=identity.authentication,
            credentials=identity.credentials,
            keys=identity.keys,
            magic_tokens=identity.magic_tokens,
            organizations=identity.organizations,
            password_changes=identity.password_changes,
            password_links=identity.password_links,
            password_resets=identity.password_resets,
            people=identity.people,
            permission_groups=identity.permission_groups,
            sessions=identity.sessions,
            signer=identity.signer,
            throttle=identity.throttle,
            admissions=rooms.admissions,
            favorites=rooms.favorites,
            links=rooms.links,
            listing=rooms.listing,
            occupancy=Occupancy(rooms.listing, live.service),
            quotas=rooms.quotas,
            revisions=rooms.revisions,
            room_attendance=rooms.attendance,
            rooms=rooms.rooms,
            tree=rooms.tree,
            use_of_rooms=rooms.use,
            use_rankings=rooms.use_rankings,
            accounts=meetings.accounts,
            attendances=meetings.attendances,
            branding_settings=meetings.branding_settings,
            calendars=meetings.calendars,
            companies=meetings.companies,
            deletions=meetings.deletions,
            meeting_admission=meetings.admission,
            meeting_rooms=meetings.meeting_rooms,
            meetings=meetings.meetings,
            invitation_batches=meetings.invitation_batches,
            member_invitations=meetings.member_invitations,
            organization_settings=meetings.organization_settings,
            password_help=meetings.password_help,
            people_administration=meetings.people_administration,
            people_directory=meetings.people_directory,
            tasks=meetings.tasks,
            agenda=meetings.agenda,
            recordings=meetings.recordings,
            program_keys=meetings.program_keys,
            recording_list=meetings.recording_list,
            shown_branding=meetings.shown_branding,
            signups=meetings.signups,
            removals=meetings.removals,
            upcoming=meetings.upcoming,
            events=events.log,
            tail=events.tail,
            webhooks=events.webhooks,
            resources=telephony.resources,
            call_history=telephony.call_history,
            sounds=telephony.sounds,
            live_calls=telephony.live_calls,
            voicemail=telephony.voicemail,
            conference=live.service,
            cookie_secure=settings.security.cookie_secure,
            records=media.can_record,
            require_api_key=settings.webmeeting.require_api_key,
            user_timezone=settings.webmeeting.user_timezone,
        )
        self.meeting_writer = MeetingWriter(
            meetings.invitations, live.service, identity.signer.name_of_instance()
        )
        event_view = MeetingEventView(storage.database)
        events.payloads[VIEW] = MeetingPayloads(event_view, self.meeting_writer).render
        callers = TelephonyCallers(
            identity.keys,
            identity.organizations,
            identity.authentication,
            identity.signer,
            telephony.user_ids,
            identity.secret,
            lifetime=settings.security.access_token_lifetime,
        )
        self._telephony = Telephony(self._services, callers, telephony.sip_server)

    def apis(self) -> Sequence[Dialect[Any, Any]]:
        """The APIs over HTTP."""
        return [
            Alfaview(self._services),
            WebMeeting(self._services, self.meeting_writer),
            self._telephony,
            ClientApi.of(self._services),
        ]

    def sockets(self) -> list[BaseRouteHandler]:
        """The route handlers of their WebSockets."""
        return [*self._telephony.sockets(), socket_handler(self._live.service, self._live.cluster)]
