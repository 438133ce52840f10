"""The torture tests of RFC 4475: what each message must get, by the name of its file."""

from __future__ import annotations

from pathlib import Path

DIRECTORY = Path(__file__).parent / "rfc4475"

ACCEPTED = frozenset({
    # Section 3.1.1: valid messages.
    "wsinv", "intmeth", "esc01", "escnull", "esc02", "lwsdisp", "longreq", "dblreq", "semiuri", "transports",
    "mpart01", "unreason", "noreason",
    # Malformed where nothing depends on it: sections 3.1.2.12 (the Date) and 3.1.2.15 (a display name).
    "baddate", "baddn",
    # Sections 3.2 to 3.4: the meaning is wrong or unknown, the form is not.
    "badbranch", "bcast", "unkscm", "novelsc", "unksm2", "bext01", "invut", "regaut01", "zeromf", "cparam01",
    "cparam02", "regescrt", "sdp01", "inv2543",
})  # fmt: skip

REFUSED = {
    # Section 3.1.2: invalid messages, and 3.3 where fields are missing or there are too many.
    "badinv01": 400, "clerr": 400, "ncl": 400, "scalar02": 400, "quotbal": 400, "ltgtruri": 400,
    "lwsruri": 400, "lwsstart": 400, "trws": 400, "escruri": 400, "regbadct": 400, "badaspec": 400,
    "badvers": 505, "mismatch01": 400, "mismatch02": 400, "insuf": 400, "multi01": 400, "mcl01": 400,
}  # fmt: skip

DISCARDED = frozenset({"scalarlg", "bigcode", "test"})
"""Responses that are malformed, and what does not claim to be SIP."""


def message(name: str) -> bytes:
    """The bytes of a message."""
    return (DIRECTORY / f"{name}.dat").read_bytes()


def names() -> list[str]:
    """The names of all messages."""
    return sorted(path.stem for path in DIRECTORY.glob("*.dat"))
