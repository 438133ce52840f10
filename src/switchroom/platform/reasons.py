"""Reasons: what went wrong, in the one line that whoever runs the platform is told."""

from __future__ import annotations

import os

from sqlalchemy.exc import DBAPIError

from switchroom.errors import Unavailable


def brief(error: BaseException) -> str:
    """Text of the error, in one line. A statement and its values in an error of the database are left out."""
    error = _origin(error)
    if isinstance(error, TimeoutError):
        return "no answer in time"
    text = str(error)
    if isinstance(error, OSError) and error.errno is not None:
        # Event loops word it differently.
        text = os.strerror(error.errno) if error.errno > 0 else error.strerror or text
    return " ".join(text.split())[:300] or type(error).__name__


def _origin(error: BaseException) -> BaseException:
    """Original error behind errors that were made of others."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return _origin(error.orig)
    says_nothing = isinstance(error, Unavailable) or (type(error) is ConnectionError and error.errno is None)
    return _origin(error.__cause__) if says_nothing and error.__cause__ is not None else error
