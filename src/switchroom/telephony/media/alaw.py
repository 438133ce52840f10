"""A-law (ITU-T G.711), decoded."""

from __future__ import annotations


def _sample(code: int) -> int:
    code ^= 0x55
    exponent, mantissa = (code & 0x70) >> 4, (code & 0x0F) << 4
    value = mantissa + 8 if exponent == 0 else (mantissa + 0x108) << (exponent - 1)
    return value if code & 0x80 else -value


_LOW = bytes(_sample(code) & 0xFF for code in range(256))
_HIGH = bytes(_sample(code) >> 8 & 0xFF for code in range(256))


def decode(codes: bytes | bytearray) -> bytes:
    """The samples as 16-bit PCM, little endian, two bytes for each one of A-law."""
    samples = bytearray(2 * len(codes))
    samples[0::2] = codes.translate(_LOW)
    samples[1::2] = codes.translate(_HIGH)
    return bytes(samples)
