"""What launched content tells becomes facts: each event once, attempts as they stand, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from threading import Event as Ended
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from connector.domain.contents import ContentKind
from connector.domain.errors import StorageError
from connector.domain.learning_events import Event, Verb
from connector.store.checks import checks
from connector.store.database import Database, query
from connector.store.embedded import EmbeddedServer, create_database, drop_database
from connector.store.learning_events import WaitingEvents, values
from connector.store.learning_facts import LearningFactTables
from connector.store.logins import Logins
from tests.integration.facts import fill
from tests.integration.launched import EXAM, MOODLE, Launched, question

pytestmark = pytest.mark.anyio

N1, S1 = 704, 708
"""People of two units that see nothing of each other."""
_sites = count(1)


@pytest.fixture(scope="module")
def reports(postgres: EmbeddedServer, template_database: str) -> Iterator[Database]:
    """A database of their own, with people and courses."""
    create_database(postgres.url(), "learning_reports", template=template_database)
    fill(postgres.url("learning_reports"), datetime.now(UTC))
    with Database(postgres.url("learning_reports")) as opened:
        yield opened
    drop_database(postgres.url(), "learning_reports")


@pytest.fixture
def here(module_database_url: str, reports: Database) -> Iterator[Launched]:
    """A site of its own, whose facts are the only ones."""
    with reports.transaction() as connection:
        connection.execute(
            "TRUNCATE facts.fact_learning_event, facts.fact_assessment_attempt, facts.fact_question_response, "
            "facts.fact_time_spent, facts.dim_content, facts.dim_question"
        )
    with Database(module_database_url) as opened:
        yield Launched(opened, reports, f"site {next(_sites)}")


async def test_an_event_is_a_row_of_the_view(here: Launched) -> None:
    """A launch, a video that was watched, and an answer; of whom HR does not name there is no row, and it is kept."""
    video = here.exam({"title": {"en": "Knives"}}, ContentKind.VIDEO)
    actor = here.actor(video, N1)
    here.tell(here.actor("my_learning", N1), Verb.LAUNCHED)
    here.tell(actor, Verb.PAUSED, time=12.5, length=60.0, seconds="long", share=True)
    for verb, seconds in ((Verb.PAUSED, 25), (Verb.COMPLETED, 40)):
        here.tell(actor, verb, seconds=seconds)
    here.tell(here.actor(video, None), Verb.LAUNCHED)
    here.tell(here.actor(video, N1, platform_id=here.platform_id, course="no number"), Verb.COMPLETED, seconds=2)
    assert await here.work.work() == {"events": 6, "attempts": 0}
    rows = here.report("SELECT * FROM reporting.learning_events ORDER BY event_id")
    assert [(one["hr_key"], one["verb"], one["content_title"], one["shortname"]) for one in rows] == [
        ("N1", "launched", None, "SAFE"), ("N1", "paused", {"en": "Knives"}, "SAFE"),
        ("N1", "paused", {"en": "Knives"}, "SAFE"), ("N1", "completed", {"en": "Knives"}, "SAFE"),
        ("N1", "completed", {"en": "Knives"}, None),
    ]  # fmt: skip
    assert [rows[1][name] for name in ("position", "length", "seconds", "share")] == [12.5, 60, None, None]
    assert (rows[0]["content"], rows[0]["platform"], rows[1]["content_kind"]) == ("my_learning", MOODLE, "video")
    assert here.report("SELECT person_id FROM facts.fact_learning_event WHERE person_id IS NULL") != []
    assert here.sql("SELECT FROM connector.learning_event WHERE site = %s", here.site) == []
    spent = here.report("SELECT shortname, content, seconds, source FROM reporting.time_spent WHERE hr_key = 'N1'")
    assert sorted(map(tuple, (one.values() for one in spent)), key=repr) == sorted(
        [("SAFE", str(video), 40, "watched"), (None, str(video), 2, "watched"), ("FIRE", None, None, None)], key=repr
    ), "of a course without such content nobody knows the time"
    [hop] = here.report("SELECT place, reached_at FROM reporting.data_freshness WHERE hop = 'learning'")
    assert hop["place"] == 5 and hop["reached_at"] <= here.at


async def test_an_attempt_its_questions_and_the_regrade(here: Launched) -> None:
    """Open, submitted with a part to mark, and marked: the row follows each event; a regrade changes it again."""
    exam = here.exam()
    actor = here.actor(exam, N1)
    attempt = here.start(exam, actor)
    here.answer(attempt, "q1", actor, "a", seconds=20.0, confidence=4)
    await here.work.work()
    view = "SELECT * FROM reporting.assessment_attempts"
    [row] = here.report(view)
    assert (row["state"], row["percent"], row["passed"], row["seconds"], row["is_final"]) == ("open",) + (
        None,
    ) * 3 + (False,)
    assert [one["share"] for one in here.report("SELECT share FROM facts.fact_question_response")] == [None] * 3
    here.answer(attempt, "p1", actor, text="see the photo")
    here.submit(attempt, actor, None, seconds=90)
    await here.work.work()
    [row] = here.report(view)
    assert (row["state"], row["percent"], row["seconds"], row["attempt"]) == ("submitted", None, 90, 1)
    here.mark(attempt, "p1", 0.5, actor, 50)
    await here.work.work()
    [row] = here.report(view)
    assert (row["state"], row["percent"], row["passed"], row["is_first"], row["is_final"]) == (
        "marked", 50, False, True, True,
    )  # fmt: skip
    assert row["content_title"] == EXAM["title"] and row["shortname"] == "SAFE"
    results = "SELECT question_id, asked, answered, marked, facility, median_seconds FROM reporting.question_results"
    assert [tuple(one.values()) for one in here.report(f"{results} ORDER BY 1")] == [
        ("p1", 1, 1, 1, 50, None), ("q1", 1, 1, 1, 100, 20), ("q2", 1, 0, 1, 0, None),
    ]  # fmt: skip

    before = here.contents.newest(exam)
    assert before is not None
    better = {**EXAM, "sections": [{"title": {}, "questions": [question("q1"), question("p1", "practical")]}]}
    after = here.contents.change(before, better, "teacher", here.clock())
    assert after is not None and after.version == 2
    here.sql(
        "UPDATE connector.attempt SET marked_version = 2, percent = 75, passed = true WHERE content_id = %s", exam
    )
    here.tell(actor, Verb.SCORED, attempt, percent=75)
    await here.work.work()
    [row] = here.report(view)
    assert (row["percent"], row["passed"], row["version"]) == (75, True, 1)
    assert [one["question_id"] for one in here.report(f"{results} ORDER BY 1")] == ["p1", "q1"]
    [spent] = here.report("SELECT seconds, source FROM reporting.time_spent WHERE source IS NOT NULL")
    assert spent == {"seconds": 20, "source": "answers"}
    found = checks(here.reports)
    assert found == {}


async def test_first_and_final_attempts_and_who_is_counted(here: Launched, postgres: EmbeddedServer) -> None:
    """Pass rates of both; one that waits to be marked is not final. A manager's unit sees its own only; who sees
    everybody sees whom HR does not name in sums, and in no row."""
    exam = here.exam()
    for person, percents in ((N1, (20.0, 80.0, None)), (S1, (90.0,)), (None, (10.0, 30.0))):
        actor = here.actor(exam, person, subject=f"somebody {person}")
        for number, percent in enumerate(percents, start=1):
            here.submit(here.start(exam, actor, number), actor, percent)
    await here.work.work()
    counted = (
        "SELECT learners, attempts, waiting, first_marked, first_passed, first_pass_rate, final_marked, final_passed, "
        "final_pass_rate, average_percent FROM reporting.assessment_performance"
    )
    assert [tuple(one.values()) for one in here.report(counted)] == [(3, 6, 1, 3, 1, 33.3, 3, 2, 66.7, 66.67)]
    rows = here.report("SELECT hr_key, attempt, is_first, is_final FROM reporting.assessment_attempts ORDER BY 1, 2")
    assert [tuple(one.values()) for one in rows] == [
        ("N1", 1, True, False), ("N1", 2, False, True), ("N1", 3, False, False), ("S1", 1, True, True),
    ]  # fmt: skip

    logins = Logins(here.reports)
    password = logins.grant("north_reader", "North", datetime.now(UTC))
    assert password is not None
    try:
        told = psycopg.conninfo.make_conninfo(here.reports.url, user="north_reader", password=password)
        with psycopg.connect(told, row_factory=dict_row) as connection:

            def seen(text: str) -> list[tuple[Any, ...]]:
                return [tuple(one.values()) for one in connection.execute(text.encode()).fetchall()]

            assert seen(counted) == [(1, 3, 1, 1, 0, 0, 1, 1, 100, 80)]
            for view in ("assessment_attempts", "learning_events", "time_spent"):
                keys = {key for (key,) in seen(f"SELECT hr_key FROM reporting.{view}")}
                assert keys & {"N1", "S1"} == {"N1"}, view
            assert {asked for (asked,) in seen("SELECT asked FROM reporting.question_results")} == {3}
    finally:
        logins.revoke("north_reader")


async def test_what_was_discarded_counts_in_no_figure(here: Launched) -> None:
    """Its row stays, without a result; the first and the final attempt are those that count, and what was told stays
    on record. Time that was spent on it does not count."""
    exam = here.exam()
    actor = here.actor(exam, N1)
    tried = []
    for number, percent in enumerate((20.0, 80.0, 40.0), start=1):
        tried.append(attempt := here.start(exam, actor, number))
        here.answer(attempt, "q1", actor, "a", seconds=number * 10.0)
        here.mark(attempt, "p1", 0.5, actor, percent)
        here.submit(attempt, actor, percent)
    await here.work.work()
    rows = "SELECT attempt, state, is_first, is_final, percent, passed FROM reporting.assessment_attempts ORDER BY 1"
    counted = (
        "SELECT learners, attempts, first_marked, first_passed, final_marked, final_passed, average_percent "
        "FROM reporting.assessment_performance"
    )
    spent = "SELECT seconds FROM reporting.time_spent WHERE source = 'answers'"
    assert [tuple(one.values()) for one in here.report(counted)] == [(1, 3, 1, 0, 1, 0, 40)]
    assert here.report(spent) == [{"seconds": 60}]
    here.discard(tried[0], actor)
    here.discard(tried[2], actor)
    await here.work.work()
    assert [tuple(one.values()) for one in here.report(rows)] == [
        (1, "discarded", False, False, None, None),
        (2, "marked", True, True, 80, True),
        (3, "discarded", False, False, None, None),
    ]
    assert [tuple(one.values()) for one in here.report(counted)] == [(1, 1, 1, 1, 1, 1, 80)]
    assert {one["asked"] for one in here.report("SELECT asked FROM reporting.question_results")} == {1}
    assert here.report(spent) == [{"seconds": 20}]
    told = here.report("SELECT verb, percent FROM reporting.learning_events WHERE attempt_id = %s", tried[0])
    assert {"scored", "voided"} <= {one["verb"] for one in told} and 20 in {one["percent"] for one in told}
    here.discard(tried[1], actor)
    await here.work.work()
    assert here.report(counted) == [] and here.report(spent) == [{"seconds": 0}]
    assert checks(here.reports) == {}


async def test_killed_in_between_nothing_is_lost_or_doubled(here: Launched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once before the facts are kept, once after it and before the events are taken away."""
    exam = here.exam()
    actor = here.actor(exam, N1)
    attempt = here.start(exam, actor)
    here.answer(attempt, "q1", actor, "a", seconds=30.0)
    here.submit(attempt, actor, 70)

    def killed(*_: object) -> None:
        raise StorageError("killed")

    for where, step in ((LearningFactTables, "keep"), (WaitingEvents, "carried")):
        with monkeypatch.context() as patch:
            patch.setattr(where, step, killed)
            with pytest.raises(StorageError):
                await here.work.work()
        assert len(here.sql("SELECT FROM connector.learning_event WHERE site = %s", here.site)) == 3
    first = here.report("SELECT * FROM facts.fact_learning_event ORDER BY event_id")
    await here.work.work()
    assert here.report("SELECT * FROM facts.fact_learning_event ORDER BY event_id") == first
    assert [one["verb"] for one in first] == ["initialized", "answered", "completed"]
    assert len(here.report("SELECT FROM facts.fact_question_response")) == 3
    assert here.report("SELECT seconds FROM facts.fact_time_spent") == [{"seconds": 30}]


@pytest.mark.parametrize("body", [[], {"sections": "torn"}, {"sections": [{"questions": [{"kind": "song"}]}]}])
async def test_what_cannot_be_read_holds_no_other_up(
    here: Launched, monkeypatch: pytest.MonkeyPatch, body: object
) -> None:
    """Its number is told, its result is a fact, and its answers are one once it can be read; those behind it do not
    wait, however many of its events there are."""
    monkeypatch.setattr("jobs.learning.MOST", 2)
    exams = [here.exam(), here.exam()]
    actor = here.actor(exams[0], N1)
    torn, whole = (here.start(exam, here.actor(exam, N1)) for exam in exams)
    for attempt in (torn, whole):
        for key in ("q1", "q2"):
            here.answer(attempt, key, actor, "a", seconds=30.0)
        here.submit(attempt, actor, 70)
    broken = "UPDATE connector.content_version SET body = %s WHERE content_id = %s"
    here.sql(broken, Jsonb(body), exams[0])
    facts = "SELECT attempt_id, count(*) AS n FROM facts.fact_question_response GROUP BY 1 ORDER BY 1"
    tried = "SELECT attempt_id, percent FROM facts.fact_assessment_attempt ORDER BY 1"
    for events in (4, 0):
        came = await here.work.work()
        assert (came["events"], came["failed"]) == (events, "Unreadable")
        assert f"the numbers {torn} (Unreadable, " in str(came["message"])
        assert here.report(facts) == [{"attempt_id": whole, "n": 3}]
        assert here.report(tried) == [{"attempt_id": one, "percent": 70} for one in (torn, whole)]
    here.sql(broken, Jsonb(EXAM), exams[0])
    assert await here.work.work() == {"events": 4, "attempts": 1}
    assert here.report(facts) == [{"attempt_id": one, "n": 3} for one in (torn, whole)]
    assert len(here.report("SELECT FROM facts.fact_learning_event")) == 8
    assert here.sql("SELECT FROM connector.learning_event WHERE site = %s", here.site) == []


async def test_one_that_commits_later_with_a_lower_number_is_not_missed(here: Launched) -> None:
    """Two transactions: the first to take a number is the last to commit, after the other has become a fact. Whoever
    listens is woken by each."""
    actor, ended = here.actor("my_learning", N1), Ended()
    listening = WaitingEvents(here.database, here.site).heard(ended)
    next(listening)
    with psycopg.connect(here.database.url) as early, psycopg.connect(here.database.url) as late:
        for connection, verb in ((early, Verb.LAUNCHED), (late, Verb.TERMINATED)):
            connection.execute(query("learning_events.tell"), values(Event(actor, verb), here.site, here.clock()))
        late.commit()
        next(listening)
        await here.work.work()
        told = "SELECT verb FROM reporting.learning_events ORDER BY event_id"
        assert [one["verb"] for one in here.report(told)] == ["terminated"]
        early.commit()
    next(listening)
    await here.work.work()
    assert [one["verb"] for one in here.report(told)] == ["launched", "terminated"]
    ended.set()
    listening.close()
