"""The sample companies: they load, their feeds are steady, and the second delivery tells the story that it says."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest

from connector.domain.errors import MappingError
from connector.domain.grants import GrantKind
from connector.domain.people import Person, Record, Rejection
from mappings.companies import folder, names
from mappings.companies.tw_gas.feeds import HEADINGS, first_feed, second_feed
from mappings.companies.tw_gas.staff import Story, first
from mappings.company import CompanyMapping
from mappings.courses import load_courses
from mappings.loader import load

TODAY = date(2026, 11, 2)
GAS = load(folder("tw_gas"))

Outcome = dict[str | None, Person | list[Rejection]]


def rows(path: Path, encoding: str = "utf-8") -> list[dict[str, str]]:
    """The rows of a feed, trailer and all."""
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def people(mapping: CompanyMapping, path: Path) -> Outcome:
    """Everybody in a feed by key; rejections too."""
    records = [Record(line, row) for line, row in enumerate(rows(path)[:-1], 2)]
    return {record.fields["員工編號"] or None: mapping.person(record) for record in records}


@pytest.fixture(scope="module")
def deliveries(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Person], Outcome, Story]:
    """The first delivery's people, the second's outcomes, and the story."""
    folder_ = tmp_path_factory.mktemp("feeds")
    first_feed(folder_ / "1.csv", today=TODAY)
    story = second_feed(folder_ / "2.csv", today=TODAY)
    before = people(GAS, folder_ / "1.csv")
    good = {person.key: person for person in before.values() if isinstance(person, Person)}
    assert len(good) == len(before)
    return good, people(GAS, folder_ / "2.csv"), story


Deliveries = tuple[Mapping[str, Person], Outcome, Story]


@pytest.mark.parametrize("name", names())
def test_every_company_loads_and_its_courses_exist(name: str) -> None:
    """Paths, roles and requirements name courses and categories that the demo creates."""
    mapping, courses = load(folder(name)), load_courses(folder(name))
    refs = {course.idnumber for course in courses.courses}
    assert {course for path in mapping.paths for course in path.courses} <= refs
    targets = [rule.name.partition("@")[2] for rule in mapping.rules.rules if rule.name.startswith("role ")]
    categories = {f"category:{category.idnumber}" for category in courses.categories}
    assert set(targets) <= categories | {f"course:{ref}" for ref in refs} | {"system"}


def test_a_company_that_does_not_ship() -> None:
    """The error names those that do; a name is no way out of the folder."""
    for name in ("nobody", "../tw_gas", ""):
        with pytest.raises(LookupError, match=r"there are starter, tw_gas"):
            folder(name)


def test_the_starters_five_people() -> None:
    """The first steps work as the comments in the files promise."""
    mapping = load(folder("starter"))
    text = (folder("starter") / "people.csv").read_text(encoding="utf-8")
    found = [mapping.person(Record(i, row)) for i, row in enumerate(csv.DictReader(text.splitlines()), 2)]
    good = [person for person in found if isinstance(person, Person)]
    assert len(good) == 5
    assert [person.job_role for person in good] == ["manager", "staff", "trainer", "manager", "staff"]
    assert Counter(grant.kind.value for person in good for grant in mapping.grants(person)) == {
        "cohort": 5,
        "enrolment": 4,
        "assignment": 4,
        "role": 1,
    }


def test_feeds_are_deterministic(tmp_path: Path) -> None:
    """The same arguments give the same bytes; another day only moves the dates."""
    for name in ("a", "b"):
        first_feed(tmp_path / f"{name}1", people=100, today=TODAY)
        second_feed(tmp_path / f"{name}2", people=100, today=TODAY)
    assert (tmp_path / "a1").read_bytes() == (tmp_path / "b1").read_bytes()
    assert (tmp_path / "a2").read_bytes() == (tmp_path / "b2").read_bytes()
    later = TODAY + timedelta(days=100)
    assert [(e.key, e.name, e.hired + timedelta(days=100)) for e in first(100, TODAY)] == [
        (e.key, e.name, e.hired) for e in first(100, later)
    ]
    assert first(100, TODAY, seed=2) != first(100, TODAY)


@pytest.mark.parametrize("encoding", ["utf-8", "big5"])
def test_the_file_is_as_the_mapping_says(encoding: str, tmp_path: Path) -> None:
    """All columns that the mapping reads, people with unique keys and addresses, and a trailer with their number."""
    path = tmp_path / "feed.csv"
    first_feed(path, people=500, today=TODAY, encoding=encoding)
    found = rows(path, encoding)
    assert set(HEADINGS) >= GAS.columns
    assert list(found[-1].values())[:3] == ["合計", "500", ""]
    assert len({row["員工編號"] for row in found[:-1]}) == 500
    assert len({row["電子郵件"] for row in found[:-1]}) == 500
    hired = {len(row["到職日"]) for row in found[:-1]}
    assert hired == {9, 10}  # 094/07/28 and 2023-12-05


def test_too_few_people_for_the_story(tmp_path: Path) -> None:
    """It is said at once."""
    with pytest.raises(ValueError, match="at least 60 people"):
        first_feed(tmp_path / "feed.csv", people=59)
    second_feed(tmp_path / "feed.csv", people=60)


def test_the_company_as_it_is_first(deliveries: Deliveries) -> None:
    """2,000 people, each with a unit, a job, two cohorts, and everybody but one a manager who is there."""
    before, _, _ = deliveries
    assert len(before) == 2000
    assert [person.key for person in before.values() if not person.manager] == ["G10001"]
    assert {person.manager for person in before.values()} - {""} <= before.keys()
    assert all(person.active and person.unit and person.timezone == "Asia/Taipei" for person in before.values())
    grants = [grant for person in before.values() for grant in GAS.grants(person)]
    count = Counter(grant.kind for grant in grants)
    assert count[GrantKind.COHORT] == 4040
    assert 35 <= count[GrantKind.ROLE] <= 50
    assert {g.target for g in grants if g.kind == GrantKind.ASSIGNMENT} == {r.code for r in GAS.requirements}
    assert {g.target for g in grants if g.kind == GrantKind.ENROLMENT} == {c for p in GAS.paths for c in p.courses}


def test_the_second_delivery_tells_the_story(deliveries: Deliveries) -> None:
    """Nobody but the people of the story differs, each in what the story says."""
    before, after, story = deliveries
    now = {key: person for key, person in after.items() if isinstance(person, Person)}
    changed = {key for key in before if key in now and now[key] != before[key]}
    assert changed == {*story.movers, *story.leavers, story.renamed, *story.swapped, story.promoted, story.demoted}
    assert [len(story.joiners), len(story.movers), len(story.leavers)] == [20, 15, 12]
    assert set(now) - set(before) == set(story.joiners)
    assert all(now[key].starts == TODAY for key in story.joiners)
    for key in story.movers:
        assert now[key].unit != before[key].unit
        assert now[key].job_role != before[key].job_role or now[key].manager != before[key].manager
    assert {(now[key].active, now[key].ends) for key in story.leavers} == {(False, TODAY - timedelta(days=1))}
    renamed = before[story.renamed], now[story.renamed]
    assert renamed[0].account["lastname"] == renamed[1].account["lastname"]
    assert all(renamed[0].account[f] != renamed[1].account[f] for f in ("firstname", "email", "username"))
    one, other = story.swapped
    assert now[one].account["email"] == before[other].account["email"]
    assert now[other].account["email"] == before[one].account["email"]


def test_two_bad_rows_are_rejected_alone(deliveries: Deliveries) -> None:
    """One names its person, who is still present; the other names nobody."""
    before, after, story = deliveries
    bad = {key: outcome for key, outcome in after.items() if isinstance(outcome, list)}
    assert set(bad) == {story.bad_email, None}
    assert [r.field for r in bad[story.bad_email] or []] == ["email"]
    assert [(r.key, r.field) for r in bad[None]] == [(None, "key")]
    assert set(before) <= set(after)


def test_the_story_stays_below_the_guards_limits(deliveries: Deliveries) -> None:
    """The demo applies without a hold: two roles go, one comes, and every other class is far from its limit."""
    before, after, story = deliveries
    gone: Counter[GrantKind] = Counter()
    come: Counter[GrantKind] = Counter()
    for key, person in before.items():
        now = after[key]
        if isinstance(now, Person):
            old = {(g.kind, g.target) for g in GAS.grants(person)}
            new = {(g.kind, g.target) for g in GAS.grants(now)} if now.active else set()
            gone.update(kind for kind, _ in old - new)
            come.update(kind for kind, _ in new - old)
    assert (gone[GrantKind.ROLE], come[GrantKind.ROLE]) == (2, 1)
    assert gone[GrantKind.COHORT] < 0.05 * 4040
    assert gone[GrantKind.ENROLMENT] < 0.05 * 8000
    assert len(story.leavers) < 40
    assert len(story.joiners) < 200


@pytest.mark.parametrize("count", [60, 200, 5000])
def test_the_story_fits_companies_of_other_sizes(count: int, tmp_path: Path) -> None:
    """Smaller and larger demos hold nothing either."""
    story = second_feed(tmp_path / "feed.csv", people=count, today=TODAY)
    assert 1 <= len(story.leavers) <= max(10, count // 50)
    assert 1 <= len(story.joiners) <= max(25, count // 10)
    one_of_each = [*story.movers, *story.leavers, story.renamed, *story.swapped, story.bad_email]
    assert len(set(one_of_each)) == len(one_of_each)


def test_courses_have_lines_in_their_errors(tmp_path: Path) -> None:
    """The courses' file is checked like the others."""
    (tmp_path / "courses.yaml").write_text(
        "version: 1\ncategories: []\ncourses:\n  - {idnumber: A, shortname: A, fullname: A, category: X}\n"
    )
    with pytest.raises(MappingError, match=r"courses.yaml:4: courses\[0\].category: there is no category X"):
        load_courses(tmp_path)
    (tmp_path / "courses.yaml").write_text("version: 1\ncategories: []\ncourses: [{idnumber: A}]\n")
    with pytest.raises(MappingError, match=r"courses.yaml:3: courses\[0\].shortname: is missing"):
        load_courses(tmp_path)
