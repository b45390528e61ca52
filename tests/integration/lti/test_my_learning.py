"""My learning: who launched sees their own courses, due dates and certificates, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import psycopg
import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.domain.errors import SettingsError
from connector.domain.facts import Extent
from connector.domain.live import Kind, Word, person, read
from connector.store.live import CHANNEL
from tests.integration.lti.launched import Tool, serving_tool
from tests.integration.lti.made import activity, asked, assessment, made, opened
from tests.integration.mirrored import Learning
from tests.support import House, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["4.5"], indirect=True)]
PEOPLE = [row("E1", unit="Field"), row("E2", unit="Field", manager="E1"), row("E3", unit="Office")]
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def tool(house: House) -> Iterator[Tool]:
    with serving_tool(house) as served:
        yield served


@pytest.fixture
async def link(tool: Tool, learning: Learning) -> ToolLink:
    """Two people on one path, one of whom has done more of it; a third is on none."""
    house = tool.house
    await house.settled_in(PEOPLE)
    learning.act("complete", "E1", "SAFE")
    learning.life.award("e1", "First aider")
    learning.life.describe("FIRE", fullname=MARKUP)
    await house.mirror()
    return house.twin.tools.add_link("SAFE", tool.registered, "My learning")


async def test_each_sees_their_own(tool: Tool, link: ToolLink) -> None:
    """What is done, what is due and what was earned; names with markup are text."""
    mine, theirs = tool.launch("e1", link), tool.launch("e2", link)
    assert (mine.status_code, theirs.status_code) == (200, 200)
    for page in (mine.text, theirs.text):
        assert "Safety" in page
        assert f"{tool.house.twin.url}/course/view.php?id=" in page
        assert MARKUP not in page
        assert "&lt;script&gt;" in page
    assert "First aider" in mine.text
    assert "First aider" not in theirs.text
    assert mine.text.count("Completed") > theirs.text.count("Completed")
    assert "Earned: First aider" in mine.text
    assert ("Your team" in mine.text, "FirstE2 LastE2" in mine.text) == (True, True)
    assert ("Your team" in theirs.text, "LastE1" in theirs.text) == (False, False)


LESS_EXACT = (
    "UPDATE facts.fact_completion SET completed_at = date_trunc('minute', completed_at), precision = 'minute' "
    "WHERE person_id = %s AND completed AND valid_to = 'infinity'"
)


@contextmanager
def heard(house: House) -> Iterator[list[Word]]:
    """What pages are told of learning meanwhile."""
    words: list[Word] = []
    with psycopg.connect(house.settings.database_url.get_secret_value(), autocommit=True) as connection:
        connection.execute(f"LISTEN {CHANNEL}".encode())
        yield words
        found = [read(one.payload) for one in connection.notifies(timeout=0.2)]
        words += [one for one in found if one and one.kind is Kind.LEARNING]


async def test_who_is_concerned_is_told_after_a_reading_and_nobody_else(house: House, learning: Learning) -> None:
    """Who has completed a course, and who leads them; the page then asks for itself. Of nothing nobody is told;
    of all of Moodle read anew only what is otherwise is, also where no more than that is told: so is progress."""
    house.twin.state.plugin = True
    with serving_tool(house) as tool:
        await house.settled_in(PEOPLE)
        await house.mirror()
        link = house.twin.tools.add_link("SAFE", tool.registered, "My learning")
        ids = {one["key"]: one["person_id"] for one in house.sql("SELECT key, person_id FROM connector.person")}
        page = tool.launch("e2", link).text
        token = re.search(r'data-token="([^"]+)"', page)
        assert token and 'data-live-from="/lti/my-learning"' in page
        with heard(house) as words:
            learning.act("complete", "E2", "SAFE")
            await house.mirror(Extent.CHANGES)
        assert {one.room for one in words} == {person(ids["E1"]), person(ids["E2"])}
        again = tool.client.get("/lti/my-learning", headers={"Authorization": f"Bearer {token[1]}"})
        assert ("Course completed" in page, "Course completed" in again.text) == (False, True)
        assert tool.client.get("/lti/my-learning").status_code == 401
        with heard(house) as words:
            await house.mirror(Extent.CHANGES)
        assert words == []
        await house.mirror(Extent.EVERYTHING)
        both = {person(ids["E1"]), person(ids["E2"])}
        changes: list[tuple[Callable[[], object], set[str]]] = [
            (lambda: house.sql(LESS_EXACT, ids["E2"]), both),
            (lambda: learning.act("unenrol", "E2", "SAFE"), both),
            (lambda: None, set()),
        ]
        for change, concerned in changes:
            change()
            with heard(house) as words:
                await house.mirror(Extent.EVERYTHING)
            assert {one.room for one in words} == concerned


async def test_where_moodle_says_no_zone_hr_does(tool: Tool, link: ToolLink) -> None:
    """Whom neither knows is asked; UTC is what HR's records have where nothing was said."""
    await tool.house.sync([row("E1", unit="Field", zone="Asia/Taipei"), *PEOPLE[1:]])
    for username, zone in (("e1", "Asia/Taipei"), ("e2", ""), ("admin", "")):
        assert f'data-zone="{zone}"' in tool.launch(username, link).text


async def test_nothing_to_do_is_said(tool: Tool, link: ToolLink) -> None:
    page = tool.launch("e3", link).text
    assert "Nothing at present." in page
    assert "You are in no course yet." in page


async def test_whom_hr_does_not_name_is_told_so(tool: Tool, link: ToolLink) -> None:
    """They may launch all the same."""
    assert "not known yet who you are" in tool.launch("admin", link).text


async def test_nobody_is_somebody_else_by_a_key_that_was_written_by_hand(tool: Tool, link: ToolLink) -> None:
    """An instructor may write parameters into an activity: whose an account of our Moodle is we know ourselves."""
    answer = tool.forged("e2", link, _custom={"source_id": "E1"}, _lis={"person_sourcedid": "E1"})
    assert "First aider" not in answer.text
    assert "Safety" in answer.text


async def test_of_another_platform_the_first_key_of_hr_tells_who_it_is(tool: Tool, link: ToolLink) -> None:
    """And ever after what the platform calls them. Another's key is a case: people say who it is. What the platform
    says itself comes before what was written by hand."""
    house, other = tool.house, "https://other.example"
    url = house.twin.url
    addresses = {"authorization_url": f"{url}/a", "token_url": f"{url}/t", "keys_url": f"{url}/mod/lti/certs.php"}
    platform = tool.as_platform(issuer=other, client_id="other", deployments=("1",), **addresses)
    assert house.connector.platforms.add(platform, "tester", house.clock())

    def seen(subject: str, key: str | None, custom: str | None = None) -> str:
        login = tool.login(iss=other, client_id="other", lti_deployment_id="1")
        told: dict[str, object] = {"_deployment_id": "1", "iss": other, "aud": "other", "sub": subject}
        told |= {
            "_lis": None if key is None else {"person_sourcedid": key},
            "_custom": {"source_id": custom} if custom else {},
        }
        token = tool.signed(tool.claims("e1", link, login.asked["nonce"], **told))
        return tool.post({"state": login.asked["state"], "id_token": token}, login).text

    told = seen("anna", "E1")
    assert "First aider" in told
    there = "This is your learning at 127.0.0.1."
    assert (there in told, there in tool.launch("e1", link).text) == (True, False), "of which Moodle it is"
    assert "First aider" not in seen("bert", "E2", "E1")
    assert "not known yet who you are" in seen("carl", None, "$Person.sourcedId")
    assert "not known yet who you are" in seen("dora", "E99")
    assert "not known yet who you are" in seen("emil", "", "E1"), "the platform says that they have none"
    assert house.cases() == []

    assert "First aider" in seen("anna", "E2")
    assert "First aider" in seen("anna", "E2")
    assert house.cases() == [("another_key", "E1 + E2")], "asked once, and nobody was bound anew"
    await house.plan()
    assert house.cases() == [("another_key", "E1 + E2")], "no plan ends it: none looks for it"
    with pytest.raises(SettingsError, match="one of the two keys"):
        house.settle("another_key", "E1 + E2", keep="E3")
    house.settle("another_key", "E1 + E2", keep="E1")
    assert "First aider" in seen("anna", "E2")
    assert house.cases() == [], "it was decided"

    [decided] = [one for one in house.connector.cases.settled() if one.kind == "another_key"]
    house.connector.cases.withdraw(decided.case_id, "tester", house.clock())
    assert "First aider" in seen("anna", "E2")
    house.settle("another_key", "E1 + E2", keep="E2")
    assert "First aider" not in seen("anna", "E2")
    assert "First aider" not in seen("anna", None), "it is for good"
    seen("anna", "E1")
    assert house.cases() == [("another_key", "E2 + E1")], "the way back is asked anew"

    assert "First aider" in seen("frank", "E1")
    house.sql("UPDATE connector.person SET moved_to = 'E2' WHERE key = 'E1' RETURNING 1")
    assert "First aider" not in seen("frank", "E2")
    assert house.cases() == [("another_key", "E2 + E1")], "HR itself has said that it is one human"


@pytest.mark.parametrize(
    ("language", "says"), [("fr", "Mes formations"), ("vi", "Việc học của tôi"), ("zh_tw", "我的學習")]
)
async def test_it_speaks_the_language_of_whoever_launched(
    tool: Tool, link: ToolLink, language: str, says: str
) -> None:
    presentation = {"locale": language, "return_url": ""}
    assert says in tool.forged("e1", link, _launch_presentation=presentation).text


async def test_content_that_is_gone_is_told(tool: Tool, link: ToolLink) -> None:
    answer = tool.forged("e1", link, _custom={"content": "gone"})
    assert (answer.status_code, "not there any more" in answer.text) == (400, True)


async def test_what_was_done_last_leads_to_its_course(tool: Tool, link: ToolLink) -> None:
    """As far as one is in it: what was launched knows it before it is a fact."""
    graded = activity(tool, made(tool, assessment(asked("a"))))
    for username, known in (("e1", True), ("e3", False)):
        opened(tool, username, graded).take(("a", "r"))
        done = tool.launch(username, link).text.partition("What you did last")[2].partition("<section")[0]
        assert "Assessment: Safety" in done
        course = rf'<a href="[^"]*/course/view.php\?id={graded.course_id}" target="_top">SAFE</a>'
        assert bool(re.search(course, done)) is known, done


async def test_what_was_discarded_is_nothing_that_somebody_did(tool: Tool, link: ToolLink) -> None:
    """Neither what they did last nor a day on which they worked, before it is among the facts and after."""
    connector = tool.house.connector
    page = opened(tool, "e3", activity(tool, made(tool, assessment(asked("a")))))

    def done(last: int) -> tuple[int, list[str]]:
        attempt = connector.attempts.one(last)
        assert attempt is not None and attempt.actor.person_id is not None
        mine = connector.my_learning.look.of(attempt.actor.person_id, ZoneInfo("UTC"))
        return mine.streak, [one.title["en"] for one in mine.recent]

    for carried_before in (False, True):
        page.take(("a", "r"))
        last = tool.house.sql("SELECT max(attempt_id) AS one FROM connector.attempt")[0]["one"]
        if carried_before:
            await connector.carrying_learning().work()
        assert done(last) == (1, ["Safety"])
        attempt = connector.attempts.one(last)
        assert attempt is not None
        connector.discarding.discard(attempt, "teacher", "A try-out.")
        if carried_before:
            await connector.carrying_learning().work()
        assert done(last) == (0, [])
