"""A certificate for launched content: from the launch to a file that anybody can verify."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial
from html import unescape
from threading import Event, Timer
from typing import Any
from uuid import uuid4

import anyio.to_thread
import pytest
from psycopg.types.json import Jsonb

from adapters.moodle.twin.state import ROLES
from connector.cli import command
from connector.cli.service import jobs_of
from connector.content.assessment.chain import chain
from connector.content.video.lessons import read
from connector.content.video.lessons import state as seen
from connector.domain.assessments import Assessment, Policy
from connector.domain.certifying import Certificate, Issue
from connector.domain.contents import Maker
from connector.domain.learning_events import Actor
from connector.domain.videos import Media, MediaState, Viewer
from connector.store.certificates import Certificates
from jobs.pushes import heard
from tests.integration.lti.launched import Tool, linked, serving_tool
from tests.integration.lti.made import Page, activity, asked, assessment, changed, made, opened
from tests.integration.lti.test_authoring import Author
from tests.integration.lti.videos import lesson_of
from tests.integration.lti.videos import opened as launched
from tests.integration.mirrored import Learning
from tests.support import House, row
from tests.unit.certificates.papers import qr_of

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
PUBLIC = "https://certificates.example.com"
GAS = """\
version: 1
issuer: Example Works
certificates:
  - code: GAS
    title: {en: Gas safety, fr: Sécurité du gaz}
    earned_by: {content: chosen, window_days: 30}
    months: 12
    number: "GAS-{year}-{serial:04}"
"""
TWO = [asked("a", weight=3), asked("b")]
WITH = assessment(*TWO, pass_mark=70.0, certificate="GAS")
RIGHT, WRONG = (("a", "r"), ("b", "r")), (("a", "w"), ("b", "r"))
NUMBER = re.compile(r"/lti/certificates/([\w-]+)/file")


@pytest.fixture
async def tool(house: House, learning: Learning) -> AsyncIterator[Tool]:
    """E1 and E2 are known, and certificates of one kind are offered to authors, with a place for their files."""
    (house.mapping / "certificates.yaml").write_text(GAS, "utf-8")
    told = house.settings.certificates.model_copy(update={"folder": house.folder / "files", "url": PUBLIC})
    house.settings = house.settings.model_copy(update={"certificates": told})
    with serving_tool(house) as served:
        await house.settled_in([row("E1", unit="Field"), row("E2", unit="Field")])
        yield served


async def work(tool: Tool) -> int:
    """What the service does once it hears that somebody has passed; gives how many were issued."""
    came = await anyio.to_thread.run_sync(jobs_of(tool.house.connector, Event())["passed"].run)
    return int(str(came["issued"]))


def numbers(tool: Tool) -> list[str]:
    return [one.number for one in reversed(tool.house.connector.certificates.listed(None, 100))]


def state(tool: Tool, code: str) -> dict[str, Any]:
    told: dict[str, Any] = tool.client.get("/api/v1/certificates/verify", params={"code": code}).json()
    return told


def looked(page: Page) -> str:
    """What the page shows when it asks again."""
    return unescape(page.ask("GET", "/lti/certificate").text)


async def test_from_the_launch_to_a_file_that_is_verified(tool: Tool) -> None:
    """Its author chooses it; the learner passes, reads that it is being made, and has it soon; nobody else has it."""
    house, content = tool.house, made(tool, assessment(*TWO))
    graded = activity(tool, content)
    author = Author(opened(tool, "admin", graded), content=str(content.content_id))
    assert "Gas safety" in author.open()
    author.edit("settings", pass_mark="70", certificate="OTHER")
    assert "Passing it gives" not in opened(tool, "e1", graded).html, "only what is offered can be chosen"
    author.edit("settings", pass_mark="70", certificate="GAS")
    page = opened(tool, "e1", graded)
    assert "Passing it gives the certificate “Gas safety”." in page.html
    assert "It is being made." in page.take(*RIGHT)
    assert await work(tool) == 1
    seen = looked(page)
    number = f"GAS-{house.clock.now.year}-0001"
    assert NUMBER.findall(seen) == [number]
    assert "being made" not in seen and "data-live-soon" not in seen
    file = page.ask("GET", f"/lti/certificates/{number}/file")
    assert file.headers["content-disposition"] == f'attachment; filename="{number}.pdf"'
    address = qr_of(file.content)
    code = address.removeprefix(f"{PUBLIC}/certificates/")
    assert f'href="{address}"' in seen
    assert (state(tool, code)["state"], state(tool, code)["title"]) == ("valid", "Gas safety")
    verified = tool.client.get(f"/certificates/{code}")  # without a console
    assert (verified.status_code, "This certificate is valid." in verified.text) == (200, True)
    assert tool.client.get("/sign-in").status_code == 404
    opened(tool, "e2", graded).ask("GET", f"/lti/certificates/{number}/file", 403)
    page.ask("GET", "/lti/certificates/GAS-1999-0001/file", 403)
    assert NUMBER.findall(opened(tool, "e1", house.twin.tools.add_link("SAFE", tool.registered, "Mine")).html) == [
        number
    ]


async def test_one_that_was_revoked(tool: Tool) -> None:
    """Its owner reads since when, no day until which it would hold, and what to do: who passes again has a new one."""
    graded = activity(tool, made(tool, WITH))
    page = opened(tool, "e1", graded)
    page.take(*RIGHT)
    await work(tool)
    [number] = numbers(tool)
    assert "valid until" in looked(page)
    tool.house.connector.issuing().revoke(number, "anna", "by mistake", hr=True)
    seen = looked(page)
    day = tool.house.clock.now.strftime("%B %-d, %Y")
    assert re.search(rf"Revoked</span> <span[^>]*>{day}<", seen), seen
    assert (number in seen, "valid until" in seen, f"{number}.pdf" in seen) == (True, False, False)
    assert "Passing it again gives a new one." in seen
    assert "being made" in page.take(*RIGHT) and "Passing it again" not in looked(page)
    assert await work(tool) == 1
    assert NUMBER.findall(looked(page)) == [one for one in numbers(tool) if one != number]


async def test_a_video_that_is_completed(tool: Tool) -> None:
    """By its id it earns one, once, and word of it. Who teaches, or has not completed it, gets none."""
    house, connector, link = tool.house, tool.house.connector, activity(tool, made(tool, WITH))
    lesson, now = lesson_of(tool, link), house.clock()
    (house.mapping / "certificates.yaml").write_text(GAS.replace("chosen", str(lesson)), "utf-8")
    connector.__dict__.pop("mapping", None)
    media = Media(uuid4(), tool.platform_id, str(link.course_id), "clip.mp4", 1, MediaState.UPLOADING)
    connector.media.begin(media, "2", now)
    told, ended = Event(), Event()
    with heard(connector.passed.heard, told.set, ended):
        assert told.wait(10)
        told.clear()
        known = {one["key"]: one["person_id"] for one in house.sql("SELECT key, person_id FROM connector.person")}
        for key, link_id, teaches, done in (("E1", "1", False, now), ("E1", "2", False, None), ("E2", "1", True, now)):
            actor = Actor(tool.platform_id, media.course, link_id, key, known[key], str(lesson))
            viewer = Viewer(actor, "", "", lesson, 1, media.media_id, teaches)
            connector.viewings.open(viewer, now)
            connector.viewings.alter(viewer, partial(replace, completed_at=done))
        assert told.wait(10)
    assert (await work(tool), await work(tool)) == (1, 0)
    [one] = connector.certificates.listed("E1", 10)
    assert one.evidence is not None
    assert (one.evidence["kind"], one.evidence["content"]) == ("video", str(lesson))


async def test_an_author_chooses_what_a_video_earns(tool: Tool) -> None:
    """Of what is offered, and nothing else; who has completed it before gets it when they open it again. The page
    brings what downloads its file."""
    house, connector, link = tool.house, tool.house.connector, activity(tool, made(tool, WITH))
    lesson = lesson_of(tool, link)
    media = Media(uuid4(), tool.platform_id, str(link.course_id), "clip.mp4", 1, MediaState.UPLOADING)
    connector.media.begin(media, "2", house.clock())
    [known] = house.sql("SELECT person_id FROM connector.person WHERE key = 'E1'")
    actor = Actor(tool.platform_id, media.course, "1", "E1", known["person_id"], str(lesson))

    def open_it(version: int) -> Viewer:
        viewer = Viewer(actor, "", "", lesson, version, media.media_id)
        connector.viewings.open(viewer, house.clock())
        return viewer

    connector.viewings.alter(open_it(1), partial(replace, completed_at=house.clock()))
    author = launched(tool, link, "admin")
    form = {"title_en": "Fire", "threshold": "80"}
    for code, kept in (("OTHER", ""), ("GAS", "GAS")):
        content = connector.contents.newest(lesson)
        assert content is not None
        page = author.post(f"lessons/{lesson}", data={**form, "certificate": code, "seen": seen(read(content.body))})
        assert "Saved." in page.text and "Gas safety" in page.text
        content = connector.contents.newest(lesson)
        assert content is not None and read(content.body).certificate == kept
    assert await work(tool) == 0
    open_it(content.version)
    assert await work(tool) == 1
    page = launched(tool, link, "e2").page
    assert "Passing it gives the certificate" in page
    assert "evidence.js" in page


async def test_what_earns_none(tool: Tool) -> None:
    """Failing, passing what gives none, trying it out as who teaches, and being nobody whom HR knows."""
    graded = activity(tool, made(tool, WITH))
    assert "Passing it gives" not in opened(tool, "e1", graded).take(*WRONG)
    opened(tool, "e2", activity(tool, made(tool, assessment(*TWO)))).take(*RIGHT)
    state = tool.house.twin.state
    with state.lock:
        teaching = {number for number, name in ROLES.items() if name == "editingteacher"}
        state.roles.setdefault(state.by_username["e2"], {})["course", graded.course_id] = teaching
    assert "Passed" in opened(tool, "e2", graded).take(*RIGHT)
    linked(tool)
    assert "so you cannot get it" in opened(tool, "learner", graded).take(*RIGHT)
    assert await work(tool) == 0


async def test_passed_again(tool: Tool) -> None:
    """It is renewed near its end, and not before; the old one stays."""
    house, graded = tool.house, activity(tool, made(tool, WITH))
    ended = Event()
    word = house.connector.passed.heard(ended)
    next(word)
    opened(tool, "e1", graded).take(*RIGHT)
    late = Timer(20, ended.set)
    late.start()
    assert next(word, "nothing") is None, "the service hears of it, and wakes the job"
    late.cancel()
    assert await work(tool) == 1
    again = opened(tool, "e1", graded).take(*RIGHT)
    assert "GAS-" in again and "being made" not in again
    assert await work(tool) == 0
    with house.connector.database.transaction() as connection:  # the platform's clock stays with ours
        connection.execute("UPDATE connector.certificate SET earned_at = earned_at - interval '340 days'")
    opened(tool, "e1", graded).take(*RIGHT)
    assert await work(tool) == 1
    assert len(numbers(tool)) == 2


@pytest.mark.parametrize(
    ("policy", "attempts", "earned"),
    [
        (Policy.BEST, "RW", (1, 100)),  # the first has passed, and goes on counting
        (Policy.LAST, "RW", None),
        (Policy.LAST, "WR", (2, 100)),
        (Policy.AVERAGE, "WR", None),  # 25 and 100 percent
        (Policy.AVERAGE, "WRRR", (4, 81.25)),  # after the fourth what counts is a pass for the first time
    ],
)
async def test_what_counts_earns_it(
    tool: Tool, policy: Policy, attempts: str, earned: tuple[int, float] | None
) -> None:
    """By the policy of the assessment, as the gradebook has it: one attempt that was passed is not enough."""
    graded = activity(tool, made(tool, replace(WITH, policy=policy, pass_mark=80.0)))
    page = opened(tool, "e1", graded)
    for one in attempts:
        page.take(*(RIGHT if one == "R" else WRONG))
    assert await work(tool) == bool(earned)
    found = [one.evidence for one in tool.house.connector.certificates.listed(None, 9)]
    assert [(one["number"], one["counts"]) for one in found if one] == ([earned] if earned else [])


async def test_a_rule_that_cannot_be_read_is_as_on_pages(tool: Tool) -> None:
    """From 80 percent on it is a pass, as if nothing had been said; the certificate says so, and others come all the
    same."""
    contents = [made(tool, WITH) for _ in range(2)]
    for username, content in zip(("e1", "e2"), contents, strict=True):
        opened(tool, username, activity(tool, content)).take(*RIGHT)
    torn = "UPDATE connector.content_version SET body = body || %s WHERE content_id = %s RETURNING 1"
    assert tool.house.sql(torn, Jsonb({"pass_mark": "many"}), contents[0].content_id)
    assert await work(tool) == 2
    listed = [one.evidence for one in tool.house.connector.certificates.listed(None, 9)]
    marks = {one["content"]: one["pass_mark"] for one in listed if one}
    assert marks == {str(contents[0].content_id): 80, str(contents[1].content_id): WITH.pass_mark}


async def told_of(number: str, tool: Tool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """What the command line says of a certificate."""
    url, house = tool.house.settings.database_url, tool.house
    told = {"DATABASE_URL": url.get_secret_value() if url else "", "MAPPING": str(house.mapping)}
    for name, value in {**told, "MOODLE__URL": house.twin.url}.items():
        monkeypatch.setenv(f"CONNECTOR_{name}", value)
    assert await anyio.to_thread.run_sync(command, ["certificate", "show", number]) == 0
    return capsys.readouterr().out


async def test_a_regrade(tool: Tool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A certificate that was issued stays until somebody revokes it, and who looks at what it rests on sees that; who
    was marked wrongly, or passed before its author chose one, gets it by marking again."""
    content = made(tool, assessment(*TWO, pass_mark=70.0))
    graded = activity(tool, content)
    opened(tool, "e1", graded).take(*RIGHT)
    opened(tool, "e2", graded).take(*WRONG)
    assert await work(tool) == 0, "nobody had chosen one"

    async def regraded(what: Assessment) -> None:
        after, connector = changed(tool, content, what), tool.house.connector
        assert connector.regrading.ask(
            after, Maker(tool.platform_id, str(graded.course_id), "teacher"), "It was wrong."
        )
        await connector.regrading_work().work()

    await regraded(WITH)
    assert await work(tool) == 1
    [number] = numbers(tool)
    turned = replace(TWO[0], options=[replace(one, right=not one.right) for one in TWO[0].options])
    await regraded(assessment(turned, TWO[1], pass_mark=70.0, certificate="GAS"))
    assert await work(tool) == 1, "what was wrong is right now"
    found = tool.house.connector.certificates.find(number)
    assert found is not None and found.revoked_at is None
    assert state(tool, found.code)["state"] == "valid"
    assert found.evidence is not None
    attempt_id = found.evidence["attempt"]
    shown = unescape(opened(tool, "admin", graded).ask("GET", f"/lti/assessment/results/{attempt_id}").text)
    assert f"A certificate rests on it: {number}" in shown
    assert "Not passed" in shown

    rests = chain(tool.house.connector.attempting, attempt_id)
    assert rests is not None and rests.attempt.launched_at is not None
    assert (found.evidence["percent"], rests.attempt.percent) == (100, 25), "as it was, and as it stands"
    assert [(one.question, one.answer, one.share) for one in rests.links] == [
        ("Which of a?", "right", 0), ("Which of b?", "right", 1)
    ]  # fmt: skip
    assert all(one.answered_at for one in rests.links)
    said = await told_of(number, tool, monkeypatch, capsys)
    for part in (
        f"{number}: Gas safety of FirstE1 LastE1 (E1), issued on", "by rule", "valid.",
        "It rests on attempt 1 at Safety", "launched 20", "submitted 20",
        "100 %, of 70 % to pass; asked by version 1, marked by version 2",
        "since then marked anew: 25 %, not passed", "Which of a?", "right",
    ):  # fmt: skip
        assert part in said, said


async def test_what_was_discarded_earns_none(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not before it is issued, while another attempt does. One that was issued stays until somebody revokes it, as
    after a regrade, and who discards is told so."""
    graded = activity(tool, made(tool, WITH))
    page, teacher = opened(tool, "e1", graded), opened(tool, "admin", graded)

    def discarded(attempt: int) -> str:
        path = f"/lti/assessment/results/{attempt}/discard"
        return unescape(teacher.ask("POST", path, data={"why": "A wrong person."}).text)

    page.take(*RIGHT)
    discarded(1)
    assert await work(tool) == 0
    assert "being made" not in looked(page)
    page.take(*RIGHT)
    assert await work(tool) == 1
    [number] = numbers(tool)
    asking = unescape(teacher.ask("GET", "/lti/assessment/results/2").text)
    assert "A certificate rests on it, and stays until a person revokes it." in asking
    assert f"A certificate rests on it: {number}" in discarded(2)
    found = tool.house.connector.certificates.find(number)
    assert found is not None and state(tool, found.code)["state"] == "valid"
    assert "UTC: A wrong person." in await told_of(number, tool, monkeypatch, capsys)


async def test_what_is_discarded_while_it_is_issued_earns_none(tool: Tool) -> None:
    """Whoever issues has found it a pass, and it is discarded before the certificate is kept."""
    graded = activity(tool, made(tool, WITH))
    page, teacher = opened(tool, "e1", graded), opened(tool, "admin", graded)
    page.take(*RIGHT)
    issuing = tool.house.connector.issuing()

    class Late(Certificates):
        def issue(self, wish: Issue) -> Certificate | None:
            teacher.ask("POST", "/lti/assessment/results/1/discard", data={"why": "A wrong person."})
            return super().issue(wish)

    late = replace(issuing, store=Late(tool.house.connector.database, tool.house.connector.site))
    assert await anyio.to_thread.run_sync(late.by_content) == {"GAS": 0}
    assert numbers(tool) == []


async def test_what_counts_after_a_discard_earns_it(tool: Tool) -> None:
    """The last counted and was none: without it the one before is a pass, and the service hears of it."""
    graded = activity(tool, made(tool, replace(WITH, policy=Policy.LAST)))
    page, teacher = opened(tool, "e1", graded), opened(tool, "admin", graded)
    page.take(*RIGHT)
    page.take(*WRONG)
    assert await work(tool) == 0
    ended = Event()
    word = tool.house.connector.passed.heard(ended)
    next(word)
    late = Timer(20, ended.set)
    late.start()
    teacher.ask("POST", "/lti/assessment/results/2/discard", data={"why": "Disturbed."})
    assert next(word, "nothing") is None
    late.cancel()
    assert await work(tool) == 1
