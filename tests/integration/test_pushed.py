"""What identity systems push by SCIM comes into Moodle for these people alone, and one person comes on demand."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from threading import Event

import pytest

from connector.cli.service import jobs_of
from connector.domain.errors import AnswerLost, Busy, SettingsError, TryAgain, Unavailable
from connector.domain.plan import Action, GuardClass, HoldState
from connector.settings.sources import ScimSettings
from connector.sync.intake import Progress
from jobs.pushes import heard
from jobs.running import Running
from jobs.schedule import scheduled
from tests.scim import ENTERPRISE, Identity, serving
from tests.support import House, Seen, fail, row, rows

pytestmark = pytest.mark.anyio

MAPPING = """
version: 1
source: {name: people, format: scim, gates: {min_rows: 0}}
key: {column: employeeNumber}
person:
  username: {column: userName, transforms: [lower]}
  firstname: {column: name.givenName}
  lastname: {column: name.familyName}
  email: {column: emails}
  unit: {column: department}
  manager: {column: manager.employeeNumber}
  active: {column: active, transforms: [boolean]}
cohorts:
  - {idnumber: "unit-{unit}", name: "{unit}"}
"""


@pytest.fixture
def pushed_to(house: House) -> House:
    """An installation whose people are pushed."""
    for file in house.mapping.iterdir():
        file.unlink()
    (house.mapping / "mapping.yaml").write_text(MAPPING, "utf-8")
    house.settings = house.settings.model_copy(
        update={"sources": {"people": ScimSettings(kind="scim", client="entra-id")}}
    )
    house.reopen()
    return house


@pytest.fixture
def entra(database_url: str) -> Iterator[Identity]:
    """An identity system that may push."""
    with serving(database_url) as service, service.client("entra-id") as client:
        yield client


def push(client: Identity, number: str, **more: object) -> str:
    """A person of the identity system; gives the id."""
    enterprise = {"employeeNumber": number, "department": str(more.pop("department", "Lab"))}
    if manager := more.pop("manager", None):
        enterprise["manager"] = manager  # type: ignore[assignment]
    names = {"givenName": f"First{number}", "familyName": f"Last{number}"}
    mails = [{"value": f"u{number}@example.test", "type": "work", "primary": True}]
    made = client.user(f"u{number}", name=names, emails=mails, **{ENTERPRISE: enterprise}, **more)
    found: str = made["id"]
    return found


async def pushes(house: House) -> dict[str, object]:
    async with house.way() as way:
        return dict(await way.push())


async def test_a_push_touches_these_people_only(pushed_to: House, moodle: Seen, entra: Identity) -> None:
    """Account, cohort and manager by the same mapping; a plan of everybody has nothing left to do."""
    boss = push(entra, "1")
    ada = push(entra, "2", manager=boss)
    came = await pushes(pushed_to)
    assert (came["people"], came["refused"], came["held"]) == (2, 0, [])
    assert (moodle.people(), moodle.cohorts()) == (["1", "2"], {"unit-Lab": {"1", "2"}})
    assert (await pushes(pushed_to)) == {"people": 0}
    assert (await pushed_to.plan()).size == 0
    entra.change(f"/Users/{ada}", {"op": "Replace", "path": "active", "value": "False"})
    await pushes(pushed_to)
    assert (moodle.suspended("2"), moodle.suspended("1")) == (True, False)
    assert pushed_to.connector.scim_sources.pending("entra-id") == 0


async def test_a_push_does_not_touch_a_plan_of_everybody(pushed_to: House, moodle: Seen, entra: Identity) -> None:
    """What waits for a person's word goes on waiting, and cases of others stay open."""
    for number in range(1, 41):
        push(entra, str(number))
    await pushes(pushed_to)
    await pushed_to.sync()
    for number in range(1, 21):
        [user] = entra.get("/Users", params={"filter": f'userName eq "u{number}"'}).json()["Resources"]
        entra.change(f"/Users/{user['id']}", {"op": "replace", "path": "active", "value": False})
    async with pushed_to.way() as way:
        taken = way.take_arrived(silently)
    assert len(taken.feeds) == 1
    waiting = await pushed_to.plan()
    assert pushed_to.holds(waiting) == {GuardClass.SUSPEND: (20, 10, HoldState.WAITING)}
    push(entra, "99")
    await pushes(pushed_to)
    assert "99" in moodle.people()
    assert [hold.plan_hash for hold in pushed_to.connector.plans.holds()] == [waiting.hash]
    found = pushed_to.connector.plans.find()
    assert found is not None
    assert found.number == waiting.number


async def test_many_pushes_are_watched_by_the_guard(pushed_to: House, moodle: Seen, entra: Identity) -> None:
    """One at a time they come to more than may go in a day: then they wait."""
    ids = {str(number): push(entra, str(number)) for number in range(1, 41)}
    await pushes(pushed_to)
    await pushed_to.sync()
    for number in range(1, 16):
        entra.change(f"/Users/{ids[str(number)]}", {"op": "replace", "path": "active", "value": False})
        await pushes(pushed_to)
    assert sum(moodle.suspended(number) for number in moodle.people()) == 10


async def test_a_push_that_could_not_be_carried_out_comes_again(
    pushed_to: House, moodle: Seen, entra: Identity
) -> None:
    """Moodle is away: nothing is lost, and the next push job does it."""
    push(entra, "1")
    fail(pushed_to, "error502", "core_user_create_users", times=50)
    with pytest.raises((Unavailable, AnswerLost, TryAgain)):
        await pushes(pushed_to)
    assert pushed_to.connector.scim_sources.pending("entra-id") == 1
    pushed_to.twin.faults.clear()
    await pushes(pushed_to)
    assert (moodle.people(), pushed_to.connector.scim_sources.pending("entra-id")) == (["1"], 0)


async def test_a_bad_person_among_pushes_fails_alone(pushed_to: House, moodle: Seen, entra: Identity) -> None:
    """Without a department there is no cohort, without an address no account: the others come."""
    push(entra, "1")
    entra.user("nobody", **{ENTERPRISE: {"employeeNumber": "2"}})
    await pushes(pushed_to)
    assert moodle.people() == ["1"]


async def test_pushes_of_which_nobody_can_be_read_are_done_with(pushed_to: House, entra: Identity) -> None:
    """Reading them again would alter nothing: they are listed as rejected, once."""
    entra.user("nobody", **{ENTERPRISE: {"employeeNumber": ""}})
    assert await pushes(pushed_to) == {"people": 0}
    assert pushed_to.connector.scim_sources.pending("entra-id") == 0
    assert len(pushed_to.sql("SELECT FROM connector.feed WHERE rejected = 1")) == 1


async def test_pushes_are_heard_at_once(pushed_to: House, moodle: Seen, entra: Identity) -> None:
    """The service carries a push out in seconds, without a clock that tells it to; an earlier one too."""
    push(entra, "1")
    stopping = Event()
    jobs = {"push": jobs_of(pushed_to.connector, stopping)["push"]}
    running = Running(pushed_to.connector.jobs, pushed_to.clock, Ignoring())
    word = pushed_to.connector.scim_sources.heard
    with scheduled(jobs, running, stopping) as waiting, heard(word, lambda: waiting.soon("push"), stopping):
        until(lambda: moodle.people() == ["1"])
        push(entra, "2")
        until(lambda: moodle.people() == ["1", "2"])


async def test_only_one_is_at_it(pushed_to: House, entra: Identity) -> None:
    """While one brings something in, a push steps aside and is not lost."""
    push(entra, "1")
    async with pushed_to.way() as way:
        with way.turn(), pytest.raises(Busy):
            await way.push()
    assert pushed_to.connector.scim_sources.pending("entra-id") == 1


async def test_one_person_on_demand(house: House, moodle: Seen) -> None:
    """With the managers above, and nobody else, however much is waiting."""
    people = [row("E1"), row("E2", manager="E1"), row("E3", manager="E2"), *rows(5, "X")]
    await house.take(people)
    async with house.way() as way:
        plan, applied = await way.sync_person("E3")
    assert plan.people == {"E1", "E2", "E3"}
    assert (applied.tally.refused, moodle.people()) == (0, ["E1", "E2", "E3"])
    assert house.sql("SELECT m.key FROM connector.person p JOIN connector.person m ON m.person_id = p.manager_id "
                     "WHERE p.key = 'E3'") == [{"key": "E2"}]  # fmt: skip
    await house.take([{**one, "city": "Lyon"} for one in people])
    async with house.way() as way:
        await way.sync_person("E2")
    assert [moodle.fields(who, "city") for who in ("E2", "E3")] == [("Lyon",), ("",)]
    everybody = await house.plan()
    assert len(house.does(everybody, Action.CREATE_ACCOUNT)) == 5
    with pytest.raises(SettingsError, match="No source has ever named E9"):
        async with house.way() as way:
            await way.sync_person("E9")


async def test_what_a_user_becomes_is_seen_before_one_is_pushed(pushed_to: House, tmp_path: Path) -> None:
    """As `mapping try` shows it, of a file; that file cannot be taken in the place of pushes."""
    file = tmp_path / "users.json"
    names, enterprise = {"givenName": "Ada", "familyName": "Okafor"}, {"employeeNumber": 7, "department": "Lab"}
    mails = [{"value": "ada@example.test", "type": "work"}]
    file.write_text(json.dumps([{"userName": "Ada", "name": names, "emails": mails, ENTERPRISE: enterprise}]), "utf-8")
    source, rows = pushed_to.connector.rows(file)
    explained = pushed_to.connector.mapping.mapping_try(source, *rows)  # type: ignore[arg-type]
    assert explained.person is not None
    assert (explained.key, explained.person.account["username"], explained.grants[0].target) == (
        "7",
        "ada",
        "unit-Lab",
    )
    with pytest.raises(SettingsError, match="mapping try"):
        pushed_to.connector.source(file)


class Ignoring:
    def ran(self, *_: object) -> None: ...


def until(done: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for something that is to happen by itself."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def silently(_name: str) -> AbstractContextManager[Progress]:
    return nullcontext(lambda _rows: None)
