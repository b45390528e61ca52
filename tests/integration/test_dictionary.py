"""The dictionary is the schema's, and the facts keep their promises."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
import yaml

from connector.cli import command
from connector.store.checks import checks
from connector.store.database import Database
from connector.store.dictionary import Dictionary
from tests.integration.facts import fill
from tests.support import House, Seen, row, rows

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dictionary.md"
NOW = datetime.now(UTC)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    with Database(database_url) as opened:
        yield opened


def test_the_page_is_what_the_schema_says(database: Database) -> None:
    """`moodle-connector reporting dictionary > docs/dictionary.md` mends it."""
    assert PAGE.read_text("utf-8") == Dictionary(database).markdown()


def test_everything_is_told(database: Database) -> None:
    """No view, function or column without its sentence, and no sentence about what is not there."""
    pages = Dictionary(database).pages()
    assert [page.name for page in pages if not page.comment] == []
    assert [(page.name, one.name) for page in pages for one in page.entries if not (one.comment and one.source)] == []
    text = (ROOT / "connector/store/migrations/reporting/dictionary.yaml").read_text("utf-8")
    said = yaml.safe_load(text)
    assert set(said["views"]) | set(said["functions"]) == {page.name for page in pages}
    columns = {one.name for page in pages for one in page.entries}
    assert set(said["columns"]) == columns
    assert {key for told in said["columns"].values() for key in told} == {"means", "source", "trap"}
    for page in pages:
        own = set(said["views"].get(page.name, {}).get("columns", {}))
        assert own <= {one.name for one in page.entries}, page.name


def test_a_column_without_a_sentence_fails(database: Database, database_url: str) -> None:
    """The test above would find one."""
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE VIEW reporting.untold AS SELECT 1 AS something")
    [page] = [page for page in Dictionary(database).pages() if page.name == "untold"]
    assert (page.comment, page.entries[0].comment) == (None, None)


def test_the_command(database_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It prints the page."""
    monkeypatch.setenv("CONNECTOR_DATABASE_URL", database_url)
    assert command(["reporting", "dictionary"]) == 0
    assert capsys.readouterr().out == PAGE.read_text("utf-8")


@pytest.mark.anyio
@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
async def test_facts_keep_their_promises_through_a_whole_circle(house: House, moodle: Seen) -> None:
    """Unique, not null, references, accepted values: after people came, learned, moved, left and came back."""
    people = [*rows(6, unit="Field", manager="E0001"), row("L1", unit="Lab")]
    await house.settled_in(people)
    life = house.twin.life
    await house.mirror()
    for who in ("e0001", "e0002"):
        for course in ("SAFE", "FIRE"):
            life.grade(who, course, 70, 1_700_000_000)
            life.complete(who, course, 1_700_000_000)
    house.clock.forward(hours=1)
    await house.mirror()
    people[1] = {**people[1], "unit": "Lab"}
    people[2] = {**people[2], "status": "left"}
    await house.settled_in(people)
    house.clock.forward(hours=1)
    await house.mirror()
    assert house.sql("SELECT FROM facts.fact_completion WHERE completed") != []
    assert checks(house.connector.reporting) == {}


@pytest.mark.parametrize(
    ("harm", "found"),
    [
        ("UPDATE facts.fact_enrolment SET person_id = 5 WHERE moodle_id = 90701", "enrolment_person"),
        ("INSERT INTO facts.dim_org_unit VALUES ('X', 'X', 'Nowhere', now())", "unit_parent"),
        ("UPDATE facts.fact_completion SET completed_at = now() WHERE NOT completed", "completion_time"),
        ("UPDATE facts.fact_assignment SET expires_on = '2030-01-01' WHERE satisfied_at IS NULL", "assignment_expiry"),
        (
            "UPDATE facts.fact_grade SET valid_from = valid_to + interval '1 day' WHERE valid_to < 'infinity'",
            "versions",
        ),
        ("UPDATE facts.summary_compliance SET assigned = assigned + 1 WHERE unit = ''", "summary_compliance"),
        ("DELETE FROM facts.unit_closure WHERE above = unit AND unit = 'North'", "closure"),
        ("UPDATE facts.fact_grade SET course_id = 99 WHERE valid_to = 'infinity'", "grade_course"),
    ],
)
def test_a_broken_promise_is_found(database: Database, database_url: str, harm: str, found: str) -> None:
    """Each check fails for what it is there for, and says how often."""
    fill(database_url, NOW)
    assert checks(database) == {}
    with psycopg.connect(database_url) as connection:
        connection.execute(harm.encode())
    assert checks(database).get(found, 0) > 0


def test_broken_promises_within_courses_are_found(database: Database, database_url: str) -> None:
    """The same of activities, items and changes of grades, one after another."""
    fill(database_url, NOW)
    harms = {
        "grade_change_chain": "UPDATE facts.fact_grade_history SET old_grade = 1 WHERE cause = 'regrade'",
        "grade_change_last": "UPDATE facts.fact_item_grade SET value = 3 WHERE moodle_id = 90704",
        "item_grade_item": "UPDATE facts.fact_item_grade SET item_id = 77 WHERE moodle_id = 90704",
        "item_grade_person": "UPDATE facts.fact_item_grade SET person_id = 5 WHERE moodle_id = 90704",
        "activity_known": "UPDATE facts.fact_activity_completion SET activity_id = 5 WHERE moodle_id = 90704",
        "activity_person": "UPDATE facts.fact_activity_completion SET person_id = 5 WHERE moodle_id = 90704",
        "item_accepted": "UPDATE facts.dim_grade_item SET kind = 'letters' WHERE item_id = 31",
        "grade_change_person": "UPDATE facts.fact_grade_history SET person_id = 5 WHERE moodle_id = 90704",
        "grade_change_unique": (
            "UPDATE facts.fact_grade_history SET history_id = 1 WHERE moodle_id = 90704 AND item_id < 0"
        ),
        "attempt": "UPDATE facts.fact_completion SET source = 'recompletion' WHERE moodle_id = 90704",
        "launched_attempt": "UPDATE facts.fact_assessment_attempt SET passed = NULL WHERE person_id = 704",
        "launched_response": "UPDATE facts.fact_question_response SET share = 1.5 WHERE attempt_id = 704",
        "launched_time": "UPDATE facts.fact_time_spent SET seconds = -1 WHERE person_id = 704",
    }
    for name, harm in harms.items():
        assert name not in checks(database), name
        with psycopg.connect(database_url) as connection:
            connection.execute(harm.encode())
        assert checks(database).get(name, 0) > 0, name
