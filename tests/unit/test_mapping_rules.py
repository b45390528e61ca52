"""From a person to grants: cohorts, roles, paths, requirements, and conditions that are evaluated seldom."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from connector.domain.grants import GrantKind, LearningPath, Requirement
from connector.domain.people import Person, Record
from mappings import conditions, rules
from mappings.conditions import Condition, ConditionError, Conditions
from tests.mapped import told as way_of
from tests.unit.test_mapping_example import MAPPING, ROW, company, person, targets

STAFF = (
    MAPPING
    + """\
  unit: {column: unit}
  job_role: {column: role}
  starts: {column: hired}
  active: {column: status, transforms: [boolean]}
attributes:
  grade: {column: grade, type: int}
  born: {column: born, type: date}
  fixed: {column: fixed, type: bool}
"""
)
EXTRA = {
    "unit": "ENG",
    "role": "engineer",
    "hired": "2020-01-31",
    "status": "yes",
    "grade": "5",
    "born": "",
    "fixed": "",
}


def test_cohorts_by_template_and_condition(tmp_path: Path) -> None:
    """A cohort follows the person's values; where one is empty there is no cohort."""
    mapping = company(
        tmp_path,
        STAFF
        + """\
cohorts:
  - {idnumber: "unit-{unit}", name: "Unit {unit}"}
  - {idnumber: seniors, name: Seniors, when: grade >= 5}
""",
    )
    found = mapping.grants(person(mapping, **EXTRA))
    assert targets(found) == ["cohort seniors", "cohort unit-ENG"]
    assert found[1].terms == {"name": "Unit ENG"}
    assert found[1].rule == "cohort unit-{unit}"
    assert mapping.grants(person(mapping, **EXTRA | {"unit": "", "grade": "4"})) == ()


def test_roles_in_each_kind_of_context(tmp_path: Path) -> None:
    """The role table names system, categories and courses, also by the person's own unit."""
    mapping = company(
        tmp_path,
        STAFF,
        roles="""\
version: 1
role_ids: {teacher: 40, coach: 9}
roles:
  - {role: coursecreator, when: grade > 9}
  - {role: manager, context: system, when: grade > 4}
  - role: teacher
    context: {category: "{unit}"}
    when: job_role == "engineer"
  - role: coach
    context: course:PIPE101
    when: active
""",
    )
    assert targets(mapping.grants(person(mapping, **EXTRA))) == [
        "role coach@course:PIPE101",
        "role manager@system",
        "role teacher@category:ENG",
    ]
    assert mapping.role_ids == {
        "manager": 1,
        "coursecreator": 2,
        "editingteacher": 3,
        "teacher": 40,
        "student": 5,
        "coach": 9,
    }


PATHS = """\
version: 1
paths:
  - {code: A, name: {en: A, zh_tw: 甲}, courses: [C1, C2], audience: active, enrolment: %s}
"""


@pytest.mark.parametrize(
    ("enrolment", "hired", "terms"),
    [
        ("{}", "2020-01-31", {"role": "student", "start_days": 0, "on_loss": "suspend"}),
        ("{start: none, on_loss: unenrol}", "", {"role": "student", "on_loss": "unenrol"}),
        ("{start: none, end_days: 9}", "", {"role": "student", "end_days": 9, "on_loss": "suspend"}),
        (
            "{start: hire, role: teacher}",
            "2020-01-31",
            {"role": "teacher", "start": "2020-01-31", "on_loss": "suspend"},
        ),
        (
            "{start: hire, end_days: 29}",
            "2020-01-31",
            {"role": "student", "start": "2020-01-31", "end": "2020-02-29", "on_loss": "suspend"},
        ),
        (
            "{start: hire, end_days: 30}",
            "",
            {"role": "student", "start_days": 0, "end_days": 30, "on_loss": "suspend"},
        ),
        (
            "{start: 2026-01-01, end_days: 31}",
            "",
            {"role": "student", "start": "2026-01-01", "end": "2026-02-01", "on_loss": "suspend"},
        ),
        (
            "{start: hire, end_days: 30}",
            "9999-12-31",
            {"role": "student", "start": "9999-12-31", "end": "9999-12-31", "on_loss": "suspend"},
        ),
    ],
)
def test_the_period_of_an_enrolment(enrolment: str, hired: str, terms: Mapping[str, object], tmp_path: Path) -> None:
    """Days that are known are dates; others count from the day of the grant. Nobody waits for a missing hire date."""
    mapping = company(tmp_path, STAFF, paths=PATHS % enrolment)
    found = mapping.grants(person(mapping, **EXTRA | {"hired": hired}))
    assert targets(found) == ["enrolment C1", "enrolment C2"]
    assert [dict(grant.terms) for grant in found] == [{"path": "A", **terms}] * 2
    assert mapping.paths == (LearningPath("A", {"en": "A", "zh_tw": "甲"}, ("C1", "C2")),)


def test_groups_of_a_path(tmp_path: Path) -> None:
    """In each course of the path, by templates; trimmed as Moodle does; an empty part means no group."""
    groups = 'groups: ["{unit}", {idnumber: "J-{job_role}", name: "Job {job_role} "}, {idnumber: all, name: All}]'
    mapping = company(tmp_path, STAFF, paths=PATHS % f"{{start: none}}, {groups}")
    found = [grant for grant in mapping.grants(person(mapping, **EXTRA)) if grant.kind is GrantKind.GROUP]
    assert [(grant.target, grant.terms["name"]) for grant in found] == [
        (f"{course}:{group}", name)
        for course in ("C1", "C2")
        for group, name in (("ENG", "ENG"), ("J-engineer", "Job engineer"), ("all", "All"))
    ]
    assert {(grant.terms["path"], grant.rule, grant.place.level) for grant in found} == {("A", "path A", "group")}
    assert targets(mapping.grants(person(mapping, **EXTRA | {"unit": "", "role": ""}))) == [
        "enrolment C1", "enrolment C2", "group C1:all", "group C2:all",
    ]  # fmt: skip
    assert mapping.grants(person(mapping, **EXTRA | {"status": "no"})) == ()


def test_two_paths_that_share_a_group_give_it_once(tmp_path: Path) -> None:
    """Both are named as the reason."""
    paths = "version: 1\npaths:\n"
    for code in ("A", "B"):
        paths += f"  - {{code: {code}, name: {{en: X}}, courses: [C1], audience: active, groups: ['{{unit}}']}}\n"
    mapping = company(tmp_path, STAFF, paths=paths)
    found = [grant for grant in mapping.grants(person(mapping, **EXTRA)) if grant.kind is GrantKind.GROUP]
    assert [(grant.target, grant.rule) for grant in found] == [("C1:ENG", "path A; path B")]


@pytest.mark.parametrize(("cohort", "idnumber"), [("", "path-A"), (", cohort: safety", "safety")])
def test_a_path_by_cohort(cohort: str, idnumber: str, tmp_path: Path) -> None:
    """It grants its cohort and no enrolment; requirements know it as any other path."""
    paths = (PATHS % "{}").replace("enrolment: {}", f"by: cohort{cohort}")
    mapping = company(tmp_path, STAFF, paths=paths)
    [granted] = mapping.grants(person(mapping, **EXTRA))
    assert (granted.kind, granted.target, granted.rule) == (GrantKind.COHORT, idnumber, "path A")
    assert granted.terms == {"name": "A", "path": "A"}
    assert mapping.paths == (LearningPath("A", {"en": "A", "zh_tw": "甲"}, ("C1", "C2"), cohort=idnumber),)


@pytest.mark.parametrize(
    ("due", "hired", "terms"),
    [
        ("{on: 2026-12-31}", "2020-01-31", {"due": "2026-12-31"}),
        ("{days_after_hire: 30}", "2020-01-31", {"due_days": 30, "due_from": "2020-01-31"}),
        ("{months_after_hire: 3}", "2020-01-31", {"due_months": 3, "due_from": "2020-01-31"}),
        ("{months_after_hire: 3}", "", {"due_months": 3}),
        ("{months_after_assignment: 1}", "2020-01-31", {"due_months": 1}),
        ("{every: 03-31, at_least_days: 30}", "2020-01-31", {"due_every": "03-31", "due_after_days": 30}),
        ("{every: 02-29}", "2020-01-31", {"due_every": "02-29", "due_after_days": 0}),
        ("{days_after_assignment: 9}, on_change: keep", "", {"due_days": 9}),
        ("{days_after_assignment: 9}, on_change: prorate", "", {"due_days": 9, "on_change": "prorate"}),
        ("{days_after_hire: 30}", "", {"due_days": 30}),
        ("{days_after_assignment: 0}", "2020-01-31", {"due_days": 0}),
    ],
)
def test_due_dates(due: str, hired: str, terms: Mapping[str, object], tmp_path: Path) -> None:
    """A requirement is due on a day, each year on one, or after days or months; it goes to its path's audience."""
    requirements = f"version: 1\nrequirements: [{{code: R, name: {{en: R}}, path: A, due: {due}}}]\n"
    mapping = company(tmp_path, STAFF, paths=PATHS % "{}", requirements=requirements)
    found = [g for g in mapping.grants(person(mapping, **EXTRA | {"hired": hired})) if g.kind == GrantKind.ASSIGNMENT]
    assert [(g.target, dict(g.terms), g.rule) for g in found] == [
        ("R", {"path": "A", "cycle": 1, **terms}, "requirement R")
    ]
    assert mapping.grants(person(mapping, **EXTRA | {"status": "no"})) == ()


def test_a_requirement_can_have_an_audience_of_its_own(tmp_path: Path) -> None:
    """Not everybody on a path has to complete it."""
    requirements = """\
version: 1
requirements:
  - {code: R, name: {en: R}, path: A, audience: grade > 5, due: {on: 2026-12-31}}
"""
    mapping = company(tmp_path, STAFF, paths=PATHS % "{}", requirements=requirements)
    assert "assignment R" not in targets(mapping.grants(person(mapping, **EXTRA)))
    assert "assignment R" in targets(mapping.grants(person(mapping, **EXTRA | {"grade": "6"})))
    assert mapping.requirements == (Requirement("R", {"en": "R"}, "A"),)


def test_a_requirement_may_have_further_audiences(tmp_path: Path) -> None:
    """Each with a due rule of its own; who belongs to several comes under the first one."""
    requirements = """\
version: 1
requirements:
  - code: R
    name: {en: R}
    path: A
    audience: grade > 7
    due: {days_after_assignment: 7}
    also:
      - {audience: grade > 5, due: {days_after_assignment: 30}}
      - {audience: unit == "ENG", due: {every: 12-31}}
    recertify: {months: 12, window_days: 60, grace_days: 14}
"""
    mapping = company(tmp_path, STAFF, paths=PATHS % "{}", requirements=requirements)
    assert mapping.requirements == (Requirement("R", {"en": "R"}, "A", 12, 60, 14),)

    def due(grade: str, unit: str) -> list[object]:
        found = mapping.grants(person(mapping, **EXTRA | {"grade": grade, "unit": unit}))
        terms = [dict(g.terms) for g in found if g.kind == GrantKind.ASSIGNMENT]
        assert all(g.rule == "requirement R" for g in found if g.kind == GrantKind.ASSIGNMENT)
        return [one.get("due_days", one.get("due_every")) for one in terms]

    assert [due("8", "ENG"), due("6", "ENG"), due("5", "ENG"), due("5", "LAB")] == [[7], [30], ["12-31"], []]


def test_what_waits_for_which_courses(tmp_path: Path) -> None:
    """A path for all courses of those before it, a course in strict order for the last one, a requirement for both."""
    paths = """\
version: 1
paths:
  - {code: A, name: {en: A}, courses: [C1, C2], audience: active, order: strict}
  - {code: B, name: {en: B}, courses: [C3, C4, C5], audience: active, after: [A], order: strict}
  - {code: D, name: {en: D}, courses: [C6], audience: active, after: [RB]}
"""
    requirements = """\
version: 1
requirements:
  - {code: RA, name: {en: A}, path: A, due: {days_after_assignment: 1}}
  - {code: RB, name: {en: B}, path: B, due: {days_after_assignment: 1}}
  - {code: RD, name: {en: D}, path: D, due: {days_after_assignment: 1}, after: [RA]}
"""
    mapping = company(tmp_path, STAFF, paths=paths, requirements=requirements)
    found = {g.target: g.terms.get("after", ()) for g in mapping.grants(person(mapping, **EXTRA))}
    assert found == {
        "C1": (),
        "C2": ("C1",),
        "C3": ("C1", "C2"),
        "C4": ("C1", "C2", "C3"),
        "C5": ("C1", "C2", "C4"),
        "C6": ("C3", "C4", "C5"),
        "RA": (),
        "RB": ("C1", "C2"),
        "RD": ("C3", "C4", "C5", "C1", "C2"),
    }
    assert mapping.prerequisites == {"C1", "C2", "C3", "C4", "C5"}
    assert [path.strict for path in mapping.paths] == [True, True, False]


def test_what_overlaps_says_for_how_long(tmp_path: Path) -> None:
    """Cohorts, roles and paths may; what says nothing has no such term."""
    text = STAFF + "cohorts: [{idnumber: c, name: C, overlap_days: 3}]\n"
    roles = "version: 1\nroles: [{role: teacher, when: active, overlap_days: 4}]\n"
    paths = (PATHS % "{}").replace("code: A,", "code: A, overlap_days: 5,")
    mapping = company(tmp_path, text, roles=roles, paths=paths)
    found = mapping.grants(person(mapping, **EXTRA))
    assert {(g.kind.value, g.terms.get("overlap_days")) for g in found} == {
        ("cohort", 3), ("role", 4), ("enrolment", 5),
    }  # fmt: skip


def test_a_course_on_two_paths_is_granted_once(tmp_path: Path) -> None:
    """The first path in the file sets the terms, and both are named."""
    paths = """\
version: 1
paths:
  - {code: A, name: {en: A}, courses: [C1], audience: active, enrolment: {start: hire}}
  - {code: B, name: {en: B}, courses: [C1], audience: active}
"""
    mapping = company(tmp_path, STAFF, paths=paths)
    (grant,) = mapping.grants(person(mapping, **EXTRA))
    assert grant.terms["path"] == "A"
    assert grant.rule == "path A; path B"


def test_a_course_on_a_shared_and_a_personal_path_is_granted_once(tmp_path: Path) -> None:
    """What is remembered for a kind of people still gives way to a path that stands before it in the file."""
    paths = """\
version: 1
paths:
  - {code: A, name: {en: A}, courses: [C1], audience: 'email.startsWith("ada")', enrolment: {start: hire}}
  - {code: B, name: {en: B}, courses: [C1], audience: active}
"""
    mapping = company(tmp_path, STAFF, paths=paths)
    assert [g.rule for g in mapping.grants(person(mapping, **EXTRA))] == ["path A; path B"]
    assert [g.rule for g in mapping.grants(person(mapping, **EXTRA | {"mail": "bo@x.example"}))] == ["path B"]


def test_grants_are_sorted_and_the_same_for_stored_people(tmp_path: Path) -> None:
    """A person read back from the database, with dates as text, gets what the record gave."""
    when = 'version: 1\nroles:\n  - {role: teacher, when: \'born < "1990-01-01" && starts > "2010"\'}\n'
    mapping = company(tmp_path, STAFF, roles=when, paths=PATHS % "{start: hire}")
    found = person(mapping, **EXTRA | {"born": "1980-05-05"})
    stored = Person(
        found.key,
        found.account,
        unit=found.unit,
        job_role=found.job_role,
        starts=found.starts,
        attributes={"grade": 5, "born": "1980-05-05", "fixed": None},
    )
    assert targets(mapping.grants(found)) == ["enrolment C1", "enrolment C2", "role teacher@system"]
    assert mapping.grants(stored) == mapping.grants(found)


def test_unknown_values_neither_grant_nor_fail(tmp_path: Path) -> None:
    """A rule on an unknown value does not fire, unless the rest decides alone; nor does its opposite."""
    roles = """\
version: 1
roles:
  - {role: manager, when: grade > 3}
  - {role: teacher, when: "!(grade > 3)"}
  - {role: student, when: grade > 3 || active}
  - {role: coursecreator, when: fixed}
"""
    mapping = company(tmp_path, STAFF, roles=roles)
    assert targets(mapping.grants(person(mapping, **EXTRA | {"grade": ""}))) == ["role student@system"]


def test_account_fields_and_dates_may_be_named(tmp_path: Path) -> None:
    """Conditions see the account as it will be, and days as ISO text."""
    roles = (
        'version: 1\nroles:\n  - {role: teacher, when: \'email.endsWith("example.com") && starts < "2021-01-01"\'}\n'
    )
    mapping = company(tmp_path, STAFF, roles=roles)
    assert targets(mapping.grants(person(mapping, **EXTRA))) == ["role teacher@system"]
    assert mapping.grants(person(mapping, **EXTRA | {"mail": "ada@example.org"})) == ()


def test_people_who_differ_in_personal_values_only_share_nothing_wrong(tmp_path: Path) -> None:
    """What is remembered for a kind of people never leaks one person's dates, manager or address into another's."""
    roles = "version: 1\nroles:\n  - {role: teacher, when: 'email.startsWith(\"a\")'}\n"
    requirements = "version: 1\nrequirements: [{code: R, name: {en: R}, path: A, due: {days_after_hire: 1}}]\n"
    mapping = company(tmp_path, STAFF, roles=roles, paths=PATHS % "{start: hire}", requirements=requirements)
    for mail, teaches in (("ada@x.example", True), ("bo@x.example", False), ("al@x.example", True)):
        for hired in ("2020-01-31", "2021-01-31"):
            grants = {g.kind: g for g in mapping.grants(person(mapping, **EXTRA | {"mail": mail, "hired": hired}))}
            assert (GrantKind.ROLE in grants) is teaches
            assert grants[GrantKind.ENROLMENT].terms["start"] == hired
            assert grants[GrantKind.ASSIGNMENT].terms["due_from"] == hired


TYPES: dict[str, type] = {"unit": str, "role": str, "grade": int, "active": bool}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("unit == 'A'", {"unit"}),
        ("unit == 'role' || unit == \"grade\"", {"unit"}),
        ("['a'].exists(role, role == unit)", {"unit"}),
        ("active", {"active"}),
        ("active ? grade > 1 : unit == ''", {"active", "grade", "unit"}),
        ("grade > 1 // role", {"grade"}),
        ("true", set()),
        ("r'''unit''' == role", {"role"}),
    ],
)
def test_the_names_of_a_condition(text: str, names: set[str]) -> None:
    """Exactly the variables that can change its result: a word in a text or a name of its own is none."""
    assert set(Conditions(TYPES).compile(text).names) == names


class _Counting:
    """Counts how often an expression is evaluated."""

    def __init__(self, condition: Condition) -> None:
        self.count = 0
        self._eval = condition._expression.eval

    def eval(self, data: Mapping[str, object]) -> object:
        self.count += 1
        return self._eval(data=data)


def test_a_rule_is_evaluated_once_for_each_combination(tmp_path: Path) -> None:
    """A thousand people of two units cost two evaluations, whatever else differs between them."""
    mapping = company(tmp_path, STAFF, roles="version: 1\nroles: [{role: teacher, when: unit == 'ENG'}]\n")
    condition = mapping.rules.rules[0].condition
    assert condition is not None
    counting = _Counting(condition)
    condition._expression = counting
    for i in range(1000):
        mapping.grants(person(mapping, **EXTRA | {"unit": f"U{i % 2}", "grade": str(i), "id": f"E{i}"}))
    assert counting.count == 2


def test_the_memory_of_a_condition_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A condition on a personal value does not fill the memory."""
    monkeypatch.setattr(conditions, "MEMO", 10)
    condition = Conditions(TYPES).compile("unit == 'A7'")
    assert [i for i in range(100) if condition.holds({"unit": f"A{i}"})] == [7]
    assert len(condition._memo) <= 10


def test_the_memory_of_rules_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a cohort for each of many units."""
    monkeypatch.setattr(rules, "MEMO", 10)
    mapping = company(tmp_path, STAFF + "cohorts:\n  - {idnumber: '{unit}', name: '{unit}'}\n")
    found = [mapping.grants(person(mapping, **EXTRA | {"unit": f"U{i}"})) for i in range(100)]
    assert [grants[0].target for grants in found] == [f"U{i}" for i in range(100)]
    assert len(mapping.rules._kinds) <= 10
    assert len(mapping.rules.rules[0]._memo) <= 10


def test_a_condition_that_is_nested_without_end_is_refused() -> None:
    """It is an error with a sentence, not a crash."""
    with pytest.raises(ConditionError):
        Conditions(TYPES).compile("(" * 1900 + "active" + ")" * 1900)
    assert sys.getrecursionlimit() >= 1000


def test_try_tells_each_step(tmp_path: Path) -> None:
    """What the row held, what each transform made of it, which rules fired, which did not and why."""
    mapping = company(
        tmp_path,
        STAFF.replace("{column: login}", "{column: login, transforms: [lower, {slice: '0:2'}]}"),
        roles="version: 1\nroles:\n  - {role: teacher, when: grade > 3}\n  - {role: manager, when: unit == 'X'}\n",
    )
    told = way_of(mapping, Record(9, ROW | EXTRA | {"login": "ADA", "grade": ""}))
    username = next(trace for trace in told.fields if trace.field == "username")
    assert (username.origin, username.raw, username.value) == ("column login", "ADA", "ad")
    assert username.steps == (("lower", "ada"), ("slice", "ad"))
    assert [(rule.rule, rule.when, rule.sees, rule.fired, rule.undecided) for rule in told.rules] == [
        ("role teacher@system", "grade > 3", {"grade": None}, False, "grade unknown"),
        ("role manager@system", "unit == 'X'", {"unit": "ENG"}, False, None),
    ]
    assert (told.line, told.key, told.rejections, told.grants) == (9, "E1", (), ())


def test_try_tells_why_a_row_is_rejected(tmp_path: Path) -> None:
    """The field that failed shows how far it came, and what depends on it says so."""
    mapping = company(tmp_path, STAFF + "  note: {template: 'x{email}'}\n")
    told = way_of(mapping, Record(9, ROW | EXTRA | {"mail": "nobody"}))
    failed = {trace.field: trace.refused for trace in told.fields if trace.refused}
    assert failed == {
        "email": "column mail is not a valid e-mail address",
        "note": "needs email, which cannot be used",
    }
    assert [r.field for r in told.rejections] == ["email"]
    assert told.person is None
