"""Launches over real HTTP as a browser brings them, and scores as content puts them."""

from __future__ import annotations

import asyncio
import os
import re
import ssl
import time
from collections.abc import Sequence
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import anyio
import httpx
import jwt

from connector.bootstrap import Connector
from connector.domain.lti import Platform
from connector.domain.lti_scores import Progress, Scored
from tests.bench import newcomers
from tests.bench.lines import Lines, at_once, at_times, request
from tests.bench.opened import Values, opened

FIELD = re.compile(r'name="([^"]*)" value="([^"]*)"')
ADDRESSES = 200
"""From so many the launches come, as the proxy in front of the service tells: one alone has its share."""
PATIENCE = 60.0
"""Seconds after the last score in which all must have come."""
LOOK = 0.02
"""Seconds between two looks at the gradebook."""


def platform(given: Values) -> Values:
    """The twin may launch; gives its number."""
    url = given["url"]
    login, token, keys = (f"{url}/mod/lti/{name}.php" for name in ("auth", "token", "certs"))
    with opened(given) as connector:
        told = Platform(0, "Twin", url, given["client"], login, token, keys, (given["deployment"],))
        return {"platform": connector.platforms.add(told, "bench", connector.clock())}


def launch(given: Values) -> Values:
    """``many`` launches, ``at_once`` of them at a time, or ``rate`` a second whatever became of those before.

    A launch is what comes back from the platform: its POST, verified, and the page as the answer. The login before it
    is made beforehand, and not measured. ``waits``: seconds of each from when it was due; ``errors``: those that were
    not answered with the learner's page; ``trivial``: seconds of as many requests that do nothing; ``verified``: of
    bare PyJWT for one token.
    """
    if given["cores"]:
        os.sched_setaffinity(0, given["cores"])
    return asyncio.run(_launched(given))


async def _launched(given: Values) -> Values:
    waits: list[float] = []
    errors = 0
    signed = await _signed(given)
    posts, lines = [post for post, _ in signed], Lines(given["service"])

    async def one(post: bytes, due: float) -> None:
        nonlocal errors
        status, page = await lines.ask(post)
        waits.append(time.perf_counter() - due)
        errors += not (status == 200 and b"BENCH1" in page)

    done: Values = {}
    if many := given.get("at_once", 0):
        began = time.perf_counter()
        await at_once(many, posts, lambda post: one(post, time.perf_counter()))
        middle, health = time.perf_counter(), request("GET", "/health", {}, b"")
        await at_once(many, range(len(posts)), lambda _: lines.ask(health))
        done = {"seconds": middle - began, "trivial": time.perf_counter() - middle}
        done["verified"] = _verified(given["url"], [token for _, token in signed])
    else:
        await at_times([(number / given["rate"], post) for number, post in enumerate(posts)], one)
    await lines.close()
    return {**done, "waits": waits, "errors": errors}


async def _signed(given: Values) -> list[tuple[bytes, str]]:
    """From the activity by the tool's login to what the platform has signed, for one learner after the other.

    Of each what a browser posts, and the token in it.
    """
    made: list[tuple[bytes, str]] = []
    trust = ssl.create_default_context()  # each client would read it anew

    async def sign(number: int) -> None:
        async with httpx.AsyncClient(base_url=given["url"], timeout=60, verify=trust) as moodle:
            username = newcomers.row(number, given["prefix"])["username"]
            await moodle.post("/login/index.php", data={"username": username})
            for turn in range(number, given["many"], given["people"]):
                made.append(await _begun(service, moodle, given["activity"], turn))

    async with httpx.AsyncClient(base_url=given["service"], timeout=60, verify=trust) as service:
        await at_once(8, range(min(given["people"], given["many"])), sign)
    return made


async def _begun(service: httpx.AsyncClient, moodle: httpx.AsyncClient, activity: int, turn: int) -> tuple[bytes, str]:
    address = {"X-Forwarded-For": f"10.0.0.{turn % ADDRESSES}"}
    asked = _form(await moodle.get(f"/mod/lti/launch.php?id={activity}"))
    login = await service.post("/lti/login", data=asked, headers=address)
    cookie = login.headers["set-cookie"].split(";")[0]
    query = dict(parse_qsl(urlsplit(login.headers["location"]).query))
    fields = _form(await moodle.get("/mod/lti/auth.php", params=query))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    post = request("POST", "/lti/launch", {**address, **kind, "Cookie": cookie}, urlencode(fields).encode())
    return post, fields["id_token"]


def _form(answer: httpx.Response) -> dict[str, str]:
    return {unescape(name): unescape(value) for name, value in FIELD.findall(answer.raise_for_status().text)}


def _verified(url: str, tokens: Sequence[str]) -> float:
    """Seconds that bare PyJWT takes for the signature of a token."""
    [key] = jwt.PyJWKSet.from_dict(httpx.get(f"{url}/mod/lti/certs.php").json()).keys
    began = time.perf_counter()
    for token in tokens:
        jwt.decode(token, key.key, ["RS256"], options={"verify_aud": False, "verify_exp": False})
    return (time.perf_counter() - began) / len(tokens)


def score(given: Values) -> Values:
    """``many`` scores of ``points``, ``rate`` a second, each of another learner.

    ``waits``: seconds from before each was put until it stood in the gradebook.
    """
    began: dict[str, float] = {}
    waits: dict[str, float] = {}

    async def put(connector: Connector, subjects: Sequence[str]) -> None:
        first = time.monotonic() + 0.5
        for number, subject in enumerate(subjects):
            told = Scored(given["platform"], given["line_item"], subject, given["points"], 100, Progress.COMPLETED)
            await anyio.sleep(max(0.0, first + number / given["rate"] - time.monotonic()))
            began[subject] = time.monotonic()
            await anyio.to_thread.run_sync(connector.launch_scores.put, told, connector.clock())

    async def look(subjects: Sequence[str]) -> None:
        until = time.monotonic() + len(subjects) / given["rate"] + PATIENCE
        async with httpx.AsyncClient(base_url=given["url"], timeout=60) as moodle:
            while len(waits) < len(subjects):
                taken = (await moodle.get("/twin/scores")).json()
                there, now = {str(user) for _, user, points in taken if points == given["points"]}, time.monotonic()
                waits.update({who: now - at for who, at in began.items() if who in there and who not in waits})
                if now > until:
                    raise RuntimeError(f"of {len(subjects)} scores {len(waits)} came")
                await anyio.sleep(LOOK)

    async def work() -> None:
        with opened(given) as connector:
            keys = [newcomers.row(number, given["prefix"])["key"] for number in range(given["many"])]
            async with connector.moodle() as moodle:
                subjects = [str(one.id) for one in await moodle.accounts_by("idnumber", keys)]
            async with anyio.create_task_group() as group:
                group.start_soon(look, subjects)
                group.start_soon(put, connector, subjects)

    anyio.run(work)
    return {"waits": list(waits.values())}
