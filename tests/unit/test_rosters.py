"""Who is in a course, as its platform says: who teaches, who is no more active, and how often it is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from connector.domain.errors import Unavailable
from connector.domain.lti import Platform
from connector.lti.rosters import Member, Rosters
from tests.support import Clock

PLATFORM = Platform(1, "", "https://m", "c", "", "", "", ())
TEACHER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
ASSISTANT = "http://purl.imsglobal.org/vocab/lis/v2/membership/Instructor#TeachingAssistant"


class School:
    """A platform that answers in pages, and counts."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_down = False

    async def members(self, _platform: Platform, url: str) -> AsyncIterator[list[Mapping[str, Any]]]:
        self.asked.append(url)
        if self.is_down:
            raise Unavailable("down")
        yield [{"user_id": "7", "name": "Anna", "roles": ["Learner"]}, {"user_id": 8, "roles": [TEACHER]}]
        yield [{"user_id": "9", "name": "Gone", "status": "Inactive"}, {"name": "nobody"}]
        yield [{"user_id": "10", "roles": [ASSISTANT]}]


@pytest.mark.anyio
async def test_a_roster_is_used_again_for_a_minute() -> None:
    """Of each course its own; what could not be read is asked again."""
    school, clock = School(), Clock(datetime(2026, 11, 30, tzinfo=UTC))
    rosters = Rosters(school, clock)
    found = await rosters.of(PLATFORM, "a")
    assert found == [Member("7", "Anna", teaches=False), *(Member(one, "", teaches=True) for one in ("8", "10"))]
    assert await rosters.of(PLATFORM, "a") == found
    await rosters.of(PLATFORM, "b")
    assert school.asked == ["a", "b"]
    clock.forward(minutes=2)
    school.is_down = True
    for _ in range(2):
        with pytest.raises(Unavailable):
            await rosters.of(PLATFORM, "a")
    assert school.asked == ["a", "b", "a", "a"]
