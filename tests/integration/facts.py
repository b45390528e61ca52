"""A company of two halves, straight into the facts, with something for every view to show of both."""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg

from connector.store.database import query
from connector.store.merging import KEPT, QUALITY, SUMMARIES

UNITS = {"Top": None, "North": "Top", "North-1": "North", "South": "Top", "South-1": "South"}
NAMES = {"Top": "Whole company", "North": "Nordwerk", "North-1": "Nordteam", "South": "Südwerk", "South-1": "南方"}
PEOPLE = [  # key, unit, manager, first, last
    ("T-boss", "Top", None, "Ada", "Okafor"),
    ("N-boss", "North", "T-boss", "小明", "北川"),
    ("S-boss", "South", "T-boss", "Đức", "Nguyễn-Nam"),
    ("N1", "North-1", "N-boss", "Ánh", "Trần-Bắc"),
    ("N2", "North-1", "N-boss", "Béatrice", "Dunord"),
    ("N-lent", "North", "S-boss", "Lena", "Leihe"),
    ("N-moved", "North", "N-boss", "Mo", "Versetzt"),
    ("S1", "South-1", "S-boss", "美麗", "南山"),
    ("S2", "South-1", "N-boss", "Süd", "Länder"),
    ("S3", "South", "S-boss", "Marie", "Dusud"),
]


def fill(url: str, now: datetime) -> None:
    """Ten people in five units, two courses, two requirements; one person moved from South to North."""
    began = now - timedelta(days=30)
    ids = {key: number for number, (key, *_) in enumerate(PEOPLE, start=701)}
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        for unit, parent in UNITS.items():
            cursor.execute(
                "INSERT INTO facts.dim_org_unit VALUES (%s, %s, %s, %s)", [unit, NAMES[unit], parent, began]
            )
            above, distance = unit, 0
            while above:
                row = [above, unit, distance, began]
                cursor.execute("INSERT INTO facts.unit_closure VALUES (%s, %s, %s, %s)", row)
                above, distance = UNITS[above] or "", distance + 1
        managers = {key: manager for key, _, manager, *_ in PEOPLE}
        for key, unit, manager, first, last in PEOPLE:
            there = (ids[key], key, ids[key] + 90_000, ids.get(manager or ""))
            spans = [(unit, began, "infinity")]
            if key == "N-moved":
                moved = now - timedelta(days=10)
                spans = [("South", began, moved), (unit, moved, "infinity")]
            for place, since, until in spans:
                cursor.execute(
                    "INSERT INTO facts.dim_person (person_id, hr_key, moodle_id, unit, job_role, manager_id, status, "
                    "hired_on, timezone, valid_from, valid_to) VALUES (%s, %s, %s, %s, 'clerk', %s, 'active', "
                    "'2020-01-01', 'Asia/Taipei', %s, %s)",
                    [*there[:3], place, there[3], since, until],
                )
            cursor.execute(
                "INSERT INTO facts.person_name VALUES (%s, %s, %s, %s)",
                [ids[key], first, last, f"{key.lower()}@example.test"],
            )
            cursor.execute(
                "INSERT INTO facts.person_access VALUES (%s, %s)", [ids[key], now - timedelta(hours=ids[key] % 40)]
            )
            above_them, distance = key, 0
            while above_them:
                row = [ids[above_them], ids[key], distance, began]
                cursor.execute("INSERT INTO facts.manager_closure VALUES (%s, %s, %s, %s)", row)
                above_them, distance = managers[above_them] or "", distance + 1
        _courses(cursor, began)
        cursor.execute(
            "SELECT facts.make_months('fact_grade_history', array_agg(month::date)) "
            "FROM generate_series(date_trunc('month', %s::timestamptz), %s, interval '1 month') month", [began, now],
        )  # fmt: skip
        _launched(cursor, list(ids.values()), now)
        for number in ids.values():
            _learned(cursor, number, began, now)
            _assigned(cursor, number, began, now)
        cursor.execute(
            "INSERT INTO facts.load (site, kind, reader, started_at, finished_at, status) "
            "VALUES ('s', 'everything', 'plain', %s, %s, 'done')", [began, now],
        )  # fmt: skip
        for number, who in enumerate(("N1", "S1"), start=1):
            cursor.execute(
                "INSERT INTO facts.reconciliation_difference VALUES (1, 'grades', %s, %s, 11, 'other', "
                "'{finalgrade}', 'regrade', %s, %s)", [number, ids[who] + 90_000, began, began],
            )  # fmt: skip
            cursor.execute(
                "INSERT INTO facts.waiver VALUES (%s, %s, 'FIRE-R', false, %s, NULL)", [number, ids[who], began]
            )
        cursor.execute("INSERT INTO facts.load_fact VALUES (1, 'grades', 10, 10, 0)")
        cursor.execute(
            "INSERT INTO facts.hop "
            "SELECT h, %s FROM unnest(ARRAY['feed', 'people', 'everything', 'changes', 'learning']) h",
            [now],
        )
    summarise(url, now)


def summarise(url: str, now: datetime) -> None:
    """What a full reading adds up."""
    values = {"now": now, "whole": True, "everywhere": True, "load": 0}
    with psycopg.connect(url) as connection:
        tables = ("completion_now", "certificate_now", "in_question", "certificate_in_question", "refined_course")
        for table in tables:
            connection.execute(
                f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS "
                "SELECT 0::bigint AS moodle_id, 0::bigint AS course_id, 0::bigint AS person_id, '' AS fact, "
                "'' AS source, '' AS code, now() AS completed_at, now() AS issued_at WHERE false".encode()
            )
        connection.execute("CREATE TEMPORARY TABLE completed_day (day date) ON COMMIT DROP")
        for step in (*SUMMARIES, *QUALITY, *KEPT):
            connection.execute(query(f"summaries.{step}"), values)


def _courses(cursor: psycopg.Cursor, began: datetime) -> None:
    for number, name in ((11, "SAFE"), (12, "FIRE")):
        cursor.execute(
            "INSERT INTO facts.dim_course VALUES (%s, %s, %s, %s, true, true, %s)",
            [number, name, name, f"Course {name}", began],
        )
        cursor.execute(
            "INSERT INTO facts.dim_grade_item VALUES (%s, %s, 0, 100, %s, %s)",
            [number, number, 60 if number == 11 else None, began],
        )
        cursor.execute(
            "INSERT INTO facts.dim_requirement VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
            [f"{name}-R", f'{{"en": "Do {name}"}}', name, [name], [number], 2 if number == 11 else None,
             20 if number == 11 else None, began],
        )  # fmt: skip
    cursor.execute(
        "INSERT INTO facts.dim_grade_item (item_id, course_id, minimum, maximum, pass_mark, valid_from, item_type, "
        "module, instance, name) VALUES (31, 11, 0, 100, 45, %s, 'mod', 'quiz', 5, 'Final quiz')", [began]
    )  # fmt: skip
    cursor.execute("INSERT INTO facts.dim_activity VALUES (21, 11, 'quiz', 5, 'Final quiz', true, true, %s)", [began])
    cursor.execute("INSERT INTO facts.dim_certificate_template VALUES ('badge', 'T', 'A badge', %s)", [began])


def _learned(cursor: psycopg.Cursor, number: int, began: datetime, now: datetime) -> None:
    account = number + 90_000
    for course in (11, 12):
        cursor.execute(
            "INSERT INTO facts.fact_enrolment VALUES (%s, %s, %s, true, %s, 'second', %s)",
            [number, account, course, began, began],
        )
    done = began + timedelta(days=number % 7 + 1)
    cursor.execute(
        "INSERT INTO facts.fact_completion VALUES (%s, %s, 11, 1, true, %s, 'second', 100, %s)",
        [number, account, done, done],
    )
    cursor.execute(
        "INSERT INTO facts.fact_completion VALUES (%s, %s, 12, 1, false, NULL, 'second', 10, %s)",
        [number, account, began],
    )
    again = now - timedelta(days=2)
    cursor.execute(
        "INSERT INTO facts.fact_grade VALUES (%s, %s, 11, %s, NULL, %s, %s, %s, 'regrade')",
        [number, account, 50 + number % 10, done, done, again],
    )
    cursor.execute(
        "INSERT INTO facts.fact_grade VALUES (%s, %s, 11, %s, NULL, %s, %s)",
        [number, account, 55 + number % 10, again, again],
    )
    _within(cursor, number, done, again)
    cursor.execute(
        "INSERT INTO facts.fact_certificate VALUES (%s, %s, 'badge', %s, 'T', %s, %s, false, 'second', %s)",
        [number, account, f"B-{number}-code", done, now + timedelta(days=number % 50 + 1), done],
    )


def _within(cursor: psycopg.Cursor, number: int, done: datetime, again: datetime) -> None:
    """The first course has one activity, with a grade; of both grades there is a history."""
    account = number + 90_000
    cursor.execute(
        "INSERT INTO facts.fact_activity_completion VALUES (%s, %s, 11, 21, 'passed', false, %s, %s)",
        [number, account, done, done],
    )
    cursor.execute(
        "INSERT INTO facts.fact_item_grade VALUES (%s, %s, 11, 31, %s, false, false, false, false, %s, %s)",
        [number, account, 40 + number % 10, done, done],
    )
    for key, item, at, old, new, cause in (
        (1, -11, done, None, 50 + number % 10, "first"),
        (2, -11, again, 50 + number % 10, 55 + number % 10, "regrade"),
        (3, 31, done, None, 40 + number % 10, "first"),
    ):
        cursor.execute(
            "INSERT INTO facts.fact_grade_history VALUES (%s, %s, %s, %s, %s, 11, %s, %s, %s, %s, 'moodle', 'update', "
            "'mod/quiz', 2, false, false, false, false)",
            [number * 10 + key, at, at, number, account, item, old, new, cause],
        )


def _launched(cursor: psycopg.Cursor, people: list[int], now: datetime) -> None:
    """Everybody has tried an assessment, with one question, and left."""
    cursor.execute("INSERT INTO facts.dim_content VALUES ('exam', 'assessment', '{\"en\": \"Fire safety\"}', 1)")
    cursor.execute("INSERT INTO facts.dim_question VALUES ('exam', 'q1', 'single', '{\"en\": \"What now?\"}', 1)")
    place = "'https://moodle.example.test', '11', 11"
    for text in (
        f"INSERT INTO facts.fact_learning_event SELECT n, %(now)s, 'completed', n, {place}, '5', 'exam', n, '', 70, "
        "60, NULL, NULL, NULL, %(now)s FROM unnest(%(people)s) n",
        f"INSERT INTO facts.fact_assessment_attempt SELECT n, n, 1, n, {place}, '5', 'exam', 1, "
        "%(now)s - interval '1 minute', %(now)s, 70, true, %(now)s FROM unnest(%(people)s) n",
        "INSERT INTO facts.fact_question_response SELECT n, 'q1', 1, %(now)s, 0.7, 4, 30 FROM unnest(%(people)s) n",
        f"INSERT INTO facts.fact_time_spent SELECT n, {place}, 'exam', 'answers', 30, %(now)s "
        "FROM unnest(%(people)s) n",
    ):
        cursor.execute(text.encode(), {"now": now, "people": people})


def _assigned(cursor: psycopg.Cursor, number: int, began: datetime, now: datetime) -> None:
    done = began + timedelta(days=number % 7 + 1)
    due = (now - timedelta(days=3)).date()
    statement = (
        "INSERT INTO facts.fact_assignment (grant_id, cycle, person_id, requirement, assigned_on, due_on, "
        "satisfied_at, expires_on, valid_from, valid_to) VALUES (%s, 1, %s, %s, %s, %s, %s, %s, %s, %s)"
    )
    first = began.date()
    cursor.execute(statement, [number * 10, number, "SAFE-R", first, due, None, None, began, done])
    until = (done + timedelta(days=61)).date()
    cursor.execute(statement, [number * 10, number, "SAFE-R", first, due, done, until, done, "infinity"])
    cursor.execute(statement, [number * 10 + 1, number, "FIRE-R", first, due, None, None, began, "infinity"])
