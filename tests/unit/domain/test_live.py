"""Words to pages: who is told what, and that a word stays small whatever a platform says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.domain.learning_events import Actor, Event, Verb
from connector.domain.live import (
    PACE,
    SPREAD,
    Kind,
    OnItsWay,
    Word,
    certificate,
    learned,
    learner,
    of_event,
    on_its_way,
    openers,
    people,
    person,
    progress,
    progressed,
    read,
    rooms_of,
    teachers,
    transcoding,
)

MOST = 8000
"""PostgreSQL's limit of a notification, in bytes."""
ANNA = Actor(1, "7", "11", "anna", 5, "c")


def test_who_teaches_hears_in_the_course_too() -> None:
    """And only there: without a course, or without teaching, there is no such room."""
    assert rooms_of(ANNA, teaches=False) == [learner(1, "anna"), person(5), people(), openers(1, "c")]
    assert rooms_of(ANNA, teaches=True) == [learner(1, "anna"), person(5), people(), openers(1, "c"), teachers(1, "7")]
    assert rooms_of(Actor(1, "", "", "anna", None, ""), teaches=True) == [learner(1, "anna")]


def test_no_two_rooms_are_one() -> None:
    """Whatever stands in ids, and with several platforms."""
    rooms = {learner(1, "1"), learner(11, ""), teachers(1, "1"), openers(1, "1"), learner(2, "1"), learner(1, "1\n")}
    assert len(rooms) == 6


@pytest.mark.parametrize(
    ("verb", "told"),
    [
        (Verb.LAUNCHED, []), (Verb.INITIALIZED, [Kind.EVENT, Kind.NOTICE]), (Verb.ANSWERED, [Kind.EVENT, Kind.NOTICE]),
        (Verb.COMPLETED, [Kind.EVENT, Kind.NOTICE]), (Verb.SCORED, [Kind.EVENT, Kind.SCORE]), (Verb.PLAYED, []),
        (Verb.PASSED, []),
    ],
)  # fmt: skip
def test_what_happens_is_told_to_teachers_and_to_whose_it_is(verb: Verb, told: list[Kind]) -> None:
    """No word says who it was, or how well it went."""
    words = of_event(Event(ANNA, verb, 3, "q1", {"percent": 12.5}))
    assert [word.kind for word in words] == told
    assert all("anna" not in word.written() and "12.5" not in word.written() for word in words)
    assert {word.room for word in words} <= {teachers(1, "7"), learner(1, "anna")}


def test_who_gets_on_is_told_to_their_other_screens_and_to_teachers() -> None:
    """Who only tries it out is told alone; without a course there is nobody else."""
    both = progressed(ANNA, trial=False)
    assert [(word.kind, word.room) for word in both] == [
        (Kind.EVENT, teachers(1, "7")),
        (Kind.NOTICE, learner(1, "anna")),
    ]
    assert [word.room for word in progressed(ANNA, trial=True)] == [learner(1, "anna")]
    assert [word.room for word in progressed(Actor(1, "", "11", "anna", 5, "c"), trial=False)] == [learner(1, "anna")]


def test_what_becomes_of_ones_own_is_told_to_whose_it_is() -> None:
    """A score by its platform, a certificate to the person wherever they are; a video to those who teach there."""
    assert on_its_way(1, "anna", OnItsWay.ARRIVED) == Word(Kind.SCORE, learner(1, "anna"), {"state": "arrived"})
    assert certificate(5) == Word(Kind.NOTICE, person(5), {"about": "certificate"})
    assert (transcoding(1, "7", 0.5).room, transcoding(1, "7", 0.5).what["percent"]) == (teachers(1, "7"), 50)


def test_pages_of_many_do_not_ask_in_the_same_second() -> None:
    """Each is told alone, and within how long to ask; where nobody is named all are told, and take their time."""
    two = [(word.kind, word.room) for word in learned([5, 6])]
    assert two == [(Kind.LEARNING, person(5)), (Kind.LEARNING, person(6))]
    assert {word.what["within"] for word in learned(range(1000))} == {1000 / PACE}
    [everybody] = learned(None)
    assert (everybody.room, everybody.what) == (people(), {"within": SPREAD})
    assert learned([]) == []


@pytest.mark.parametrize(("given", "told"), [(-1, 0), (41.26, 41.3), (250, 100)])
def test_progress_is_in_percent(given: float, told: float) -> None:
    assert progress("r", "transcoding", given).what["percent"] == told


@given(st.text(st.characters(codec="utf-8"), max_size=150), st.text(st.characters(codec="utf-8"), max_size=50))
def test_a_word_is_read_as_it_was_written_and_fits(content: str, link: str) -> None:
    """Any id that a platform may give: texts are cut, never refused."""
    link = 100 * link
    for word in of_event(Event(Actor(1, "7", link, "anna", 5, content), Verb.SCORED, 2**62)):
        text = word.written()
        assert len(text.encode()) < MOST
        assert "\x00" not in text
        found = read(text)
        assert found is not None and found.room == word.room and link.startswith(str(found.what["link"]))


@pytest.mark.parametrize("text", ["", "{", "[]", '["score","r"]', '["gossip","r",{}]', '["score","r",1]', "null"])
def test_what_is_no_word_is_passed_over(text: str) -> None:
    """Others may use the channel."""
    assert read(text) is None
