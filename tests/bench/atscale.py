"""What is launched, and the API, in a company of 100,000 people: one by one, and a course of a fifth of them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import md5
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from connector.bootstrap import Connector
from connector.content.video.lessons import written
from connector.domain.api_tokens import Scope
from connector.domain.lti import Launch, Message, Place, Platform, Role
from connector.domain.videos import Lesson
from connector.lti.deep_linking import CONTENT
from connector.lti.login import digest
from tests.bench.figures import Figure
from tests.bench.opened import NOWHERE, Values, opened
from tests.bench.promises import mapping_of, p95, serving
from tests.bench.views import parts_of, vacuum
from tests.bench.works import Bench, load_average

RUNS = 20
ONE, WHOLE, MANY = 100.0, 500.0, 1500.0
"""Milliseconds: what tells of one person; of a course or an assessment; and of all 20,000 people of a course."""
LEFT_OUT = (
    "change_months", "changes", "responses", "time_spent", "months", "days", "overview_days", "loads", "load_facts",
)  # fmt: skip
"""Facts that nothing asks for here."""
INDEXES = """
SELECT i.schemaname, i.indexname, i.indexdef FROM pg_indexes i
JOIN pg_class t ON t.oid = format('%I.%I', i.schemaname, i.tablename)::regclass
WHERE i.schemaname IN ('facts', 'connector') AND t.relkind = 'r' AND NOT t.relispartition
  AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = format('%I.%I', i.schemaname, i.indexname)::regclass)
"""
"""Those that are made when all rows are there, which takes half the time."""
LARGE = "500"
MEDIA = UUID(int=1)
API = "/api/v1"
SECRET = "a secret of the bench that opens nothing else"


def at_scale(bench: Bench) -> Iterator[Figure]:
    """The API and the course-wide pages at the 95th percentile, over HTTP, one request at a time."""
    work, people = "lti-scale", bench.size(100_000)
    with bench.database() as database:
        mapping = str(mapping_of(bench, "scale", ["C1"]))
        given = {**database, "url": NOWHERE, "token": "none", "mapping": mapping}
        bench.say(f"{people:,} people, 500 courses, {2 * people:,} attempts …")
        filled = bench.child("fill-scale", **given, people=people)
        yield Figure(work, f"filling, {people:,} people", filled["seconds"], "s", None, load_average())
        tool = {"CONNECTOR_LTI__URL": "http://127.0.0.1:1", "CONNECTOR_LTI__SECRET": SECRET}
        load = load_average()
        with serving(bench, given, environment=tool) as service:
            bench.say("asking …")
            runs = RUNS if bench.scale == 1 else 2
            asked = bench.child("ask-scale", **given, service=service, runs=runs, people=people)["asked"]
    for name, most, waits in asked:
        yield Figure(work, f"{name}, p95", 1000 * p95(waits), "ms", bench.limit(most), load)
        yield Figure(work, f"{name}, median", 1000 * statistics.median(waits), "ms", None, load)


def fill_scale(given: Values) -> Values:
    """Facts and what launched content keeps, straight into the tables; nothing is checked that others refer to."""
    began, now = time.perf_counter(), datetime.now(UTC)
    with opened(given) as connector:
        where = ("bench", "http://127.0.0.1:1/a", "http://127.0.0.1:1/t", "http://127.0.0.1:1/k", ("1",))
        told = Platform(0, "Moodle", connector.settings.moodle.url, *where)
        platform, site = connector.platforms.add(told, "bench", now), connector.site
    kept: dict[str, Any] = {"seconds": 300, "renditions": [], "thumbs": [], "whole": "", "preview": ""}
    values = {
        "people": given["people"],
        "now": now,
        "began": now - timedelta(days=500),
        "site": site,
        "platform": platform,
        "small": Jsonb(_assessment(5, "a")),
        "large": Jsonb(_assessment(60, "a")),
        "mended": Jsonb(_assessment(60, "b")),
        "lesson": Jsonb(written(Lesson({"en": "Bench"}, {}, media_id=MEDIA))),
        "media": MEDIA,
        "made": Jsonb(kept),
        "heat": Jsonb([1] * 100),
    }
    facts = {name: text for name, text in parts_of("reporting.sql").items() if name not in LEFT_OUT}
    with psycopg.connect(given["database"]) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET maintenance_work_mem = '256MB'")
        indexes = connection.execute(INDEXES).fetchall()
        for schema, name, _ in indexes:
            connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(schema, name)))
        for text in (*facts.values(), *parts_of("atscale.sql").values()):
            connection.execute(text.encode(), values)
        for *_, made in indexes:
            connection.execute(made.encode())
    vacuum(given["database"])
    return {"seconds": time.perf_counter() - began}


def ask_scale(given: Values) -> Values:
    """``asked``: of each address its name, its limit in milliseconds, and seconds of each request."""
    with opened(given) as connector:
        asked = list(_asked(connector, given["people"]))
    return {"asked": [(name, most, _waits(given, token, path)) for name, most, token, path in asked]}


def _asked(connector: Connector, people: int) -> Iterator[tuple[str, float, str, str]]:
    exam, video = (
        str(UUID(md5(f"{kind}{LARGE}".encode(), usedforsecurity=False).hexdigest()))
        for kind in ("assessment", "video")
    )
    person = people // 10 * 5
    [tried] = connector.database.rows("attempts.of", **_whose(exam, person))
    mine, learner, watcher = (_launched(connector, what, person) for what in ("my-learning", exam, video))
    view, results, seen = (_launched(connector, what, None) for what in ("course-view", exam, video))
    machine = connector.api_access.create("bench", list(Scope), "", 1, "bench")
    yield "me/dashboard", ONE, mine, f"{API}/me/dashboard"
    yield "progress/my/summary", ONE, mine, f"{API}/progress/my/summary"
    yield "progress/user/{key}, by a launch", ONE, mine, f"{API}/progress/user/E{person}"
    yield "progress/user/{key}", ONE, machine, f"{API}/progress/user/E{person}"
    yield "assessments/{id}", ONE, learner, f"{API}/assessments/{exam}"
    yield "assessments/{id}/attempts/{id}", ONE, learner, f"{API}/assessments/{exam}/attempts/{tried['attempt_id']}"
    yield "videos/{id}", ONE, watcher, f"{API}/videos/{video}"
    yield "learning-paths/{role}", WHOLE, machine, f"{API}/learning-paths/role3"
    yield "analytics/courses/{id}, by a launch", WHOLE, view, f"{API}/analytics/courses/{LARGE}"
    yield "progress/course/{id}, of a fifth of all", MANY, machine, f"{API}/progress/course/{LARGE}?limit=100"
    yield "course view, of a fifth of all", MANY, view, "/lti/course"
    yield "hardest questions", WHOLE, view, f"/lti/course/assessments/{exam}/questions"
    yield "results of an assessment, of a fifth of all", MANY, results, "/lti/assessment/results?page=7"
    yield "heat map of a video, of a fifth of all", WHOLE, seen, f"/lti/video/lessons/{video}/results?page=7"


def _whose(exam: str, person: int) -> Values:
    where = {"platform_id": 1, "link": LARGE, "subject": f"s{person}"}
    return {"content_id": exam, "trial": False, **where}


def _launched(connector: Connector, content: str, person: int | None) -> str:
    """The token of a page of the large course, of who learns, or of who teaches."""
    token = f"bench-{content}-{person}"
    subject, role = ("teacher", Role.INSTRUCTOR) if person is None else (f"s{person}", Role.LEARNER)
    here = (frozenset({role}), Place(LARGE), Place(LARGE), {CONTENT: content})
    launch = Launch(1, "1", Message.RESOURCE, subject, "", *here)
    connector.launch_logins.open_session(launch, digest(token), person, connector.clock())
    return token


def _waits(given: Values, token: str, path: str) -> list[float]:
    waits = []
    with httpx.Client(base_url=given["service"], timeout=120) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        for _ in range(given["runs"] + 1):
            began = time.perf_counter()
            answer = client.get(path)
            waits.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise AssertionError(f"{path}: {answer.status_code} {answer.text[:300]}")
    return waits[1:]  # the first one waits for plans and caches


def _assessment(questions: int, right: str) -> dict[str, Any]:
    """Of the first question ``right`` is right."""
    asked = [
        {
            "question_id": f"q{number}",
            "kind": "single",
            "text": {"en": f"What is to be done in case {number} of a fire?"},
            "options": [
                {"option_id": one, "text": {"en": f"Option {one}"}, "right": one == (right if number == 1 else "a")}
                for one in "abcd"
            ],
        }
        for number in range(1, questions + 1)
    ]
    return {"title": {"en": "Bench"}, "sections": [{"title": {}, "questions": asked}], "pass_mark": 60}
