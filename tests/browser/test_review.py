"""HR reviews a plan in a real browser: signs in, reads, approves, and it is applied."""

from __future__ import annotations

import pytest

from connector.domain.plan import HoldState
from connector.domain.sign_in import Role
from tests.browser.pages import Browser, shown
from tests.console import Served, employees, leaving
from tests.support import House, Seen

pytestmark = pytest.mark.anyio


@pytest.mark.slow
async def test_hr_reads_a_held_plan_approves_it_and_it_is_applied(
    served: Served, browser: Browser, house: House, moodle: Seen
) -> None:
    """From the link of a mail through signing in to two hundred suspended accounts in Moodle."""
    people = employees(260)
    await house.settled_in(people)
    plan = await house.plan(leaving(people, 200))
    assert {hold.count for hold in plan.holds} == {200}
    hr = served.account("ada", Role.HR)

    browser.go(f"/holds/{plan.hash}")
    assert browser.path.startswith("/sign-in?next="), "nobody sees a plan without signing in"
    browser.picture("1-sign-in")
    browser.fill(name="ada", password="correct horse battery", code=hr.next_code())
    browser.press()
    assert browser.path == f"/holds/{plan.hash}", "the link leads there after signing in"
    browser.picture("2-plan")
    assert "200" in browser.read("#class-suspend + div, section[aria-labelledby=class-suspend]")
    assert "陳" in browser.text or "林怡君" in browser.text
    assert not moodle.suspended("G00001")

    browser.press("#approve-suspend")
    assert "200 people" in browser.read("h1")
    browser.picture("3-confirm")
    browser.press("main button.main")
    shown(browser, "Done", "section[aria-labelledby=class-suspend]")
    browser.picture("4-done")
    assert served.jobs.asked == ["sync"]
    assert sum(moodle.suspended(one["id"]) for one in people) == 200
    assert "200 changes done" in browser.read("section[aria-labelledby=class-suspend]")

    later = house.connector.plans.find()
    assert later is not None
    waiting = {hold.guard.value: hold.state for hold in later.holds}
    assert waiting["remove_grant"] is HoldState.WAITING, "only what was named is approved"
    assert browser.complaints() == []
