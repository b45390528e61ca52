"""Several people who could have one account: nobody guesses, however few people a plan is about."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action
from tests.support import House, Row, Seen, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]
A = Action
CHEN = {"last": "Chen", "email": "same@example.test"}


@pytest.mark.parametrize(
    ("account", "one", "other"),
    [
        ({"email": "same@example.test", "lastname": "Chen"}, row("E1", **CHEN), row("E2", **CHEN)),
        ({"email": "same@example.test", "lastname": "Chen"}, row("E1", **CHEN), row("E2", **{**CHEN, "last": "Wu"})),
        ({"idnumber": "OLD"}, row("E1", earlier="OLD"), row("E2", earlier="X;old")),
    ],
    ids=["email", "email of another surname", "earlier key"],
)
async def test_one_alone_is_asked_about_as_everybody_is(
    house: House, moodle: Seen, account: dict[str, str], one: Row, other: Row
) -> None:
    """A plan of one person sees the other who could have the account, and adopts nothing either."""
    number = moodle.add("by.hand", **account)
    await house.take([one, other])
    async with house.way() as way:
        alone, _ = await way.sync_person("E1")
    assert house.does(alone, A.ADOPT_ACCOUNT, A.CREATE_ACCOUNT) == []
    assert house.cases() == [("already_bound", "E1")]
    everybody = await house.plan()
    assert house.does(everybody, A.ADOPT_ACCOUNT, A.CREATE_ACCOUNT) == []
    assert ("already_bound", "E1") in house.cases()
    house.settle("already_bound", "E1", account=number)
    async with house.way() as way:
        await way.sync_person("E1")
    assert moodle.id("E1") == number


async def test_who_is_somebody_else_by_decision_claims_no_more(house: House, moodle: Seen) -> None:
    """A new account for the one leaves the account that was there to the other."""
    number = moodle.add("by.hand", idnumber="OLD")
    await house.sync([row("E1", earlier="OLD"), row("E2", earlier="OLD")])
    assert sorted(house.cases()) == [("already_bound", "E1"), ("already_bound", "E2")]
    house.settle("already_bound", "E2", create=True)
    await house.settled_in([row("E1", earlier="OLD"), row("E2", earlier="OLD")])
    assert moodle.id("E1") == number
    assert moodle.people() == ["E1", "E2"]
