"""Meeting services: accounts, scheduled meetings, who was there, and what was recorded."""

from __future__ import annotations

from switchroom.accounts.accounts import Accounts
from switchroom.accounts.branding_settings import BrandingSettings
from switchroom.accounts.companies import Companies, Signups
from switchroom.accounts.deletions import OrganizationDeletions
from switchroom.accounts.dependents import AccountDependents, AllDependents
from switchroom.accounts.directory import PeopleDirectory
from switchroom.accounts.invitation_batches import InvitationBatches
from switchroom.accounts.invitations import MemberInvitations
from switchroom.accounts.inviting import Inviting
from switchroom.accounts.organization_settings import OrganizationSettings
from switchroom.accounts.password_help import PasswordHelp
from switchroom.accounts.people import PeopleAdministration
from switchroom.accounts.program_keys import ProgramKeys
from switchroom.accounts.shown_branding import FETCH_LIMIT, ShownBranding
from switchroom.accounts.task_progress import BatchTasks
from switchroom.events.webhooks.outbound import Outbound
from switchroom.meetings.account_changes import AccountMeetings
from switchroom.meetings.admission import MeetingAdmission
from switchroom.meetings.agenda import Agenda
from switchroom.meetings.attendance import Attendances
from switchroom.meetings.calendars import Calendars
from switchroom.meetings.invitations import Invitations
from switchroom.meetings.meeting_rooms import MeetingRooms
from switchroom.meetings.meetings import Meetings
from switchroom.meetings.recordings.archive import RecordingArchive
from switchroom.meetings.recordings.files import RecordingFiles
from switchroom.meetings.recordings.finishing import RecordingFinisher
from switchroom.meetings.recordings.listing import RecordingList
from switchroom.meetings.recordings.sessions import RecordingSessions
from switchroom.meetings.removals import Removals
from switchroom.meetings.transcript import MeetingTranscript
from switchroom.meetings.upcoming import UpcomingMeetings
from switchroom.platform.background import Background
from switchroom.platform.identity import IdentityServices
from switchroom.platform.media_servers import MediaServers
from switchroom.platform.rooms import RoomServices
from switchroom.platform.storage import Storage
from switchroom.settings import Settings


class MeetingServices:
    """Services of meetings but for their live rooms."""

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        identity: IdentityServices,
        rooms: RoomServices,
        media: MediaServers,
        dependents: AccountDependents,
    ) -> None:
        """`dependents` are those of accounts that are not meetings."""
        database, signer = storage.database, identity.signer
        self.invitations = Invitations(settings.base_url, settings.webmeeting.dial_in_numbers)
        self.meetings = Meetings(database, self.invitations, settings.webmeeting.meeting_timezone)
        self.upcoming = UpcomingMeetings(database, signer, self.invitations)
        everything = all_dependents(dependents)
        self.accounts = Accounts(database, identity.password_requests, everything)
        is_open = settings.security.signup
        self.companies = Companies(database, identity.passwords, identity.password_requests, is_open=is_open)
        self.signups = Signups(
            database,
            identity.password_requests,
            identity.password_resets,
            is_open=is_open,
            most_asked=settings.security.address_attempts,
        )
        self.deletions = OrganizationDeletions(
            database, signer, identity.throttle, everything, settings.base_url
        )
        self.people_administration = PeopleAdministration(
            database, identity.passwords, identity.password_requests, everything
        )
        self.people_directory = PeopleDirectory(database)
        self.password_help = PasswordHelp(database, identity.password_requests)
        self.organization_settings = OrganizationSettings(database)
        outbound = Outbound(settings.events.webhook_networks, timeout=FETCH_LIMIT)
        self.shown_branding = ShownBranding(database, outbound)
        self.branding_settings = BrandingSettings(database)
        self.program_keys = ProgramKeys(database, identity.api_keys, identity.keys)
        self.removals = Removals(database)
        inviting = Inviting(identity.password_requests, settings.base_url)
        self.member_invitations = MemberInvitations(
            database,
            identity.passwords,
            signer,
            identity.throttle,
            inviting,
            identity.password_requests,
            access_token_lifetime=settings.security.access_token_lifetime,
        )
        self.invitation_batches = InvitationBatches(database, inviting, storage.bus)
        self.tasks = BatchTasks(database, signer)
        self.attendances = Attendances(database)
        self.agenda = Agenda(database, self.invitations)
        self.meeting_rooms = MeetingRooms(database, self.meetings, self.agenda, rooms.rooms, rooms.links)
        self.calendars = Calendars(database, self.invitations)
        self.admission = MeetingAdmission(
            database,
            signer,
            rooms.admissions,
            guest_token_lifetime=settings.security.guest_token_lifetime,
        )
        self.transcript = MeetingTranscript(database)
        files = RecordingFiles(media.recordings_directory, signer.name_of_instance())
        self.recording_sessions = RecordingSessions(
            database,
            files if media.can_record else None,
            least_free=settings.janus.recordings_least_free << 20,
        )
        self.recording_list = RecordingList(database)
        self.recordings = RecordingArchive(database, files, settings.base_url)
        self.recording_finisher = RecordingFinisher(database, files, self.recordings, storage.bus)

    def background(self) -> list[Background]:
        return [
            Background("recordings", self.recording_finisher.run),
            Background("deleted organizations", self.deletions.run),
            Background("signups", self.signups.run),
            Background("invitations", self.invitation_batches.run),
            Background("chat of meetings", self.transcript.run, self.transcript.finish),
        ]


def all_dependents(further: AccountDependents) -> AccountDependents:
    """Dependents of accounts: their meetings, and the `further` ones."""
    return AllDependents([AccountMeetings(), further])
