"""The twin of the bench, in a process of its own; it is talked to by lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import psycopg

from adapters.moodle.twin import TwinState, serve_twin
from adapters.moodle.twin.pace import REAL_PACE
from adapters.moodle.twin.state import TwinUser
from mappings.courses import load_courses
from tests.bench import company

Values = dict[str, Any]


def serve(given: Values) -> Values:
    """A twin with courses, by default the sample company's; with ``pace`` as slow as a real Moodle, with ``plugin`` it
    has ours, and can be ordered about.

    Until standard input ends: each line there is the address of a database, whose accounts it then has.
    """
    state = TwinState("4.5", languages=frozenset({"en", "fr", "vi", "zh_tw"}), plugin=given.get("plugin", False))
    courses: Sequence[str] = given.get("courses") or [one.idnumber for one in _sample().courses]
    for category in _sample().categories:
        state.add_category(category.name, category.idnumber)
    pace = REAL_PACE if given.get("pace") else None
    with serve_twin(state=state, pace=pace, control=given.get("plugin", False)) as twin:
        for course in courses:
            twin.life.make_course(course, category="TRAINING")
        print(json.dumps({"url": twin.url, "token": twin.token}), flush=True)
        for line in sys.stdin:
            print(json.dumps({"accounts": _fill(state, json.loads(line)["database"])}), flush=True)
    return {}


def _sample() -> Any:
    return load_courses(files("mappings.companies") / company.COMPANY)


def _fill(state: TwinState, database: str) -> int:
    """The accounts that the connector's database knows, with their ids."""
    with psycopg.connect(database) as connection:
        rows = connection.execute("SELECT account_id, fields FROM connector.account ORDER BY 1").fetchall()
    plain = {"idnumber": "", "lang": "en", "timezone": "99", "department": "", "theme": ""}
    with state.lock:
        for account_id, fields in rows:
            profile = fields.pop("profile", {})
            user = TwinUser(account_id, plain | fields, profile, created=0, modified=0)
            state.users[user.id] = user
            state.index(user)
        while rows and state.next_id("user") < rows[-1][0]:
            pass
    return len(rows)
