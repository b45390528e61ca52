"""The sample companies: they load, their feeds are steady, and the second delivery tells the story that it says."""

from __future__ import annotations

import csv
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from connector.bootstrap import Connector
from connector.domain.errors import MappingError
from connector.domain.grants import Grant, GrantKind
from connector.domain.people import Person, Record, Rejection
from connector.settings.whole import Settings
from mappings.companies import folder, names, restaurants, tw_gas, vn_academy
from mappings.companies.sample import LEAST, SampleCompany, Story
from mappings.companies.samples import SAMPLES
from mappings.companies.tw_gas.feeds import HEADINGS
from mappings.companies.tw_gas.feeds import write as write_gas
from mappings.companies.vn_academy.feeds import ENCODING, as_written
from mappings.company import CompanyMapping
from mappings.courses import load_courses
from mappings.loader import load
from tests.mapped import only, outcome
from tests.unit.test_docs import README

TODAY = date(2026, 11, 2)
LANGUAGES = {"tw_gas": {"en", "zh_tw"}, "restaurants": {"en", "fr"}, "vn_academy": {"en", "vi"}}
Company = SampleCompany[Any]
every_company = pytest.mark.parametrize("company", SAMPLES.values(), ids=SAMPLES)


@cache
def mapping_of(company: Company) -> CompanyMapping:
    return load(folder(company.name))


def records(company: Company, path: Path) -> Iterator[Record | Rejection]:
    """A delivery as the product reads it."""
    with Connector(Settings(mapping=Path(str(folder(company.name))))) as connector:
        yield from connector.source(path).records()


@dataclass(frozen=True)
class Read:
    """A delivery, read and mapped: people by key, what was rejected, and how many rows there were."""

    people: dict[str, Person]
    rejected: dict[str | None, tuple[str, ...]]
    rows: int


def read(company: Company, path: Path) -> Read:
    people: dict[str, Person] = {}
    rejected: list[Rejection] = []
    rows = 0
    for record in records(company, path):
        rows += 1
        found = outcome(mapping_of(company), record) if isinstance(record, Record) else [record]
        if isinstance(found, Person):
            assert found.key not in people
            people[found.key] = found
        else:
            rejected += found
    fields: dict[str | None, tuple[str, ...]] = {}
    for one in rejected:
        fields[one.key] = (*fields.get(one.key, ()), one.field)
    return Read(people, fields, rows)


@dataclass(frozen=True)
class Told:
    """Both deliveries of a company, and the story between them."""

    company: Company
    before: Read
    after: Read
    story: Story

    def grants(self, people: dict[str, Person], *kinds: GrantKind) -> list[tuple[Person, Grant]]:
        """Who is granted what."""
        mapping = mapping_of(self.company)
        return [(p, grant) for p in people.values() for grant in mapping.grants(p) if not kinds or grant.kind in kinds]


def told(company: Company, at: Path, people: int) -> Told:
    first, second = (at / name for name in company.files)
    company.first_feed(first, people, TODAY)
    story = company.second_feed(second, people, TODAY)
    return Told(company, read(company, first), read(company, second), story)


@pytest.fixture(scope="module", params=SAMPLES.values(), ids=SAMPLES)
def tale(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """Each company at the size that the demo shows."""
    return told(request.param, tmp_path_factory.mktemp("feeds"), request.param.people)


@pytest.fixture(scope="module")
def gas(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told(tw_gas.COMPANY, tmp_path_factory.mktemp("gas"), 2000)


@pytest.fixture(scope="module")
def bistro(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told(restaurants.COMPANY, tmp_path_factory.mktemp("bistro"), 400)


@pytest.fixture(scope="module")
def academy(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return told(vn_academy.COMPANY, tmp_path_factory.mktemp("academy"), 600)


# ---------------------------------------------------------------- the folders
@pytest.mark.parametrize("name", names())
def test_every_company_loads_and_its_courses_exist(name: str) -> None:
    """Paths, roles and requirements name courses and categories that the demo creates."""
    mapping, courses = load(folder(name)), load_courses(folder(name))
    refs = {course.idnumber for course in courses.courses}
    assert {course for path in mapping.paths for course in path.courses} <= refs
    targets = [rule.name.partition("@")[2] for rule in mapping.rules.rules if rule.name.startswith("role ")]
    categories = {f"category:{category.idnumber}" for category in courses.categories}
    named = {target for target in targets if "{" not in target}
    assert named <= categories | {f"course:{ref}" for ref in refs} | {"system"}


def test_a_company_that_does_not_ship() -> None:
    """The error names those that do; a name is no way out of the folder."""
    for name in ("nobody", "../tw_gas", ""):
        with pytest.raises(LookupError, match=r"there are restaurants, starter, tw_gas, vn_academy"):
            folder(name)


def test_the_table_of_companies() -> None:
    """Every company that ships is in it under its own name, but for the one that init begins with."""
    assert sorted(SAMPLES) == [name for name in names() if name != "starter"]


def test_readme_tells_every_company() -> None:
    """README's table has each company with what it is, how many people the demo gives it, and how it delivers."""
    rows = dict(row.split("` | ", 1) for row in README.split("\n| `") if "` | " in row)
    for company in SAMPLES.values():
        source = only(mapping_of(company)).settings
        cells = [cell.strip() for cell in rows[company.name].split("\n")[0].strip("| ").split("|")]
        assert cells[0] == company.title
        assert cells[1] == f"{company.people:,}"
        assert source.format.upper() in cells[2]
        assert {"cp1258": "windows-1258"}.get(source.encoding, source.encoding).upper() in cells[2].upper()


@every_company
def test_names_in_two_languages(company: Company) -> None:
    """Paths and requirements are named in English and in the company's own language."""
    mapping = mapping_of(company)
    assert {frozenset(one.name) for one in (*mapping.paths, *mapping.requirements)} == {
        frozenset(LANGUAGES[company.name])
    }


def test_the_starters_five_people() -> None:
    """The first steps work as the comments in the files promise."""
    mapping = load(folder("starter"))
    text = (folder("starter") / "people.csv").read_text(encoding="utf-8")
    found = [outcome(mapping, Record(i, row)) for i, row in enumerate(csv.DictReader(text.splitlines()), 2)]
    good = [person for person in found if isinstance(person, Person)]
    assert len(good) == 5
    assert [person.job_role for person in good] == ["manager", "staff", "trainer", "manager", "staff"]
    assert Counter(grant.kind.value for person in good for grant in mapping.grants(person)) == {
        "cohort": 5,
        "enrolment": 4,
        "assignment": 4,
        "role": 1,
    }


# ---------------------------------------------------------------- every company's feeds
@every_company
def test_feeds_are_deterministic(company: Company, tmp_path: Path) -> None:
    """The same arguments give the same bytes, another day moves the dates only, another seed gives other people."""
    for name in ("a", "b"):
        company.first_feed(tmp_path / f"{name}1", 100, TODAY)
        company.second_feed(tmp_path / f"{name}2", 100, TODAY)
    assert (tmp_path / "a1").read_bytes() == (tmp_path / "b1").read_bytes()
    assert (tmp_path / "a2").read_bytes() == (tmp_path / "b2").read_bytes()
    for name, days in (("c", 0), ("d", 100)):
        company.first_feed(tmp_path / f"{name}1", 100, TODAY + timedelta(days=days))
    now, later = read(company, tmp_path / "c1").people, read(company, tmp_path / "d1").people
    assert {key: p.account for key, p in now.items()} == {key: p.account for key, p in later.items()}
    company.first_feed(tmp_path / "e1", 100, TODAY, seed=2)
    assert (tmp_path / "a1").read_bytes() != (tmp_path / "e1").read_bytes()


@every_company
def test_files_are_those_of_the_source(company: Company) -> None:
    """Put into the drop folder, both deliveries would be taken."""
    assert all(fnmatch(name, only(mapping_of(company)).settings.file) for name in company.files)


def test_the_day_has_begun_for_everybody(tale: Told) -> None:
    """Who joins on the day of the deliveries has begun to work, wherever that is, at whatever hour the demo runs."""
    zones = {person.timezone for person in (*tale.before.people.values(), *tale.after.people.values())}
    for hour in range(0, 24, 3):
        now = datetime(2026, 11, 2, hour, tzinfo=ZoneInfo("UTC"))
        days = {zone: now.astimezone(ZoneInfo(zone)).date() for zone in zones | {tale.company.timezone}}
        assert min(days.values()) == days[tale.company.timezone]


@every_company
def test_two_sizes_have_the_same_shape(company: Company, tmp_path: Path) -> None:
    """A large company has the fields, jobs and kinds of grant of a small one, and the small one all that there are."""
    small, large = (told(company, tmp_path, people) for people in (200, 1000))
    assert (small.before.rows, large.before.rows) == (200, 1000)
    for size in (small, large):
        assert not size.before.rejected
    fields = [{tuple(p.account) + tuple(p.attributes) for p in size.before.people.values()} for size in (small, large)]
    assert fields[0] == fields[1]
    assert len(fields[0]) == 1
    jobs = [{p.job_role for p in size.before.people.values()} for size in (small, large)]
    assert jobs[0] == jobs[1]
    kinds = [{grant.kind for _, grant in size.grants(size.before.people)} for size in (small, large)]
    assert kinds[0] == kinds[1] == set(GrantKind)


@every_company
def test_too_few_people_for_the_story(company: Company, tmp_path: Path) -> None:
    """It is said at once."""
    with pytest.raises(ValueError, match="at least 60 people"):
        company.first_feed(tmp_path / "feed", LEAST - 1, TODAY)
    company.second_feed(tmp_path / "feed", LEAST, TODAY)


@every_company
@pytest.mark.parametrize("people", [LEAST, 61, 97, 5000])
def test_the_story_fits_companies_of_every_size(company: Company, people: int, tmp_path: Path) -> None:
    """Whatever the size: nobody stands in two events, and bad rows are those that were announced."""
    tale = told(company, tmp_path, people)
    events = [*tale.story.changed(), *tale.story.joiners, *tale.story.missing, *filter(None, tale.story.bad)]
    assert len(events) == len(set(events))
    assert tale.after.rejected == tale.story.bad
    assert tale.story.joiners
    assert len(tale.story.joiners) <= max(25, people // 10)


def test_the_company_as_it_is_first(tale: Told) -> None:
    """All rows are good; everybody has a unit, a job, an address of the own, and but one person a manager there."""
    people = tale.before.people
    assert (len(people), tale.before.rejected) == (tale.company.people, {})
    assert len({person.account["email"] for person in people.values()}) == len(people)
    assert len([person for person in people.values() if not person.manager]) == 1
    assert {person.manager for person in people.values()} - {""} <= people.keys()
    assert all(person.active and person.unit and person.job_role for person in people.values())
    assert all(person.starts and person.starts < TODAY for person in people.values())


def test_everybody_is_granted_something(tale: Told) -> None:
    """Every job has a learning path; every path, requirement, course and role rule is somebody's."""
    mapping, people = mapping_of(tale.company), tale.before.people
    learners = {person.job_role for person, _ in tale.grants(people, GrantKind.ENROLMENT)}
    assert learners == {person.job_role for person in people.values()}
    targets = {kind: {grant.target for _, grant in tale.grants(people, kind)} for kind in GrantKind}
    assert targets[GrantKind.ASSIGNMENT] == {requirement.code for requirement in mapping.requirements}
    assert targets[GrantKind.ENROLMENT] == {course for path in mapping.paths for course in path.courses}
    fired = {rule for _, grant in tale.grants(people) for rule in grant.rule.split("; ")}
    assert fired == {rule.name for rule in mapping.rules.rules}
    categories = {f"category:{category.idnumber}" for category in load_courses(folder(tale.company.name)).categories}
    roles = {target.partition("@")[2] for target in targets[GrantKind.ROLE]}
    assert {place for place in roles if place.startswith("category:")} <= categories


def test_the_second_delivery_tells_the_story(tale: Told) -> None:
    """Nobody but the people of the story differs; who is bad or missing is not among those who can be read."""
    before, now, story = tale.before.people, tale.after.people, tale.story
    assert {key for key in before if key in now and now[key] != before[key]} == set(story.changed())
    assert set(now) - set(before) == set(story.joiners)
    assert set(before) - set(now) == {*story.missing, *filter(None, story.bad)}
    assert tale.after.rejected == story.bad
    assert all(now[key].starts == TODAY for key in story.joiners)
    for key in story.movers:
        assert now[key].unit != before[key].unit
        assert now[key].manager != before[key].manager
    assert {now[key].ends for key in story.leavers} == {TODAY - timedelta(days=1)}


def test_who_is_in_moodle_already_is_in_the_feed(tale: Told) -> None:
    """Accounts that are there before are found: by a number that the feed still tells, or by e-mail and surname."""
    people = tale.before.people.values()
    for account in tale.company.accounts(tale.company.people, TODAY, 1):
        if number := account.get("idnumber"):
            assert [person.key for person in people if number in person.earlier_keys]
        else:
            [person] = [person for person in people if person.account["email"] == account["email"]]
            assert person.account["lastname"] == account["lastname"]


# ---------------------------------------------------------------- the gas distributor
@pytest.mark.parametrize("encoding", ["utf-8", "big5"])
def test_the_gas_distributors_file(encoding: str, tmp_path: Path) -> None:
    """All columns that the mapping reads, days of two calendars, and a trailer with the number of rows."""
    path = tmp_path / "feed.csv"
    write_gas(path, tw_gas.COMPANY.staff(500, TODAY, 1), encoding)
    with path.open(encoding=encoding, newline="") as file:
        found = list(csv.DictReader(file))
    assert set(HEADINGS) >= only(mapping_of(tw_gas.COMPANY)).columns
    assert list(found[-1].values())[:3] == ["合計", "500", ""]
    assert {len(row["到職日"]) for row in found[:-1]} == {9, 10}  # 094/07/28 and 2023-12-05


def test_the_gas_distributors_story(gas: Told) -> None:
    """One is renamed and keeps the surname, two swap addresses, instructors go up and down; no class is held."""
    before, now, story = gas.before.people, gas.after.people, gas.story
    assert [len(story.joiners), len(story.movers), len(story.leavers)] == [20, 15, 12]
    assert all(not now[key].active for key in story.leavers)
    [renamed] = story.own["renamed"]
    assert before[renamed].account["lastname"] == now[renamed].account["lastname"]
    assert all(before[renamed].account[name] != now[renamed].account[name] for name in ("firstname", "email"))
    one, other = story.own["swapped"]
    assert now[one].account["email"] == before[other].account["email"]
    assert now[other].account["email"] == before[one].account["email"]
    gone, come = Counter[GrantKind](), Counter[GrantKind]()
    for key in story.changed():
        old = {(grant.kind, grant.target) for grant in mapping_of(gas.company).grants(before[key])}
        new = {(g.kind, g.target) for g in mapping_of(gas.company).grants(now[key])} if now[key].active else set()
        gone.update(kind for kind, _ in old - new)
        come.update(kind for kind, _ in new - old)
    assert (gone[GrantKind.ROLE], come[GrantKind.ROLE]) == (2, 1)
    assert gone[GrantKind.COHORT] + gone[GrantKind.ENROLMENT] < 0.05 * 12_000
    assert len(story.leavers) < 40


# ---------------------------------------------------------------- the restaurants
def test_chef_equals_staff_and_a_restaurant_sees_only_its_own(bistro: Told) -> None:
    """An administrator manages everything, a manager the own restaurant's category, chef and staff nothing."""
    roles: dict[str, set[str]] = {}
    for person, grant in bistro.grants(bistro.before.people, GrantKind.ROLE):
        own = grant.target.replace(f":{person.unit}", ":own")
        roles.setdefault(person.job_role, set()).add(own)
    assert roles == {"admin": {"manager@system"}, "manager": {"manager@category:own"}}
    assert {person.job_role for person in bistro.before.people.values()} == {"admin", "manager", "chef", "staff"}


def test_the_season_ends_for_more_than_go_unasked(bistro: Told) -> None:
    """The last day alone makes them leave, HR still calls them active; there are so many that the guard holds them."""
    now = bistro.after.people
    assert len(bistro.story.leavers) > max(10, 0.02 * len(now))
    assert all(now[key].active and now[key].attributes["contract"] == "seasonal" for key in bistro.story.leavers)


def test_who_moves_to_another_province_comes_under_its_law(bistro: Told) -> None:
    """Another restaurant is another category of law; some are in another time zone."""
    before, now = bistro.before.people, bistro.after.people
    for key in bistro.story.movers:
        assert before[key].attributes["province"] != now[key].attributes["province"]
    assert len({person.timezone for person in now.values()}) == 6


def test_names_and_languages_of_the_restaurants(bistro: Told) -> None:
    """Accents, apostrophes and hyphens come through, usernames have none; many share a surname; two languages."""
    people = bistro.before.people.values()
    letters = set("".join(p.account["firstname"] + p.account["lastname"] for p in people))
    assert letters >= set("éèëïôç'-") | {"É"}
    assert all(person.account["username"].isascii() and "'" not in person.account["username"] for person in people)
    assert Counter(person.account["lastname"] for person in people).most_common(1)[0][1] > 5
    assert {person.account["lang"] for person in people} == {"en", "fr"}
    assert {int(str(person.attributes["hours"])) for person in people} >= {8, 38}
    assert "&" in "".join(person.unit_name for person in people)


def test_who_has_married_keeps_the_account(bistro: Told) -> None:
    """The surname and the address change; so does the language for somebody else, and nothing but that."""
    before, now = bistro.before.people, bistro.after.people

    def differ(key: str) -> set[str]:
        return {name for name, text in now[key].account.items() if before[key].account[name] != text}

    [married], [other] = bistro.story.own["married"], bistro.story.own["other_language"]
    assert differ(married) == {"lastname", "email", "username"}
    assert differ(other) == {"lang"}


# ---------------------------------------------------------------- the academy
def test_windows_1258_holds_every_letter_of_vietnamese() -> None:
    """Each vowel in each tone goes into the file and comes back as the one letter that it is."""
    tones = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
    letters = [unicodedata.normalize("NFC", v + tone) for v in "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY" for tone in tones]
    text = "".join([*letters, "đĐ"])
    back = as_written(text).encode(ENCODING).decode(ENCODING)
    assert unicodedata.normalize("NFC", back) == text
    assert len(text) == 146


def test_vietnamese_names_begin_with_the_familys(academy: Told) -> None:
    """Every third is a Nguyễn; people who share a whole name get addresses of their own."""
    people = academy.before.people.values()
    surnames = Counter(person.account["lastname"].split()[0] for person in people)
    assert surnames.most_common(1)[0][0] == "Nguyễn"
    assert surnames["Nguyễn"] > 0.25 * len(people)
    whole = Counter((person.account["lastname"], person.account["firstname"]) for person in people)
    assert max(whole.values()) > 1
    assert all(person.account["username"].replace(".", "").isascii() for person in people)


def test_who_teaches_and_who_learns(academy: Told) -> None:
    """In a faculty's course instructors are teachers and trainees students; categories are managed by their heads."""
    roles: dict[str, set[object]] = {}
    for person, grant in academy.grants(academy.before.people, GrantKind.ENROLMENT):
        if grant.target == "CNTT101":
            roles.setdefault(person.job_role, set()).add(grant.terms["role"])
    assert roles == {"instructor": {"teacher"}, "assistant": {"teacher"}, "trainee": {"student"}}
    managers = {
        p.key: g.target for p, g in academy.grants(academy.after.people, GrantKind.ROLE) if "manager" in g.target
    }
    successor, predecessor = academy.story.own["heads"]
    assert successor in managers
    assert predecessor not in managers
    assert len(managers) == 4


def test_hired_trainees_sign_in_otherwise(academy: Told) -> None:
    """They change method and address, few enough to go unasked; one joiner has an address that is somebody's."""
    before, now = academy.before.people, academy.after.people
    hired = academy.story.own["hired"]
    assert {(before[key].account["auth"], now[key].account["auth"]) for key in hired} == {("manual", "oidc")}
    assert len(hired) <= 5
    taken = {person.account["email"] for person in before.values()}
    assert len([key for key in academy.story.joiners if now[key].account["email"] in taken]) == 1


# ---------------------------------------------------------------- courses
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
