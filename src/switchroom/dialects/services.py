"""Services of the domain that the operations of all APIs work with."""

from __future__ import annotations

from msgspec import Struct

from switchroom.accounts.accounts import Accounts
from switchroom.accounts.branding_settings import BrandingSettings
from switchroom.accounts.companies import Companies, Signups
from switchroom.accounts.deletions import OrganizationDeletions
from switchroom.accounts.directory import PeopleDirectory
from switchroom.accounts.invitation_batches import InvitationBatches
from switchroom.accounts.invitations import MemberInvitations
from switchroom.accounts.organization_settings import OrganizationSettings
from switchroom.accounts.password_help import PasswordHelp
from switchroom.accounts.people import PeopleAdministration
from switchroom.accounts.program_keys import ProgramKeys
from switchroom.accounts.shown_branding import ShownBranding
from switchroom.accounts.task_progress import BatchTasks
from switchroom.conference.service import ConferenceService
from switchroom.events.log import EventLog
from switchroom.events.tail import EventTail
from switchroom.events.webhooks.hooks import WebHooks
from switchroom.identity.authentication import Authentication
from switchroom.identity.credentials import Credentials
from switchroom.identity.keys import PlatformKeys
from switchroom.identity.magic_tokens import MagicTokens
from switchroom.identity.organizations import Organizations
from switchroom.identity.password_changes import PasswordChanges
from switchroom.identity.password_links import PasswordLinks
from switchroom.identity.people import People
from switchroom.identity.permission_groups import PermissionGroups
from switchroom.identity.sessions import Sessions
from switchroom.identity.throttle import Throttle
from switchroom.identity.tokens import TokenSigner
from switchroom.mail.password_resets import PasswordResets
from switchroom.meetings.admission import MeetingAdmission
from switchroom.meetings.agenda import Agenda
from switchroom.meetings.attendance import Attendances
from switchroom.meetings.calendars import Calendars
from switchroom.meetings.meeting_rooms import MeetingRooms
from switchroom.meetings.meetings import Meetings
from switchroom.meetings.recordings.archive import RecordingArchive
from switchroom.meetings.recordings.listing import RecordingList
from switchroom.meetings.removals import Removals
from switchroom.meetings.upcoming import UpcomingMeetings
from switchroom.rooms.admission import AdmissionService
from switchroom.rooms.attendance import RoomAttendance
from switchroom.rooms.favorites import Favorites
from switchroom.rooms.links import Links
from switchroom.rooms.listing import RoomListing
from switchroom.rooms.occupancy import Occupancy
from switchroom.rooms.quotas import Quotas
from switchroom.rooms.revisions import Revisions
from switchroom.rooms.rooms import Rooms
from switchroom.rooms.tree import RoomTree
from switchroom.rooms.use import UseOfRooms
from switchroom.rooms.use_rankings import UseRankings
from switchroom.telephony.control.live_calls import LiveCalls
from switchroom.telephony.resources.calls_history import CallHistory
from switchroom.telephony.resources.service import Resources
from switchroom.telephony.resources.sounds import SoundFiles
from switchroom.telephony.voicemail.messages import Messages


class Services(Struct, frozen=True, kw_only=True):
    """Every service, where the files of call recordings are, and what the settings say to operations: whether
    cookies are for HTTPS only, whether anything can be recorded, whether the Web Meeting API wants a key, and
    the time zone of people who have not said theirs."""

    # identity
    authentication: Authentication
    credentials: Credentials
    keys: PlatformKeys
    magic_tokens: MagicTokens
    organizations: Organizations
    password_changes: PasswordChanges
    password_links: PasswordLinks
    password_resets: PasswordResets
    people: People
    permission_groups: PermissionGroups
    sessions: Sessions
    signer: TokenSigner
    throttle: Throttle

    # rooms
    admissions: AdmissionService
    favorites: Favorites
    links: Links
    listing: RoomListing
    occupancy: Occupancy
    quotas: Quotas
    revisions: Revisions
    room_attendance: RoomAttendance
    rooms: Rooms
    tree: RoomTree
    use_of_rooms: UseOfRooms
    use_rankings: UseRankings

    # meetings and accounts
    accounts: Accounts
    agenda: Agenda
    attendances: Attendances
    branding_settings: BrandingSettings
    calendars: Calendars
    companies: Companies
    deletions: OrganizationDeletions
    invitation_batches: InvitationBatches
    meeting_admission: MeetingAdmission
    meeting_rooms: MeetingRooms
    meetings: Meetings
    member_invitations: MemberInvitations
    organization_settings: OrganizationSettings
    password_help: PasswordHelp
    people_administration: PeopleAdministration
    people_directory: PeopleDirectory
    recordings: RecordingArchive
    program_keys: ProgramKeys
    recording_list: RecordingList
    shown_branding: ShownBranding
    signups: Signups
    removals: Removals
    tasks: BatchTasks
    upcoming: UpcomingMeetings

    # events
    events: EventLog
    tail: EventTail
    webhooks: WebHooks

    # telephony
    resources: Resources
    call_history: CallHistory
    sounds: SoundFiles
    live_calls: LiveCalls
    voicemail: Messages

    # live rooms
    conference: ConferenceService

    # settings
    cookie_secure: bool
    records: bool
    require_api_key: bool
    user_timezone: str
