"""Ways in which a company's people could be harmed, each found by a review and closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from adapters.moodle.site import MoodleSite
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import AccessRefused, SettingsError, Unavailable
from connector.domain.plan import Action
from connector.domain.ports import CourseProgress
from tests.integration.test_cases import delete
from tests.support import House, Seen, enrol_by_hand, fail, moodle_client, row, rows

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]


async def test_enrolments_of_many_adopted_accounts_stay_theirs(house: House, moodle: Seen) -> None:
    """On a first load into a Moodle with people in it, what others had enrolled is noted as theirs."""
    people = rows(105, unit="Field")
    for one in people:
        moodle.add(one["username"], idnumber=one["id"], email=one["email"])
    for key in ("E0001", "E0002"):
        enrol_by_hand(house, moodle, key, "SAFE")
    enrol_by_hand(house, moodle, "E0003", "SAFE", suspended=True)
    await house.sync(people)
    foreign = {who for who, kind, target, ours, _ in house.ledger() if target == "SAFE" and not ours}
    assert foreign == {"E0001", "E0002", "E0003"}
    assert moodle.enrolled("SAFE")["E0003"] is False


async def test_a_plan_that_was_overtaken_is_not_carried_out(house: House, moodle: Seen) -> None:
    """Between planning and applying another process may have brought a newer feed: then nothing is done."""
    await house.settled_in(rows(3))
    stale = await house.plan([*rows(2), row("E0003", status="left")])
    await house.take(rows(3))
    with pytest.raises(Unavailable, match="no longer current"):
        await house.apply(stale)
    assert not moodle.suspended("E0003")


async def test_a_row_without_a_key_may_be_of_anybody(house: House) -> None:
    """While there is one, nobody is counted as absent."""
    people = rows(30)
    await house.settled_in(people)
    for _ in range(3):
        house.clock.forward(hours=25)
        await house.take([*people[:-1], {**people[-1], "id": ""}])
    assert (await house.plan()).size == 0


async def test_a_suspension_by_hand_between_plan_and_apply_is_theirs(house: House, moodle: Seen) -> None:
    """What was so already is not ours to take back when the person returns."""
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan([row("E1", status="left"), row("E2")])
    moodle.user("E1").suspended = True
    await house.apply(plan)
    await house.sync([row("E1"), row("E2")])
    assert moodle.suspended("E1")
    assert house.cases() == [("suspended_by_hand", "E1")]


async def test_what_we_wrote_is_ours_though_it_could_not_be_read_again(
    house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Moodle goes away right after the write: whoever tries again does not take it for somebody else's doing."""
    await house.settled_in([row("E1"), row("E2")])
    plan = await house.plan([row("E1", status="left"), row("E2")])
    update = PlainWriter.update_accounts

    async def then_away(self: PlainWriter, changed: Any) -> Any:
        answers = await update(self, changed)
        fail(house, "error500", "core_user_get_users_by_field", times=4)  # as often as the client asks
        return answers

    monkeypatch.setattr(PlainWriter, "update_accounts", then_away)
    await house.apply(plan)
    monkeypatch.undo()
    assert moodle.suspended("E1")
    await house.settled_in([row("E1"), row("E2")])
    assert not moodle.suspended("E1")


async def test_a_suspension_by_hand_is_left_to_those_who_made_it(house: House, moodle: Seen) -> None:
    """Somebody's reason to lock an account is not undone by HR's saying that the person works."""
    await house.settled_in([row("E1"), row("E2")])
    user = moodle.user("E1")
    user.suspended = True
    await house.mirror()
    await house.sync([row("E1", city="Elsewhere"), row("E2")])
    assert moodle.suspended("E1")
    assert house.cases() == [("suspended_by_hand", "E1")]


async def test_naming_a_protected_account_does_not_open_it(house: House, moodle: Seen) -> None:
    """A settlement cannot hand a protected account to a person."""
    boss = moodle.add("boss", email="e1@example.test")
    house.edit("mapping.yaml", "protected: [", "protected: [boss, ")
    await house.sync([row("E1"), row("E2")])
    house.settle("email_taken", "E1", account=boss)
    await house.sync()
    assert house.cases() == [("protected", "E1")]


async def test_a_token_that_sees_nobody_is_refused(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moodle answers look-ups by what it hides with nobody: everybody would be made a second time."""
    async with moodle_client(house.twin.url, house.settings.moodle_token()) as client:
        site = MoodleSite(client)
        await site.check_sight()

        async def nobody(*_: Any, **__: Any) -> list[Any]:
            return []

        monkeypatch.setattr(client, "call", nobody)
        with pytest.raises(AccessRefused, match="second time"):
            await site.check_sight()


async def test_a_deleted_account_is_noticed_without_news_from_hr(house: House, moodle: Seen) -> None:
    """The mirror sees that it is gone, and the next plan says so."""
    await house.settled_in([row("E1", city="A", cost="7"), row("E2", city="A", cost="7")])
    delete(house, moodle, "E1")
    await house.mirror()
    await house.plan()
    assert house.cases() == [("account_gone", "E1")]


async def test_due_dates_survive_a_requirement_taken_by_mistake(house: House) -> None:
    """An audience that was wrong for a day costs nobody the day from which a due date counts."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    before = house.sql("SELECT terms FROM connector.ledger WHERE kind = 'assignment' AND ended_at IS NULL")
    await house.settled_in([row("E1"), row("E2")])
    house.clock.forward(days=3)
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    after = house.sql("SELECT terms FROM connector.ledger WHERE kind = 'assignment' AND ended_at IS NULL")
    assert before == after != []


async def test_progress_does_not_move_the_day_of_completion(house: House, moodle: Seen) -> None:
    """Who has completed stays completed since then, whatever activities are added later."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    house.twin.life.complete("e1", "SAFE")
    await house.mirror()
    [first] = house.sql("SELECT completed_at FROM facts.fact_completion WHERE completed")
    house.sql("UPDATE facts.fact_completion SET progress = 12.5 WHERE completed")
    house.clock.forward(days=200)
    await house.mirror()
    found = house.sql("SELECT completed_at FROM facts.fact_completion WHERE completed AND valid_to = 'infinity'")
    assert found == [first]


async def test_a_course_that_was_not_read_keeps_its_facts(house: House, moodle: Seen) -> None:
    """Hidden from the token or archived: what people did there stays done."""
    await house.settled_in([row("E1", unit="Field"), row("E2")])
    house.twin.life.complete("e1", "SAFE")
    await house.mirror()
    held = house.sql("SELECT count(*) AS n FROM facts.fact_enrolment WHERE valid_to = 'infinity'")
    state = moodle.state
    course = state.course_by_idnumber.pop("SAFE")
    state.course_by_shortname.pop("SAFE")
    state.courses[course].idnumber = state.courses[course].shortname = "GONE"
    await house.mirror()
    assert house.sql("SELECT count(*) AS n FROM facts.fact_enrolment WHERE valid_to = 'infinity'") == held
    assert house.sql("SELECT count(*) AS n FROM facts.fact_completion WHERE completed AND valid_to = 'infinity'") == [
        {"n": 1}
    ]
    assert Action.SUSPEND_ENROLMENT not in {change.action for change in house.changes(await house.plan())}


async def test_completion_that_is_not_shown_is_not_incompletion(
    house: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where completion is turned off what was seen stays; where it is on and hidden, nothing is believed at all."""
    await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
    house.twin.life.complete("e1", "SAFE")
    await house.mirror()
    kept = (
        "SELECT moodle_id, course_id, completed FROM facts.fact_completion WHERE valid_to = 'infinity' ORDER BY 1, 2"
    )
    seen = house.sql(kept)
    course = moodle.state.courses[moodle.state.course_by_idnumber["SAFE"]]
    course.enablecompletion = False
    await house.mirror()
    assert house.sql(kept) == seen
    course.enablecompletion = True
    progress = MoodleSite.progress

    async def hidden(self: MoodleSite, user_ids: Sequence[int]) -> AsyncIterator[list[CourseProgress]]:
        async for page in progress(self, user_ids):
            yield [replace(one, completed=None, progress=None) for one in page]

    monkeypatch.setattr(MoodleSite, "progress", hidden)
    with pytest.raises(AccessRefused, match="report/completion:view"):
        await house.mirror()
    assert house.sql(kept) == seen


async def test_facts_of_two_moodles_are_not_mixed(house: House) -> None:
    """Ids of accounts and courses mean nothing without their Moodle."""
    await house.settled_in([row("E1", unit="Field")])
    await house.mirror()
    house.sql("UPDATE facts.load SET site = 'another.example'")
    before = house.sql("SELECT t::text AS text FROM facts.fact_enrolment t")
    with pytest.raises(SettingsError, match=r"another\.example"):
        await house.mirror()
    assert house.sql("SELECT t::text AS text FROM facts.fact_enrolment t") == before
