"""Content made in the course of an activity, and what the page of a launch does with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import unescape
from typing import Any

import httpx

from adapters.moodle.twin.tools.state import ToolLink
from connector.content.assessment import bodies
from connector.domain.assessments import Assessment, Bank, Kind, Option, Question, Section
from connector.domain.contents import Content, ContentKind, Maker
from tests.integration.lti.launched import COURSE, Tool

BEARER = re.compile(r"Bearer ([\w-]+)")
RIGHT = {"en": "right", "fr": "juste"}
WRONG = {"en": "wrong", "fr": "faux"}


def asked(key: str, **other: Any) -> Question:
    """A question with one right option, ``r``, and a wrong one, ``w``."""
    options = [Option("r", RIGHT, right=True), Option("w", WRONG)]
    return replace(Question(key, Kind.SINGLE, {"en": f"Which of {key}?"}, options=options), **other)


def assessment(*questions: Question, **other: Any) -> Assessment:
    return Assessment({"en": "Safety", "fr": "Sécurité"}, [Section({"en": "All"}, questions)], **other)


def made(tool: Tool, what: Assessment | Bank) -> Content:
    """Made by the teacher in the course."""
    kind = ContentKind.ASSESSMENT if isinstance(what, Assessment) else ContentKind.BANK
    course = tool.house.twin.state.course_by_idnumber[COURSE]
    maker = Maker(tool.platform_id, str(course), "teacher")
    connector = tool.house.connector
    return connector.contents.make(kind, bodies.body(what), maker, connector.clock())


def changed(tool: Tool, content: Content, what: Assessment | Bank) -> Content:
    connector = tool.house.connector
    now = connector.contents.newest(content.content_id)
    assert now is not None
    after = connector.contents.change(now, bodies.body(what), "teacher", connector.clock())
    assert after is not None
    return after


def activity(tool: Tool, content: Content, title: str = "Safety") -> ToolLink:
    """An activity that opens it, with a place in the gradebook."""
    return tool.house.twin.tools.add_link(COURSE, tool.registered, title, content=str(content.content_id))


@dataclass
class Page:
    """The page that a launch has opened, and what its scripts ask for."""

    tool: Tool
    html: str
    token: str

    def ask(self, method: str, path: str, status: int = 200, **sent: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = self.tool.client.request(method, path, headers=headers, **sent)
        assert answer.status_code == status, answer.text
        return answer

    def begin(self, status: int = 200) -> str:
        """Begin or go on; gives the number of the attempt."""
        answer = self.ask("POST", "/lti/assessment/attempts", status)
        found = re.search(r'data-attempt="(\d+)"', answer.text)
        return found[1] if found else ""

    def answer(self, attempt: str, question: str, *chosen: str, status: int = 200, **said: Any) -> httpx.Response:
        sent: Mapping[str, Any] = {"chosen": list(chosen), "place": 1, **said}
        return self.ask("PUT", f"/lti/assessment/attempts/{attempt}/answers/{question}", status, json=sent)

    def submit(self, attempt: str, status: int = 200) -> str:
        return unescape(self.ask("POST", f"/lti/assessment/attempts/{attempt}/submit", status).text)

    def take(self, *chosen: tuple[str, str]) -> str:
        """A whole attempt with these answers; gives its result."""
        attempt = self.begin()
        for question, option in chosen:
            self.answer(attempt, question, option)
        return self.submit(attempt)


def opened(tool: Tool, username: str, link: ToolLink) -> Page:
    answer = tool.launch(username, link)
    assert answer.status_code == 200, answer.text
    token = BEARER.search(answer.text)
    return Page(tool, unescape(answer.text), token[1] if token else "")
