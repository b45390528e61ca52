"""A row as a line of JSON, with nothing lost of numbers, dates and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson

from connector.domain.errors import FeedRefused


def json_line(row: Mapping[str, Any]) -> bytes:
    """One object on one line. Dates and times in ISO form, bytes as hexadecimal, exact numbers as they are.

    Raises FeedRefused where a value cannot be written, naming its column.
    """
    try:
        return orjson.dumps(row, default=_plain, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        pass
    try:
        return orjson.dumps(_widened(row), default=_plain, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        bad = next((name for name, value in row.items() if not _writable(value)), "?")
        raise FeedRefused(f"column {bad}: a value cannot be written as JSON; have it as text.") from None


def _writable(value: object) -> bool:
    try:
        orjson.dumps(_widened(value), default=_plain)
    except orjson.JSONEncodeError:
        return False
    return True


def _widened(value: Any) -> Any:
    """Whole numbers beyond 64 bits as Decimal: orjson does not write them, nor asks what to do."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, dict):
        return {name: _widened(each) for name, each in value.items()}
    return [_widened(each) for each in value] if isinstance(value, list | tuple) else value


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value)) if value.is_finite() else str(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).hex()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, str):
        raise TypeError  # half a character
    return str(value)
