"""The first sentences of an explanation: why somebody has something, or the first thing in the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connector.domain.decide import Status
from connector.domain.errors import SettingsError
from connector.domain.explaining import (
    CaseTold,
    Completed,
    DecisionTold,
    Due,
    Enrolled,
    Learned,
    Rejected,
    Undone,
)
from connector.domain.grants import GrantKind
from connector.domain.plan import Action
from connector.explain.focus import on_course, on_path
from connector.explain.question import Question
from connector.explain.why import why
from tests.unit.explain.dossiers import (
    COHORT,
    NOW,
    REQUIREMENT,
    SAFETY,
    Seen,
    changed,
    dossier,
    granted,
    person,
    said,
    wanted,
)

PATHS, REQUIREMENTS = (SAFETY, COHORT), (REQUIREMENT,)


def answers(
    course: str = "SAFE", rules: tuple[Seen, ...] = (Seen(),), learned: Learned | None = None, **more: Any
) -> list[str]:
    found = dossier(**more)
    focus = on_course(course, PATHS, REQUIREMENTS, found.courses or {})
    return [str(one) for one in why(Question(found, focus, rules, learned))]


def cause(**more: Any) -> str:
    """Why E104 has not got SAFE."""
    [first, *_] = answers(**more)
    has_not = "E104 has not got SAFE: "
    assert first.startswith(has_not)
    return first.removeprefix(has_not)


def case(subject: str = "SAFE", **more: Any) -> CaseTold:
    kind = "missing_course" if subject == "SAFE" else "two_matches"
    plain: dict[str, Any] = {"settled_at": None, "settled_by": "", "settlement": None, "withdrawn_at": None}
    return CaseTold(12, kind, subject, "no such thing", NOW, withdrawn_by="", **{**plain, **more})


def test_rule_row_due_and_done() -> None:
    """The whole answer in one look."""
    due = granted("SAFETY-14", GrantKind.ASSIGNMENT, terms={"due_on": "2026-03-01"})
    done = datetime(2026, 2, 11, 3, tzinfo=UTC)
    learned = Learned(
        NOW,
        (),
        (Completed(2, "SAFE", "SAFE101", 1, done, "second", done, None),),
        (),
        (Due("SAFETY-14", 2, date(2026, 1, 5), None, date(2026, 3, 1), done, date(2028, 2, 11), "satisfied"),),
    )
    assert answers(wanted=(wanted(),), ledger=(granted(), due), learned=learned) == [
        'E104 has SAFE because path SAFETY gives it to whoever has unit == "OPS", and here unit = "OPS" '
        "(since 2026-02-23, feed people-3.csv of hr line 17)",
        "SAFETY-14 is due on 2026-03-01; satisfied 2026-02-11; cycle 2, which began on 2026-01-05; holds until "
        "2028-02-11",
        "SAFE was completed 2026-02-11",
    ]


@pytest.mark.parametrize(("cycle", "day"), [(1, "2026-03-11"), (2, "2026-03-01")])
def test_a_due_date_that_has_moved_since_moodle_was_read(cycle: int, day: str) -> None:
    """Leave has moved it: the ledger knows, facts not yet. Of a later cycle facts alone know."""
    due = granted("SAFETY-14", GrantKind.ASSIGNMENT, terms={"due_on": "2026-03-11"})
    told = Due("SAFETY-14", cycle, date(2026, 1, 5), None, date(2026, 3, 1), None, None, "open")
    said = answers(wanted=(wanted(),), ledger=(granted(), due), learned=Learned(NOW, (), (), (), (told,)))
    assert any(one.startswith(f"SAFETY-14 is due on {day}; open") for one in said)


def test_what_hr_had_said_by_then() -> None:
    """The row that counts is the newest of when it was granted, not the newest of all."""
    later = said(2, unit="LAB")
    [first] = answers(person=person(said(), later), wanted=(wanted(),), ledger=(granted(),))
    assert first.endswith("line 17)")
    earlier = person(said(3), later)
    assert answers(person=earlier, wanted=(wanted(),), ledger=(granted(),))[0].endswith("HR said nothing)")


@pytest.mark.parametrize(
    ("grant", "more", "says"),
    [
        ({"ours": False}, {}, "has SAFE: somebody else had given it in Moodle before 2026-02-23"),
        ({"suspended": True}, {}, "had SAFE from 2026-02-23, and it is suspended: no rule gives it any more"),
        ({"terms": {"kept_until": "2026-04-01"}}, {}, "nothing gives it any more: it is kept until 2026-04-01"),
        ({}, {}, "nothing gives it any more: the next plan sees to it"),
        (
            {},
            {"person": person(said(active=False), status=Status.LEFT)},
            "and loses it: HR says not active, feed people-3.csv of hr line 17",
        ),
    ],
)
def test_what_is_there_for_another_reason(grant: dict[str, Any], more: dict[str, Any], says: str) -> None:
    """Somebody else's, suspended, kept for a while, about to go."""
    assert says in answers(ledger=(granted(**grant),), **more)[0]


def test_several_rules_and_people_who_assigned() -> None:
    """Each rule is told; what is assigned has no rule."""
    two = wanted()
    both = type(two)(two.kind, two.target, two.terms, "path SAFETY; path YARD", ())
    told = answers(wanted=(both,), ledger=(granted(),), rules=(Seen(), Seen("path YARD", "", {})))[0]
    assert 'and here unit = "OPS"; path YARD gives it to everybody' in told
    by_hand = type(two)(two.kind, two.target, two.terms, "assigned by E1 until 2027-01-01: new; old", ())
    assert (
        "because it is assigned by E1 until 2027-01-01: new; old (since"
        in answers(wanted=(by_hand,), ledger=(granted(),))[0]
    )


WANTED = {"wanted": (wanted(),)}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"person": None, "rejections": (Rejected(3, 9, "email", "is none"),)},
         "no row of HR could be used; the last one, feed people-3.csv of hr line 9: email: is none"),
        ({"person": None}, "the sources that name this key do not make a person"),
        ({"person": person(status=Status.LEFT, gone=True, absent_since=NOW)},
         "not among the people of HR's feeds since 2026-03-02"),
        ({"person": person(said(ends="2026-02-01"), status=Status.LEFT)}, "the last day was 2026-02-01"),
        ({"person": person(said(starts="2026-09-01"), status=Status.UPCOMING)}, "the first day is 2026-09-01"),
        ({"rules": (Seen(fired=False, when="unit == 'OPS' && grade > 3 && on",
                         sees={"unit": "LAB", "grade": 3, "on": True, "starts": ""}),)},
         'and here unit = "LAB", grade = 3, on = true'),
        ({"rules": (Seen(fired=False, sees={"level": None}, undecided="level unknown"),)},
         "which cannot be decided (level unknown)"),
        ({"rules": (Seen(),)}, "by the mapping of today, by which HR has not been read yet"),
        ({"rules": (), "ledger": (granted(ended_at=NOW, lost=True),)},
         "until 2026-03-02, when somebody took it away in Moodle"),
        ({"wanted": (wanted(missing=("BASE",)),)}, "path SAFETY gives it once BASE is completed"),
        ({**WANTED, "person": person(account_id=None), "cases": (case("E104"),)},
         "it waits for the account: case 12, two_matches: no such thing"),
        ({**WANTED, "person": person(account_id=None)}, "it waits for the account: the next plan makes or finds one"),
        ({**WANTED, "cases": (case(),)}, "path SAFETY gives it: case 12, missing_course"),
        ({**WANTED, "undone": (Undone("enrolment", "SAFE", 4, NOW),)}, "it was taken back by hand"),
        (WANTED, "path SAFETY gives it: the next plan sees to it"),
        ({**WANTED, "changes": (changed(hold="waiting", guard="undone", held_count=3, held_limit=0),)},
         "enrol of plan cafecafecafe is held: 3 of class undone, the limit is 0 (waiting)"),
        ({**WANTED, "changes": (changed(state="refused", run=4, code="x", message="No."),)},
         "Moodle refused enrol in run 4: No. [x]"),
        ({**WANTED, "changes": (changed(state="sent", run=4),)}, "enrol was sent in run 4, and no answer came yet"),
        ({**WANTED, "changes": (changed(plan_status="superseded"),)}, "was superseded by a newer plan"),
        ({**WANTED, "changes": (changed(),)}, "enrol of plan cafecafecafe is not carried out yet"),
    ],
)  # fmt: skip
def test_the_first_thing_in_the_way(more: dict[str, Any], says: str) -> None:
    """From the row of HR to the answer of Moodle."""
    assert says in cause(**more)


def test_an_account_that_is_held() -> None:
    """A grant waits for the account, and the account for a person's word."""
    create = changed(Action.CREATE_ACCOUNT, "", hold="waiting", guard="create", held_count=40, held_limit=25)
    assert "create account of plan cafecafecafe is held: 40 of class create, the limit is 25" in cause(
        **WANTED, person=person(account_id=None), changes=(create,)
    )


def test_one_sentence_for_what_is_alike() -> None:
    """Courses of a path with the same answer stand together, others by themselves."""
    found = dossier(wanted=(wanted(), wanted("FIRE", missing=("SAFE",))))
    focus = on_path("SAFETY-14", PATHS, REQUIREMENTS)
    assert [str(one)[:23] for one in why(Question(found, focus, (Seen(),)))] == [
        "E104 has not got SAFE: ",
        "E104 has not got FIRE: ",
    ]
    nothing = why(Question(dossier(), focus, (Seen(fired=False),)))
    assert [str(one)[:29] for one in nothing] == ["E104 has not got SAFE, FIRE: "]


def test_a_path_by_cohort() -> None:
    """Its course comes by the cohort, and is named with it."""
    assert answers("YARD1", rules=(Seen("path YARD", fired=False),))[0].startswith(
        "E104 has not got cohort path-YARD (which Moodle's cohort enrolment leads to YARD1): path YARD asks"
    )


def shown(course: str, *, active: bool = True, days: int = 2, everything: int | None = None) -> Learned:
    """Moodle as it was read yesterday, all of it so many days ago: one enrolment, seen to be so ``days`` ago."""
    seen = Enrolled(2, course, None, active, NOW - timedelta(days=9), NOW - timedelta(days=days))
    whole = NOW - timedelta(days=everything) if everything else None
    return Learned(NOW - timedelta(days=1), (seen,), (), (), (), whole)


@pytest.mark.parametrize(
    ("learned", "days", "says"),
    [
        (shown("YARD1"), 7, "Moodle shows E104 enrolled in YARD1, since 2026-02-21"),
        (shown("YARD1", active=False), 7,
         "Moodle shows E104 enrolled in YARD1, but suspended or over, seen 2026-02-28"),
        (shown("FIRE"), 7, "Moodle did not show E104 enrolled in YARD1 when it was last read, 2026-03-01: `doctor` "
         "says whether the cohort enrols there"),
        (shown("FIRE"), 0, "whether E104 is enrolled in YARD1 was not looked at: Moodle was last read before the "
         "cohort had E104, or within minutes of it"),
        (Learned(None, (), (), (), ()), 7,
         "whether E104 is enrolled in YARD1 was not looked at: Moodle has not been read yet"),
        (None, 7, "whether E104 is enrolled in YARD1 is not known: the reporting database cannot be reached"),
    ],
)  # fmt: skip
def test_whether_moodle_enrolled_by_the_cohort(learned: Learned | None, days: int, says: str) -> None:
    """Being in the cohort is ours, the enrolment is Moodle's: what was seen of it, or that nobody looked."""
    yard = granted("path-YARD", GrantKind.COHORT, granted_at=NOW - timedelta(days=days))
    path = wanted("path-YARD", GrantKind.COHORT)
    first, second = answers("YARD1", wanted=(path,), ledger=(yard,), learned=learned)
    assert first.startswith("E104 has cohort path-YARD (which Moodle's cohort enrolment leads to YARD1) because path")
    assert second == says


@pytest.mark.parametrize(
    ("grant", "learned", "seen"),
    [
        ({}, shown("SAFE", active=False), "2026-02-28"),
        ({"ours": False}, shown("SAFE", active=False), "2026-02-28"),
        ({}, shown("SAFE", active=False, days=8, everything=3), "2026-02-27"),
        ({}, shown("SAFE", active=False, days=8), None),
        ({}, shown("SAFE", active=False, days=8, everything=8), None),
        ({"terms": {"ends_on": "2026-02-27"}}, shown("SAFE", active=False), None),
        ({"terms": {"starts_on": "2026-03-01"}}, shown("SAFE", active=False), None),
        ({}, shown("SAFE"), None),
        ({}, shown("FIRE", active=False), None),
        ({}, None, None),
    ],
)
def test_suspended_by_hand_in_moodle(grant: dict[str, Any], learned: Learned | None, seen: str | None) -> None:
    """Told where Moodle was seen so after our last doing, and our own terms would have let the person in."""
    if learned and learned.enrolled[0].idnumber == "FIRE":
        learned = Learned(learned.read_at, (replace(learned.enrolled[0], course_id=3),), (), (), ())
    first = answers(wanted=(wanted(),), ledger=(granted(**grant),), learned=learned)[0]
    by_hand = f", but somebody suspended it or let it end in Moodle, seen {seen}"
    assert first.endswith(by_hand) if seen else "but somebody" not in first


def test_other_names_and_other_courses() -> None:
    """A course by its other name is the same; one that no path has is told so, unless somebody has it."""
    assert answers("SAFE101", wanted=(wanted(),), ledger=(granted(),))[0].startswith("E104 has SAFE because")
    assert answers("COOKING") == ["E104 has not got COOKING: no learning path of the mapping has this course"]
    assert answers("COOKING", ledger=(granted("COOKING", ours=False),))[0].startswith(
        "E104 has COOKING: somebody else"
    )
    with pytest.raises(SettingsError, match="it has SAFETY, SAFETY-14, YARD"):
        on_path("COOKING", PATHS, REQUIREMENTS)


def test_a_waiver_and_a_requirement_to_come() -> None:
    """Why nothing is due."""
    waiver = DecisionTold(
        "waive", "requirement", "SAFETY-14", NOW, None, "", date(2026, 3, 2), True, "waived by E1: fine"
    )
    assert answers(decisions=(waiver,))[-1] == "SAFETY-14 is waived by E1: fine"
    later = wanted("SAFETY-14", GrantKind.ASSIGNMENT, missing=("BASE",))
    assert answers(wanted=(later,))[-1] == "SAFETY-14 begins once BASE is completed"
