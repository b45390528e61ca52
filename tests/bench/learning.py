"""What happens in launched content at a steady rate, and when each stood in the view: through the whole service."""

from __future__ import annotations

import time
from collections.abc import Sequence
from uuid import UUID

import anyio
import psycopg

from connector.bootstrap import Connector, utc_now
from connector.domain.contents import ContentKind, Maker
from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.lti import Platform
from connector.store.database import query
from connector.store.learning_events import values
from tests.bench.opened import Values, opened

KINDS = (Verb.LAUNCHED, Verb.ANSWERED, Verb.COMPLETED, Verb.SCORED)
"""What happens in turn: a launch, an answer, a finished video and a score, each to another person."""
QUESTIONS = 20
PATIENCE = 60.0
LOOK = 0.02
EVENTS = "SELECT hr_key FROM reporting.learning_events WHERE hr_key = ANY(%s) AND event_id > 0"
SCORES = "SELECT hr_key FROM reporting.assessment_attempts WHERE hr_key = ANY(%s) AND attempt_id > 0 AND passed"
START = (
    "INSERT INTO connector.attempt (content_id, version, marked_version, banks, marked_banks, paper, "
    "platform_id, course, link, subject, person_id, trial, number, line_item, started_at) "
    "VALUES (%s, 1, 1, '{}', '{}', %s, %s, '1', '1', %s, %s, false, 1, '', now()) RETURNING attempt_id"
)
ANSWER = (
    "INSERT INTO connector.answer (attempt_id, question_id, said, place, saved_at) "
    """VALUES (%s, 'q1', '{"chosen": ["a"], "seconds": 5}', 1, now())"""
)
SCORE = "UPDATE connector.attempt SET submitted_at = now(), percent = 80, passed = true WHERE attempt_id = %s"


def learn(given: Values) -> Values:
    """``count`` events, ``rate`` a second; ``waits``: seconds from before each is told to its row, by kind."""
    with opened(given) as connector:
        people, site = range(1, given["count"] + 1), connector.site
        actors, attempts = _ready(connector, people)
    began: dict[int, float] = {}
    waits: dict[int, float] = {}

    async def act() -> None:
        first = time.monotonic() + 0.5
        async with await psycopg.AsyncConnection.connect(given["database"]) as connection:
            for number, person in enumerate(people):
                await anyio.sleep(max(0.0, first + number / given["rate"] - time.monotonic()))
                verb, attempt = _kind(person), attempts.get(person)
                event = Event(actors[person], verb, attempt, result={"seconds": 30.0, "percent": 80.0})
                began[person] = time.monotonic()
                if attempt is not None:
                    await connection.execute(ANSWER if verb is Verb.ANSWERED else SCORE, [attempt])
                await connection.execute(query("learning_events.tell"), values(event, site, utc_now()))
                await connection.commit()

    async def look() -> None:
        until = time.monotonic() + given["count"] / given["rate"] + PATIENCE
        async with await psycopg.AsyncConnection.connect(given["database"], autocommit=True) as connection:
            while len(waits) < len(people):
                waiting = [person for person in began if person not in waits]
                keys = {f"E{person}": person for person in waiting}
                scored = [key for key, person in keys.items() if _kind(person) is Verb.SCORED]
                others = [key for key in keys if key not in scored]
                seen = await (await connection.execute(EVENTS, [others])).fetchall()
                seen += await (await connection.execute(SCORES, [scored])).fetchall()
                now = time.monotonic()
                waits.update({keys[key]: now - began[keys[key]] for (key,) in seen})
                if now > until:
                    raise RuntimeError(f"of {len(people)} events {len(waits)} stood in the view")
                await anyio.sleep(LOOK)

    async def work() -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(look)
            await act()

    anyio.run(work)
    return {"waits": {kind.value: [waits[one] for one in people if _kind(one) is kind] for kind in KINDS}}


def _kind(person: int) -> Verb:
    return KINDS[person % len(KINDS)]


def _ready(connector: Connector, people: Sequence[int]) -> tuple[dict[int, Actor], dict[int, int]]:
    """A platform, an assessment and a video, and attempts of those who answer and are scored."""
    told = Platform(0, "Moodle", connector.settings.moodle.url, "bench", "a", "t", "k", ())
    platform = connector.platforms.add(told, "bench", utc_now()) or 0
    maker = Maker(platform, "1", "teacher")

    def made(kind: ContentKind, **body: object) -> UUID:
        return connector.contents.make(kind, {"title": {"en": "Bench"}, **body}, maker, utc_now()).content_id

    options = [{"option_id": "a", "text": {}, "right": True}]
    names = [f"q{number}" for number in range(1, QUESTIONS + 1)]
    asked = [{"question_id": name, "kind": "single", "text": {"en": name}, "options": options} for name in names]
    exam, video = made(ContentKind.ASSESSMENT, sections=[{"questions": asked}]), made(ContentKind.VIDEO)
    actors, attempts = {}, {}
    with connector.database.transaction() as connection:
        for person in people:
            tries = _kind(person) in (Verb.ANSWERED, Verb.SCORED)
            content = exam if tries else video
            actors[person] = Actor(platform, "1", "1", f"s{person}", person, str(content))
            if tries:
                row = connection.execute(START, [exam, names, platform, f"s{person}", person]).fetchone()
                attempts[person] = row["attempt_id"] if row else 0
    return actors, attempts
