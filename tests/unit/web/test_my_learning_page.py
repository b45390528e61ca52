"""My learning as it is written out for somebody with much to learn, or with many below them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from fastapi import FastAPI

from connector.domain.multilang import choose
from connector.domain.my_learning import (
    CourseCard,
    Due,
    DueCourse,
    DueState,
    Earned,
    Happened,
    Happening,
    MyLearning,
    Team,
)
from connector.domain.my_learning import Report as Below
from connector.web.dress import dress
from connector.web.languages import Speech

EVENING = datetime(2026, 3, 1, 20, tzinfo=UTC)
NOTHING = MyLearning((), (), (), None)


def page(mine: MyLearning, zone: str = "UTC") -> str:
    made = dress(FastAPI(), https=True)
    speech = Speech(made.languages["en"], ZoneInfo(zone))
    template = made.templates.get_template("content/my_learning/page.html")
    return template.render(
        speech=speech,
        t=speech.t,
        tn=speech.tn,
        mine=mine,
        own=[],
        choose=choose,
        course_url="https://m.example/c?id=",
        elsewhere="",
    )


def card(number: int, *, completed: bool = False) -> CourseCard:
    done = EVENING if completed else None
    return CourseCard(number, {}, f"C{number}", {}, None, 0, completed, done, None if completed else 5)


def folded(text: str) -> list[str]:
    """What stands in parts that are closed at first."""
    return re.findall(r"<details id=\"([^\"]+)\">", text)


def test_much_is_folded_away_and_all_of_it_is_there() -> None:
    """Twelve courses that are under way, then the rest, then what is done; of a long path where it goes on."""
    courses = [*(card(n) for n in range(30)), *(card(n, completed=True) for n in range(30, 60))]
    path = Due(
        "R", {"en": "Path"}, DueState.OPEN, None, None, None, [DueCourse(n, {}, f"S{n}", n == 0) for n in range(7)]
    )
    below = [Below(n, f"P{n}", 1, 1, 0, None) for n in range(50)]
    text = page(MyLearning([path], courses, (), None, team=Team(300, 20, 260, below)))
    assert folded(text) == ["steps-R", "more-courses", "done-courses", "more-team"]
    assert (
        text.index("C11<")
        < text.index("And 18 more courses")
        < text.index("C12<")
        < text.index("Courses completed: 30")
    )
    assert text.count(">S1</a>") == 2, "the next step stands outside, too"
    assert [text.count(f'id="course-{n}"') for n in range(60)] == [1] * 60
    assert (text.count('id="report-'), "And 288 more" in text, "And 250 more" in text) == (50, True, True)


def test_little_is_not_folded_away() -> None:
    few = MyLearning(
        [], [card(1), card(2, completed=True)], (), None, team=Team(2, 2, 0, [Below(1, "P", 1, 0, 0, None)])
    )
    assert folded(page(few)) == folded(page(NOTHING)) == []
    bare = page(MyLearning([Due("R", {}, DueState.OPEN, None, None, None)], (), (), None))
    assert "<progress" not in bare, "a path without courses has none done"


def test_days_are_those_of_the_zone() -> None:
    """Half past one in Kolkata is the next day."""
    mine = MyLearning((), (), (), None, recent=[Happened(Happening.VIDEO, {"en": "Gas"}, EVENING)])
    assert "March 1, 2026" in page(mine)
    assert "Video lesson completed: Gas" in page(mine, "Asia/Kolkata")
    assert "March 2, 2026" in page(mine, "Asia/Kolkata")


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Asia/Tokyo"])
def test_days_of_a_former_system_are_the_same_for_everybody(zone: str) -> None:
    """It was issued on March 1 and holds until March 31, the last day: so it stands in the file, whoever looks."""
    taipei = ZoneInfo("Asia/Taipei")
    noon, end = datetime(2026, 3, 1, 12, tzinfo=taipei), datetime(2027, 4, 1, tzinfo=taipei)
    for at in (noon, noon.replace(tzinfo=ZoneInfo("America/New_York"))):
        recent = [Happened(Happening.EARNED, {"en": "Forklift"}, at, precision="day")]
        earned = [Earned("Forklift", at, end, True, "day", True)]
        text = page(replace(NOTHING, earned=earned, recent=recent), zone)
        assert re.findall(r"[A-Z][a-z]+ [0-9]+, 20[0-9]{2}", text) == ["March 1, 2026"] * 2 + ["March 31, 2027"]


def test_who_looks_from_where_a_certificate_ends_reads_its_last_day() -> None:
    """Also where the file tells to the second when it was issued; what Moodle tells is the moment."""
    end = datetime(2027, 4, 1, tzinfo=ZoneInfo("Asia/Taipei"))
    for brought_over, day in ((True, "March 31, 2027"), (False, "April 1, 2027")):
        mine = replace(NOTHING, earned=[Earned("Forklift", EVENING, end, True, "second", brought_over)])
        assert f"valid until {day}" in page(mine, "Asia/Taipei")
