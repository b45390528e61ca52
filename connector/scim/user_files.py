"""Users in a file, as an identity system would push them: what a mapping makes of them can be seen before it does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from scim2_models import SCIMException

from connector.domain.errors import SettingsError
from connector.domain.people import Record, Rejection
from connector.domain.scim import Document, Kind
from connector.domain.scim_records import ENTERPRISE, record
from connector.scim import reading
from connector.scim.resources import draft_of

_LIST = re.compile(r'\s*\[|(?<!\\)"Resources"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def users_in(path: Path) -> Iterator[Record | Rejection]:
    """One user, a list of them, or the answer to GET /Users, as they would be read if they were pushed.

    A manager is looked for among them by id; groups are those that a user names with ``display``. Raises SettingsError
    where there are no users in the file.
    """
    users = [(line, user, _kept(user)) for line, user in _objects(path)]
    known = {str(user["id"]): kept for _, user, kept in users if not isinstance(kept, str) and "id" in user}
    for line, user, kept in users:
        if isinstance(kept, str):
            yield Rejection(line, None, "", kept)
            continue
        enterprise = kept.get(ENTERPRISE, {})
        manager = known.get(enterprise.get("manager", {}).get("value"))
        groups = [
            str(one["display"]) for one in user.get("groups") or () if isinstance(one, dict) and "display" in one
        ]
        yield Record(line, record(str(user.get("id", "")), kept, groups, manager, gone=False))


def _groups(given: Any) -> list[str]:
    listed = given if isinstance(given, list) else []
    return [str(one["display"]) for one in listed if isinstance(one, dict) and "display" in one]


def _kept(user: Mapping[str, Any]) -> Document | str:
    """What would be kept of a user, or why it would be refused."""
    try:
        return draft_of(Kind.USER, reading.creation(Kind.USER, user)).document
    except SCIMException as error:
        return f"it would be refused: {error.to_error().detail}"


def _objects(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each user with the line on which it begins."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
        whole = json.loads(text)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}).") from error
    except ValueError:
        whole = None
    if not isinstance(whole, dict | list):
        raise SettingsError(f"{path.name}: give users as SCIM has them, as JSON in UTF-8.")
    if isinstance(whole, dict) and not isinstance(whole.get("Resources"), list):
        yield 1, whole
        return
    begin, decoder = _LIST.search(text), json.JSONDecoder()
    place = begin.end() if begin else len(text)
    while (place := _end(_BETWEEN, text, place)) < len(text) and text[place] != "]":
        line = text.count("\n", 0, place) + 1
        user, place = decoder.raw_decode(text, place)
        if not isinstance(user, dict):
            raise SettingsError(f"{path.name}:{line}: a user is an object with userName and more.")
        yield line, user


def _end(pattern: re.Pattern[str], text: str, place: int) -> int:
    found = pattern.match(text, place)
    return found.end() if found else place
