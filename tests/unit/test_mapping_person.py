"""From a row to a person: origins, empty values, dependencies, and rows that are rejected alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.people import Person, Record, Rejection, Removed
from mappings import fields
from mappings.companies import folder
from mappings.loader import load
from tests.mapped import only
from tests.mapped import outcome as of_record
from tests.mapped import told as way_of
from tests.unit.test_mapping_example import MAPPING, ROW, company, person, rejections

STARTER = load(folder("starter"))


def test_everything_a_mapping_can_say_of_a_person(tmp_path: Path) -> None:
    """Account, profile, employment and attributes each find their place and their type."""
    text = (
        MAPPING.replace("username: {column: login}", "username: {template: '{firstname}.{lastname}', unique: suffix, "
                        "transforms: [romanise]}")
        + """\
  idnumber: {template: "HR-{key}"}
  city: {value: Taipei}
  phone1: {column: ext, transforms: [{prefix: "+886-2-"}]}
  profile:
    jobgrade: {column: grade}
  unit: {column: unit}
  unit_name: {first_of: [{column: long}, {template: "Unit {column:unit}"}]}
  job_role: {template: "{unit}-{grade}"}
  manager: {column: boss}
  starts: {column: hired, transforms: [{date: "%d.%m.%Y"}]}
  ends: {column: left}
  active: {column: status, transforms: [boolean]}
  timezone: {column: zone}
  earlier_keys: {column: old, separator: "|"}
attributes:
  grade: {column: grade, type: int}
  permanent: {column: permanent, type: bool}
  born: {column: born, type: date}
  note: {column: note}
"""
    )  # fmt: skip
    row = {
        "ext": "", "grade": "7", "unit": "ENG", "long": "", "boss": "E0", "hired": "31.01.2020", "left": "2026-12-31",
        "status": "yes", "zone": "Asia/Taipei", "old": "X1| E1 |X2|X1|", "permanent": "", "born": "1990-05-01",
        "note": "",
    }  # fmt: skip
    assert person(company(tmp_path, text), **row, first="Élodie", last="Đặng") == Person(
        key="E1",
        account={
            "username": "elodie.dang",
            "firstname": "Élodie",
            "lastname": "Đặng",
            "email": "ada@example.com",
            "idnumber": "HR-E1",
            "city": "Taipei",
        },
        profile={"jobgrade": "7"},
        attributes={"grade": 7, "permanent": None, "born": date(1990, 5, 1), "note": ""},
        unit="ENG",
        unit_name="Unit ENG",
        job_role="ENG-7",
        manager="E0",
        starts=date(2020, 1, 31),
        ends=date(2026, 12, 31),
        active=True,
        timezone="Asia/Taipei",
        earlier_keys=("X1", "X2"),
        source="hr",
        unique_username=True,
    )


def test_null_policies(tmp_path: Path) -> None:
    """An empty value leaves Moodle's field alone, empties it, takes a default or rejects the row: the field says."""
    mapping = company(
        tmp_path,
        MAPPING
        + """\
  city: {column: city}
  department: {column: dept, when_empty: clear}
  country: {column: country, when_empty: default, default: TW}
  institution: {column: firm, when_empty: reject}
  profile:
    a: {column: city, when_empty: clear}
    b: {column: city}
""",
    )
    found = person(mapping, city=" ", dept="", country="", firm="Gas")
    assert "city" not in found.account
    assert found.account["department"] == ""
    assert found.account["country"] == "TW"
    assert found.profile == {"a": ""}
    assert rejections(mapping, city="", dept="", country="", firm=" ") == [
        Rejection(2, "E1", "institution", "column firm is empty, and must not be")
    ]


def test_values_are_trimmed_and_composed(tmp_path: Path) -> None:
    """What looks alike is alike: white space around does not count, and accents are part of their letter."""
    assert person(company(tmp_path), first=" E\u0301lodie ").account["firstname"] == "Élodie"


@pytest.mark.parametrize("value", ["\u2126", "\u212b"])
def test_what_composing_gives_is_what_is_sent(value: str, tmp_path: Path) -> None:
    """Signs that Unicode writes as letters become those letters."""
    sent = person(company(tmp_path), first=value).account["firstname"]
    assert sent in ("Ω", "Å")


def test_a_row_without_key_names_nobody(tmp_path: Path) -> None:
    """It is rejected without a key: nobody can be counted as present."""
    assert rejections(company(tmp_path), id=" ") == [Rejection(2, None, "key", "column id is empty, and must not be")]


def test_all_that_is_wrong_with_a_row_is_told_with_its_key(tmp_path: Path) -> None:
    """One look at the source mends the row, and no reason repeats what somebody is called."""
    mapping = company(tmp_path, MAPPING + "  country: {column: country}\n")
    found = rejections(mapping, login="Ada Okafor", first="", mail="ada at home", country="Utopia")
    assert [(r.line, r.key, r.field) for r in found] == [
        (2, "E1", "username"),
        (2, "E1", "firstname"),
        (2, "E1", "email"),
        (2, "E1", "country"),
    ]
    assert not any(value in r.reason for r in found for value in ("Ada", "Okafor", "ada at", "Utopia"))


def test_a_field_made_of_a_wrong_field_is_not_told_too(tmp_path: Path) -> None:
    """One cause, one rejection, however far it reaches."""
    mapping = company(tmp_path, MAPPING + "  city: {template: '{email}'}\n  address: {template: '{city}'}\n")
    assert [r.field for r in rejections(mapping, mail="nobody")] == ["email"]


def test_a_template_with_an_empty_part_is_empty(tmp_path: Path) -> None:
    """``unit-`` would name nothing."""
    mapping = company(tmp_path, MAPPING + "  city: {template: 'x-{column:city}'}\n")
    assert "city" not in person(mapping, city="").account
    assert person(mapping, city="Taipei").account["city"] == "x-Taipei"


def test_braces_can_be_written(tmp_path: Path) -> None:
    """A doubled brace is the character."""
    assert person(company(tmp_path, MAPPING + "  city: {template: '{{{key}}}'}\n")).account["city"] == "{E1}"


def test_a_missing_column_rejects_and_never_clears(tmp_path: Path) -> None:
    """A column that is not there says nothing about anybody, least of all that the field should be emptied."""
    mapping = company(tmp_path, MAPPING + "  department: {column: dept, when_empty: clear}\n")
    assert rejections(mapping) == [Rejection(2, "E1", "department", "column dept is not in the feed")]
    assert only(mapping).columns == {"id", "login", "first", "last", "mail", "dept"}
    assert (only(mapping).key_column, only(mapping).expressions) == ("id", {})


def test_an_element_that_xml_leaves_out_is_empty(tmp_path: Path) -> None:
    """In XML absence is how an empty value is written."""
    source = "{name: hr, format: xml, record: //p, fields: {id: '@id', login: u, first: f, last: l, mail: e}}"
    text = MAPPING.replace("{name: hr, format: csv}", source) + "  city: {xpath: addr/city, when_empty: clear}\n"
    mapping = company(tmp_path, text)
    assert person(mapping).account["city"] == ""
    assert only(mapping).columns == {"id", "login", "first", "last", "mail"}
    assert only(mapping).expressions == {
        "id": "@id",
        "login": "u",
        "first": "f",
        "last": "l",
        "mail": "e",
        "addr/city": "addr/city",
    }


def test_columns_and_paths_of_json(tmp_path: Path) -> None:
    """Flat objects are mapped by the names of their columns, others by JMESPaths; what is not there is empty."""
    text = MAPPING.replace("{name: hr, format: csv}", "{name: hr, format: json}")
    mapping = company(
        tmp_path, text + "  city: {jmespath: 'addr[0].city', when_empty: clear}\n  phone1: {column: Work phone}\n"
    )
    assert person(mapping).account["city"] == ""
    assert only(mapping).key_column == "id"
    assert only(mapping).columns == {"id", "login", "first", "last", "mail"}
    assert only(mapping).expressions == {
        name: name for name in [*only(mapping).columns, "addr[0].city", '"Work phone"']
    }


@pytest.mark.parametrize(
    ("removed", "gone", "there"),
    [
        ("{jmespath: '\"@removed\".reason'}", {'"@removed".reason': "deleted"}, {'"@removed".reason': ""}),
        ("{column: deleted}", {"deleted": "true"}, {"deleted": "false"}),
        ("{column: op, transforms: [{boolean: {true: [D], false: [I, U]}}]}", {"op": "D"}, {"op": "U"}),
    ],
)
def test_who_is_gone_is_read_by_the_key_alone(
    tmp_path: Path, removed: str, gone: dict[str, str], there: dict[str, str]
) -> None:
    """A row that says so needs nothing else; what it says of the key is checked as ever."""
    text = MAPPING.replace("{name: hr, format: csv}", "{name: hr, format: json}").replace(
        "\nperson:", f"\nremoved: {removed}\nperson:"
    )
    mapping = company(tmp_path, text)
    assert mapping.said("hr", Record(3, {"id": " E1 ", **gone})) == Removed(3, "E1")
    assert way_of(mapping, Record(3, {"id": "E1", **gone})).removed
    assert person(mapping, **there).key == "E1"
    assert mapping.said("hr", Record(3, {"id": "", **gone})) == [
        Rejection(3, None, "key", "column id is empty, and must not be")
    ]
    assert set(gone) <= set(only(mapping).expressions)


def test_the_key_of_a_row_that_cannot_be_split(tmp_path: Path) -> None:
    """It goes the way of every key; what is none names nobody."""
    text = MAPPING.replace("key: {column: id}", "key: {column: id, transforms: [{prefix: P}, upper]}")
    mapping = company(tmp_path, text)
    assert mapping.key("hr", " e1") == "PE1"
    assert mapping.key("hr", "") is None
    assert mapping.key("hr", "e" * 300) is None


def test_declared_fields_of_json(tmp_path: Path) -> None:
    """Names of one's own for long paths, as with XML."""
    source = "{name: hr, format: json, record: value, fields: {id: a.b, login: u, first: f, last: l, mail: e}}"
    mapping = company(tmp_path, MAPPING.replace("{name: hr, format: csv}", source))
    assert only(mapping).expressions == {"id": "a.b", "login": "u", "first": "f", "last": "l", "mail": "e"}


def test_the_last_day_is_not_before_the_first(tmp_path: Path) -> None:
    """One of the two dates is wrong, and nobody can tell which."""
    mapping = company(tmp_path, MAPPING + "  starts: {column: a}\n  ends: {column: b}\n")
    assert person(mapping, a="2026-01-31", b="2026-01-31").ends == date(2026, 1, 31)
    assert rejections(mapping, a="2026-01-31", b="2026-01-30") == [
        Rejection(2, "E1", "ends", "the last day of employment is before the first")
    ]


def test_days_that_do_not_exist_are_rejected(tmp_path: Path) -> None:
    """A date that is not transformed must be an ISO date that exists."""
    mapping = company(tmp_path, MAPPING + "  starts: {column: a}\n")
    assert [r.field for r in rejections(mapping, a="2026-02-30")] == ["starts"]


def test_scope_leaves_people_out_without_rejecting_them(tmp_path: Path) -> None:
    """Somebody out of scope is neither wanted nor wrong: an empty list says so."""
    mapping = company(tmp_path, MAPPING + "  unit: {column: unit}\nscope: unit != 'EXT'\n")
    assert rejections(mapping, unit="EXT") == []
    assert person(mapping, unit="").key == "E1"


def test_a_scope_that_cannot_be_decided_rejects(tmp_path: Path) -> None:
    """Nobody is dropped because a number is missing."""
    mapping = company(tmp_path, MAPPING + "scope: grade > 3\nattributes:\n  grade: {column: grade, type: int}\n")
    assert person(mapping, grade="4").attributes == {"grade": 4}
    assert rejections(mapping, grade="") == [
        Rejection(2, "E1", "scope", "the scope cannot be decided: grade is empty")
    ]


def test_what_is_set_at_creation_only_can_be_found(tmp_path: Path) -> None:
    """The planner reads which fields it must not compare."""
    mapping = company(
        tmp_path,
        MAPPING + "  lang: {value: en, compare: false}\n  profile: {nick: {column: first, compare: false}}\n"
        "protected: [Admin, guest]\n",
    )
    assert mapping.create_only == {"lang", "profile:nick"}
    assert mapping.protected == {"admin", "guest"}


def test_people_of_one_name_have_one_stem(tmp_path: Path) -> None:
    """A thousand namesakes get the same user name by rule; that it may be numbered is said with each of them."""
    text = MAPPING.replace(
        "{column: login}", "{template: '{lastname}{firstname}', transforms: [romanise], unique: suffix}"
    )
    mapping = company(tmp_path, text)
    people = [person(mapping, id=f"E{i}", mail=f"p{i}@example.com", first="家豪", last="陳") for i in range(1000)]
    assert {p.account["username"] for p in people} == {"chenjiahao"}
    assert len({p.key for p in people}) == 1000
    assert all(p.unique_username for p in people)


def test_the_memory_of_values_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many people a feed has, what is remembered of it stays small, and the results are the same."""
    monkeypatch.setattr(fields, "MEMO", 10)
    mapping = company(tmp_path)
    people = [person(mapping, id=f"E{i}", login=f"p{i}") for i in range(100)]
    assert [p.account["username"] for p in people] == [f"p{i}" for i in range(100)]
    assert all(len(field.values) <= 10 for field in only(mapping).mapper.fields)


def test_the_digest_changes_with_any_file(tmp_path: Path) -> None:
    """A changed mapping plans everybody again, a file beside it does not."""
    first = company(tmp_path).digest
    assert company(tmp_path, courses="version: 1\n").digest == first
    second = company(tmp_path, roles="version: 1\n").digest
    third = company(tmp_path, MAPPING + "# a comment\n", roles="version: 1\n").digest
    assert len({first, second, third}) == 3


@given(st.dictionaries(st.sampled_from([*only(STARTER).columns]), st.text(), min_size=10))
def test_no_row_stops_a_run(row: dict[str, str]) -> None:
    """Whatever stands in a row, it becomes a person or is rejected, and explaining it agrees."""
    record = Record(7, row)
    outcome = of_record(STARTER, record)
    told = way_of(STARTER, record)
    if isinstance(outcome, Person):
        assert told.person == outcome
        assert told.grants == STARTER.grants(outcome)
    else:
        assert told.rejections == tuple(outcome)
        assert all(rejection.line == 7 for rejection in outcome)


def test_the_example_row_is_what_the_feed_holds() -> None:
    """Guard of the tests themselves: nothing above depends on a changed example."""
    assert set(ROW) == {"id", "login", "first", "last", "mail"}
