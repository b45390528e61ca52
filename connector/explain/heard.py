"""What HR said of a person: each feed that said something new, absence, and rows that could not be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from connector.domain.explaining import Dossier, FeedTold, Said
from connector.explain.spelling import spelled
from connector.explain.texts import Event, EventKind, Text, text

SHORT = 12
"""Characters of a digest that tell it apart."""
_INNER = frozenset(
    {"changed_at", "feed_id", "line", "grant_set", "source", "unique_username", "initial", "wanted", "attributes"}
    | {"person_id", "site", "key", "row_digest", "manager_id", "first_seen", "absent_since", "absent_feed_id", "gone"}
    | {"left_on", "manager_missing_since"}
)
"""What a version keeps beside HR's words, or what is spread out."""
ABSENT = "not among the people of HR's feeds since {day}, missing there or out of the mapping's scope"
"""A row that is out of scope makes nobody, and nothing of it is kept."""
_UNKNOWN = datetime.fromtimestamp(0, UTC)


def heard_events(dossier: Dossier) -> Iterator[Event]:
    """One for each feed that said something new, in order of time."""
    person = dossier.person
    if person is not None:
        first = person.versions[0]
        named = text(
            "HR named this person for the first time, {where}", where=where(dossier, first.feed_id, first.line)
        )
        yield Event(person.first_seen, EventKind.HR, (named, said_of(first.fields), *_read_by(dossier, first)))
        for before, after in pairwise(person.versions):
            yield _news(dossier, before, after)
        for one in person.presence:
            yield Event(one.at, EventKind.HR, (_PRESENCE[one.kind](where(dossier, one.feed_id)),))
    for rejected in dossier.rejections:
        feed = dossier.feeds.get(rejected.feed_id)
        place = where(dossier, rejected.feed_id, rejected.line)
        why = text(
            "a row was rejected, {where}: {field}: {reason}", where=place, field=rejected.field, reason=rejected.reason
        )
        yield Event(feed.received_at if feed else _UNKNOWN, EventKind.HR, (why,))


_PRESENCE = {
    "missing": lambda feed: text("not among the people of {feed}: noted, and nothing is done about it yet", feed=feed),
    "gone": lambda feed: text("not among the people of {feed} either: counts as having left", feed=feed),
    "back": lambda feed: text("there again in {feed}", feed=feed),
}


def _news(dossier: Dossier, before: Said, after: Said) -> Event:
    changed = spelled(_words(before.fields), _words(after.fields))
    place = where(dossier, after.feed_id, after.line)
    parts = [text("HR says otherwise, {where}: {changed}", where=place, changed=changed)] if changed else []
    if before.fields.get("source") != after.fields.get("source"):
        parts.append(text("source {source} leads now", source=after.fields.get("source")))
    if before.fields.get("grant_set") != after.fields.get("grant_set"):
        parts.append(text("the rules give something else now, {where}", where=place))
    kind = EventKind.HR if changed else EventKind.RULES
    return Event(after.since, kind, (*parts, *_read_by(dossier, after)))


def said_of(fields: Mapping[str, Any]) -> Text:
    """What HR says of somebody's employment."""
    words = {
        "unit": fields.get("unit"),
        "job": fields.get("job_role"),
        "manager": fields.get("manager_key"),
        "starts": fields.get("starts"),
        "ends": fields.get("ends"),
        "active": fields.get("active"),
    }
    return text(
        "{said}", said=", ".join(f"{name} {_plain(value)}" for name, value in words.items() if value not in ("", None))
    )


def where(dossier: Dossier, feed_id: int | None, line: int = 0) -> Text:
    """A file and line as people call them."""
    feed: FeedTold | None = dossier.feeds.get(feed_id) if feed_id is not None else None
    if feed is None:
        return text("a feed that is not kept")
    values = {"file": feed.name, "source": feed.source, "line": line}
    return text("feed {file} of {source} line {line}", **values) if line else text("feed {file} of {source}", **values)


def _read_by(dossier: Dossier, said: Said) -> tuple[Text, ...]:
    feed = dossier.feeds.get(said.feed_id)
    return (text("read by mapping {mapping}", mapping=feed.mapping_digest[:SHORT]),) if feed else ()


def _words(fields: Mapping[str, Any]) -> dict[str, Any]:
    """HR's words of a version, by the names of fields."""
    words = {name: value for name, value in fields.items() if name not in _INNER}
    for group in ("initial", "wanted", "attributes"):
        words |= fields.get(group) or {}
    return words


def _plain(value: object) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
