"""Several people who could have one account: nobody guesses, however few people a plan is about."""

from __future__ import annotations

import pytest

from connector.domain.plan import Action, GuardClass
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


async def test_a_newcomer_has_the_address_of_somebody_who_left(house: House, moodle: Seen) -> None:
    """The leaver's account, suspended by us, gives it up in the same plan, guarded as any change of an address."""
    mail = "js@example.test"
    gone = row("E1", email=mail, status="left")
    await house.settled_in([row("E1", email=mail), row("E3"), row("E4")])
    await house.settled_in([gone, row("E3"), row("E4")])
    people = [gone, row("E2", email=mail), row("E3"), row("E4")]
    plan = await house.plan(people)
    assert house.does(plan, A.RELEASE_IDENTITY, A.CREATE_ACCOUNT) == [
        ("release_identity", "E1", ""),
        ("create_account", "E2", ""),
    ]
    [release] = [change for change in house.changes(plan) if change.action is A.RELEASE_IDENTITY]
    assert release.guard is GuardClass.IDENTITY
    await house.settled_in(people)
    assert moodle.fields("E2", "email") == (mail,)
    assert moodle.suspended("E1")
    assert (await house.plan()).size == 0
    third = [gone, row("E2", email=mail, status="left"), row("E3", email=mail), row("E4")]
    await house.settled_in(third[:2] + people[2:])
    await house.settled_in(third)
    assert moodle.fields("E3", "email") == (mail,)


@pytest.mark.parametrize("why", ["the surname is the same", "by hand", "made active"])
async def test_an_address_that_may_be_the_same_human_s_is_a_case(house: House, moodle: Seen, why: str) -> None:
    """Or one of an account that is not ours to change: a person decides."""
    mail = "js@example.test"
    gone = row("E1", email=mail, status="left")
    await house.settled_in([row("E1", email=mail), row("E3")])
    if why == "by hand":
        moodle.user("E1").suspended = True
        await house.mirror()
    await house.settled_in([gone, row("E3")])
    if why == "made active":
        moodle.user("E1").suspended = False
    last = {"last": "LastE1"} if why == "the surname is the same" else {}
    plan = await house.plan([gone, row("E2", email=mail, **last), row("E3")])
    assert ("email_taken", "E2") in house.cases()
    assert house.does(plan, A.RELEASE_IDENTITY, A.CREATE_ACCOUNT) == []
