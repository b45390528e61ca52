"""Rows of former systems: whose they are, when it was, what was done, and what is wrong with the others."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from connector.domain.erasing import Erased, Kind, Marker
from connector.domain.errors import MappingError
from connector.domain.importing import Issued, Judging, Kept, Known, LeftOut, Legacy, OfErased, Roster
from connector.domain.importing import Kind as Of
from connector.domain.people import Record, Rejection
from mappings.imports import ColumnsSpec, ImportSpec, load_imports, usual
from mappings.loader import load
from mappings.records import RecordMaker

COMPANY = Path(__file__).parents[1] / "integration" / "company"
NOW = datetime(2026, 11, 30, 3, tzinfo=UTC)
MAKER = RecordMaker(
    usual("old", Of.COMPLETIONS), {"SAFETY": ("SAFE", "FIRE"), "SAFE": ("SAFE",)}, {"AID"}, {"X1"}, NOW
)


def row(maker: RecordMaker = MAKER, **said: str) -> Legacy | LeftOut | list[Rejection]:
    return maker.row(Record(2, {"person": "E1", "course": "SAFE", "date": "2020-01-31", **said}))


def reading(**more: object) -> RecordMaker:
    return replace(MAKER, spec=MAKER.spec.model_copy(update=more))


def record(**said: str) -> Legacy:
    made = row(**said)
    assert isinstance(made, Legacy)
    return made


@pytest.mark.parametrize(
    ("dates", "text", "at", "precision"),
    [
        (("iso",), "2019-03-05", "2019-03-05T12:00+08:00", "day"),
        (("iso",), "2019-03-05 23:59:58", "2019-03-05T23:59:58+08:00", "second"),
        (("iso",), "2019-03-05T23:59:58Z", "2019-03-05T23:59:58+00:00", "second"),
        (("%Y/%m/%d", "%d.%m.%Y"), "2019/3/5", "2019-03-05T12:00+08:00", "day"),
        (("%Y/%m/%d", "%d.%m.%Y"), "05.03.2019", "2019-03-05T12:00+08:00", "day"),
        (("%d/%m/%Y %H:%M",), "5/3/2019 07:30", "2019-03-05T07:30+08:00", "minute"),
        (("roc",), "108/03/05", "2019-03-05T12:00+08:00", "day"),
    ],
)
def test_when_it_was(dates: tuple[str, ...], text: str, at: str, precision: str) -> None:
    """By the first form that fits; a day is its noon where the file comes from."""
    made = row(reading(dates=dates, timezone="Asia/Taipei"), date=text)
    assert isinstance(made, Legacy)
    assert (made.done_at, made.precision) == (datetime.fromisoformat(at), precision)


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("date", {"date": ""}),
        ("date", {"date": "2019-02-30"}),
        ("date", {"date": "5.3.19"}),
        ("date", {"date": "2027-01-01"}),
        ("date", {"date": "0202-01-01"}),
        ("course", {"course": ""}),
        ("course", {"course": "NOWHERE"}),
        ("score", {"score": "good"}),
        ("score", {"score": "nan"}),
        ("person", {"person": " "}),
        ("number", {"certificate": "AID"}),
        ("expires", {"certificate": "AID", "number": "1", "expires": "soon"}),
    ],
)
def test_what_is_wrong(field: str, said: dict[str, str]) -> None:
    """A row that cannot be used says which field and why, and never what stood there."""
    made = row(**said)
    assert isinstance(made, list)
    assert [one.field for one in made] == [field]
    assert all(not value.strip() or value not in made[0].reason for value in said.values())


def test_what_was_done() -> None:
    """A course by its name here, by idnumber, by a requirement, or by its old name; today is no day to come."""
    assert record().courses == ("SAFE",)
    assert record(course="SAFETY").courses == ("SAFE", "FIRE")
    assert record(course="X1", score="7,5", score_max="10").score == 7.5
    assert record(date="2026-11-30").done_at <= NOW
    old = reading(courses={"Old": "SAFETY", "Gone": ""}, other_courses="leave_out")
    assert isinstance(made := row(old, course="Old"), Legacy) and made.courses == ("SAFE", "FIRE")
    assert row(old, course="Gone") == row(old, course="Never heard") == LeftOut(2)
    assert isinstance(row(reading(courses={"Gone": ""}), course="Gone"), LeftOut)


def test_a_certificate_holds_to_the_end_of_its_last_day() -> None:
    """Where the file comes from; it needs no course, and with one it is completed too."""
    maker = replace(MAKER, spec=usual("old", Of.CERTIFICATES).model_copy(update={"timezone": "Asia/Taipei"}))
    made = row(maker, course="", certificate="AID", number="7", expires="2022-01-30")
    assert isinstance(made, Legacy)
    assert (made.courses, made.template, made.number) == ((), "AID", "7")
    assert made.expires_at == datetime(2022, 1, 31, tzinfo=ZoneInfo("Asia/Taipei"))
    assert isinstance(both := row(maker, certificate="AID", number="7"), Legacy) and both.courses == ("SAFE",)
    assert isinstance(none := row(maker, certificate="", number="7"), list) and none[0].field == "certificate"


def test_whose_it_is() -> None:
    """By key, by an earlier key of one person, under the key of today; by an address only without a key."""
    roster = Roster.of([
        Known(1, "E1", ["A1", "both"], ["one@x.example", "shared@x.example"], "Nguyễn"),
        Known(2, "E2", ["both"], ["shared@x.example"], "Roy"),
        Known(3, "E3", [], [], "Roy", moved_to="E4"),
        Known(4, "E4", ["E3"], ["four@x.example"], "Roy"),
        Known(5, "E5", [], ["four@x.example"], "Li", moved_to="E4"),
    ])  # fmt: skip
    assert [roster.find(key, "", "") for key in ("e1", "A1", "both", "nobody")] == [1, 1, None, None]
    assert roster.find("E5", "", "") == 4
    assert roster.find("", "ONE@x.example", "") == roster.find("", "one@x.example", "nguyễn") == 1
    assert roster.find("", "one@x.example", "Roy") is None, "it may be somebody else's by now"
    assert roster.find("", "shared@x.example", "") is None
    assert roster.find("", "four@x.example", "") == 4, "one human, who has moved"
    assert roster.find("nobody", "one@x.example", "") is None, "who has a key that nobody has is somebody else"


def test_a_key_that_hr_gave_to_two_people_is_of_neither() -> None:
    """A file of years ago does not say whom it means: the leaver of then, or who has the key now."""
    people = [Known(1, "E1 (2020-01-31)", [], [], "Roy", formerly="E1"), Known(2, "E1", [], ["new@x.example"], "Li")]
    roster = Roster.of(people)
    assert roster.find("e1", "", "") is None
    assert roster.find("", "new@x.example", "Li") == 2


def test_whoever_was_erased_is_not_known_again() -> None:
    """Neither by key nor by address, though another one has them by now; but who is known by the key loses nothing by
    an address that somebody erased had."""
    marker = Marker("secret")
    marks = {("key", marker.mark(Kind.KEY, "E1")): "p", ("email", marker.mark(Kind.EMAIL, "a@x.example")): "p"}
    erased = Erased(marker, marks)
    judged = Judging.of(Roster.of([Known(1, "E1", [], ["a@x.example"], ""), Known(2, "E2", [], [], "")]), erased).row
    assert judged(record(person="e1")) == OfErased(2)
    assert judged(record(person="", email="A@x.example")) == OfErased(2)
    assert judged(record(person="E9")) == Kept(None, record(person="E9"))
    assert judged(record(person="E9", email="A@x.example")) == OfErased(2), "it may be the same human"
    assert judged(record(person="E2", email="A@x.example")) == Kept(2, record(person="E2", email="A@x.example"))


def test_nobody_takes_the_certificate_of_another() -> None:
    """One number of one kind is one person's, whoever brought it first: under another key of the same human too."""
    people = [Known(1, "E1", [], [], "", moved_to="E2"), Known(2, "E2", [], [], ""), Known(3, "E3", [], [], "")]
    before = [Issued("AID", "7", 1, "", ""), Issued("AID", "8", None, "e3", ""), Issued("AID", "9", None, "old", "")]
    judged = Judging.of(Roster.of(people), Erased(), before).row

    def came(person: str, number: str, certificate: str = "AID") -> bool:
        return isinstance(judged(record(person=person, certificate=certificate, number=number)), Kept)

    assert [came("E2", "7"), came("E3", "8"), came("OLD", "9")] == [True, True, True], "the same human again"
    assert [came("E3", "7"), came("E2", "8"), came("E2", "9"), came("E3", "10"), came("E2", "10")] == [
        False, False, False, True, False,
    ]  # fmt: skip
    assert came("E3", "7", "Fork lift"), "another kind has numbers of its own"


def test_mistakes_in_the_file_are_told_with_their_lines(tmp_path: Path) -> None:
    """Columns that are needed, courses that are nowhere, zones, forms of dates, names that stand twice."""
    text = """\
version: 1
imports:
  - name: old
    timezone: Mars
    dates: [soon]
    columns: {course: c}
    courses: {x: SAFT}
    certificates: {y: NONE}
  - {name: old, kind: certificates, columns: {person: p, certificate: c, number: n, date: d}}
"""
    (tmp_path / "imports.yaml").write_text(text, "utf-8")
    with pytest.raises(MappingError) as wrong:
        load_imports(tmp_path, load(COMPANY))
    numbers = re.findall(r"imports\.yaml:(\d+): ", str(wrong.value))
    assert numbers == ["4", "5", "6", "6", "7", "8", "9"]
    assert "did you mean SAFE" in str(wrong.value)
    assert load_imports(COMPANY, load(COMPANY)) == ()
    assert ImportSpec(name="x", columns=ColumnsSpec(person="p")).kind == "completions"
