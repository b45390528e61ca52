"""Videos, and who has watched them, in PostgreSQL; see ``connector.domain.videos``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from threading import Event
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from connector.domain.activities import Activity, numbered
from connector.domain.learning_events import Actor
from connector.domain.learning_events import Event as Told
from connector.domain.live import progressed, transcoding
from connector.domain.videos import (
    SLACK,
    Audience,
    Failure,
    Left,
    Made,
    Media,
    MediaState,
    Outcome,
    Outcomes,
    Rendition,
    Use,
    Viewer,
    Viewing,
    Watched,
    nothing,
)
from connector.store.database import Connection, Database, Row, one, query
from connector.store.learning_events import values as told_values
from connector.store.live import tell
from connector.store.lti_scores import put_score

CHANNEL = "connector_video"
"""PostgreSQL notifies it of each video that waits to be transcoded; the payload is the site."""
_PLAIN = ("view_id", "position", "share", "reported_at", "credit", "completed_at")


class StoredMedia:
    """Implements ``Uploads``."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def media(self, media_id: UUID) -> Media | None:
        row = self._database.row("videos.media", site=self._site, media_id=media_id)
        return _media(row) if row else None

    def unfinished(self, media: Media, by: str, now: datetime) -> Media | None:
        values = {"platform_id": media.platform_id, "course": media.course, "name": media.name, "size": media.size}
        row = self._database.row("videos.unfinished", site=self._site, by=by, now=now, **values)
        return _media(row) if row else None

    def begin(self, media: Media, by: str, now: datetime) -> None:
        told = {name: getattr(media, name) for name in ("media_id", "platform_id", "course", "name", "size", "upload")}
        self._database.run("videos.begin", site=self._site, by=by, now=now, **told)

    def add_part(self, media_id: UUID, number: int, tag: str, now: datetime) -> None:
        self._database.run("videos.add_part", media_id=media_id, number=number, tag=tag, now=now)

    def parts(self, media_id: UUID) -> Mapping[int, str]:
        return {row["number"]: row["tag"] for row in self._database.rows("videos.parts", media_id=media_id)}

    def completed(self, media_id: UUID, now: datetime) -> None:
        self._database.run("videos.completed", media_id=media_id, now=now)

    def take(self, now: datetime) -> Media | None:
        row = self._database.row("videos.take", site=self._site, now=now)
        return _media(row) if row else None

    def progressed(self, media_id: UUID, progress: float, reference: str) -> None:
        self._note("videos.progressed", media_id=media_id, progress=progress, reference=reference)

    def put_back(self, media_id: UUID) -> None:
        self._database.run("videos.put_back", media_id=media_id)

    def ready(self, media_id: UUID, made: Made, now: datetime) -> None:
        self._note("videos.ready", media_id=media_id, made=Jsonb(asdict(made)), now=now)

    def failed(self, media_id: UUID, failure: Failure, now: datetime) -> None:
        self._note("videos.failed", media_id=media_id, failure=failure.value, now=now)

    def abandoned(self, before: datetime) -> Sequence[Media]:
        return [_media(row) for row in self._database.rows("videos.abandoned", site=self._site, before=before)]

    def forget(self, media_id: UUID) -> None:
        self._database.run("videos.forget", media_id=media_id)

    def count_unneeded(self, before: datetime, now: datetime) -> int:
        def work(connection: Connection) -> int:
            with connection.transaction(force_rollback=True):
                values = {"site": self._site, "before": before}
                unneeded = len(self._unneeded(connection, before, now))
                return unneeded + len(connection.execute(query("videos.originals"), values).fetchall())

        return self._database.transact(work)

    def unneeded(self, before: datetime, now: datetime) -> Sequence[Media]:
        return self._database.transact(lambda connection: self._unneeded(connection, before, now))

    def _unneeded(self, connection: Connection, before: datetime, now: datetime) -> Sequence[Media]:
        values = {"site": self._site, "before": before, "now": now}
        connection.execute(query("videos.note_unused"), values)
        connection.execute(query("videos.remove_unused"), values)
        return [_media(row) for row in connection.execute(query("videos.removing"), values)]

    def removed(self, media_id: UUID) -> None:
        self._database.run("videos.removed", media_id=media_id)

    def originals(self, before: datetime) -> Sequence[Media]:
        return [_media(row) for row in self._database.rows("videos.originals", site=self._site, before=before)]

    def original_is_gone(self, media_id: UUID) -> None:
        self._database.run("videos.original_is_gone", media_id=media_id)

    def heard(self, ended: Event) -> Iterator[None]:
        """Something once it listens, and then with each video, until ``ended`` is set. Raises StorageError."""
        return self._database.heard(CHANNEL, ended, self._site)

    def _note(self, name: str, **values: object) -> None:
        """Keep how far a video is, and tell who teaches where it was uploaded."""

        def work(connection: Connection) -> None:
            if row := connection.execute(query(name), values).fetchone():
                tell(connection, transcoding(**row))

        self._database.transact(work)


class StoredViewings:
    """Implements ``Viewings``."""

    def __init__(self, database: Database, site: str) -> None:
        self._database = database
        self._site = site

    def open(self, viewer: Viewer, now: datetime, *begun: Told) -> Viewing:
        def work(connection: Connection) -> Viewing:
            row = one(connection, "videos.open", now=now, slack=SLACK, **_values(viewer))
            row.pop("woken")
            if row.pop("new"):
                self._tell(connection, begun, now)
            return _viewing(row)

        return self._database.transact(work)

    def find(self, viewer: Viewer) -> Viewing | None:
        row = self._database.row("videos.viewing", **_values(viewer))
        return _viewing(row) if row else None

    def alter(
        self, viewer: Viewer, change: Callable[[Viewing], Viewing], outcome: Outcomes = nothing
    ) -> Viewing | None:
        def work(connection: Connection) -> Viewing | None:
            row = connection.execute(query("videos.lock_viewing"), _values(viewer)).fetchone()
            if row is None:
                return None
            before = _viewing(row)
            after = change(before)
            come = outcome(before, after)
            values = {
                **{name: getattr(after, name) for name in _PLAIN},
                **{name: Jsonb(getattr(after, name)) for name in ("watched", "heat", "answers")},
                "untold": _untold(viewer, before, after, come),
            }
            connection.execute(query("videos.alter_viewing"), values)
            if (after.watched, after.answers) != (before.watched, before.answers):
                tell(connection, *progressed(viewer.actor, trial=viewer.trial))
            if come is not None:
                self._tell(connection, come.events, come.at)
                if come.told is not None:
                    put_score(connection, come.told, self._site, come.at)
            return after

        return self._database.transact(work)

    def tell_left(self, before: datetime, left: Callable[[Left], Told], most: int) -> int:
        def work(connection: Connection) -> int:
            rows = connection.execute(
                query("videos.left"), {"site": self._site, "before": before, "most": most}
            ).fetchall()
            for row in rows:
                one = _left(row)
                self._tell(connection, [left(one)], one.at)
            connection.execute(query("videos.told"), {"view_ids": [row["view_id"] for row in rows]})
            return len(rows)

        return self._database.transact(work)

    def audience(self, content_id: UUID, media_id: UUID, platform_id: int, course: str, most: int) -> Audience:
        there = {"content_id": content_id, "media_id": media_id, "platform_id": platform_id, "course": course}
        heats = [row["heat"] for row in self._database.rows("videos.heats", most=most, **there)]
        return Audience(**self._database.one("videos.audience", **there), heats=heats)

    def of_course(
        self, content_id: UUID, media_id: UUID, platform_id: int, course: str, most: int, first: int
    ) -> Sequence[Viewing]:
        there = {"content_id": content_id, "media_id": media_id, "platform_id": platform_id, "course": course}
        return [_viewing(row) for row in self._database.rows("videos.of_course", most=most, first=first, **there)]

    def activities(self, content_id: UUID, media_id: UUID, platform_id: int, course: str) -> Mapping[str, Activity]:
        there = {"content_id": content_id, "media_id": media_id, "platform_id": platform_id, "course": course}
        return numbered({row["link"]: row["title"] for row in self._database.rows("videos.activities", **there)})

    def use(self, content_id: UUID) -> Use:
        return Use(**self._database.one("videos.use", content_id=content_id))

    def in_course(self, platform_id: int, course: str) -> Sequence[Watched]:
        rows = self._database.rows("videos.in_course", platform_id=platform_id, course=course)
        return [Watched(**row) for row in rows]

    def _tell(self, connection: Connection, events: Sequence[Told], at: datetime) -> None:
        for event in events:
            connection.execute(query("learning_events.tell"), told_values(event, self._site, at))


def _values(viewer: Viewer) -> dict[str, Any]:
    actor = asdict(viewer.actor)
    actor.pop("content")
    told = ("name", "line_item", "content_id", "version", "media_id", "trial", "link_title")
    return {**actor, **{name: getattr(viewer, name) for name in told}}


def _untold(viewer: Viewer, before: Viewing, after: Viewing, come: Outcome | None) -> bool | None:
    """Whether the facts are still to be told how much was watched; None: as it was."""
    if viewer.trial or (come is not None and any("seconds" in (event.result or {}) for event in come.events)):
        return False
    return True if after.watched != before.watched else None


def _left(row: Row) -> Left:
    actor = Actor(**{name: row[name] for name in ("platform_id", "course", "link", "subject", "person_id", "content")})
    return Left(actor, [(start, end) for start, end in row["watched"]], row["position"], row["reported_at"])


def _viewing(row: Row) -> Viewing:
    return Viewing(**{**row, "watched": [(start, end) for start, end in row["watched"]]})


def _media(row: Row) -> Media:
    failure = Failure(row["failure"]) if row["failure"] else None
    made = _made(row["made"]) if row["made"] else None
    return Media(**{**row, "state": MediaState(row["state"]), "failure": failure, "made": made})


def _made(told: Mapping[str, Any]) -> Made:
    renditions = [
        Rendition(**{**one, "segments": [(name, seconds) for name, seconds in one["segments"]]})
        for one in told["renditions"]
    ]
    return Made(**{**told, "renditions": renditions})
