"""Nobody reaches what is another's, by any route that there is: whoever asks, and whatever id they have learnt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from adapters.moodle.twin.tools.state import ToolLink
from connector.api.answering import BASE
from connector.api.endpoints import ENDPOINTS
from connector.web.launched.content import PARTS
from tests.integration.lti import test_evidence
from tests.integration.lti.launched import Tool
from tests.integration.lti.made import BEARER, Page, activity, asked, assessment, made, opened

graded = test_evidence.graded
OTHER = "https://other.example"
NAMES = re.compile(r"\{(\w+)\}")
NAMING = {"attempt", "content"}
"""What routes of somebody's work or content are told by."""
EMPTY = "/lti/course/assessments/{content}/questions"
"""It shows the attempts of one's own course, of which there are none elsewhere."""
KEPT = {
    **dict.fromkeys(("attempt", "answer", "mark", "evidence"), "attempt"),
    **dict.fromkeys(("content", "content_version", "regrade"), "content"),
}
"""Where it lies, and by what it is known."""


@pytest.fixture
def theirs(tool: Tool, graded: ToolLink) -> dict[str, str]:
    """Ids of what the teacher has made, and the learner has answered and handed in."""
    page = opened(tool, "learner", graded)
    attempt = page.begin()
    page.answer(attempt, "a", "w")
    shown = test_evidence.hand_in(page, attempt, test_evidence.PNG)
    found, content = re.search(r"/evidence/p/([0-9a-f-]{36})", shown), str(graded.custom["content"])
    assert found
    return {"attempt": attempt, "question": "a", "file": found[1], "content": content, "assessment": content}


def strangers(tool: Tool, graded: ToolLink) -> Iterator[tuple[str, Page]]:
    """Who may not; also those whom another platform calls by the same names, in a course that it calls the same."""
    second = activity(tool, made(tool, assessment(asked("a"))), "Another")
    yield "another learner", opened(tool, "other", graded)
    yield "the learner in another activity", opened(tool, "learner", second)
    yield "an instructor of another course", forged(tool, "teacher", graded, _context={"id": "999"})
    yield "a teacher who teaches in no course", forged(tool, "teacher", graded, _context=None)
    there = tool.as_platform(issuer=OTHER, client_id="other", deployments=("1",))
    assert tool.house.connector.platforms.add(there, "tester", tool.house.clock())
    for username in ("learner", "teacher"):
        told = {"iss": OTHER, "aud": "other", "_deployment_id": "1", "_custom": {}}
        yield f"the {username} of another platform", forged(tool, username, graded, by=OTHER, **told)


def forged(tool: Tool, username: str, link: ToolLink, by: str = "", **told: Any) -> Page:
    """Launched with these claims, of our platform or of the other."""
    login = tool.login(**({"iss": by, "client_id": "other", "lti_deployment_id": "1"} if by else {}))
    token = tool.signed(tool.claims(username, link, login.asked["nonce"], **told))
    answer = tool.post({"state": login.asked["state"], "id_token": token}, login)
    found = BEARER.search(answer.text)
    assert found, answer.text
    return Page(tool, answer.text, found[1])


def routes() -> list[tuple[str, str]]:
    """All that are told what they are to do it with."""
    of_pages = [(one.method, one.path) for one in PARTS]
    of_api = [(one.method, BASE + one.path) for one in ENDPOINTS if one.launches]
    return [(method, path) for method, path in (*of_pages, *of_api) if NAMING & {*NAMES.findall(path)}]


def sent(method: str, path: str) -> dict[str, Any]:
    """What would do harm there."""
    if method in ("GET", "DELETE"):
        return {}
    if path.endswith(("/answers/{question}", "/upload")):
        return {"json": {"name": "a", "size": 5} if path.endswith("/upload") else {"chosen": ["r"], "place": 9}}
    if "/evidence/" in path or path.endswith("/files"):
        return {"files": {"file": ("a.png", test_evidence.PNG)}}
    return {"data": {"percent": "100", "seen": "1.1", "do": "drop", "kind": "single", "reason": "why"}}


def kept(tool: Tool, theirs: dict[str, str]) -> list[object]:
    """Their work and content, with all that can be done to it."""
    found: list[object] = []
    for table, key in KEPT.items():
        found += tool.house.sql(f"SELECT t::text FROM connector.{table} t WHERE {key}_id::text = %s", theirs[key])
    return found


def test_no_stranger_reaches_what_is_anothers(tool: Tool, graded: ToolLink, theirs: dict[str, str]) -> None:
    """Not one route answers, and nothing is another than before."""
    before, ways = kept(tool, theirs), routes()
    assert len(before) >= 5 and len(ways) > 30
    for who, page in strangers(tool, graded):
        for method, path in ways:
            there = NAMES.sub(lambda found: theirs.get(found[1], str(uuid4())), path)
            headers = {"Authorization": f"Bearer {page.token}"}
            answer = tool.client.request(method, there, headers=headers, **sent(method, path))
            nothing = path == EMPTY and "No attempt has a result yet." in answer.text
            assert nothing or answer.status_code in (400, 401, 403, 404), (who, method, path, answer.text)
        assert kept(tool, theirs) == before, who
