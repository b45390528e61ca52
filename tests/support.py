"""What tests of the circle share: an installation that talks to a Moodle twin, and plain words for what is there."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from psycopg.pq import ExecStatus
from pydantic import SecretStr

from adapters.moodle.client import MoodleClient
from adapters.moodle.readers.kinds import KINDS
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import Fault, Life, ServedTwin, TwinState
from adapters.moodle.twin.enrolments import enrol
from adapters.moodle.twin.state import ROLES
from connector.bootstrap import Connector
from connector.domain.facts import Extent, Loaded
from connector.domain.plan import Action, Change, GuardClass, HoldState, Plan
from connector.mirror.mirroring import Progress
from connector.mirror.reconciling import Reconciled, Reconciling
from connector.settings.parts import MoodleSettings
from connector.settings.whole import Settings
from connector.sync.apply import Applied, Pace
from connector.sync.intake import Intake
from jobs.sync import WayIn

COMPANY = Path(__file__).parent / "integration" / "company"
COLUMNS = (
    "id", "username", "first", "last", "email", "auth", "city", "grade", "cost", "unit", "job", "manager", "starts",
    "ends", "status", "zone", "earlier", "away", "back",
)  # fmt: skip
HASTE = Pace(workers=2, waits=(0.01, 0.02, 0.05, 0.1))
"""Short waits, so that a test of patience is not one."""

TLS = httpx.create_ssl_context()
"""Made once: it takes 0.1 s, and the twin speaks plain HTTP anyway."""

Row = dict[str, str]


def moodle_client(url: str, token: str) -> MoodleClient:
    """A client that waits only milliseconds between its attempts."""
    transport = httpx.AsyncHTTPTransport(verify=TLS)
    return MoodleClient(url, token, transport=transport, timeout=30, attempts=4, first_wait=0.005)


def row(key: str, **more: str) -> Row:
    """One person of the feed, with everything that need not be named made up from the key."""
    name = key.lower()
    plain = {
        "id": key,
        "username": name,
        "first": f"First{key}",
        "last": f"Last{key}",
        "email": f"{name}@example.test",
        "unit": "Office",
        "status": "active",
    }
    return {**dict.fromkeys(COLUMNS, ""), **plain, **more}


def rows(count: int, prefix: str = "E", **more: str) -> list[Row]:
    """``count`` people who differ in their keys only."""
    return [row(f"{prefix}{number:04}", **more) for number in range(1, count + 1)]


def write_feed(path: Path, people: Iterable[Row], modified: datetime, columns: Sequence[str] = COLUMNS) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(people)
    os.utime(path, (modified.timestamp(), modified.timestamp()))
    return path


@dataclass
class Clock:
    """A clock that a test sets; every look at it is a microsecond later, so that no two moments are the same."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        self.now += timedelta(microseconds=1)
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)

    def day(self, days: int = 0) -> str:
        """The ISO date so many days from now."""
        return (self.now + timedelta(days=days)).date().isoformat()


class House:
    """One installation: a database, a company's mapping, a clock, and a Moodle twin."""

    def __init__(self, folder: Path, database_url: str, twin: ServedTwin, *, ahead: int = 30) -> None:
        self.folder = folder
        self.twin = twin
        self.clock = Clock()
        self.mapping = folder / "company"
        if not self.mapping.exists():
            shutil.copytree(COMPANY, self.mapping)
        self.settings = Settings(
            database_url=SecretStr(database_url),
            mapping=self.mapping,
            create_days_ahead=ahead,
            moodle=MoodleSettings(url=twin.url, token=SecretStr(twin.token)),
        )
        self._feeds = 0
        self.reopen()

    def reopen(self) -> None:
        """As a process that starts anew: everything is read from the files and the database again."""
        self.close()
        self.connector = Connector(self.settings, self.clock, HASTE)

    def close(self) -> None:
        if hasattr(self, "connector"):
            self.connector.__exit__()

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a mapping file, and load it."""
        path = self.mapping / file
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new), "utf-8")
        self.reopen()

    # ------------------------------------------------------------ the way in
    @asynccontextmanager
    async def way(self) -> AsyncIterator[WayIn]:
        async with moodle_client(self.twin.url, self.settings.moodle_token()) as client:
            moodle = MoodleSite(client)
            yield self.connector.way_in(moodle, await self.connector.reader(moodle))

    async def make_reports(self) -> None:
        """An administrator makes the reports, and the connector sets them up: from now on Moodle is read by them."""
        for kind in KINDS[:3]:
            self.twin.life.make_report(kind.name("connector"), kind.source)
        async with moodle_client(self.twin.url, self.settings.moodle_token()) as client:
            await self.connector.set_up_reports(MoodleSite(client))

    async def mirror(
        self, extent: Extent = Extent.EVERYTHING, progress: Progress | None = None, *, give_again: bool = False
    ) -> list[Loaded]:
        """Read Moodle into the facts."""
        async with moodle_client(self.twin.url, self.settings.moodle_token()) as client:
            moodle = MoodleSite(client)
            return await self.connector.way_back(await self.connector.reader(moodle)).read(
                extent, progress, give_again=give_again
            )

    async def reconcile(self) -> Reconciled:
        """Prove that the facts equal Moodle."""
        async with moodle_client(self.twin.url, self.settings.moodle_token()) as client:
            way = self.connector.way_back(await self.connector.reader(MoodleSite(client)))
            return await Reconciling(way).reconcile()

    def file(self, people: Iterable[Row], name: str = "", columns: Sequence[str] = COLUMNS) -> Path:
        """A delivery, written now."""
        self._feeds += 1
        return write_feed(self.folder / (name or f"people-{self._feeds}.csv"), people, self.clock(), columns)

    async def take(self, people: Iterable[Row] | Path, source: str | None = None) -> Intake:
        path = people if isinstance(people, Path) else self.file(people)
        async with self.way() as way:
            return way.take(self.connector.source(path, source))

    async def plan(self, people: Iterable[Row] | Path | None = None) -> Plan:
        """Take a feed in where one is given, and plan."""
        if people is not None:
            await self.take(people)
        async with self.way() as way:
            return await way.plan()

    async def apply(self, plan: Plan, pace: Pace | None = None) -> Applied:
        async with self.way() as way:
            return await (way if pace is None else replace(way, pace=pace)).apply(plan)

    async def sync(self, people: Iterable[Row] | Path | None = None, pace: Pace | None = None) -> Applied:
        return await self.apply(await self.plan(people), pace)

    async def settled_in(self, people: Iterable[Row]) -> None:
        """The feed is carried out, nothing is left over, and Moodle is as HR says."""
        applied = await self.sync(people)
        assert applied.tally.refused == applied.tally.waiting == applied.tally.held == 0, (applied, self.refusals())
        assert self.connector.cases.waiting() == []

    # ------------------------------------------------------------ what came of it
    def changes(self, plan: Plan) -> list[Change]:
        return [one.change for one in self.connector.plans.changes(plan.number, limit=100_000)]

    def does(self, plan: Plan, *actions: Action) -> list[tuple[str, str, str]]:
        """(action, who, what) of a plan in order; of these actions only, where some are named."""
        return [
            (change.action.value, change.subject, change.target)
            for change in self.changes(plan)
            if not actions or change.action in actions
        ]

    def cases(self) -> list[tuple[str, str]]:
        return [(case.kind, case.subject) for case in self.connector.cases.waiting()]

    def settle(self, kind: str, subject: str, **settlement: object) -> None:
        [case] = [c for c in self.connector.cases.waiting() if (c.kind, c.subject) == (kind, subject)]
        self.connector.cases.settle(case.case_id, settlement, "tester", self.clock())

    def refusals(self) -> list[tuple[str, str, str, str]]:
        """(action, who, code, cause) of the newest plan."""
        plan = self.connector.plans.find()
        assert plan is not None
        found = self.connector.journal.refusals(plan.number, 1000)
        return [(change.action.value, change.subject, code, cause) for change, code, cause in found]

    def decide(self, plan: Plan, state: HoldState, guard: GuardClass | None = None) -> list[GuardClass]:
        return self.connector.plans.decide_hold(plan.hash, guard, state, "tester", self.clock())

    def holds(self, plan: Plan) -> dict[GuardClass, tuple[int, int, HoldState]]:
        return {hold.guard: (hold.count, hold.limit, hold.state) for hold in plan.holds}

    def sql(self, text: str, *values: object) -> list[dict[str, Any]]:
        with self.connector.database.transaction() as connection:
            cursor = connection.execute(text.encode(), values)
            rows_came = cursor.pgresult is not None and cursor.pgresult.status == ExecStatus.TUPLES_OK
            return cursor.fetchall() if rows_came else []

    def ledger(self) -> set[tuple[str, str, str, bool, bool]]:
        """(who, kind, target, ours, suspended) of what is granted now."""
        found = self.sql(
            "SELECT p.key, l.kind, l.target, l.ours, l.suspended FROM connector.ledger l "
            "JOIN connector.person p USING (person_id) WHERE l.ended_at IS NULL"
        )
        return {(r["key"], r["kind"], r["target"], r["ours"], r["suspended"]) for r in found}


class Seen:
    """What is in Moodle, in the words of a test: people by idnumber, courses and cohorts by theirs."""

    def __init__(self, state: TwinState) -> None:
        self.state = state

    def user(self, idnumber: str) -> Any:
        with self.state.lock:
            [user_id] = self.state.by_idnumber.get(idnumber, {})
            return self.state.users[user_id]

    def id(self, idnumber: str) -> int:
        number: int = self.user(idnumber).id
        return number

    def fields(self, idnumber: str, *names: str) -> tuple[str, ...]:
        fields = self.user(idnumber).fields
        return tuple(fields.get(name, "") for name in names)

    def suspended(self, idnumber: str) -> bool:
        return bool(self.user(idnumber).suspended)

    def people(self) -> list[str]:
        """The idnumber of every living account that has one, sorted; one that is there twice stands twice."""
        with self.state.lock:
            found = [u.fields["idnumber"] for u in self.state.users.values() if not u.deleted]
        return sorted(idnumber for idnumber in found if idnumber)

    def cohort(self, idnumber: str) -> set[str]:
        with self.state.lock:
            cohort = self.state.cohorts[self.state.cohort_by_idnumber[idnumber]]
            return {self._name(user_id) for user_id in cohort.members}

    def cohorts(self) -> dict[str, set[str]]:
        with self.state.lock:
            names = list(self.state.cohort_by_idnumber)
        return {name: members for name in names if (members := self.cohort(name))}

    def groups(self, course: str) -> dict[str, set[str]]:
        """Who is in each group of a course, by the group's idnumber, or its name where it has none."""
        with self.state.lock:
            course_id = self.state.course_by_idnumber[course]
            found = [group for group in self.state.groups.values() if group.course_id == course_id]
            return {one.idnumber or one.name: {self._name(user_id) for user_id in one.members} for one in found}

    def enrolled(self, course: str) -> dict[str, bool]:
        """Who is in the course, and whether the enrolment is in force (False: suspended)."""
        with self.state.lock:
            enrolments = self.state.courses[self.state.course_by_idnumber[course]].enrolments
            return {self._name(user_id): not one.suspended for user_id, one in enrolments.items()}

    def roles(self, idnumber: str) -> set[tuple[str, str]]:
        """(role, place) other than that of a student in a course."""
        with self.state.lock:
            found = set()
            for (level, instance), ids in self.state.roles.get(self.id(idnumber), {}).items():
                place = {
                    "course": lambda i: self.state.courses[i].idnumber,
                    "coursecat": lambda i: self.state.categories[i].idnumber,
                    "system": lambda _: "system",
                }[level](instance)
                found |= {(ROLES[role], place) for role in ids if ROLES[role] != "student"}
            return found

    def _name(self, user_id: int) -> str:
        fields = self.state.users[user_id].fields
        return fields["idnumber"] or fields["username"]

    def add(self, username: str, **more: str) -> int:
        """Somebody whom an administrator made by hand."""
        fields = {"username": username, "firstname": username.title(), "lastname": "Manual", "auth": "manual"}
        with self.state.lock:
            return self.state.add_user({**fields, "email": f"{username}@example.test", **more}).id


def make_courses(life: Life) -> None:
    """The courses that the tests' company names."""
    for idnumber, category in (("SAFE", "SAFETY"), ("FIRE", "SAFETY"), ("LABS", "")):
        life.make_course(idnumber, category=category)


def enrol_by_hand(
    house: House, moodle: Seen, who: str, course: str, *, suspended: bool = False, role: int = 5
) -> None:
    """A teacher enrols somebody in Moodle itself."""
    state = house.twin.state
    call = {"roleid": role, "userid": moodle.id(who), "courseid": state.course_by_idnumber[course], "timestart": 0}
    with state.lock:
        enrol(state, {"enrolments": [{**call, "timeend": 0, "suspend": int(suspended)}]})


def fail(house: House, kind: Any, function: str = "", **more: Any) -> None:
    house.twin.faults.add(Fault(kind, function=function, **more))


async def assert_whole(house: House, moodle: Seen, people: Iterable[Row]) -> None:
    """Nobody doubled, nobody missing, the ledger equals Moodle, every operation done, and nothing is left to do."""
    assert moodle.people() == sorted(one["id"] for one in people)
    granted = [(who, kind, target, suspended) for who, kind, target, ours, suspended in house.ledger() if ours]
    members = {(who, cohort) for cohort, found in moodle.cohorts().items() for who in found}
    assert {(who, target) for who, kind, target, _ in granted if kind == "cohort"} == members
    courses = ("SAFE", "FIRE", "LABS")
    enrolled = {(who, course, active) for course in courses for who, active in moodle.enrolled(course).items()}
    ours = {(who, target, not suspended) for who, kind, target, suspended in granted if kind == "enrolment"}
    assert ours == enrolled
    grouped = {(who, f"{c}:{group}") for c in courses for group, found in moodle.groups(c).items() for who in found}
    assert {(who, target) for who, kind, target, _ in granted if kind == "group"} == grouped
    roles = {(one["id"], role, place) for one in people for role, place in moodle.roles(one["id"])}
    named = [(who, *target.split("@")) for who, kind, target, _ in granted if kind == "role"]
    assert {(who, role, place.rpartition(":")[2]) for who, role, place in named} == roles
    states = {one["state"] for one in house.sql("SELECT DISTINCT state FROM connector.operation")}
    assert states == {"done"}
    left = house.changes(await house.plan())
    assert left == [], left
    assert house.cases() == []
