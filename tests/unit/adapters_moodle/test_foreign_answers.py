"""Answers that no Moodle gives: the port raises the domain's tree and nothing else."""

from __future__ import annotations

import contextlib

import httpx
import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.site import MoodleSite
from adapters.moodle.writers.plain import PlainWriter
from connector.domain.errors import AnswerLost, ProtocolError
from tests.unit.adapters_moodle.people import account

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("body", [None, [], {}, [{}], "text", {"warnings": None}, [{"id": "x"}]])
async def test_answers_of_no_known_form(body: object) -> None:
    """Whatever JSON comes, only the domain's tree is raised: ProtocolError, or nothing where it can be read."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=body)

    async with MoodleClient("http://moodle.example", "t", transport=httpx.MockTransport(answer)) as client:
        site = MoodleSite(client)
        calls = [
            site.site_info(),
            site.accounts_by("id", ["1"]),
            PlainWriter(site.client).create_accounts([account("a")]),
            PlainWriter(site.client).update_accounts([{"id": 1}]),
            site.courses(["A"]),
            site.categories(["A"]),
            site.cohorts(),
            PlainWriter(site.client).create_cohorts([("A", "A")]),
            site.cohort_members([1]),
            PlainWriter(site.client).add_cohort_members([(1, 1)]),
        ]
        for call in calls:
            with contextlib.suppress(ProtocolError, AnswerLost):
                await call
        for pages in (site.participants(1), site.progress([1])):
            with contextlib.suppress(ProtocolError):
                assert [row async for page in pages for row in page] == []
