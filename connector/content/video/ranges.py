"""Which bytes of a file somebody asks for (RFC 9110, section 14). Pure."""

from __future__ import annotations

import re

_RANGE = re.compile(r"bytes=\s*(\d{0,15})-(\d{0,15})\s*")


class NoSuchRange(Exception):
    """What is asked for is not in the file."""


def asked(header: str, size: int) -> tuple[int, int] | None:
    """First and last byte; None where the whole is asked for, or several ranges, which nobody has to answer.

    Raises NoSuchRange.
    """
    found = _RANGE.fullmatch(header)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise NoSuchRange
        return max(0, size - int(last)), size - 1
    if int(first) >= size:
        raise NoSuchRange
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
