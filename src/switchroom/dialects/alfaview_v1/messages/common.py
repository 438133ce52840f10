"""Messages of the package `common`."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

from switchroom.dialects.alfaview_v1.messages.scalars import Int64, UInt32, WireEnum


class ReplyStatusCode(Enum):
    """Status codes that this server answers; they are never read."""

    OK = "OK"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    AUTHENTICATION_ERROR = "AUTHENTICATION_ERROR"
    NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
    INSUFFICIENT_PERMISSIONS = "INSUFFICIENT_PERMISSIONS"
    REQUEST_ID_INVALID = "REQUEST_ID_INVALID"
    ACCESS_INFO_MISSING = "ACCESS_INFO_MISSING"
    MAX_SIZE_EXCEEDED = "MAX_SIZE_EXCEEDED"
    NOT_FOUND = "NOT_FOUND"
    TIMEOUT = "TIMEOUT"
    TOKEN_OUTDATED = "TOKEN_OUTDATED"  # noqa: S105
    FEATURE_DISABLED = "FEATURE_DISABLED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    ROOM_NOT_FOUND = "ROOM_NOT_FOUND"
    ROOM_PREDECESSOR_NOT_FOUND = "ROOM_PREDECESSOR_NOT_FOUND"
    OUT_OF_SLOTS_ROOM = "OUT_OF_SLOTS_ROOM"
    INVALID_ARGUMENT = "INVALID_ARGUMENT"
    RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
    FAILED_PRECONDITION = "FAILED_PRECONDITION"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    UNAVAILABLE = "UNAVAILABLE"
    UNIMPLEMENTED = "UNIMPLEMENTED"
    UNAUTHENTICATED = "UNAUTHENTICATED"


class Role(WireEnum):
    ROLE_CUSTOM = "ROLE_CUSTOM", 0
    ROLE_NO_ACCESS = "ROLE_NO_ACCESS", 1
    ROLE_GUEST = "ROLE_GUEST", 5
    ROLE_SPECTATOR = "ROLE_SPECTATOR", 10
    ROLE_PARTICIPANT = "ROLE_PARTICIPANT", 15
    ROLE_MODERATOR = "ROLE_MODERATOR", 20
    ROLE_ADMIN = "ROLE_ADMIN", 25


class RoomType(WireEnum):
    ROOM_TYPE_KEEP = "ROOM_TYPE_KEEP", 0
    ROOM_TYPE_DEPARTMENT = "ROOM_TYPE_DEPARTMENT", 1
    ROOM_TYPE_ROOM = "ROOM_TYPE_ROOM", 2
    ROOM_TYPE_MEETING = "ROOM_TYPE_MEETING", 3


class RoomMode(WireEnum):
    ROOM_MODE_KEEP = "ROOM_MODE_KEEP", 0
    ROOM_MODE_NORMAL = "ROOM_MODE_NORMAL", 1
    ROOM_MODE_EXAM = "ROOM_MODE_EXAM", 2
    ROOM_MODE_SPECTATOR = "ROOM_MODE_SPECTATOR", 3


class UserState(WireEnum):
    CONNECTED = "CONNECTED", 0
    TIMED_OUT = "TIMED_OUT", 1
    LEFT_ROOM = "LEFT_ROOM", 2
    QUIT = "QUIT", 3
    KICKED = "KICKED", 4
    USER_ERROR = "USER_ERROR", 5
    UPDATING = "UPDATING", 6
    SYSTEM_ERROR = "SYSTEM_ERROR", 7
    CREATED = "CREATED", 8
    ON_BREAK = "ON_BREAK", 9


class FeatureState(WireEnum):
    UNCHANGED = "UNCHANGED", 0
    ENABLED = "ENABLED", 1
    DISABLED = "DISABLED", 2


class RoomFeatureId(WireEnum):
    UNDEFINED_FEATURE = "UNDEFINED_FEATURE", 0
    DISALLOW_MINIMUM_BANDWIDTH_MODE = "DISALLOW_MINIMUM_BANDWIDTH_MODE", 1
    SIXTEEN_BY_NINE_VIDEOS = "SIXTEEN_BY_NINE_VIDEOS", 2
    CENTERED_VIDEO_GRID = "CENTERED_VIDEO_GRID", 3
    ALLOW_COPY_ROOM_INFO = "ALLOW_COPY_ROOM_INFO", 4
    ALLOW_WEBVIEWER = "ALLOW_WEBVIEWER", 5
    SORT_VIDEO_GRID_ALPHABETICALLY = "SORT_VIDEO_GRID_ALPHABETICALLY", 6
    RAISE_HANDS = "RAISE_HANDS", 7
    HIDE_RAISED_HANDS = "HIDE_RAISED_HANDS", 8
    PARTICIPANTS_CAN_ONLY_MEDIASHARE_TO_MODERATORS = "PARTICIPANTS_CAN_ONLY_MEDIASHARE_TO_MODERATORS", 9
    BLOCK_WEBCLIENT = "BLOCK_WEBCLIENT", 10
    INTERNAL_USE_ROOMSTATE_SERVICE = "INTERNAL_USE_ROOMSTATE_SERVICE", 11
    USE_MEDIA_SERVER_VIDEO = "USE_MEDIA_SERVER_VIDEO", 12
    DISABLE_MINI_WINDOW = "DISABLE_MINI_WINDOW", 13
    DISABLE_JOIN_AND_LEAVE_NOTIFICATIONS = "DISABLE_JOIN_AND_LEAVE_NOTIFICATIONS", 14


class AuthenticationMethodType(WireEnum):
    UNDEFINED_AUTH_METHOD = "UNDEFINED_AUTH_METHOD", 0
    ACTIVATION_TOKEN = "ACTIVATION_TOKEN", 1
    AUTHORIZATION_CODE = "AUTHORIZATION_CODE", 2
    COMPANY_SWITCH = "COMPANY_SWITCH", 3
    GUEST_ACCESS = "GUEST_ACCESS", 4
    LDAP = "LDAP", 5
    EXTERNAL = "EXTERNAL", 6
    USERNAME_PASSWORD = "USERNAME_PASSWORD", 7
    PASSWORD_RESET = "PASSWORD_RESET", 8
    INTERNAL_SERVICE = "INTERNAL_SERVICE", 9
    DIAL_IN_CODE = "DIAL_IN_CODE", 10


class AccessInfo(Struct, omit_defaults=True):
    requestId: str = ""
    accessToken: str = ""
    includeMetadata: bool = False
    returnObjectIdsOnly: bool = False


class AccessToken(Struct, omit_defaults=True):
    """Claims of an access token. `permissions` are by their numbers in BackendPermission, or their names."""

    userId: str = ""
    companyId: str = ""
    expiresAt: Int64 = Int64(0)
    permissions: dict[str, bool] = {}
    isGuest: bool = False
    displayName: str = ""
    basePermissionsId: str = ""
    authenticationMethod: AuthenticationMethodType = AuthenticationMethodType.UNDEFINED_AUTH_METHOD


class ReplyInfo(Struct, omit_defaults=True):
    requestId: str = ""
    statusCode: ReplyStatusCode = ReplyStatusCode.OK
    statusMessage: str = ""


class Request(Struct, omit_defaults=True):
    """Fields that nearly every request begins with."""

    accessInfo: AccessInfo | None = None


class Reply(Struct, omit_defaults=True):
    """Fields that nearly every reply begins with; alone, the reply of operations that answer nothing more."""

    replyInfo: ReplyInfo | None = None


class TrackingInfo(Struct, omit_defaults=True):
    taskId: str = ""


class Permissions(Struct, omit_defaults=True):
    role: Role = Role.ROLE_CUSTOM
    admin: bool = False
    voice: bool = False
    video: bool = False
    promote: bool = False
    join: bool = False
    screen: bool = False
    vip: bool = False
    chat: bool = False
    chatBroadcast: bool = False
    action: bool = False
    remove: bool = False


class RoomQuotas(Struct, omit_defaults=True):
    name: str = ""
    activeParticipants: UInt32 = UInt32(0)
    passiveParticipants: UInt32 = UInt32(0)
    subRooms: UInt32 = UInt32(0)


class SubRoom(Struct, omit_defaults=True):
    displayName: str = ""
    sort: UInt32 = UInt32(0)
    remove: bool = False
    id: str = ""


class RoomFeature(Struct, omit_defaults=True):
    id: RoomFeatureId = RoomFeatureId.UNDEFINED_FEATURE
    state: FeatureState = FeatureState.UNCHANGED
    remove: bool = False


class Branding(Struct, omit_defaults=True):
    title: str = ""
    navbarBg: str = ""
    logoURL: str = ""
    logoHeight: Int64 = Int64(0)
    logoWidth: Int64 = Int64(0)
    enabled: bool = False
    logoAlternativeURL: str = ""
    logoSquare48URL: str = ""
    logoSquare96URL: str = ""
    logoSquare256URL: str = ""
    stockBrandingDisabled: bool = False
    logoInMeetingRoomEnabled: bool = False


class Company(Struct, omit_defaults=True):
    displayName: str = ""
    ownerId: str = ""
    createdAt: Int64 = Int64(0)
    branding: Branding | None = None
    metadata: dict[str, str] = {}
    customerId: str = ""
    planId: str = ""


class UserProfile(Struct, omit_defaults=True):
    firstname: str = ""
    lastname: str = ""
    title: str = ""


class Locale(Struct, omit_defaults=True):
    UILanguage: str = ""
    spokenLanguages: list[str] = []


class User(Struct, omit_defaults=True):
    email: str = ""
    managed: bool = False
    metadata: dict[str, str] = {}
    userProfile: UserProfile | None = None
    locale: Locale | None = None
