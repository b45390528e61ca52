"""Learners are told their due dates in Moodle: once, in their language, and not more than they should be."""

from __future__ import annotations

from datetime import date

import pytest
from babel.dates import format_date

from adapters.moodle.twin import ServedTwin
from connector.domain.decisions import DecisionKind
from connector.domain.errors import AccessRefused, AnswerLost, Stopped, Unavailable
from connector.sync.deciding import Decider
from tests.support import House, Row, Seen, fail, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
BATCH = "tool_mobile_call_external_functions"
SEND = "core_message_send_instant_messages"


def people(*field: str, count: int = 3) -> list[Row]:
    """E1, E2 …; those who are named work in the field, where SAFETY-14 is required."""
    keys = [f"E{number}" for number in range(1, count + 1)]
    return [row(key, unit="Field" if key in field else "Office") for key in keys]


def wish(house: House, **told: object) -> None:
    """Learners are to be told."""
    notices = house.settings.notices.model_copy(update={"learners": "moodle", **told})
    house.settings = house.settings.model_copy(update={"notices": notices})
    house.reopen()


def read(house: House, moodle: Seen) -> list[tuple[str, str]]:
    """Who got which message, in order."""
    names = {moodle.id(key): key for key in moodle.people()}
    return [(names[one.to], one.text) for one in house.twin.state.messages]


def states(house: House) -> list[str]:
    return [one["state"] for one in house.sql("SELECT state FROM connector.due_notice ORDER BY person_id, due_on")]


async def tell(house: House) -> dict[str, object]:
    return dict(await house.connector.learner_notices().tell())


@pytest.fixture
async def settled(house: House, twin: ServedTwin) -> House:
    """Three people in the office, and learners are to be told from now on."""
    await house.settled_in(people())
    wish(house)
    return house


async def test_nobody_is_told_unless_it_is_wished(house: House) -> None:
    """Neither by a first load nor afterwards; turned on later, what was assigned before stays untold."""
    await house.settled_in(people("E1"))
    await house.settled_in(people("E1", "E2"))
    wish(house)
    assert await tell(house) == {"told": 0, "refused": 0, "over": 0}
    assert states(house) == []


async def test_a_first_load_tells_nobody(house: House, moodle: Seen) -> None:
    """Thousands of messages at once help nobody; who comes later is told."""
    wish(house)
    await house.settled_in(people("E1", "E2"))
    assert states(house) == []
    await house.settled_in(people("E1", "E2", "E3"))
    assert await tell(house) == {"told": 1, "refused": 0, "over": 0}
    assert [who for who, _ in read(house, moodle)] == ["E3"]


async def test_a_first_load_tells_where_wished(house: House, moodle: Seen) -> None:
    """By the second setting."""
    wish(house, learners_first_load=True)
    await house.settled_in(people("E1", "E2"))
    assert (await tell(house))["told"] == 2
    assert [who for who, _ in read(house, moodle)] == ["E1", "E2"]


@pytest.mark.parametrize(
    ("lang", "locale", "name", "link"),
    [
        ("en", "en", "Safety", "Go to the course"),
        ("fr_ca", "fr", "Sécurité", "Accéder au cours"),
        ("vi", "vi", "An toàn", "Đến khóa học"),
        ("zh_tw", "zh_Hant_TW", "安全", "前往課程"),
    ],
)
async def test_in_the_language_of_the_person(
    settled: House, moodle: Seen, lang: str, locale: str, name: str, link: str
) -> None:
    """Path, day and link; of the account's language pack."""
    names = "{en: Safety, fr: Sécurité, vi: An toàn, zh_tw: 安全}"
    settled.edit("paths.yaml", "name: {en: Safety}", f"name: {names}")
    moodle.user("E2").fields["lang"] = lang
    await settled.mirror()
    await settled.settled_in(people("E2"))
    assert (await tell(settled))["told"] == 1
    [(who, text)] = read(settled, moodle)
    course = settled.twin.state.course_by_idnumber["SAFE"]
    assert who == "E2"
    assert name in text
    assert format_date(date.fromisoformat(settled.clock.day(14)), "long", locale=locale) in text
    assert f'<a href="{settled.twin.url}/course/view.php?id={course}">{link}</a>' in text


def counted_anew(house: House) -> None:
    """Other days are meant for those who have the requirement already, too."""
    house.edit("requirements.yaml", "path: SAFETY, due:", "path: SAFETY, on_change: restart, due:")


async def test_each_day_is_told_once(settled: House, moodle: Seen) -> None:
    """Neither a second run, nor the same requirement after a mistake of HR; a new day is told as changed."""
    counted_anew(settled)
    await settled.settled_in(people("E1"))
    assert (await tell(settled))["told"] == 1
    assert (await tell(settled))["told"] == 0
    await settled.settled_in(people())
    await settled.settled_in(people("E1"))
    assert (await tell(settled))["told"] == 0
    settled.edit("requirements.yaml", "days_after_assignment: 14", "days_after_assignment: 21")
    await settled.settled_in(people("E1"))
    assert (await tell(settled))["told"] == 1
    assert "is now due on" in read(settled, moodle)[-1][1]
    settled.edit("requirements.yaml", "days_after_assignment: 21", "days_after_assignment: 14")
    await settled.settled_in(people("E1"))
    assert (await tell(settled))["told"] == 0, "of that day they have been told"


async def test_a_day_that_was_over_before_the_assignment_is_not_told(settled: House, moodle: Seen) -> None:
    """Who came years ago is asked to do it now, not by a day of 2020; explain says so beside the true due date."""
    labs = people()
    labs[1]["unit"] = "Lab"
    await settled.settled_in(labs)
    assert (await tell(settled))["told"] == 1
    [(who, text)] = read(settled, moodle)
    assert who == "E2"
    assert "Please complete the learning path Laboratory as soon as you can." in text
    assert "2020" not in text
    events = [str(one.sentence) for one in settled.connector.explaining.explain("E2").events]
    assert "the learner was told in Moodle that LAB-NOW is to be done now, as 2020-01-01 is over" in events
    assert any(one.startswith("LAB-NOW is due on 2020-01-01") for one in events)


async def test_what_a_manager_assigns_is_told(settled: House, moodle: Seen) -> None:
    """As what a rule does."""
    settled.connector.deciding.decide(DecisionKind.ASSIGN, "E3", "SAFETY-14", Decider("anna", hr=True), "asked for it")
    await settled.settled_in(people())
    assert (await tell(settled))["told"] == 1
    assert [who for who, _ in read(settled, moodle)] == ["E3"]


async def test_what_holds_no_longer_is_not_told(settled: House, moodle: Seen) -> None:
    """Withdrawn, due on another day, or of somebody who has left, before anybody was told."""
    counted_anew(settled)
    await settled.settled_in(people("E1", "E2", "E3"))
    settled.edit("requirements.yaml", "days_after_assignment: 14", "days_after_assignment: 21")
    gone = people("E1", "E2")
    gone[1]["status"] = "left"
    await settled.settled_in(gone)
    assert await tell(settled) == {"told": 1, "refused": 0, "over": 3}
    assert [who for who, _ in read(settled, moodle)] == ["E1"]


async def test_who_begins_later_is_told_on_the_first_day(settled: House, moodle: Seen) -> None:
    """Until then the account is suspended, and the notice waits."""
    joiner = row("E9", unit="Field", starts=settled.clock.day(5))
    await settled.settled_in([*people(), joiner])
    assert (await tell(settled))["told"] == 0
    settled.clock.forward(days=5)
    await settled.settled_in([*people(), joiner])
    assert (await tell(settled))["told"] == 1
    assert [who for who, _ in read(settled, moodle)] == ["E9"]


@pytest.mark.parametrize(("fault", "arrived"), [("cut_after", 2), ("error500", 0)])
async def test_after_a_lost_answer_nothing_is_sent_again(
    settled: House, moodle: Seen, fault: str, arrived: int
) -> None:
    """It may have arrived: who was not told is the smaller harm. The job fails, and says so."""
    await settled.settled_in(people("E1", "E2"))
    fail(settled, fault, BATCH)
    with pytest.raises(AnswerLost):
        await tell(settled)
    assert states(settled) == ["sent", "sent"]
    assert (await tell(settled))["told"] == 0
    assert len(read(settled, moodle)) == arrived


async def test_what_surely_was_not_sent_is_sent_later(settled: House, moodle: Seen) -> None:
    """Moodle in maintenance, or without messaging, until it is well again."""
    await settled.settled_in(people("E1", "E2"))
    fail(settled, "maintenance", BATCH)
    with pytest.raises(Unavailable):
        await tell(settled)
    assert states(settled) == ["waiting", "waiting"]
    settled.twin.state.messaging = False
    with pytest.raises(AccessRefused, match="enable messaging"):
        await tell(settled)
    assert states(settled) == ["waiting", "waiting"]
    settled.twin.state.messaging = True
    assert (await tell(settled))["told"] == 2
    assert states(settled) == ["done", "done"]
    assert len(read(settled, moodle)) == 2


async def test_who_cannot_be_written_to_keeps_nobody_from_theirs(settled: House, moodle: Seen) -> None:
    """Moodle's word is kept, and it is not tried again."""
    await settled.settled_in(people("E1", "E2", "E3"))
    settled.twin.state.unreachable.add(moodle.id("E2"))
    assert await tell(settled) == {"told": 2, "refused": 1, "over": 0}
    assert [who for who, _ in read(settled, moodle)] == ["E1", "E3"]
    [refused] = settled.sql("SELECT message FROM connector.due_notice WHERE state = 'refused'")
    assert "preferences" in refused["message"]
    assert (await tell(settled))["told"] == 0


async def test_without_the_function_nobody_is_told(settled: House, moodle: Seen) -> None:
    """It is logged, and all wait until the token may; a missing function is no reason to fail the rest."""
    settled.twin.state.lacking.add(SEND)
    await settled.settled_in(people("E1"))
    assert await tell(settled) == {"told": 0, "refused": 0, "over": 0, "lacking": SEND}
    assert states(settled) == ["waiting"]
    settled.twin.state.lacking.clear()
    assert (await tell(settled))["told"] == 1


async def test_many_go_in_batches_and_stop_between_them(settled: House, moodle: Seen) -> None:
    """Two requests for 27 learners; told to stop after the first, the rest waits for the next run."""
    field = [f"E{number}" for number in range(1, 28)]
    await settled.settled_in(people(count=27))
    await settled.sync(people(*field, count=27))  # leaving the old cohort is held
    asked = iter([False, True])
    with pytest.raises(Stopped):
        await settled.connector.learner_notices(lambda: next(asked)).tell()
    assert len(read(settled, moodle)) == 25
    assert (await tell(settled))["told"] == 2
    assert sorted(who for who, _ in read(settled, moodle)) == sorted(field)
