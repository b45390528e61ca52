"""Every mistake in a mapping file is told with its file, line and field, and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from connector.domain.errors import MappingError
from mappings.loader import load
from tests.unit.test_mapping_example import MAPPING, company, mistakes

HERE = "#!"
"""Marks the line that an error has to name."""

PERSON = MAPPING.partition("person:\n")[2]

IN_MAPPING = {
    "unknown name": ("sorce: {}  #!\n", "sorce: unknown name; did you mean source?"),
    "unknown name below": (
        "scope: 'true'\ncohorts:\n  - idnumber: a\n    nme: b  #!\n    name: c\n",
        "cohorts[0].nme:",
    ),
    "missing": ("cohorts:\n  - idnumber: a  #!\n", "cohorts[0].name: is missing"),
    "not a list": ("protected: admin  #!\n", "protected: must be a list"),
    "not a mapping": ("attributes: []  #!\n", "attributes: must be a mapping"),
    "attribute without origin": ("attributes:\n  grade: {type: int}  #!\n", "attributes.grade: needs exactly one of"),
    "two origins": ("attributes:\n  a: {column: x, value: y}  #!\n", "attributes.a: needs exactly one of"),
    "unknown type": ("attributes:\n  a:\n    column: x\n    type: float  #!\n", "attributes.a.type: must be 'string'"),
    "attribute's name": ("attributes:\n  Grade: {column: x}  #!\n", "attributes.Grade: must look like"),
    "taken name": ("attributes:\n  unit: {column: x}  #!\n", "attributes.unit: unit is a field of a person already"),
    "reserved name": ("attributes:\n  size: {column: x}  #!\n", "attributes.size: size has a meaning in conditions"),
    "unknown transform": (
        "attributes:\n  a:\n    column: x\n    transforms:\n      - trim\n      - trimm  #!\n",
        "attributes.a.transforms[1]: unknown transform; did you mean trim? Known are boolean, collapse,",
    ),
    "transform without options": (
        "attributes:\n  a:\n    column: x\n    transforms: [slice]  #!\n",
        "attributes.a.transforms[0]: slice needs options",
    ),
    "transform with options": (
        "attributes:\n  a:\n    column: x\n    transforms: [{trim: x}]  #!\n",
        "attributes.a.transforms[0]: trim takes no options",
    ),
    "two transforms in one": (
        "attributes:\n  a:\n    column: x\n    transforms: [{prefix: x, suffix: y}]  #!\n",
        "attributes.a.transforms[0]: a transform is one name",
    ),
    "date format": (
        "attributes:\n  a:\n    column: x\n    transforms: [{date: '%Y-%m'}]  #!\n",
        "attributes.a.transforms[0]: date: iso, roc, or a format",
    ),
    "unknown table": (
        "tables: {jobs: {a: b}}\nattributes:\n  a:\n    column: x\n    transforms: [{lookup: {table: job}}]  #!\n",
        "attributes.a.transforms[0]: lookup: there is no table job; did you mean jobs?",
    ),
    "lookup's default": (
        "attributes:\n  a:\n    column: x\n    transforms: [{lookup: {table: {a: b}, otherwise: default}}]  #!\n",
        "attributes.a.transforms[0]: lookup: {table:",
    ),
    "slice": (
        "attributes:\n  a:\n    column: x\n    transforms: [{slice: '1'}]  #!\n",
        "attributes.a.transforms[0]: slice:",
    ),
    "empty replace": (
        "attributes:\n  a:\n    column: x\n    transforms: [{replace: {'': b}}]  #!\n",
        "attributes.a.transforms[0]: replace: there is nothing to find",
    ),
    "word for both": (
        "attributes:\n  a:\n    column: x\n    transforms: [{boolean: {'true': [y], 'false': [y]}}]  #!\n",
        "attributes.a.transforms[0]: boolean: a word cannot mean both",
    ),
    "template's field": (
        "attributes:\n  a:\n    template: '{unitt}'  #!\n",
        "attributes.a.template: {unitt} is no field here;",
    ),
    "template's brace": ("attributes:\n  a:\n    template: 'a}'  #!\n", "attributes.a.template: a single }"),
    "circle": (
        "attributes:\n  a: {template: '{b}'}  #!\n  b: {template: '{a}'}\n",
        "attributes.a: templates in a circle: a needs b needs a",
    ),
    "clear where Moodle has no field": (
        "attributes:\n  a:\n    column: x\n    when_empty: clear  #!\n",
        "attributes.a.when_empty: clear empties a field in Moodle",
    ),
    "compare where Moodle has no field": (
        "attributes:\n  a:\n    column: x\n    compare: false  #!\n",
        "attributes.a.compare: is for Moodle's fields only",
    ),
    "unique elsewhere": (
        "attributes:\n  a:\n    column: x\n    unique: suffix  #!\n",
        "attributes.a.unique: is for username only",
    ),
    "everybody removed": (
        "removed:\n  value: gone  #!\n",
        "removed.value: would say of everybody the same",
    ),
    "removed by another field": (
        "removed:\n  template: '{username}'  #!\n",
        "removed.template: ",
    ),
    "separator elsewhere": (
        "attributes:\n  a:\n    column: x\n    separator: ';'  #!\n",
        "attributes.a.separator: is for earlier_keys and units_above only",
    ),
    "default without value": (
        "attributes:\n  a: {column: x, when_empty: default}  #!\n",
        "attributes.a: when_empty: default and default: VALUE need each other",
    ),
    "default that does not fit": (
        "attributes:\n  a:\n    column: x\n    type: int\n    when_empty: default\n    default: many  #!\n",
        "attributes.a.default: is not a whole number",
    ),
    "true or false": (
        "attributes:\n  a:\n    column: x\n    compare: perhaps  #!\n",
        "attributes.a.compare: must be true or false",
    ),
    "xpath in a table": (
        "attributes:\n  a:\n    xpath: name  #!\n",
        "attributes.a.xpath: is for format xml; the source is csv",
    ),
    "control character": ('attributes:\n  a:\n    value: "a\\u0007"  #!\n', "attributes.a.value: has control"),
    "cohort's template": (
        "cohorts:\n  - idnumber: '{column:x}'  #!\n    name: b\n",
        "cohorts[0].idnumber: {column:x} is no",
    ),
    "unknown variable": (
        "cohorts:\n  - idnumber: a\n    name: b\n    when: unitt == 'A'  #!\n",
        "cohorts[0].when: unknown name unitt; did you mean unit?",
    ),
    "field that is not mapped": ("scope: city == 'X'  #!\n", "scope: unknown name city;"),
    "wrong type": ("scope: unit > 3  #!\n", "scope: does not fit: found no matching overload for '_>_'"),
    "no truth value": ("scope: unit  #!\n", "scope: gives string, but a condition must be true or false"),
    "not CEL": ("scope: unit ==  #!\n", "scope: is not CEL:"),
    "wrong regular expression": ("scope: unit.matches('[')  #!\n", "scope: invalid regular expression"),
    "in a block": ("scope: |\n  unit == 'A' ||\n  unitt == 'B'  //!\n", "scope: unknown name unitt;"),
    "too long": (f"scope: unit == '{'a' * 4000}'  #!\n", "scope: is longer than 4000 characters"),
}


@pytest.mark.parametrize("case", IN_MAPPING)
def test_a_mistake_in_mapping_yaml(case: str, tmp_path: Path) -> None:
    """Each kind of mistake has exactly one message, at its line."""
    text, message = IN_MAPPING[case]
    text = MAPPING + text
    line = next(i for i, each in enumerate(text.splitlines(), 1) if each.endswith(("#!", "//!")))
    found = mistakes(tmp_path, text.replace("#!", "").replace("//!", ""))
    assert len(found) == 1
    assert found[0].startswith(f"mapping.yaml:{line}: {message}")


IN_PERSON = {
    "unknown field": ("  usernam: {column: x}  #!\n", "person.usernam: unknown name; did you mean username?"),
    "clearing what Moodle needs": (
        "  auth:\n    column: x\n    when_empty: clear  #!\n",
        "person.auth.when_empty: clear empties a field in Moodle, which this one does not allow",
    ),
    "profile's name": ("  profile:\n    cost centre: {column: x}  #!\n", "person.profile.cost centre: must look like"),
    "unknown option": (
        "  city:\n    colum: x  #!\n    value: y\n",
        "person.city.colum: unknown name; did you mean column?",
    ),
    "first_of": ("  city:\n    first_of:\n      - {colum: x}  #!\n", "person.city.first_of[0].colum: unknown name"),
}


@pytest.mark.parametrize("case", IN_PERSON)
def test_a_mistake_in_a_field_of_a_person(case: str, tmp_path: Path) -> None:
    """Fields of a person are a closed list, and so are a field's options."""
    text, message = IN_PERSON[case]
    text = MAPPING + text
    line = next(i for i, each in enumerate(text.splitlines(), 1) if each.endswith("#!"))
    assert mistakes(tmp_path, text.replace("#!", ""))[0].startswith(f"mapping.yaml:{line}: {message}")


SOURCES = {
    "format": ("{name: hr, format: excel}", "source.format: must be 'csv', 'tsv', 'xml', 'json' or 'scim'"),
    "encoding": ("{name: hr, format: csv, encoding: utf-99}", "source.encoding: must be auto or an encoding such as"),
    "time zone": ("{name: hr, format: csv, timezone: Asia/Taipeh}", "source.timezone: is not a time zone"),
    "trailer": ("{name: hr, format: csv, trailer: '('}", "source.trailer: is no regular expression"),
    "delimiter": (
        "{name: hr, format: csv, delimiter: '||'}",
        "source.delimiter: is wrong: string should have at most 1",
    ),
    "gate": (
        "{name: hr, format: csv, gates: {min_share: 90}}",
        "source.gates.min_share: is wrong: input should be less",
    ),
    "no number": ("{name: hr, format: csv, gates: {min_share: most}}", "source.gates.min_share: must be a number"),
    "xml without record": ("{name: hr, format: xml}", "source: format xml needs record"),
    "record without xml": (
        "{name: hr, format: csv, record: //p}",
        "source: record and fields: for format xml or json only",
    ),
    "namespaces of json": (
        "{name: hr, format: json, namespaces: {a: b}}",
        "source: namespaces: for format xml only",
    ),
    "trailer of xml": (
        "{name: hr, format: xml, record: //p, trailer: x}",
        "source: delimiter, columns, skip_lines and trailer: for format csv or tsv only",
    ),
    "separator of a table": ("{name: hr, format: csv, separator: ;}", "source: separator: for format json only"),
    "column of a file without header": (
        "{name: hr, format: csv, columns: [id, login, first, last]}",
        "person.email.column:",
    ),
}


@pytest.mark.parametrize("case", SOURCES)
def test_a_mistake_in_the_source(case: str, tmp_path: Path) -> None:
    """What cannot be read so is told before any feed comes."""
    source, message = SOURCES[case]
    found = mistakes(tmp_path, MAPPING.replace("{name: hr, format: csv}", source))
    assert len(found) == 1
    assert found[0].startswith(f"mapping.yaml:{8 if 'person' in message else 2}: {message}")


def test_mistakes_in_an_xml_source(tmp_path: Path) -> None:
    """XPaths are checked, and a column of XML has to be declared."""
    source = "{name: hr, format: xml, record: //p, fields: {id: 'a[', login: b, first: c, last: d}}"
    text = MAPPING.replace("{name: hr, format: csv}", source) + "  city: {xpath: '//('}\n"
    assert mistakes(tmp_path, text) == [
        "mapping.yaml:2: source.fields.id: is no XPath: Invalid expression",
        "mapping.yaml:8: person.email.column: mail is not in source.fields; Known are first, id, last, login",
        "mapping.yaml:9: person.city.xpath: is no XPath: Invalid expression",
    ]


def test_mistakes_in_a_json_source(tmp_path: Path) -> None:
    """JMESPaths are checked with their functions, and no name means two things."""
    source = "{name: hr, format: json, fields: {id: 'a[', login: b, first: c, last: d}}"
    text = MAPPING.replace("{name: hr, format: csv}", source)
    text += "  city: {jmespath: 'lenth(a)'}\n  phone1: {jmespath: login}\n  phone2: {xpath: a}\n"
    assert mistakes(tmp_path, text) == [
        "mapping.yaml:2: source.fields.id: is no JMESPath",
        "mapping.yaml:8: person.email.column: mail is not in source.fields; Known are first, id, last, login",
        "mapping.yaml:9: person.city.jmespath: is no JMESPath: Unknown function: lenth()",
        "mapping.yaml:10: person.phone1.jmespath: login is a name in source.fields too; use column",
        "mapping.yaml:11: person.phone2.xpath: is for format xml; the source is json: use jmespath",
    ]


REQUIRED = ("username", "firstname", "lastname", "email")


@pytest.mark.parametrize("name", REQUIRED)
def test_what_moodle_needs_has_to_be_mapped(name: str, tmp_path: Path) -> None:
    """Without these Moodle creates nobody."""
    lines = [line for line in MAPPING.splitlines() if f"  {name}:" not in line]
    assert mistakes(tmp_path, "\n".join(lines)) == [f"mapping.yaml:4: person.{name}: is missing"]


@pytest.mark.parametrize("name", REQUIRED)
def test_what_moodle_needs_cannot_be_ignored(name: str, tmp_path: Path) -> None:
    """An empty user name would leave nobody to create."""
    text = MAPPING.replace(f"  {name}: {{", f"  {name}: {{when_empty: ignore, ")
    assert f"person.{name}.when_empty: nobody can be without {name}" in mistakes(tmp_path, text)[0]


def test_mistakes_in_roles(tmp_path: Path) -> None:
    """Roles are known by name, contexts have one of three forms, and a role needs its condition."""
    roles = """\
version: 1
role_ids: {coach: 9, judge: zero}
"""
    assert mistakes(tmp_path, roles=roles) == ["roles.yaml:2: role_ids.judge: must be a whole number"]
    roles = """\
version: 1
role_ids: {coach: 9}
roles:
  - {role: coach, context: system, when: active}
  - {role: techer, when: active}
  - {role: teacher, context: "category:{unitt}", when: active}
  - {role: teacher, context: "course:X", when: activ}
"""
    found = mistakes(tmp_path, roles=roles)
    assert found[0].startswith(
        "roles.yaml:5: roles[1].role: there is no role techer; did you mean teacher? Known are coach"
    )
    assert found[1].startswith("roles.yaml:6: roles[2].context: {unitt} is no field here; did you mean unit?")
    assert found[2].startswith("roles.yaml:7: roles[3].when: unknown name activ; did you mean active?")
    roles = "version: 1\nroles:\n  - role: teacher\n    context: unit:X\n    when: active\n  - role: teacher\n"
    assert mistakes(tmp_path, roles=roles) == [
        'roles.yaml:4: roles[0].context: must be system, "category: IDNUMBER" or "course: IDNUMBER OR SHORTNAME"',
        "roles.yaml:6: roles[1].when: is missing",
    ]


def test_mistakes_in_paths(tmp_path: Path) -> None:
    """Codes and courses stand once, roles exist, and dates are dates."""
    paths = """\
version: 1
paths:
  - {code: A, name: {en: A}, courses: [X, X], audience: active}
  - {code: A, name: {en: B}, courses: [X], audience: active, enrolment: {role: pupil}}
"""
    found = mistakes(tmp_path, paths=paths)
    assert found[0] == "paths.yaml:3: paths[0].courses[1]: X stands here twice: keep one"
    assert found[1] == "paths.yaml:4: paths[1].code: A is taken: a code stands for one path"
    assert found[2].startswith("paths.yaml:4: paths[1].enrolment.role: there is no role pupil")
    paths = """\
version: 1
paths:
  - code: A B
    name: {english: A}
    courses: []
    audience: active
    enrolment:
      start: 2026-02-30
      on_loss: delete
"""
    found = mistakes(tmp_path, paths=paths)
    assert [line.partition(": ")[0] for line in found] == [f"paths.yaml:{n}" for n in (3, 4, 5, 8, 9)]
    assert "paths[0].enrolment.start: must be hire, assignment, none or a date such as 2026-01-31" in found[3]


def test_mistakes_in_groups_and_ways_of_paths(tmp_path: Path) -> None:
    """What a path by enrolment and one by cohort may say is told apart; templates and courses are looked at."""
    paths = f"""\
version: 1
paths:
  - code: A
    name: {{en: A}}
    courses:
      - X
      - "course:Y"
    audience: active
    groups:
      - "{{unti}}"
      - idnumber: "{{unit}}"
        name: "{{"
      - ""
    cohort: mine
  - code: B
    name: {{en: B}}
    courses: [X]
    audience: active
    by: cohort
    groups: ["{{unit}}"]
    enrolment: {{start: hire}}
  - code: {"C" * 99}
    name: {{en: C}}
    courses: [X]
    audience: active
    by: cohort
  - {{code: D, name: {{en: D}}, courses: [X], audience: active, by: magic}}
"""
    assert mistakes(tmp_path, paths=paths) == [
        "paths.yaml:13: paths[0].groups[2]: must not be empty",
        "paths.yaml:27: paths[3].by: must be 'enrolment' or 'cohort'",
    ]
    good = paths.replace('      - ""\n', "").replace("by: magic", "by: enrolment")
    found = mistakes(tmp_path, paths=good)
    assert [line.partition(";")[0] for line in found] == [
        "paths.yaml:7: paths[0].courses[1]: has a colon, which a course of a path with groups may not have: "
        "use its other name",
        "paths.yaml:10: paths[0].groups[0].idnumber: {unti} is no field here",
        "paths.yaml:10: paths[0].groups[0].name: {unti} is no field here",
        "paths.yaml:12: paths[0].groups[1].name: a single { in a template: write it twice for the character itself",
        "paths.yaml:13: paths[0].cohort: is for a path by: cohort only, and this one is by: enrolment",
        "paths.yaml:19: paths[1].groups: is for a path by: enrolment only, and this one is by: cohort",
        "paths.yaml:20: paths[1].enrolment: is for a path by: enrolment only, and this one is by: cohort",
        "paths.yaml:21: paths[2].code: the code makes an idnumber of over 100 characters: name a cohort",
    ]


def test_mistakes_in_requirements(tmp_path: Path) -> None:
    """A requirement names a path that exists, once, and has one rule for its due date."""
    paths = "version: 1\npaths:\n  - {code: SAFETY, name: {en: A}, courses: [X], audience: active}\n"
    requirements = """\
version: 1
requirements:
  - {code: R, name: {en: R}, path: SAFTY, due: {days_after_hire: 1}}
  - {code: R, name: {en: R}, path: SAFETY, audience: activ, due: {days_after_hire: 1}}
"""
    found = mistakes(tmp_path, paths=paths, requirements=requirements)
    assert found[0].startswith(
        "requirements.yaml:3: requirements[0].path: there is no path SAFTY; did you mean SAFETY?"
    )
    assert found[1].startswith("requirements.yaml:4: requirements[1].audience: unknown name activ;")
    assert found[2].startswith("requirements.yaml:4: requirements[1].code: R is taken")
    requirements = """\
version: 1
requirements:
  - code: R
    name: {en: R}
    path: SAFETY
    due: {on: 2026-02-30}
  - code: S
    name: {en: S}
    path: SAFETY
    due: {on: 2026-01-31, days_after_hire: 1}
  - code: T
    name: {en: T}
    path: SAFETY
    due: {every: 02-30}
    on_change: forget
    also:
      - audience: activ
        due: {days_after_hire: 1, at_least_days: 3}
  - {code: U, name: {en: U}, path: SAFETY, due: {every: 3-31}, recertify: {months: 1, grace_days: -1}}
"""
    found = mistakes(tmp_path, paths=paths, requirements=requirements)
    assert found[0].startswith("requirements.yaml:6: requirements[0].due.on: must be a date such as 2026-01-31")
    assert found[1].startswith("requirements.yaml:10: requirements[1].due: needs exactly one of on,")
    assert "requirements.yaml:14: requirements[2].due.every: must be a month and a day such as 03-31" in found[2]
    assert found[3].startswith("requirements.yaml:15: requirements[2].on_change: ")
    assert "requirements.yaml:18: requirements[2].also[0].due: at_least_days belongs to every" in found[4]
    assert "requirements.yaml:19: requirements[3].due.every: must be a month and a day such as 03-31" in found[5]
    assert found[6].startswith("requirements.yaml:19: requirements[3].recertify.grace_days: ")


def test_a_mistake_in_a_further_audience(tmp_path: Path) -> None:
    """It is found where it stands."""
    paths = "version: 1\npaths:\n  - {code: SAFETY, name: {en: A}, courses: [X], audience: active}\n"
    requirements = """\
version: 1
requirements:
  - code: R
    name: {en: R}
    path: SAFETY
    due: {days_after_hire: 1}
    also:
      - {audience: active, due: {every: 12-31}}
      - {audience: activ, due: {every: 12-31}}
"""
    [found] = mistakes(tmp_path, paths=paths, requirements=requirements)
    assert found.startswith("requirements.yaml:9: requirements[0].also[1].audience: unknown name activ;")


def test_mistakes_in_what_comes_before(tmp_path: Path) -> None:
    """Codes that are not there, circles, a course before itself, and a requirement before itself."""
    paths = """\
version: 1
paths:
  - {code: ONE, name: {en: A}, courses: [X], audience: active, after: [THREE]}
  - {code: TWO, name: {en: A}, courses: [Y], audience: active, after: [ONE, THREEE]}
  - {code: THREE, name: {en: A}, courses: [Z], audience: active, after: [R-TWO]}
  - {code: FOUR, name: {en: A}, courses: [Q], audience: active, order: never}
"""
    requirements = """\
version: 1
requirements:
  - {code: R-TWO, name: {en: R}, path: TWO, due: {on: 2026-12-31}}
  - {code: R, name: {en: R}, path: ONE, due: {on: 2026-12-31}, after: [FUOR, ONE]}
"""
    [found] = mistakes(tmp_path, paths=paths, requirements=requirements)
    assert found.startswith("paths.yaml:6: paths[3].order: ")
    found = mistakes(tmp_path, paths=paths.replace(", order: never", ""), requirements=requirements)
    assert found[0].startswith("paths.yaml:3: paths[0].after: a circle: ")
    assert all(code in found[0] for code in ("ONE", "TWO", "THREE", " before "))
    assert found[1].startswith(
        "paths.yaml:4: paths[1].after: there is no path or requirement THREEE; did you mean THREE?"
    )
    assert found[2].startswith("requirements.yaml:4: requirements[1].after: ONE is what it requires itself")
    assert found[3].startswith("requirements.yaml:4: requirements[1].after: there is no path or requirement FUOR;")
    far = """\
version: 1
paths:
  - {code: ONE, name: {en: A}, courses: [X], audience: active}
  - {code: TWO, name: {en: A}, courses: [Y], audience: active, after: [ONE]}
  - {code: THREE, name: {en: A}, courses: [Z, X], audience: active, after: [TWO]}
"""
    (tmp_path / "far").mkdir()
    [again] = mistakes(tmp_path / "far", paths=far)
    assert again.startswith("paths.yaml:5: paths[2].after: X stands in this path and in one that comes before it")
    [itself] = mistakes(tmp_path / "far", paths=far.replace("[Z, X]", "[Z]").replace("after: [ONE]", "after: [TWO]"))
    assert "paths.yaml:4: paths[1].after: a circle: TWO before TWO" in itself


def test_a_leave_has_one_beginning(tmp_path: Path) -> None:
    """Mapped as a day or as HR's word, and not at all without one of them."""
    begun = "  leave_until: {column: back}\n"
    [found] = mistakes(tmp_path, MAPPING + begun)
    assert "person.leave_until: needs leave_from or on_leave" in found
    both = "  leave_from: {column: away}\n  on_leave: {column: gone}\n"
    [found] = mistakes(tmp_path, MAPPING + both)
    assert "person.on_leave: leave_from says it already: map one of the two" in found


def test_all_mistakes_of_all_files_are_shown_at_once(tmp_path: Path) -> None:
    """One look is enough: a mistake in one file hides none in another."""
    found = mistakes(
        tmp_path,
        MAPPING + "scope: nobody\nattributes:\n  a: {column: x, transforms: [up]}\n",
        roles="version: 1\nroles: [{role: boss, when: acti}]\n",
        paths="version: 2\n",
        requirements="version: 1\nrequirements: [{code: R, name: {en: R}, path: GONE, due: {days_after_hire: 1}}]\n",
    )
    assert [line.split(": ")[1] for line in found] == [
        "scope",
        "attributes.a.transforms[0]",
        "version",
        "roles[0].role",
        "roles[0].when",
    ]


def test_certificates_are_checked(tmp_path: Path) -> None:
    """What earns one is there, codes and numbers are there once, and every field is what it should be."""
    paths = "version: 1\npaths:\n  - {code: P, name: {en: A}, courses: [SAFE], audience: active}\n"
    requirements = "version: 1\nrequirements: [{code: FIRE, name: {en: R}, path: P, due: {days_after_hire: 1}}]\n"
    text = """\
version: 1
issuer: Example
certificates:
  - {code: A, title: {en: A}, earned_by: {requirement: FIRR}, number: "A-{year}-{serial}"}
  - {code: A, title: {en: A}, earned_by: {course: SAVE}, number: "B-{year}-{serial}"}
  - {code: C, title: {en: A}, earned_by: {course: SAFE}, number: "B-{serial:04}-{year}"}
"""
    found = mistakes(tmp_path, paths=paths, requirements=requirements, certificates=text)
    assert found == [
        "certificates.yaml:4: certificates[0].earned_by.requirement: there is no requirement FIRR; "
        "did you mean FIRE? Known are FIRE",
        "certificates.yaml:5: certificates[1].code: A is taken: a code stands for one certificate",
        "certificates.yaml:5: certificates[1].earned_by.course: no path has a course SAVE; "
        "did you mean SAFE? Known are SAFE",
        "certificates.yaml:6: certificates[2].number: gives the same numbers as that of A: "
        "begin each with letters of its own",
    ]
    text = """\
version: 1
certificates:
  - {code: A, title: {}, earned_by: {}, number: "{year}", months: 0, language: de, since: yesterday}
"""
    found = mistakes(tmp_path, paths=paths, requirements=requirements, certificates=text)
    fields = ("earned_by", "language", "months", "number", "since", "title")
    assert {line.split(": ")[1] for line in found} == {"issuer", *(f"certificates[0].{name}" for name in fields)}
    assert "certificates.yaml:3: certificates[0].earned_by: needs exactly one of requirement, course, content" in found
    assert any("needs {year} and {serial}, each once" in line for line in found)
    text = """\
version: 1
issuer: Example
certificates:
  - {code: B, title: {en: B}, earned_by: {content: safety}, number: "B-{year}-{serial}"}
  - {code: C, title: {en: C}, earned_by: {course: SAFE, window_days: 30}, number: "C-{year}-{serial}"}
"""
    assert mistakes(tmp_path, paths=paths, requirements=requirements, certificates=text) == [
        "certificates.yaml:4: certificates[0].earned_by.content: should be chosen, or the id of content",
        "certificates.yaml:5: certificates[1].earned_by: window_days goes with content",
    ]


def test_a_path_is_not_missed_where_its_file_is_wrong(tmp_path: Path) -> None:
    """A mistake that only follows from another one is not shown."""
    requirements = "version: 1\nrequirements: [{code: R, name: {en: R}, path: A, due: {days_after_hire: 1}}]\n"
    assert len(mistakes(tmp_path, paths="paths: [", requirements=requirements)) == 1


FILES = {
    "alias": ("version: 1\na: &x 1\nb: *x\n", "mapping.yaml:3: file: aliases (*name) are refused"),
    "bomb": ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "mapping.yaml:2: file: aliases (*name) are refused"),
    "tag": ("version: !!python/object/apply:os.system [ls]\n", "mapping.yaml:1: file: tags (!name) are refused"),
    "twice": ("version: 1\nkey: {column: a}\nkey: {column: b}\n", "mapping.yaml:3: file: key stands here twice"),
    "list": ("- a\n", "mapping.yaml:1: file: must be a mapping of names to values"),
    "text": ("\n\nhello\n", "mapping.yaml:3: file: must be a mapping of names to values"),
    "empty": ("", "mapping.yaml:1: file: must be a mapping of names to values"),
    "two documents": ("a: b\n---\nc: d\n", "mapping.yaml:2: file: is not valid YAML: but found another document"),
    "no value": ("version: 1\nkey:\n", "mapping.yaml:2: file: has no value"),
    "complex key": ("version: 1\n? [a]\n: b\n", "mapping.yaml:2: file: a name must be plain text"),
    "syntax": ("version: 1\nkey: {column: a\nperson: x\n", "mapping.yaml:3: file: is not valid YAML:"),
    "tab": ("version: 1\nkey:\n\tcolumn: a\n", "mapping.yaml:3: file: is not valid YAML: found character"),
    "control character": ("version: \x07\n", "mapping.yaml:1: file: is not valid YAML:"),
    "depth": ("a: " + "[" * 5000, "mapping.yaml:1: file: is nested too deeply"),
    "size": ("a: " + "x" * 2_000_000, "mapping.yaml:1: file: is larger than"),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_that_is_not_plain_data(case: str, tmp_path: Path) -> None:
    """YAML may hold mappings, lists and text only; what could do harm or mislead is refused clearly."""
    text, message = FILES[case]
    found = mistakes(tmp_path, text)
    assert len(found) == 1
    assert found[0].startswith(message)


def test_a_file_in_another_encoding(tmp_path: Path) -> None:
    """The line is told even where the text cannot be read."""
    (tmp_path / "mapping.yaml").write_bytes("version: 1\n# 姓名\n".encode("big5"))
    with pytest.raises(MappingError, match=r"mapping.yaml:2: file: is not UTF-8"):
        load(tmp_path)


def test_a_folder_that_is_no_company(tmp_path: Path) -> None:
    """A missing folder, a missing mapping and a misspelt file are told apart."""
    with pytest.raises(MappingError, match=r"nowhere:1: folder: cannot be read"):
        load(tmp_path / "nowhere")
    with pytest.raises(MappingError, match=r"mapping.yaml:1: file: cannot be read: No such file"):
        load(tmp_path)
    found = mistakes(tmp_path, role="version: 1\n")
    assert found[0].startswith("role.yaml:1: file: is no mapping file; did you mean roles.yaml?")


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    assert list(company(tmp_path, "\ufeff" + MAPPING).sources) == ["hr"]
