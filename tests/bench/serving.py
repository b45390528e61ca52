"""The twin of the bench, in a process of its own; it is talked to by lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import psycopg

from adapters.moodle.twin import ServedTwin, TwinState, serve_twin
from adapters.moodle.twin.pace import REAL_PACE
from adapters.moodle.twin.state import Enrolment, Grade, TwinUser
from adapters.moodle.twin.tools.messages import line_item_url
from mappings.courses import load_courses
from tests.bench import company

Values = dict[str, Any]
LONG_AGO = 1_700_000_000


def serve(given: Values) -> Values:
    """A twin with courses, by default the sample company's; with ``pace`` as slow as a real Moodle, with ``plugin`` it
    has ours, these people learn, and it can be ordered about. ``tool`` is launched from the first of its courses.

    Until standard input ends: each line there is the address of a database, whose accounts it then has.
    """
    state = TwinState("4.5", languages=frozenset({"en", "fr", "vi", "zh_tw"}), plugin=bool(given.get("plugin")))
    courses: Sequence[str] = given.get("courses") or [one.idnumber for one in _sample().courses]
    for category in _sample().categories:
        state.add_category(category.name, category.idnumber)
    pace = REAL_PACE if given.get("pace") else None
    with serve_twin(state=state, pace=pace, control=given.get("plugin", False)) as twin:
        for course in courses:
            twin.life.make_course(course, category="TRAINING")
        more = _launches(twin, courses[0], given["tool"]) if "tool" in given else {}
        print(json.dumps({"url": twin.url, "token": twin.token, **more}), flush=True)
        for line in sys.stdin:
            accounts = _fill(state, json.loads(line)["database"])
            if state.plugin:
                _learn(state)
            print(json.dumps({"accounts": accounts}), flush=True)
    return {}


def _launches(twin: ServedTwin, course: str, url: str) -> Values:
    """A tool, and an activity that launches it."""
    tool = twin.tools.add_tool(url)
    link = twin.tools.add_link(course, tool, "A lesson")
    with twin.state.lock:
        line_item = line_item_url(twin.state, tool, link.course_id, link.item)
    return {"client": tool.client_id, "deployment": str(tool.id), "activity": link.cmid, "line_item": line_item}


def _learn(state: TwinState) -> None:
    """Everybody is in every course, every third has completed it, and every sixth is graded."""
    with state.lock:
        for course in state.courses.values():
            course.grade_max = 100
            for place, user_id in enumerate(state.users if course.idnumber else ()):
                course.enrolments[user_id] = Enrolment(0, 0, suspended=False, created=LONG_AGO)
                if place % 3 == 0:
                    course.completions[user_id] = LONG_AGO + place
                if place % 6 == 0:
                    course.grades[user_id] = Grade(float(place % 100), LONG_AGO + place)


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
