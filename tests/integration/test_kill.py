"""A process killed at any instant of apply or mirror: nobody twice, nobody skipped, nothing lost or doubled."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest

from adapters.moodle.twin import Fault
from connector.domain.facts import Extent
from connector.domain.plan import HoldState, Plan
from tests.integration.applier import AGAIN, BUSY, DONE
from tests.support import House, Row, Seen, assert_whole, row

pytestmark = pytest.mark.anyio
KILLS = 50
LONGEST = 0.45
"""Seconds after which a child is killed at the latest: about what it needs for a plan when nobody disturbs it."""
WRITES = {
    "core_user_create_users": ["cut_before", "cut_after", "error500", "write_late"],
    "core_user_update_users": ["cut_before", "cut_after", "error502"],
    "core_cohort_add_cohort_members": ["cut_before", "cut_after", "error500"],
    "core_cohort_delete_cohort_members": ["cut_before", "cut_after"],
    "core_role_assign_roles": ["cut_before", "cut_after"],
    "enrol_manual_enrol_users": ["cut_before", "cut_after", "error502"],
    "core_group_create_groups": ["cut_before", "cut_after", "error500", "write_late"],
    "core_group_add_group_members": ["cut_before", "cut_after", "error502"],
    "core_group_delete_group_members": ["cut_before", "cut_after"],
    "local_connector_write update_people": ["cut_before", "cut_after", "error500"],
    "local_connector_write": ["cut_before", "cut_after", "error500", "write_late"],
}
"""How answers are lost, for each function, and for an operation of the plugin's that differs from the others.

An update of accounts is not carried out late, by functions or by plugin: addresses are swapped in two steps, and the
first one has the last word then. No look at Moodle foresees it; ``test_in_doubt`` says what becomes of it."""


class Applier:
    """The process of ``applier``, and the orders that it gets."""

    def __init__(self, process: subprocess.Popen[str], house: House) -> None:
        self._process = process
        self._order = {
            "database": house.settings.database_url.get_secret_value(),
            "mapping": str(house.mapping),
            "url": house.twin.url,
            "token": house.twin.token,
        }

    def apply(self, plan: Plan, killed_after: float) -> int:
        """Let a child apply the plan, and kill it so many seconds after it began; gives how it ended."""
        return self._carry_out({"plan": plan.hash}, killed_after)

    def mirror(self, extent: Extent, killed_after: float) -> int:
        """The same for a reading of Moodle."""
        return self._carry_out({"extent": extent.value}, killed_after)

    def _carry_out(self, what: dict[str, str], killed_after: float) -> int:
        assert self._process.stdin
        order = {**self._order, **what, "killed_after": killed_after}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout
        return int(self._process.stdout.readline())


@contextmanager
def applier(house: House) -> Iterator[Applier]:
    command = [sys.executable, "-m", "tests.integration.applier"]
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, cwd=root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Applier(process, house)
        assert process.stdin
        process.stdin.close()


def company(dice: random.Random, known: list[Row]) -> list[Row]:
    """The next delivery: people move, leave, come back, swap addresses, and some join."""
    people = [dict(one) for one in known]
    for one in people:
        luck = dice.random()
        if luck < 0.4:
            one["unit"] = dice.choice(["Field", "Lab", "Office"])
            one["job"] = dice.choice(["director", "author", "trainer", ""])
        elif luck < 0.55:
            one["status"] = dice.choice(["left", "active"])
        elif luck < 0.8:
            one["city"] = dice.choice(["Taipei", "Tainan", ""])
    pairs = dice.sample(people, len(people) // 4 * 2)
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        if one["status"] == other["status"] == "active":
            one["email"], other["email"] = other["email"], one["email"]
    first = len(people) + 1
    jobs, units = ["director", "author", "trainer", ""], ["Field", "Lab", "Office"]
    people += [
        row(f"E{n:04}", unit=dice.choice(units), job=dice.choice(jobs), grade="7") for n in range(first, first + 60)
    ]
    return people


def disturb(house: House, dice: random.Random) -> None:
    """Answers are cut at random, for each writing function in one of its ways."""
    house.twin.faults.clear()
    for name, kinds in WRITES.items():
        function, _, operation = name.partition(" ")
        kind: Any = dice.choice(kinds)
        more = {"seconds": 0.3} if kind == "write_late" else {"written": dice.random() < 0.5}
        house.twin.faults.add(
            Fault(
                kind,
                times=10**9,
                function=function,
                operation=operation,
                probability=0.35,
                seed=dice.randrange(10**9),
                **more,
            )
        )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
async def test_killed_fifty_times_nothing_is_lost_or_doubled(house: House, moodle: Seen) -> None:
    """Plan after plan, each carried out by processes that are killed at random while answers are cut at random.

    Moodle is written to by plain functions, or by our plugin, as the seed says.
    """
    seed = int(os.environ.get("CONNECTOR_TEST_SEED", random.randrange(10**6)))
    print(f"CONNECTOR_TEST_SEED={seed}")  # pytest shows it where the test fails
    house.twin.state.plugin = seed % 2 == 0
    dice = random.Random(seed)
    people: list[Row] = []
    kills = 0
    for courses in ("courses: [SAFE, FIRE]", "courses: [LABS]"):
        house.edit("paths.yaml", courses, f"{courses}\n    groups: ['{{city}}', All]")
    with applier(house) as applying:
        while kills < KILLS:
            people = company(dice, people)
            plan = await house.plan(people)
            house.decide(plan, HoldState.APPROVED)
            plan = house.connector.plans.find(plan.hash) or plan
            ended = -1
            for _ in range(200):
                disturb(house, dice)
                ended = applying.apply(plan, dice.uniform(0, LONGEST))
                assert ended in (DONE, AGAIN, BUSY, -signal.SIGKILL), f"seed {seed}: a child ended with {ended}"
                kills += ended == -signal.SIGKILL
                if ended == DONE:
                    break
            assert ended == DONE, f"seed {seed}: not done after 200 children"
            house.twin.faults.clear()
            await anyio.to_thread.run_sync(house.twin.settle)  # what was told to be late, or whose caller was killed
            present = [one for one in people if moodle.state.by_idnumber.get(one["id"]) or one["status"] == "active"]
            await assert_whole(house, moodle, present)
    assert [hold for hold in house.connector.plans.holds() if hold.state is HoldState.WAITING] == []


FACTS = ("enrolments", "completions", "grades", "certificates")
READ_IN = 0.6
"""Seconds after which a child that mirrors is killed at the latest: about what it needs when nobody disturbs it."""


def learn(house: House, dice: random.Random, people: list[str]) -> None:
    """Somebody learns, is graded, or leaves a course, and another has a badge, as Moodle's own pages do it."""
    life = house.twin.life
    for _ in range(dice.randrange(1, 12)):
        who, course = dice.choice(people), dice.choice(["SAFE", "FIRE", "LABS"])
        user = house.twin.state.by_username[who]
        if user not in house.twin.state.courses[house.twin.state.course_by_idnumber[course]].enrolled():
            life.enrol(who, course)
        what = dice.choice(["complete", "grade", "grade", "unenrol", "award", "reset"])
        if what == "complete":
            life.complete(who, course)
        elif what == "grade":
            life.grade(who, course, dice.randrange(100))
        elif what == "unenrol":
            for plugin in ("manual", "self"):
                life.unenrol(who, course, plugin)
        elif what == "award":
            life.award(who, f"Badge {dice.randrange(10**6)}")
        elif dice.random() < 0.2:
            life.reset_course(course)


def counts_add_up(house: House) -> None:
    """Every version began in one load that was done, no two hold at once, and none follows another that still held."""
    tables = {
        "enrolments": "fact_enrolment", "completions": "fact_completion", "grades": "fact_grade",
        "certificates": "fact_certificate",
    }  # fmt: skip
    for fact, table in tables.items():
        [row] = house.sql(
            f"SELECT (SELECT count(*) FROM facts.{table}) AS there, "
            "(SELECT COALESCE(sum(begun), 0) FROM facts.load_fact WHERE fact = %s) AS begun, "
            f"(SELECT count(*) FROM facts.{table} WHERE valid_to < 'infinity') AS closed, "
            "(SELECT COALESCE(sum(ended), 0) FROM facts.load_fact WHERE fact = %s) AS ended",
            fact,
            fact,
        )
        assert (row["there"], row["closed"]) == (row["begun"], row["ended"]), fact
    assert (
        house.sql("SELECT 1 AS one FROM facts.load_fact f JOIN facts.load l USING (load_id) WHERE l.kind IS NULL")
        == []
    )


def now(house: House) -> dict[str, list[str]]:
    """What holds now of who is enrolled, without when it was seen: what was learned before leaving stays known."""
    columns = {
        "enrolments": "moodle_id, course_id, active FROM facts.fact_enrolment WHERE valid_to",
        "completions": "moodle_id, course_id, completed, CASE WHEN c.precision <> 'seen by' THEN completed_at END "
        "FROM facts.fact_completion c JOIN facts.fact_enrolment e USING (moodle_id, course_id) "
        "WHERE e.valid_to = 'infinity' AND c.valid_to",
        "grades": "moodle_id, course_id, value FROM facts.fact_grade WHERE valid_to",
        "certificates": "moodle_id, source, code FROM facts.fact_certificate WHERE valid_to",
    }
    return {
        fact: [str(tuple(row.values())) for row in house.sql(f"SELECT {what} = 'infinity' ORDER BY 1, 2, 3")]
        for fact, what in columns.items()
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("twin", ["5.1"], indirect=True)
@pytest.mark.parametrize("reader", ["reports", "plain"])
async def test_a_mirror_killed_fifty_times_loses_and_doubles_nothing(house: House, moodle: Seen, reader: str) -> None:
    """Killed at any instant, what is new or everything being read: the next reading has the whole truth, once."""
    seed = int(os.environ.get("CONNECTOR_TEST_SEED", random.randrange(10**6)))
    print(f"CONNECTOR_TEST_SEED={seed}")
    dice = random.Random(seed)
    await house.sync([row(f"E{n:03}", unit=dice.choice(["Field", "Lab"])) for n in range(120)])
    if reader == "reports":
        await house.make_reports()
    people = [one.lower() for one in moodle.people()]
    kills = 0
    with applier(house) as working:
        while kills < KILLS:
            learn(house, dice, people)
            extent = dice.choice(list(Extent))
            ended = working.mirror(extent, dice.uniform(0, READ_IN))
            assert ended in (DONE, AGAIN, -signal.SIGKILL), f"seed {seed}: a child ended with {ended}"
            kills += ended == -signal.SIGKILL
            counts_add_up(house)
    await house.mirror()
    counts_add_up(house)
    told = now(house)
    assert all(told[fact] for fact in FACTS), f"seed {seed} proves nothing"
    house.sql("DROP SCHEMA facts, reporting, landing CASCADE; DROP TABLE reporting_schema_version")
    house.connector.databases.upgrade()
    house.reopen()
    await house.mirror()
    assert now(house) == told, f"seed {seed}: a mirror that was never killed knows otherwise"
