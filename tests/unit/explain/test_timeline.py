"""One timeline: everything in order of time, each thing once, and of one course only what concerns it."""

from __future__ import annotations

from datetime import date, timedelta
from string import Formatter

from hypothesis import given
from hypothesis import strategies as st

from connector.domain.explaining import Certificate, Enrolled, EntryTold, Learned, NoticeTold, Presence
from connector.domain.grants import GrantKind
from connector.domain.plan import Action
from connector.explain.focus import on_course
from connector.explain.spelling import spelled
from connector.explain.texts import EventKind, Text, joined, text
from connector.explain.timeline import timeline
from tests.unit.explain.dossiers import NOW, REQUIREMENT, SAFETY, changed, dossier, granted, person, said

DAY = timedelta(days=1)
K = EventKind


def lines(**more: object) -> list[str]:
    return [f"{one.kind}: {one.sentence}" for one in timeline(dossier(**more))]


def test_from_hr_to_the_due_date() -> None:
    """In the order in which it happened; what is due comes last, and the ledger is told with the operation."""
    done = changed(state="done", run=1, attempts=2, earlier="timeout", finished_at=NOW - 6 * DAY)
    due = granted("SAFETY-14", GrantKind.ASSIGNMENT, terms={"due_on": "2026-04-01"}, ordinal=6, place_id=None)
    also = changed(Action.ASSIGN_REQUIREMENT, "SAFETY-14", ordinal=6, state="done", run=1, finished_at=NOW - 6 * DAY)
    assert lines(changes=(done, also), ledger=(granted(), due))[1:] == [
        "Moodle: enrol SAFE (path SAFETY); plan 1 (cafecafecafe); done in run 1; after 2 attempts; "
        "the answer before: timeout; in the ledger as ours, Moodle's number 2",
        "ledger: assign requirement SAFETY-14 (path SAFETY); plan 1 (cafecafecafe); done in run 1; in the ledger as "
        "ours",
        "due: SAFETY-14 is due on 2026-04-01",
    ]


def test_what_hr_said_again() -> None:
    """What changed, and no more, and nothing that we noted ourselves; absence where it belongs."""
    gone = Presence(NOW - 2 * DAY, "missing", 3)
    noted = {"left_on": "2026-03-01", "manager_missing_since": "2026-03-01"}
    found = lines(person=person(said(), said(4, unit="LAB", wanted={"city": "Hue"}, **noted), presence=(gone,)))
    assert found[1].startswith(
        "HR: HR says otherwise, feed people-3.csv of hr line 17: unit: OPS → LAB, city: Hue; read by"
    )
    assert found[2].startswith("HR: not among the people of feed people-3.csv of hr: noted")


def test_another_mapping_is_no_word_of_hr() -> None:
    """Where HR says the same and the rules give something else."""
    found = lines(person=person(said(grant_set="a"), said(4, grant_set="b")))
    assert found[1].startswith("rules: the rules give something else now, feed people-3.csv of hr line 17")


def test_plans_that_want_the_same_are_told_once() -> None:
    """However many days a hold lasts; and one decision is one event."""
    held = {"hold": "waiting", "guard": "undone", "held_count": 9, "held_limit": 0}
    plans = [
        changed(plan=number, planned_at=NOW - (9 - number) * DAY, plan_status="superseded", **held)
        for number in (1, 2)
    ]
    found = lines(changes=(*plans, changed(plan=3, **held)))
    assert found[1:] == [
        "plan: enrol SAFE (path SAFETY); plan 1 (cafecafecafe); wanted by 3 plans, the last of them 3; held: 9 of "
        "class undone, the limit is 0 (waiting)"
    ]
    decided = {**held, "hold": "rejected", "decided_by": "anna", "decided_at": NOW}
    both = (changed(**decided), changed(target="FIRE", ordinal=6, **decided))
    assert [line for line in lines(changes=both) if line.startswith("hold")] == [
        "hold: 9 of class undone of plan 1, the limit is 0: rejected by anna"
    ]


def test_how_a_grant_ended() -> None:
    """Lost in Moodle, gone with what it rested on, or taken by a change, which is told already."""
    taken = changed(Action.UNENROL, "SAFE", ordinal=7, state="done", run=2, finished_at=NOW)
    assert [
        line for line in lines(changes=(taken,), ledger=(granted(ended_at=NOW),)) if line.startswith("ledger")
    ] == ["ledger: enrolment SAFE: granted by plan 1 under an earlier key; in the ledger as ours, Moodle's number 2"]
    assert lines(ledger=(granted(ended_at=NOW, lost=True),))[-1] == "ledger: enrolment SAFE: taken away in Moodle"
    assert lines(ledger=(granted(ended_at=NOW),))[-1] == "ledger: enrolment SAFE: ended with what it rested on"


def test_of_one_course_what_concerns_it() -> None:
    """Its grants, its requirement, the account; not other courses, fields of the account or certificates."""
    focus = on_course("SAFE", (SAFETY,), (REQUIREMENT,), {})
    actions = (Action.CREATE_ACCOUNT, Action.UPDATE_ACCOUNT)
    changes = [changed(one, "", ordinal=number, state="done", run=1) for number, one in enumerate(actions)]
    changes += [
        changed(target=name, ordinal=number, state="done", run=1) for number, name in enumerate(("SAFE", "FIRE"), 8)
    ]
    seen = [Enrolled(number, name, None, True, NOW, NOW) for number, name in enumerate(("SAFE", "FIRE"))]
    learned = Learned(NOW, tuple(seen), (), (Certificate("Swimming", NOW, None, "valid"),), ())
    told = NoticeTold("SAFETY-14", date(2026, 4, 1), False, NOW, "done", NOW, "")
    entries = [EntryTold(code, date(2026, 4, 1), "put", NOW, "") for code in ("SAFETY-14", "OTHER")]
    found = " | ".join(
        one.sentence
        for one in timeline(dossier(changes=tuple(changes), notices=(told,), entries=entries), learned, focus)
    )
    assert all(part in found for part in ("create account", "enrol SAFE", "enrolment in SAFE", "SAFETY-14 is due"))
    assert "in the calendar in Moodle: SAFETY-14" in found
    assert not any(part in found for part in ("update account", "FIRE", "Swimming", "OTHER"))


@given(st.lists(st.integers(0, 50), max_size=12))
def test_always_in_order_of_time(days: list[int]) -> None:
    """Whatever happened, in whatever order it is kept."""
    changes = tuple(
        changed(plan=number, state="done", run=1, finished_at=NOW - day * DAY) for number, day in enumerate(days)
    )
    found = timeline(dossier(changes=changes, ledger=(granted("X", ended_at=NOW - 20 * DAY, lost=True),)))
    assert [one.at for one in found] == sorted(one.at for one in found)
    assert sum(one.kind is K.MOODLE for one in found) == len(days)


def test_sentences_and_their_values_belong_together() -> None:
    """A text within a text is told in the same language; each name in a message has a value."""
    inner = text("{what} is missing", what="SAFE")
    outer = text("{who}: {why}", who="E1", why=joined([inner, text("so what")]))
    assert str(outer) == "E1: SAFE is missing; so what"

    def whole(one: Text) -> bool:
        names = {name for _, name, *_ in Formatter().parse(one.message) if name}
        return names <= one.values.keys() and all(
            whole(value) for value in one.values.values() if isinstance(value, Text)
        )

    events = timeline(
        dossier(changes=(changed(), changed(state="refused", code="x", message="{odd}")), ledger=(granted(),))
    )
    assert all(whole(part) for event in events for part in event.parts)


def test_values_side_by_side() -> None:
    """Only what differs; nested fields by their path; lists and truths as people write them."""
    assert (
        spelled({"a": 1, "b": True, "p": {"x": "1"}}, {"a": 1, "b": False, "p": {"x": "2"}})
        == "b: yes → no, p.x: 1 → 2"
    )
    assert spelled({"a": ["x", "y"]}, {}) == "a: x, y → –"
    assert spelled({}, {"a": None, "b": "new"}) == "b: new"
