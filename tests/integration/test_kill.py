"""A process that is killed at any instant of apply goes on where it was: nobody twice, nobody skipped."""

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
}


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
        assert self._process.stdin
        order = {**self._order, "plan": plan.hash, "killed_after": killed_after}
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
    for function, kinds in WRITES.items():
        kind: Any = dice.choice(kinds)
        more = {"seconds": 0.3} if kind == "write_late" else {"written": dice.random() < 0.5}
        house.twin.faults.add(
            Fault(kind, times=10**9, function=function, probability=0.35, seed=dice.randrange(10**9), **more)
        )


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("twin", ["4.5"], indirect=True)
async def test_killed_fifty_times_nothing_is_lost_or_doubled(house: House, moodle: Seen) -> None:
    """Plan after plan, each carried out by processes that are killed at random while answers are cut at random."""
    seed = int(os.environ.get("CONNECTOR_TEST_SEED", random.randrange(10**6)))
    print(f"CONNECTOR_TEST_SEED={seed}")  # pytest shows it where the test fails
    dice = random.Random(seed)
    people: list[Row] = []
    kills = 0
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
            await anyio.sleep(0.4)  # the last write that was told to be late
            present = [one for one in people if moodle.state.by_idnumber.get(one["id"]) or one["status"] == "active"]
            await assert_whole(house, moodle, present)
    assert [hold for hold in house.connector.plans.holds() if hold.state is HoldState.WAITING] == []
