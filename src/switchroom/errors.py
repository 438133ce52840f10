"""The domain's exceptions, raised where a rule is broken; each dialect puts them into its words.

An error names what it is about by a path in the domain's words, such as `invitees[2].email` or
`recurrence.ends_on`, and what is the matter by an `ErrorCode` with facts. What people read of it stands in
`switchroom.texts`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from types import TracebackType

from msgspec import Struct, structs

Fact = str | int
"""A moment is a text like RFC 3339 has it."""


class ErrorCode(StrEnum):
    """Codes of errors: what can be the matter. Some values are known to programs: they stay as they are."""

    # A value of any kind
    REQUIRED = "required"
    MISSING = "missing"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    LENGTH_OUT_OF_RANGE = "length_out_of_range"
    NULL_CHARACTER = "null_character"
    OUT_OF_RANGE = "out_of_range"
    TOO_MANY_ENTRIES = "too_many_entries"
    ENTRIES_OUT_OF_RANGE = "entries_out_of_range"
    TOO_MANY_BYTES = "too_many_bytes"
    NOT_A_WHOLE_NUMBER = "not_a_whole_number"
    NOT_A_BOOLEAN = "not_a_boolean"
    NOT_A_TIME = "not_a_time"
    NOT_A_TIME_OR_UNIX_SECONDS = "not_a_time_or_unix_seconds"
    NOT_UNIX_SECONDS = "not_unix_seconds"
    TIME_OVERFLOW = "time_overflow"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    TIME_PAST = "time_past"
    TIMEZONE_UNKNOWN = "timezone_unknown"
    LANGUAGE_UNKNOWN = "language_unknown"
    ADDRESS_MALFORMED = "address_malformed"
    ADDRESS_NOT_ASCII = "address_not_ascii"
    ADDRESS_DOMAIN_INVALID = "address_domain_invalid"
    URL_MALFORMED = "url_malformed"
    URL_NOT_HTTP = "url_not_http"
    URL_NOT_HTTPS = "url_not_https"
    URL_WITHOUT_HOST = "url_without_host"
    URL_WITH_CREDENTIALS = "url_with_credentials"
    RANGE_REVERSED = "range_reversed"

    # The body of a request, and values that are not of their type
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    BODY_NOT_JSON = "body_not_json"
    BODY_TOO_DEEP = "body_too_deep"
    BODY_TOO_MANY_CONTAINERS = "body_too_many_containers"
    BODY_NOT_OBJECT = "body_not_object"
    BODY_WITHOUT_DATA = "body_without_data"
    TYPE_EXPECTED = "type_expected"
    TYPE_MISMATCH = "type_mismatch"
    VALUE_UNKNOWN = "value_unknown"
    VALUE_INVALID = "value_invalid"
    ACCOUNT_STATUS_NOT_GIVEN = "account_status_not_given"
    LANGUAGE_MALFORMED = "language_malformed"
    PERMISSION_GROUPS_STAY = "permission_groups_stay"
    PERMISSION_UNKNOWN = "permission_unknown"
    TOKEN_OF_GUESTS_BY_LINK = "token_of_guests_by_link"
    TIME_MALFORMED = "time_malformed"
    TIME_WITHOUT_ZONE = "time_without_zone"
    LENGTH_ABOVE = "length_above"
    LENGTH_BELOW = "length_below"
    NUMBER_ABOVE = "number_above"
    NUMBER_BELOW = "number_below"
    NUMBER_OVERFLOW = "number_overflow"
    PATTERN_MISMATCH = "pattern_mismatch"
    TEXT_WITH_NULL_CHARACTER = "text_with_null_character"

    # An operation as a whole
    UNKNOWN = "unknown"
    NOT_FOUND = "not_found"
    METHOD_UNKNOWN = "method_unknown"
    NOT_IMPLEMENTED = "not_implemented"
    DATABASE_UNAVAILABLE = "database_unavailable"
    DATABASE_LOCKED = "database_locked"
    DATABASE_BUSY = "database_busy"
    DATABASE_FULL = "database_full"
    TOO_MUCH_AT_ONCE = "too_much_at_once"
    TOOK_TOO_LONG = "took_too_long"
    REQUEST_ID_INVALID = "request_id_invalid"

    # Who calls
    ACCESS_INFO_MISSING = "access_info_missing"
    TOKEN_MISSING = "token_missing"
    TOKEN_INVALID = "token_invalid"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_REVOKED = "token_revoked"
    TOKEN_NARROWED = "token_narrowed"
    OWN_TOKEN_ONLY = "own_token_only"
    REFRESH_TOKEN_INVALID = "refresh_token_invalid"
    CREDENTIALS_INVALID = "credentials_invalid"
    CREDENTIALS_AMBIGUOUS = "credentials_ambiguous"
    KEY_INVALID = "key_invalid"
    TOO_MANY_ATTEMPTS = "too_many_attempts"

    # What the caller may do
    PERMISSION_MISSING = "permission_missing"
    NOT_FOR_GUESTS = "not_for_guests"
    PEOPLE_ONLY = "people_only"
    MODERATORS_ONLY = "moderators_only"
    ADMINISTRATORS_ONLY = "administrators_only"
    ADMINISTRATOR_PROTECTED = "administrator_protected"
    MODERATOR_PROTECTED = "moderator_protected"
    KEY_PERMISSION_MISSING = "key_permission_missing"
    KEY_LEVEL = "key_level"
    KEY_ACCOUNT = "key_account"
    KEY_HAS_ONE_ORGANIZATION = "key_has_one_organization"
    ORIGIN_FOREIGN = "origin_foreign"

    # Organizations, people, keys
    ORGANIZATION_NOT_FOUND = "organization_not_found"
    ORGANIZATION_AMBIGUOUS = "organization_ambiguous"
    ORGANIZATION_CLOSED = "organization_closed"
    DELETION_UNCONFIRMED = "deletion_unconfirmed"
    SIGNUP_CLOSED = "signup_closed"
    TERMS_NOT_AGREED = "terms_not_agreed"
    NAME_REQUIRED = "name_required"
    WEBHOOK_OFF = "webhook_off"
    CHANGED_MEANWHILE = "changed_meanwhile"
    PERSON_LEFT = "person_left"
    PERSON_NOT_FOUND = "person_not_found"
    PERSON_EXISTS = "person_exists"
    PERSON_WITHOUT_ADDRESS = "person_without_address"
    MEMBER_EXISTS = "member_exists"
    PASSWORD_REQUIRED = "password_required"
    PASSWORD_WRONG = "password_wrong"
    PASSWORD_TOO_SHORT = "password_too_short"
    PASSWORD_TOO_LONG = "password_too_long"
    PASSWORD_COMMON = "password_common"
    KEY_NOT_FOUND = "key_not_found"
    API_KEY_NOT_FOUND = "api_key_not_found"
    KEY_EXISTS = "key_exists"
    PERMISSION_GROUP_NOT_FOUND = "permission_group_not_found"
    PERMISSION_GROUP_UNKNOWN = "permission_group_unknown"
    PERMISSION_GROUP_WITHOUT_ENTRY = "permission_group_without_entry"

    # Accounts
    ACCOUNT_NOT_FOUND = "account_not_found"
    ACCOUNT_CLOSED = "account_closed"
    ACCOUNT_UNPAID = "account_unpaid"
    USER_NOT_FOUND = "user_not_found"
    ORGANIZER_NOT_FOUND = "organizer_not_found"
    ORGANIZERS_EXHAUSTED = "organizers_exhausted"
    ADDRESS_TAKEN = "address_taken"
    LAST_ADMIN = "last_admin"
    OWN_PERMISSIONS = "own_permissions"

    # Invitations of members, and tasks
    INVITATION_NOT_FOUND = "invitation_not_found"
    INVITATION_ACCEPTED = "invitation_accepted"
    INVITATION_PENDING = "invitation_pending"
    INVITED_LATELY = "invited_lately"
    INVITED_WITH_ACCOUNT = "invited_with_account"
    TASK_NOT_FOUND = "task_not_found"
    TOO_MANY_BATCHES = "too_many_batches"
    PERSON_SHARED = "person_shared"

    # Rooms and links
    ROOM_NOT_FOUND = "room_not_found"
    ROOM_PREDECESSOR_NOT_FOUND = "room_predecessor_not_found"
    ROOM_TYPE_FIXED = "room_type_fixed"
    ROOM_IN_ITSELF = "room_in_itself"
    ROOMS_TOO_DEEP = "rooms_too_deep"
    ROOMS_NOT_SORTED = "rooms_not_sorted"
    NOT_A_ROOM = "not_a_room"
    NOT_EMPTY = "not_empty"
    MANAGED = "managed"
    BREAKOUT_ROOM_NOT_FOUND = "breakout_room_not_found"
    PROPERTY_INVALID = "property_invalid"
    QUOTA_NOT_FOUND = "quota_not_found"
    QUOTA_EXCEEDED = "quota_exceeded"
    LINK_NOT_FOUND = "link_not_found"
    LINK_DELETED = "link_deleted"
    LINK_EXPIRED = "link_expired"
    LINK_NOT_YET_VALID = "link_not_yet_valid"
    LINK_OF_DEPARTMENT = "link_of_department"
    VALIDITY_REVERSED = "validity_reversed"
    INVITATION_WITHOUT_ADDRESS = "invitation_without_address"

    # Meetings
    MEETING_NOT_FOUND = "meeting_not_found"
    MEETING_OVER = "meeting_over"
    MEETING_BEGUN = "meeting_begun"
    MEETING_NOT_STARTED = "meeting_not_started"
    MEETING_ACCOUNT_CLOSED = "meeting_account_closed"
    MEETING_ACCOUNT_UNPAID = "meeting_account_unpaid"
    MEETINGS_EXHAUSTED = "meetings_exhausted"
    MEETING_TOO_LONG = "meeting_too_long"
    MEETING_NEVER_TAKES_PLACE = "meeting_never_takes_place"
    END_NOT_AFTER_START = "end_not_after_start"
    DURATION_NOT_A_NUMBER = "duration_not_a_number"
    DOCUMENTS_TOO_LARGE = "documents_too_large"
    TOO_MANY_INVITEES = "too_many_invitees"
    SERIES_ONLY = "series_only"
    SERIES_INVITES = "series_invites"
    SERIES_TOO_LONG = "series_too_long"
    SERIES_ENDS_BEFORE_START = "series_ends_before_start"
    TOO_MANY_LISTED = "too_many_listed"
    CALENDAR_NOT_FOUND = "calendar_not_found"
    RECORDING_NOT_FOUND = "recording_not_found"
    RECORDING_NOT_FINISHED = "recording_not_finished"
    RECORDING_UNAVAILABLE = "recording_unavailable"

    # Events and web hooks
    WEBHOOK_NOT_FOUND = "webhook_not_found"
    WEBHOOK_EXISTS = "webhook_exists"
    TOO_MANY_WEBHOOKS = "too_many_webhooks"
    DELIVERY_NOT_FOUND = "delivery_not_found"
    DELIVERY_STATE_UNKNOWN = "delivery_state_unknown"
    EVENT_TYPE_UNKNOWN = "event_type_unknown"
    EVENT_TYPE_MALFORMED = "event_type_malformed"
    EVENT_ID_MALFORMED = "event_id_malformed"
    OBJECT_ID_MALFORMED = "object_id_malformed"
    RETRIES_OUT_OF_RANGE = "retries_out_of_range"
    KEY_NOT_PRINTABLE = "key_not_printable"
    VIEW_UNKNOWN = "view_unknown"
    BINDINGS_MALFORMED = "bindings_malformed"
    TOO_MANY_BINDINGS = "too_many_bindings"
    SINCE_TOO_LATE = "since_too_late"

    # Telephony
    RESOURCE_NOT_FOUND = "resource_not_found"
    RESOURCE_USED = "resource_used"
    VALUE_TAKEN = "value_taken"
    NUMBER_OF_ACCOUNT = "number_of_account"
    FIELD_OF_ADMINISTRATORS = "field_of_administrators"
    FIELD_FIXED = "field_fixed"
    OWN_ONLY = "own_only"
    LEVEL_MISSING = "level_missing"
    ID_OF_ANOTHER = "id_of_another"
    REALM_MALFORMED = "realm_malformed"
    PHONE_NUMBER_INVALID = "phone_number_invalid"
    EXTENSION_INVALID = "extension_invalid"
    NAMED_TWICE = "named_twice"
    FLOW_TOO_LARGE = "flow_too_large"
    FLOW_TOO_DEEP = "flow_too_deep"
    FORWARD_TO_EMERGENCY = "forward_to_emergency"
    EXTENSION_OF_EMERGENCY = "extension_of_emergency"
    EXTENSIONS_OF_EMERGENCY = "extensions_of_emergency"
    FIELDS_BESIDE = "fields_beside"
    ONE_ONLY = "one_only"
    CALENDAR_INVALID = "calendar_invalid"
    NETWORK_INVALID = "network_invalid"
    SERVER_INVALID = "server_invalid"
    PICTURE_INVALID = "picture_invalid"
    PICTURE_TOO_LARGE = "picture_too_large"
    PICTURE_TOO_WIDE = "picture_too_wide"
    SOUND_INVALID = "sound_invalid"
    SOUND_TOO_LARGE = "sound_too_large"
    SOUND_TOO_LONG = "sound_too_long"
    SOUND_TOO_SHORT = "sound_too_short"
    SOUNDS_FULL = "sounds_full"
    VOICEMAIL_FULL = "voicemail_full"
    SOUND_MISSING = "sound_missing"
    SOUND_NOT_CONVERTED = "sound_not_converted"
    TELEPHONY_AWAY = "telephony_away"
    CALL_WORKER_AWAY = "call_worker_away"
    CALL_WORKER_BUSY = "call_worker_busy"
    CHANNEL_NOT_FOUND = "channel_not_found"
    CHANNEL_STATE = "channel_state"
    NUMBER_NOT_REACHED = "number_not_reached"
    ACTION_MISSING = "action_missing"
    DEVICE_NOT_REGISTERED = "device_not_registered"

    # Live rooms
    ROOM_FULL = "room_full"
    SPECTATORS_FULL = "spectators_full"
    SPECTATORS_NOT_ALLOWED = "spectators_not_allowed"
    ROOM_LOCKED = "room_locked"
    REMOVED_FROM_ROOM = "removed_from_room"
    NOT_ASKED = "not_asked"
    SPECTATORS_HAVE_NO_HAND = "spectators_have_no_hand"
    WAITING_ROOM_FULL = "waiting_room_full"
    PARTICIPANT_NOT_FOUND = "participant_not_found"
    WAITING_NOT_FOUND = "waiting_not_found"
    ROOM_CHANGES_HANDS = "room_changes_hands"
    SERVER_STOPPING = "server_stopping"
    MEDIA_UNAVAILABLE = "media_unavailable"
    NOT_JOINED = "not_joined"
    ALREADY_JOINED = "already_joined"
    JOIN_TOO_LATE = "join_too_late"
    NOT_LET_IN_YET = "not_let_in_yet"
    TOO_MANY_MESSAGES = "too_many_messages"
    MEDIA_NOT_TAKEN = "media_not_taken"
    OFFER_NOT_UNDERSTOOD = "offer_not_understood"
    TOO_MANY_REQUESTS = "too_many_requests"
    TOO_MANY_CHAT_MESSAGES = "too_many_chat_messages"
    CHAT_EMPTY = "chat_empty"
    BROADCAST_TO_ONE = "broadcast_to_one"
    PERMISSIONS_EMPTY = "permissions_empty"
    SDP_MALFORMED = "sdp_malformed"
    SDP_LINE_ENDS = "sdp_line_ends"
    SDP_OTHER_LINES = "sdp_other_lines"
    SDP_MIDS_CHANGED = "sdp_mids_changed"
    SDP_LINE_COUNT = "sdp_line_count"
    SDP_SAME_MID = "sdp_same_mid"
    SDP_STREAMS = "sdp_streams"
    SDP_KIND = "sdp_kind"
    SDP_ENDED = "sdp_ended"
    SDP_NOT_SRTP = "sdp_not_srtp"
    SDP_MID_COUNT = "sdp_mid_count"
    SDP_DIRECTIONS = "sdp_directions"
    SDP_TOO_MANY_CODECS = "sdp_too_many_codecs"


class FieldProblem(Struct, frozen=True):
    """Problem with one value, by the value's path; an empty path is the whole."""

    path: str
    code: ErrorCode
    facts: Mapping[str, Fact] = {}


class DomainError(Exception):
    """A request that the domain refuses: what it is about, what is the matter, and facts of it."""

    def __init__(self, code: ErrorCode, path: str = "", /, **facts: Fact) -> None:
        super().__init__(code, path, facts)
        self.code = code
        self.path = path
        self.facts: Mapping[str, Fact] = facts

    def __str__(self) -> str:
        """Text for logs, not for callers."""
        facts = "".join(f" {name}={fact}" for name, fact in self.facts.items())
        return f"{self.code.value}{f' ({self.path})' if self.path else ''}{facts}"


class NotFound(DomainError):
    """There is no such thing in the caller's organization."""


class Forbidden(DomainError):
    """The caller may not do this."""


class Invalid(DomainError):
    """Values of the request break rules. Code, path and facts are those of the first."""

    def __init__(self, code: ErrorCode, path: str = "", /, **facts: Fact) -> None:
        super().__init__(code, path, **facts)
        self.problems: Sequence[FieldProblem] = (FieldProblem(path, code, facts),)

    @classmethod
    def of(cls, problems: Sequence[FieldProblem]) -> Invalid:
        """An error about all of these, at least one."""
        first = problems[0]
        error = cls(first.code, first.path, **first.facts)
        error.problems = tuple(problems)
        return error

    def within(self, path: str) -> Invalid:
        """The same about a part of a whole, whose path goes before."""
        return Invalid.of([structs.replace(one, path=joined(path, one.path)) for one in self.problems])


class Conflict(DomainError):
    """The object exists already, or its state does not allow this."""


class Exhausted(DomainError):
    """A quota is used up, or a limit of attempts is reached."""


class Unavailable(DomainError):
    """A part of the platform that this needs is away."""


class Unauthenticated(DomainError):
    """The caller is not known: the token or the credentials are missing or wrong."""


class TokenExpired(Unauthenticated):
    """The access token was good and is too old."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.TOKEN_EXPIRED)


class LinkNotYetValid(Forbidden):
    """The link's validity begins at `valid_from`."""

    def __init__(self, valid_from: datetime) -> None:
        super().__init__(ErrorCode.LINK_NOT_YET_VALID, valid_from=_text_of(valid_from))
        self.valid_from = valid_from


class LinkExpired(Forbidden):
    """The link's validity ended at `valid_until`."""

    def __init__(self, valid_until: datetime) -> None:
        super().__init__(ErrorCode.LINK_EXPIRED, valid_until=_text_of(valid_until))
        self.valid_until = valid_until


class LinkNotFound(NotFound):
    """The link does not exist, or no longer."""

    def __init__(self) -> None:
        super().__init__(ErrorCode.LINK_DELETED)


class Problems:
    """Collects what is wrong, so that all of it can be named at once.

    As a context manager it takes in the Invalid that ends the block:

        problems = Problems()
        with problems:
            require_text(draft.topic, "topic", longest=200)
        with problems.within("invitees[2]"):
            require_address(invitee.email, "email")
        problems.require_none()
    """

    def __init__(self) -> None:
        self._found: list[FieldProblem] = []

    def __bool__(self) -> bool:
        return bool(self._found)

    @property
    def paths(self) -> set[str]:
        return {problem.path for problem in self._found}

    def add(self, code: ErrorCode, path: str = "", /, **facts: Fact) -> None:
        self._found.append(FieldProblem(path, code, facts))

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        if isinstance(error, Invalid):
            self._found += error.problems
            return True
        return False

    @contextmanager
    def within(self, path: str) -> Generator[None]:
        """Take in what is wrong about a part, whose path goes before."""
        try:
            yield
        except Invalid as error:
            self._found += error.within(path).problems

    def require_none(self) -> None:
        """Raises Invalid with all that was found: of each path the first."""
        first: dict[str, FieldProblem] = {}
        for one in self._found:
            first.setdefault(one.path, one)
        if first:
            raise Invalid.of(list(first.values()))


def joined(path: str, rest: str) -> str:
    """The path of a part of what is at `path`; either may be empty."""
    return f"{path}.{rest}" if path and rest else path or rest


def _text_of(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
