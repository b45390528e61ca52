"""A small company in its years: what happens in it, in its feeds and in Moodle, and the laws that hold."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio

from adapters.moodle.twin import Fault
from adapters.moodle.twin.enrolments import enrol
from connector.domain.errors import FeedRefused, TryAgain
from connector.domain.plan import Action, HoldState, Plan
from tests.integration.test_undo import brought_back, moodle_has, spare, undone
from tests.support import House, Row, Seen, row

PATHS = {"Field": {"SAFE", "FIRE"}, "Lab": {"LABS"}, "Office": set[str]()}
CLUB = "club"
"""A cohort that no rule names."""
MANAGER = 1
"""The role of a manager, which no rule gives in a category."""
LATE = 0.03
"""Seconds after which a late write happens."""

Grant = tuple[int, str, str]
"""Account, kind and place of something that somebody gave by hand."""


@dataclass(frozen=True)
class Turn:
    """Some days: what happens, how HR delivers, how Moodle fares (``weather``), and whether it is regretted."""

    days: int
    events: tuple[tuple[Any, ...], ...]
    before: str
    """A bad feed that comes before the good one: "", cut, doubled, one doubled, empty."""
    tenth: int
    weather: str
    dice: int
    regretted: bool


@dataclass
class Company:
    """HR's people as rows by key, what somebody did in Moodle by hand, and who is whom."""

    house: House
    moodle: Seen
    rows: dict[str, Row] = field(default_factory=dict)
    people: list[list[str]] = field(default_factory=list)
    """The keys that each human being has had."""
    strangers: set[int] = field(default_factory=set)
    """Accounts that are nobody's of HR, and never may be."""
    by_hand: set[Grant] = field(default_factory=set)
    suspended_by_hand: set[int] = field(default_factory=set)
    seen: dict[str, int] = field(default_factory=dict)
    """How often each law was looked at."""
    numbers: int = 0

    # ------------------------------------------------------------ what happens at HR's
    def hire(self, unit: str, job: str) -> None:
        self.numbers += 1
        key = f"E{self.numbers}"
        self.people.append([key])
        self.rows[key] = row(key, unit=unit, job=job)

    def move(self, who: int, unit: str, job: str) -> None:
        self._alter(who, unit=unit, job=job)

    def leave(self, who: int, how: str) -> None:
        key = self._key(who)
        if how == "vanished" and len(self.rows) > 2:
            self.rows.pop(key, None)
        elif how == "dated":
            self._alter(who, ends=self.house.clock.day(-1))
        else:
            self._alter(who, status="left")

    def come_back(self, who: int, how: str) -> None:
        """Under the same key, or under a new one with or without a row that says that the old one has left."""
        key = self._key(who)
        old = self.rows.get(key)
        if how == "same":
            self.rows[key] = {**(old or row(key)), "status": "active", "ends": ""}
            return
        if old is None or old["status"] != "left":
            return
        self.numbers += 1
        new = f"N{self.numbers}"
        self.rows[new] = {**old, "id": new, "status": "active", "ends": "", "earlier": key}
        self.people[who % len(self.people)].append(new)
        if how == "new, old row gone":
            self.rows.pop(key)

    def rename(self, who: int, name: str) -> None:
        self.numbers += 1
        fresh = f"v{self.numbers}"
        self._alter(who, **{name: f"{fresh}@example.test" if name == "email" else fresh})

    def swap(self, among: tuple[int, ...], name: str) -> None:
        """Each takes over what the next one had."""
        keys = list(dict.fromkeys(key for who in among if (key := self._key(who)) in self.rows))
        values = [self.rows[key][name] for key in keys]
        for key, value in zip(keys, values[1:] + values[:1], strict=True):
            self.rows[key] = {**self.rows[key], name: value}

    def boss(self, who: int, boss: int) -> None:
        self._alter(who, manager=self._key(boss))

    def _alter(self, who: int, **fields: str) -> None:
        key = self._key(who)
        if key in self.rows:
            self.rows[key] = {**self.rows[key], **fields}

    def _key(self, who: int) -> str:
        return self.people[who % len(self.people)][-1]

    # ------------------------------------------------------------ what happens in Moodle
    def enrol_by_hand(self, who: int, course: str) -> None:
        state, account = self.house.twin.state, self._account(who)
        number = state.course_by_idnumber[course]
        if account is None or account in state.courses[number].enrolments:
            return
        call = {"roleid": 5, "userid": account, "courseid": number, "timestart": 0, "timeend": 0, "suspend": 0}
        with state.lock:
            enrol(state, {"enrolments": [call]})
        self.by_hand.add((account, "course", course))

    def add_by_hand(self, who: int, cohort: str) -> None:
        state, account = self.house.twin.state, self._account(who)
        number = state.cohort_by_idnumber.get(cohort)
        if account is None or number is None or account in state.cohorts[number].members:
            return
        with state.lock:
            state.join(account, state.cohorts[number])
        self.by_hand.add((account, "cohort", cohort))

    def assign_by_hand(self, who: int) -> None:
        state, account = self.house.twin.state, self._account(who)
        if account is not None:
            with state.lock:
                place = next(one.id for one in state.categories.values() if one.idnumber == "SAFETY")
                state.roles.setdefault(account, {}).setdefault(("coursecat", place), set()).add(MANAGER)
            self.by_hand.add((account, "role", "SAFETY"))

    def suspend_by_hand(self, who: int) -> None:
        account = self._account(who)
        if account is not None and not (user := self.house.twin.state.users[account]).suspended:
            user.suspended = True
            self.suspended_by_hand.add(account)

    def make_by_hand(self, kind: str) -> None:
        """An account of somebody else's: a stranger, or one with a name or an address that the next hire is to get."""
        following = f"E{self.numbers + 1}"
        self.numbers += kind == "stranger"
        plain = {"username": f"by.hand.{following.lower()}", "email": f"hand.{following.lower()}@elsewhere.test"}
        more = {
            "stranger": {},
            "same name": {"username": following.lower()},
            "same address": {"email": f"{following.lower()}@example.test"},
            "same person": {"email": f"{following.lower()}@example.test", "lastname": f"Last{following}"},
        }[kind]
        fields = {**plain, **more}
        state = self.house.twin.state
        if fields["username"] in state.by_username or any(
            one.fields.get("email") == fields["email"] for one in state.users.values()
        ):
            return
        account = self.moodle.add(**fields)
        self.by_hand.add((account, "cohort", CLUB))
        state.join(account, state.cohorts[state.cohort_by_idnumber[CLUB]])
        if kind != "same person":
            self.strangers.add(account)

    def _account(self, who: int) -> int | None:
        found = self.house.twin.state.by_idnumber.get(self._key(who), {})
        return next(iter(found), None)

    # ------------------------------------------------------------ turns
    async def begin(self, size: int) -> None:
        # the twin's clock is the machine's: access that begins in years to come would not be in force there
        self.house.edit("paths.yaml", "start: assignment, end_days: 30, ", "start: none, ")
        state = self.house.twin.state
        for number in range(size):
            self.hire(("Field", "Lab", "Office")[number % 3], "")
        state.add_cohort(CLUB, CLUB)
        for name in ("stranger", "stranger"):
            self.make_by_hand(name)
        await self.carried_out("", 0)

    async def live(self, turn: Turn) -> None:
        """One turn, with every law at its end."""
        self.house.clock.forward(days=turn.days, hours=1)
        for name, *arguments in turn.events:
            getattr(self, name)(*arguments)
        strangers = self.of_strangers()
        if turn.before:
            await self.bad_feed(turn.before, turn.tenth)
        before = moodle_has(self.house, self.moodle)
        first = await self.planned_twice(turn.dice)
        runs = await self.carried_out(turn.weather, turn.dice)
        assert self.of_strangers() == strangers, "nobody unmanaged is touched"
        self.laws()
        if turn.regretted and runs == 1 and first.size:
            await self.regretted(before)
            assert self.of_strangers() == strangers, "nobody unmanaged is touched by undo"
            self.laws()

    async def bad_feed(self, kind: str, tenth: int) -> None:
        """A refused feed changes nothing; one that is believed suspends nobody who is only not in it."""
        people = list(self.rows.values())
        doubled = {"doubled": [*people, *people], "one doubled": [*people, people[0]], "empty": []}
        path = self.house.file(doubled.get(kind, people))
        if kind == "cut":
            content = path.read_bytes()
            path.write_bytes(content[: len(content) * tenth // 10])
        before = self.known(), moodle_has(self.house, self.moodle)
        gone = self.gone()
        try:
            await self.house.take(path)
        except FeedRefused:
            assert (self.known(), moodle_has(self.house, self.moodle)) == before
            self._saw("a refused feed changes nothing")
        else:
            assert kind in ("cut", "one doubled")
            assert self.gone() - gone <= self.long_absent(), "absent from one feed is not gone"
            self._saw("a short feed that is believed takes nobody")

    async def planned_twice(self, dice: int) -> Plan:
        """Two orders of the same rows give the same plan."""
        people = list(self.rows.values())
        first = await self.house.plan(people)
        random.Random(dice).shuffle(people)
        second = await self.house.plan(people)
        assert second.hash == first.hash, (self.house.does(first), self.house.does(second))
        self._saw("the order of rows does not matter")
        return second

    async def carried_out(self, weather: str, dice: int) -> int:
        """All that is planned is done, however often it takes; then the plan is empty. Gives the number of runs."""
        house, runs = self.house, 0
        if not house.connector.plans.find():
            await house.take(list(self.rows.values()))
        self.storm(weather, dice)
        for attempt in range(12):
            if attempt == 6:
                house.twin.faults.clear()
            try:
                plan = await house.plan()
                if not plan.size:
                    break
                house.decide(plan, HoldState.APPROVED)
                runs += 1
                applied = await house.apply(house.connector.plans.read(plan.number))
            except TryAgain:
                continue
            if applied.tally.refused == applied.tally.waiting == 0 and not weather:
                left = await house.plan()
                assert left.size == 0, ("the plan after an apply is empty", house.does(left))
                self._saw("the plan after an apply is empty")
                break
        house.twin.faults.clear()
        if weather == "write_late":
            await anyio.sleep(2 * LATE)
        left = await house.plan()
        assert left.size == 0, ("nothing is left to do", house.does(left), house.refusals())
        self._saw("nothing is left to do")
        return runs

    def storm(self, weather: str, dice: int) -> None:
        if weather:
            kind, _, written = weather.partition(" ")
            seconds = LATE if kind == "write_late" else 0.0
            self.house.twin.faults.add(
                Fault(kind, times=60, probability=0.3, seed=dice, seconds=seconds, written=bool(written))  # type: ignore[arg-type]
            )

    async def regretted(self, before: dict[str, Any]) -> None:
        """The last run is taken back, and then done again."""
        house = self.house
        want = moodle_has(house, self.moodle)
        made = await undone(house)
        after = moodle_has(house, self.moodle)
        for one in made.left:
            if one.change.action is Action.CHANGE_IDENTITY:
                assert "another Moodle account" in one.why
                spare(self.moodle.id(one.change.subject), before, after)
        brought_back(before, after)
        self._saw("undo brings the former state back")
        again = await house.plan()
        if again.size:
            house.decide(again, HoldState.APPROVED)
            await house.apply(house.connector.plans.read(again.number))
        assert moodle_has(house, self.moodle) == want
        left = await house.plan()
        assert left.size == 0, ("after undo and doing again", house.does(left))
        self._saw("what was taken back can be done again")

    # ------------------------------------------------------------ laws
    def laws(self) -> None:
        self.nobody_twice()
        self.others_things_stay()
        self.as_hr_says()

    def nobody_twice(self) -> None:
        living = self.moodle.people()
        for keys in self.people:
            found = [key for key in living if key in keys]
            assert len(found) <= 1, ("nobody twice", found)
        bound = self.house.sql("SELECT account_id FROM connector.binding")
        assert not {one["account_id"] for one in bound} & self.strangers, "nobody unmanaged is bound"
        self._saw("nobody twice")

    def others_things_stay(self) -> None:
        """What somebody gave by hand is there, in force; who was suspended by hand is suspended."""
        state = self.house.twin.state
        for account, kind, place in self.by_hand:
            if kind == "course":
                found = state.courses[state.course_by_idnumber[place]].enrolments.get(account)
                assert found is not None, ("an enrolment by hand is taken", account, place)
                assert not found.suspended, ("an enrolment by hand is suspended", account, place)
            elif kind == "cohort":
                members = state.cohorts[state.cohort_by_idnumber[place]].members
                assert account in members, ("a membership by hand is taken", account, place)
            else:
                assert any(MANAGER in ids for ids in state.roles.get(account, {}).values())
        for account in self.suspended_by_hand:
            assert state.users[account].suspended, ("suspended by hand", account)
        self._saw("what others gave stays")

    def as_hr_says(self) -> None:
        """Who works here has an account in force, the unit's cohort and courses; who has left has none of these."""
        undecided = {subject for _, subject in self.house.cases()}
        earlier = {one["earlier"] for one in self.rows.values()} | undecided
        absent = self.long_absent()
        for key, one in self.rows.items():
            if key in earlier or one["earlier"] in undecided or key not in self.moodle.people():
                continue
            account = self.moodle.id(key)
            left = one["status"] == "left" or bool(one["ends"])
            if account in self.suspended_by_hand or key in absent:
                continue
            assert self.moodle.suspended(key) is left, (key, one)
            if not left:
                assert self.moodle.fields(key, "username", "email") == (one["username"], one["email"])
            in_cohorts = {name for name, members in self.moodle.cohorts().items() if key in members}
            in_courses = {c for c in ("SAFE", "FIRE", "LABS") if self.moodle.enrolled(c).get(key)}
            given = {place for who, kind, place in self.by_hand if who == account and kind in ("course", "cohort")}
            wanted = set() if left else {f"unit-{one['unit']}", *PATHS[one["unit"]]}
            assert (in_cohorts | in_courses) - given == wanted - given, (key, one)
            self._saw("Moodle is as HR says")

    def of_strangers(self) -> Mapping[int, Any]:
        """All that accounts have that are nobody's of HR."""
        has = moodle_has(self.house, self.moodle)
        return {
            account: (
                has["accounts"].get(account),
                {name for name, who in has["members"] if who == account},
                {one for one in has["roles"] if one[0] == account},
                {name: terms for (name, who), terms in has["enrolments"].items() if who == account},
            )
            for account in sorted(self.strangers)
        }

    def known(self) -> list[dict[str, Any]]:
        return self.house.sql("SELECT * FROM connector.person ORDER BY person_id")

    def gone(self) -> set[str]:
        return {one["key"] for one in self.known() if one["gone"]}

    def long_absent(self) -> set[str]:
        """Who is not among HR's rows by now."""
        return {key for keys in self.people for key in keys if key not in self.rows}

    def _saw(self, law: str) -> None:
        self.seen[law] = self.seen.get(law, 0) + 1
