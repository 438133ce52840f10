"""Access tokens: signed claims that cost no query to check."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from collections import OrderedDict
from enum import IntEnum

import msgspec
from msgspec import Struct

from switchroom.errors import ErrorCode, TokenExpired, Unauthenticated
from switchroom.identity.permissions import Administration
from switchroom.settings import LONGEST_TOKEN

_MAC_SIZE = 32
_RECENT = 4096
_REVOKED = 1024

EVERYBODY = ""
"""The subject that stands for all members and API keys of an organization. Guests hear from what admits them
that it is closed."""


class SubjectKind(IntEnum):
    PERSON = 0
    API_KEY = 1
    GUEST = 2
    INVITEE = 3


class AccessToken(Struct, frozen=True, array_like=True):
    """Claims of an access token. Times are Unix seconds. `room_id` and `link_id` are set for guests, and for
    invitees, who may accept their invitation and nothing else: the invitation, and what it was of. A token
    that `is_narrowed` may do less than its holder, and nothing brings the holder more than it."""

    organization_id: int
    company_id: str
    subject_id: str
    kind: SubjectKind
    issued_at: float
    expires_at: int
    administration: int
    display_name: str
    room_id: str = ""
    link_id: str = ""
    is_narrowed: bool = False

    @property
    def is_guest(self) -> bool:
        """Does not belong to the organization: came by a link, or has not accepted an invitation."""
        return self.kind in (SubjectKind.GUEST, SubjectKind.INVITEE)

    def may(self, permission: Administration) -> bool:
        return bool(self.administration & permission)


class TokenSigner:
    """Makes and checks access tokens: base64 of MessagePack claims followed by their HMAC-SHA256."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.sha256(b"switchroom access token\0" + secret).digest()
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(AccessToken)
        self._recent: OrderedDict[str, AccessToken] = OrderedDict()
        self._revoked: dict[tuple[int, str], float] = {}
        self._most_revoked = _REVOKED

    def name_of_instance(self) -> str:
        """24 hexadecimal characters, the same for as long as the secret is, that tell nothing about it."""
        return hmac.digest(self._secret, b"instance", "sha256").hex()[:24]

    def sign(self, claims: AccessToken) -> str:
        payload = self._encoder.encode(claims)
        return base64.b64encode(payload + self._mac(payload)).decode()

    def verify(self, token: str, *, even_expired: bool = False) -> AccessToken:
        """The claims of a token that is genuine, in time (or `even_expired`) and not revoked.

        Raises TokenExpired, and Unauthenticated for everything else.
        """
        claims = self._recent.get(token)
        if claims is None:
            claims = self._open(token)
            self._recent[token] = claims
            if len(self._recent) > _RECENT:
                self._recent.popitem(last=False)
        if claims.expires_at <= time.time() and not even_expired:
            raise TokenExpired
        self.require_unrevoked(claims)
        return claims

    def require_unrevoked(self, claims: AccessToken) -> None:
        """Raises Unauthenticated for claims that have been revoked since they were signed, by whatever
        signer."""
        everybody = () if claims.is_guest else (EVERYBODY,)
        for subject in (*everybody, claims.subject_id, claims.link_id):
            until = self._revoked.get((claims.organization_id, subject))
            if until is not None and claims.issued_at <= until:
                raise Unauthenticated(ErrorCode.TOKEN_REVOKED)

    def revoke(self, organization_id: int, subject_id: str, until: float) -> None:
        """Refuse the subject's tokens for the organization issued up to the Unix time `until`; those of
        other organizations stay good. The subject may be EVERYBODY."""
        subject = (organization_id, subject_id)
        self._revoked[subject] = max(until, self._revoked.get(subject, 0.0))
        if len(self._revoked) > self._most_revoked:
            # The tokens that were refused for what is older have expired.
            oldest = time.time() - LONGEST_TOKEN
            self._revoked = {one: moment for one, moment in self._revoked.items() if moment > oldest}
            self._most_revoked = max(_REVOKED, 2 * len(self._revoked))

    def _open(self, token: str) -> AccessToken:
        if not token:
            raise Unauthenticated(ErrorCode.TOKEN_MISSING, "access_token")
        try:
            raw = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            raise Unauthenticated(ErrorCode.TOKEN_INVALID, "access_token") from None
        payload, mac = raw[:-_MAC_SIZE], raw[-_MAC_SIZE:]
        if not hmac.compare_digest(mac, self._mac(payload)):
            raise Unauthenticated(ErrorCode.TOKEN_INVALID, "access_token")
        try:
            return self._decoder.decode(payload)
        except msgspec.MsgspecError:
            raise Unauthenticated(ErrorCode.TOKEN_INVALID, "access_token") from None

    def _mac(self, payload: bytes) -> bytes:
        return hmac.digest(self._secret, payload, "sha256")
