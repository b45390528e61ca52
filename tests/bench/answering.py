"""A class that takes an assessment: each answer over HTTP as the page sends it, and afterwards what is stored."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

from connector.bootstrap import Connector
from connector.content.launched import actor_of
from connector.domain.contents import Content, ContentKind, Maker
from connector.domain.lti import Launch, Message, Place, Role
from connector.lti.deep_linking import CONTENT
from connector.lti.login import digest
from connector.web.launched.assessment import ATTEMPTS
from tests.bench.lines import Line, at_times, request
from tests.bench.opened import Values, opened

PAUSE = (5.0, 10.0)
"""Seconds from one answer of somebody to the next, at least and at most."""
OPTIONS = "abcd"
SEED = 6
COURSE, LINK = "1", "1"
PEOPLE = "SELECT person_id, key FROM connector.person WHERE NOT gone ORDER BY key"
STORED = (
    "SELECT attempt_id, question_id, said->'chosen'->>0 AS chosen FROM connector.answer WHERE attempt_id = ANY(%s)"
)


@dataclass(frozen=True, slots=True)
class Learner:
    """Who takes it: the token of the page, the attempt, and a number from 0."""

    number: int
    token: str
    attempt: int

    def chooses(self, question: int) -> str:
        return OPTIONS[(self.number + question) % len(OPTIONS)]

    def answer(self, question: int) -> bytes:
        """An answer as the page sends it."""
        body = {"chosen": [self.chooses(question)], "seconds": 5.0, "place": question}
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        path = f"{ATTEMPTS}/{self.attempt}/answers/q{question}"
        return request("PUT", path, headers, json.dumps(body).encode())


def examined(given: Values) -> Values:
    """Everybody whom the connector knows has launched an assessment of so many ``questions`` and begun it."""
    with opened(given) as connector:
        with connector.database.transaction() as connection:
            people = connection.execute(PEOPLE).fetchall()
        made, learners = _assessment(connector, given["platform"], given["questions"]), []
        for number, person in enumerate(people):
            token, now = f"bench-{number}-{given['platform']}", connector.clock()
            who = (f"s{number}", given["service"], frozenset({Role.LEARNER}))
            where = (Place(COURSE), Place(LINK), {CONTENT: str(made.content_id)})
            launch = Launch(given["platform"], given["deployment"], Message.RESOURCE, *who, *where)
            session = connector.launch_logins.open_session(launch, digest(token), person["person_id"], now)
            attempt = connector.attempting.begin(made, actor_of(session), "", now, trial=False)
            learners.append((number, token, attempt.attempt_id))
    return {"learners": learners}


def answer(given: Values) -> Values:
    """Everybody answers the same questions, each over a connection of their own, one question after the other.

    ``class``: all but two questions, one each 5 to 10 seconds, by chance, and so for each learner; ``burst``: the next
    one, within ``burst`` seconds, evenly; ``moment``: the last one, all in the same moment. Of each come seconds from
    when an answer was due until it was said to be saved.
    """
    if given["cores"]:
        os.sched_setaffinity(0, given["cores"])
    learners = [Learner(*one) for one in given["learners"]]
    return asyncio.run(_answered(learners, given))


async def _answered(learners: Sequence[Learner], given: Values) -> Values:
    waits: list[float] = []
    errors = 0
    own = {one.number: Line(given["service"]) for one in learners}

    async def one(what: tuple[Line, bytes], due: float) -> None:
        nonlocal errors
        line, asked = what
        status, _ = await line.ask(asked)
        waits.append(time.perf_counter() - due)
        errors += status != 200

    async def part(times: Sequence[tuple[float, Learner, int]]) -> list[float]:
        waits.clear()
        await at_times([(at, (own[who.number], who.answer(question))) for at, who, question in times], one)
        return list(waits)

    last, many = given["questions"], len(learners)
    told = {
        "class": await part(_paced(learners, last - 2)),
        "burst": await part([(n * given["burst"] / many, who, last - 1) for n, who in enumerate(learners)]),
        "moment": await part([(0.0, who, last) for who in learners]),
    }
    for line in own.values():
        await line.close()
    return {**told, "errors": errors}


def _paced(learners: Sequence[Learner], questions: int) -> list[tuple[float, Learner, int]]:
    dice, times = random.Random(SEED), []
    for who in learners:
        at = dice.uniform(0, PAUSE[1])
        for question in range(1, questions + 1):
            times.append((at, who, question))
            at += dice.uniform(*PAUSE)
    return times


def stored(given: Values) -> Values:
    """How many answers are stored as they were given, of everybody and every question."""
    learners = {one[2]: Learner(*one) for one in given["learners"]}
    with opened(given) as connector, connector.database.transaction() as connection:
        rows = connection.execute(STORED, [list(learners)]).fetchall()
    kept = [row for row in rows if learners[row["attempt_id"]].chooses(int(row["question_id"][1:])) == row["chosen"]]
    return {"stored": len(kept)}


def _assessment(connector: Connector, platform: int, questions: int) -> Content:
    options = [{"option_id": name, "text": {"en": name}, "right": name == "a"} for name in OPTIONS]
    asked = [
        {"question_id": f"q{number}", "kind": "single", "text": {"en": f"{number}?"}, "options": options}
        for number in range(1, questions + 1)
    ]
    body = {"title": {"en": "Bench"}, "sections": [{"title": {}, "questions": asked}]}
    return connector.contents.make(ContentKind.ASSESSMENT, body, Maker(platform, COURSE, "teacher"), connector.clock())
