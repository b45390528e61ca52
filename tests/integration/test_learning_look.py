"""What a person sees of their own learning, from the facts of a company and from launched content."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.types.json import Jsonb

from connector.domain.my_learning import Basis, Happening, MyLearning
from connector.store.database import Database
from connector.store.my_learning import LearningViews
from tests.integration.facts import PEOPLE, fill

NOW = datetime.now(UTC).replace(microsecond=0)
IDS = {key: number for number, (key, *_) in enumerate(PEOPLE, start=701)}


@pytest.fixture(scope="module")
def look(module_database_url: str) -> Iterator[LearningViews]:
    """One company for all tests; N1 has left a course that everybody else has completed, and has taken assessments."""
    fill(module_database_url, NOW)
    with psycopg.connect(module_database_url) as connection:
        for table in ("fact_enrolment", "fact_completion"):
            connection.execute(f"DELETE FROM facts.{table} WHERE person_id = {IDS['N1']} AND course_id = 11".encode())
        connection.execute(
            f"DELETE FROM facts.fact_assignment WHERE person_id = {IDS['N1']} AND requirement = 'SAFE-R'".encode()
        )
        _launched(connection, IDS["N1"])
    with Database(module_database_url) as database:
        yield LearningViews(database, database, "https://moodle.example.com")


def _launched(connection: psycopg.Connection, person_id: int) -> None:
    """An assessment passed yesterday, another that waits, an answer the day before, and what is a fact by now:
    something completed three days ago, as everybody else did weeks ago."""
    connection.execute(
        "UPDATE facts.fact_learning_event SET happened_at = %s - CASE person_id WHEN %s THEN interval '3 days' "
        "ELSE interval '40 days' END", [NOW, person_id],
    )  # fmt: skip
    connection.execute(
        "INSERT INTO connector.lti_platform (site, name, issuer, client_id, authorization_url, token_url, keys_url, "
        "deployments, created_at, created_by) VALUES ('s', '', 'i', 'c', '', '', '', '{}', now(), '')"
    )
    key = uuid4()
    connection.execute(
        "INSERT INTO connector.content (content_id, site, kind, platform_id, course, made_by, made_at) "
        "VALUES (%s, 's', 'assessment', 1, '7', 't', now())", [key],
    )  # fmt: skip
    connection.execute(
        "INSERT INTO connector.content_version VALUES (%s, 1, %s, 't', now())", [key, Jsonb({"title": {"en": "Gas"}})]
    )
    for number, trial, percent in ((1, False, 90), (2, False, None), (3, True, 10)):
        connection.execute(
            "INSERT INTO connector.attempt (content_id, version, marked_version, banks, marked_banks, paper, "
            "platform_id, course, link, subject, person_id, trial, number, line_item, started_at, submitted_at, "
            "percent, passed) VALUES (%s, 1, 1, '{}', '{}', '{}', 1, '7', 'L', 'a', %s, %s, %s, '', %s, %s, %s, %s)",
            [key, person_id, trial, number, *[NOW - timedelta(days=1)] * 2, percent, percent and percent > 80],
        )
    for verb, days in (("answered", 2), ("launched", 3), ("scored", 3)):
        connection.execute(
            "INSERT INTO connector.learning_event (site, at, verb, platform_id, course, link, subject, person_id, "
            "content) VALUES ('s', %s, %s, 1, '7', 'L', 'a', %s, 'x')", [NOW - timedelta(days=days), verb, person_id],
        )  # fmt: skip


def of(look: LearningViews, key: str) -> MyLearning:
    return look.of(IDS[key], ZoneInfo("UTC"))


def test_days_in_a_row_are_those_on_which_somebody_worked(look: LearningViews) -> None:
    """In Moodle or in launched content; to open something, or to be given a score, is not to work."""
    assert of(look, "N1").streak == 3
    assert of(look, "N2").streak == 0, "their last work was weeks ago"
    assert look.of(999, ZoneInfo("UTC")).streak == 0


def test_what_was_done_last_comes_from_everywhere(look: LearningViews) -> None:
    """Newest first; an assessment that waits has no result yet, and who only tried one out has done nothing."""
    mine = of(look, "N1").recent
    assert {(one.what, one.title["en"], one.percent, one.passed) for one in mine[:2]} == {
        (Happening.ASSESSMENT, "Gas", 90, True),
        (Happening.ASSESSMENT, "Gas", None, None),
    }
    assert {(one.what, one.title["und"]) for one in mine[2:]} == {
        (Happening.ACTIVITY, "Final quiz"),
        (Happening.EARNED, "A badge"),
    }
    assert {one.what for one in mine if one.course_id and one.course} == {Happening.ACTIVITY}, (
        "others are in none known"
    )
    assert {one.what for one in of(look, "N2").recent} == {Happening.COURSE, Happening.ACTIVITY, Happening.EARNED}


def test_a_course_is_recommended_with_the_reason(look: LearningViews) -> None:
    """What enough others of the same job have completed. Who is in it already, or has to do it, is told nothing."""
    [found] = of(look, "N1").suggested
    assert (found.course_id, found.basis, found.completed, found.peers) == (11, Basis.JOB_ROLE, 9, 9)
    assert of(look, "N2").suggested == []


def test_few_others_recommend_nothing(look: LearningViews, module_database_url: str) -> None:
    """Nobody can be told from it: below three it is not said."""
    with psycopg.connect(module_database_url) as connection:
        connection.execute(
            f"UPDATE facts.dim_person SET job_role = 'x' WHERE person_id IN ({IDS['N1']}, 701, 702)".encode()
        )
    try:
        assert of(look, "N1").suggested == []
    finally:
        with psycopg.connect(module_database_url) as connection:
            connection.execute(b"UPDATE facts.dim_person SET job_role = 'clerk'")


def test_a_manager_sees_their_own_team_and_nobody_elses(look: LearningViews) -> None:
    """Direct and indirect reports, those first who have something overdue; who leads nobody has no team."""
    whole, north, south = (of(look, key).team for key in ("T-boss", "N-boss", "S-boss"))
    assert whole
    assert north
    assert south
    assert (whole.people, whole.direct, whole.people_overdue) == (9, 2, 9)
    assert {one.person_id for one in north.shown} == {IDS[key] for key in ("N1", "N2", "N-moved", "S2")}
    assert {one.person_id for one in south.shown} == {IDS[key] for key in ("N-lent", "S1", "S3")}
    assert of(look, "N1").team is None
    assert look.of(999, ZoneInfo("UTC")).team is None
    one = north.shown[0]
    assert (one.distance, one.overdue, one.still_open, one.next_due) == (1, 1, 0, None)
    assert {one.name for one in whole.shown} >= {"北川小明", "南山美麗"}
