"""An installation as its user has it: a folder, variables of the environment, and the command."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from adapters.moodle.errors import is_reading
from adapters.moodle.twin import ServedTwin
from connector.cli import command

COMMAND = Path(sys.executable).with_name("moodle-connector")
COLUMNS = (
    "employee_id", "first_name", "last_name", "email", "department", "job_title", "manager_id", "hire_date",
    "leave_date", "status",
)  # fmt: skip
BOSS = "E001"
Rows = list[dict[str, str]]
KEPT = {
    "people": "SELECT person_id, site, source, key, wanted, initial, grant_set, unit, gone FROM connector.person",
    "bindings": "SELECT site, person_id, account_id FROM connector.binding",
    "ledger": "SELECT grant_id, person_id, kind, target, terms, ours, suspended, ended_at FROM connector.ledger",
    "accounts": "SELECT site, account_id, fields, suspended FROM connector.account",
    "plans": "SELECT number, site, people, hash, counts FROM connector.plan",
    "changes": "SELECT plan, ordinal, action, subject, target, before, after FROM connector.change",
    "operations": "SELECT plan, ordinal, state FROM connector.operation",
    "feeds": "SELECT feed_id, name, rows FROM connector.feed WHERE status = 'accepted'",
}
"""What must never be lost, by name."""
GROWS = ("plans", "changes", "feeds")
"""A command that ends well may add to these."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind: its exit status and what it said."""

    status: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    @property
    def plain(self) -> str:
        """All that was said, in one line."""
        return " ".join(self.all.split())

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


class House:
    def __init__(self, folder: Path, twin: ServedTwin, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.twin = twin
        self.secrets = {twin.token}
        self._patch = patch
        for name in [name for name in os.environ if name.startswith("CONNECTOR_")]:
            patch.delenv(name)

    def set(self, name: str, value: str | None) -> None:
        """Set or unset a variable of the environment."""
        if value is None:
            self._patch.delenv(name, raising=False)
        else:
            self._patch.setenv(name, value)
            if name == "CONNECTOR_MOODLE__TOKEN":
                self.secrets.add(value)

    # ------------------------------------------------------------ commands
    def run(self, *arguments: str | Path) -> Done:
        """The real command in a process of its own."""
        ended = subprocess.run(
            [COMMAND, *arguments], cwd=self.folder, capture_output=True, text=True, encoding="utf-8", timeout=240
        )
        return self._checked(Done(ended.returncode, ended.stdout, ended.stderr))

    def call(self, *arguments: str | Path) -> Done:
        """The same command within this process, for what a process of its own adds nothing to."""
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = command([str(argument) for argument in arguments])
        return self._checked(Done(status, out.getvalue(), err.getvalue()))

    def _checked(self, done: Done) -> Done:
        assert "Traceback" not in done.all, done.all
        assert not [secret for secret in self.secrets if secret.strip() and secret in done.all], "a secret was shown"
        return done

    # ------------------------------------------------------------ files
    def feed(self, rows: Rows | None = None, name: str = "people.csv", encoding: str = "utf-8", **form: Any) -> Path:
        """A file as HR gives it."""
        rows = people() if rows is None else rows
        columns = list(rows[0]) if rows else list(COLUMNS)
        path = self.folder / name
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.DictWriter(file, columns, **form)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def drop(self, rows: Rows | None = None, name: str = "people-1.csv") -> Path:
        """A file in the folder into which HR puts its files."""
        return self.feed(rows, f"config/feeds/{name}")

    def edit(self, file: str, old: str, new: str) -> None:
        """Change a file of ``config``."""
        path = self.folder / "config" / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), "utf-8")

    # ------------------------------------------------------------ what is there
    def moodle(self) -> dict[str, Any]:
        """Everything in Moodle, and how many writing calls it has seen."""
        state = self.twin.state
        with state.lock:
            return {
                "users": {
                    user.id: (dict(user.fields), dict(user.profile), user.suspended, user.deleted)
                    for user in state.users.values()
                },
                "cohorts": {cohort.idnumber: sorted(cohort.members) for cohort in state.cohorts.values()},
                "courses": {
                    course.idnumber: {
                        user: (enrolment.timestart, enrolment.timeend, enrolment.suspended)
                        for user, enrolment in course.enrolments.items()
                    }
                    for course in state.courses.values()
                },
                "roles": deepcopy(state.roles),
                "writes": sum(
                    count
                    for name, count in state.calls.items()
                    if not is_reading(name) and name != "tool_mobile_call_external_functions"
                ),
            }

    def account(self, key: str) -> tuple[dict[str, str], bool]:
        """The fields of a person's account, and whether it is suspended."""
        with self.twin.state.lock:
            (number,) = self.twin.state.by_idnumber[key]
            user = self.twin.state.users[number]
            return dict(user.fields), user.suspended

    def database(self) -> dict[str, list[str]]:
        """What must never be lost."""
        with psycopg.connect(os.environ["CONNECTOR_DATABASE_URL"], row_factory=dict_row) as connection:
            return {name: sorted(map(repr, connection.execute(query))) for name, query in KEPT.items()}


class Untouched:
    """Use around a command: Moodle has not changed, nothing was written to it, and the database has lost nothing."""

    def __init__(self, house: House, *, may_grow: Sequence[str] = ()) -> None:
        self._house = house
        self._may_grow = may_grow

    def __enter__(self) -> None:
        self._moodle, self._database = self._house.moodle(), self._house.database()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            return
        assert self._house.moodle() == self._moodle
        now = self._house.database()
        for name, rows in self._database.items():
            lost = set(rows) - set(now[name])
            assert not lost, f"{name} lost rows"
            assert name in self._may_grow or now[name] == rows, f"{name} grew"


def people(number: int = 12, **changes: str) -> Rows:
    """``number`` people; the first is everybody's manager. ``changes`` are values of the fifth row, line 6."""
    rows = [
        {
            "employee_id": f"E{index:03}",
            "first_name": f"First{index}",
            "last_name": f"Last{index}",
            "email": f"person{index}@example.com",
            "department": "Sales" if index % 3 else "Training",
            "job_title": "Technician",
            "manager_id": "" if index == 1 else BOSS,
            "hire_date": "2021-06-01",
            "leave_date": "",
            "status": "active",
        }
        for index in range(1, number + 1)
    ]
    if changes:
        rows[4] |= changes
    return rows
