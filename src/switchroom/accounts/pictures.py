"""Pictures of pixels, as they are told from everything else: by what they are made of, not by what somebody
calls them."""

from __future__ import annotations

from itertools import takewhile

from msgspec import Struct

from switchroom.errors import ErrorCode, Invalid

LARGEST_UPLOAD = 100 * 1000
"""Bytes of a logo that is uploaded: each mail carries it."""

MOST_PIXELS = 2000
"""Pixels of each side of such a logo."""

_PNG_END = b"IEND\xaeB`\x82"
_JPEG_END = b"\xff\xd9"
_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of segments that say how large the picture is (ISO/IEC 10918-1, B.2.2)."""


class Picture(Struct, frozen=True, kw_only=True):
    """A picture of pixels: nothing that could carry script."""

    content_type: str
    content: bytes
    width: int
    height: int


def picture_in(content: bytes) -> Picture | None:
    """The picture, whatever its server or its name says: PNG, JPEG, GIF or WebP that says how large it is."""
    for content_type, size_of in (
        ("image/png", _png_size),
        ("image/jpeg", _jpeg_size),
        ("image/gif", _gif_size),
        ("image/webp", _webp_size),
    ):
        width, height = size_of(content)
        if width and height:
            return Picture(content_type=content_type, content=content, width=width, height=height)
    return None


def uploaded_picture(content: bytes, path: str) -> Picture:
    """A whole PNG, JPEG or GIF, which all mail programs show. Raises Invalid for anything else, and for one
    that is too large."""
    if len(content) > LARGEST_UPLOAD:
        raise Invalid(ErrorCode.PICTURE_TOO_LARGE, path, most=LARGEST_UPLOAD // 1000)
    picture = picture_in(content)
    if picture is None or not _is_whole(picture):
        raise Invalid(ErrorCode.PICTURE_INVALID, path)
    if max(picture.width, picture.height) > MOST_PIXELS:
        raise Invalid(ErrorCode.PICTURE_TOO_WIDE, path, most=MOST_PIXELS)
    return picture


def _is_whole(picture: Picture) -> bool:
    """False for a WebP: Outlook shows none."""
    match picture.content_type:
        case "image/png":
            return picture.content.endswith(_PNG_END)
        case "image/jpeg":
            return picture.content.endswith(_JPEG_END)
        case "image/gif":
            return picture.content.endswith(b";")
        case _:
            return False


def _png_size(content: bytes) -> tuple[int, int]:
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR" or len(content) < 24:
        return 0, 0
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def _gif_size(content: bytes) -> tuple[int, int]:
    if not content.startswith((b"GIF87a", b"GIF89a")):
        return 0, 0
    return int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")


def _jpeg_size(content: bytes) -> tuple[int, int]:
    if not content.startswith(b"\xff\xd8\xff"):
        return 0, 0
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        at += sum(1 for _ in takewhile(lambda byte: byte == 0xFF, content[at : at + 16]))
        if at + 8 > len(content):
            break
        marker, length = content[at], int.from_bytes(content[at + 1 : at + 3])
        if marker in _JPEG_SIZES:
            return int.from_bytes(content[at + 6 : at + 8]), int.from_bytes(content[at + 4 : at + 6])
        at += 1 if marker in _JPEG_ALONE else 1 + length
    return 0, 0


def _webp_size(content: bytes) -> tuple[int, int]:
    """Size as the WebP container and its three kinds of bitstreams say it (RFC 9649)."""
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or len(content) < 30:
        return 0, 0
    match content[12:16]:
        case b"VP8 ":
            width, height = int.from_bytes(content[26:28], "little"), int.from_bytes(content[28:30], "little")
            return width & 0x3FFF, height & 0x3FFF
        case b"VP8L":
            bits = int.from_bytes(content[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        case b"VP8X":
            return (
                int.from_bytes(content[24:27], "little") + 1,
                int.from_bytes(content[27:30], "little") + 1,
            )
        case _:
            return 0, 0
