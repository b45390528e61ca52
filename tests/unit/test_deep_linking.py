"""What the platform is told that an instructor has picked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from connector.domain.errors import LaunchRefused
from connector.domain.lti import Launch, Linking, Message, Platform
from connector.lti.deep_linking import CLAIM, Picked, answer
from connector.lti.keys import made

NOW = datetime.now(UTC)
KEY = made(NOW)
URL = "https://tool.example/lti/launch"
PLATFORM = Platform(1, "Moodle", "https://moodle.example", "client", "https://moodle.example/auth", "", "", ("7",))
LINKING = Linking("https://moodle.example/return", ("ltiResourceLink",), several=True, line_items=True, data="kept")
LAUNCH = Launch(1, "7", Message.DEEP_LINKING, "145", URL, frozenset(), linking=LINKING)
QUIZ = Picked("6f1b", "Safety", "Ten questions", 10.0, NOW, NOW + timedelta(days=7))


def told(*picked: Picked, launch: Launch = LAUNCH) -> dict[str, object]:
    """The claims of the answer, verified with the published key by a platform of the same moment."""
    key = jwt.PyJWK(dict(KEY.public)).key
    token = answer(picked, launch, PLATFORM, KEY, URL, datetime.now(UTC))
    assert jwt.get_unverified_header(token)["kid"] == KEY.kid
    claims: dict[str, object] = jwt.decode(token, key, ["RS256"], audience="https://moodle.example", issuer="client")
    return claims


def test_what_was_picked_is_known_by_a_custom_parameter() -> None:
    """So that it is the same in a course that was copied."""
    claims = told(QUIZ, replace(QUIZ, content="9c2d", most=None, opens=None, due=None, text=""))
    [quiz, page] = claims[f"{CLAIM}content_items"]  # type: ignore[misc]
    assert (quiz["custom"], page["custom"]) == ({"content": "6f1b"}, {"content": "9c2d"})
    assert {one["url"] for one in (quiz, page)} == {URL}
    assert quiz["lineItem"] == {
        "label": "Safety",
        "scoreMaximum": 10.0,
        "resourceId": "6f1b",
        "submissionReview": {},
    }
    assert quiz["submission"]["endDateTime"] == (NOW + timedelta(days=7)).isoformat()
    assert {"lineItem", "submission", "available", "text"} & page.keys() == set()
    assert claims[f"{CLAIM}data"] == "kept"


def test_nothing_picked_is_an_answer_too() -> None:
    assert told()[f"{CLAIM}content_items"] == []


def test_no_line_item_where_the_platform_takes_none() -> None:
    launch = replace(LAUNCH, linking=replace(LINKING, line_items=False))
    [quiz] = told(QUIZ, launch=launch)[f"{CLAIM}content_items"]  # type: ignore[misc]
    assert "lineItem" not in quiz


@pytest.mark.parametrize(
    "launch",
    [
        replace(LAUNCH, linking=None),
        replace(LAUNCH, linking=replace(LINKING, several=False)),
        replace(LAUNCH, linking=replace(LINKING, accepts=("file",))),
    ],
)
def test_what_was_not_asked_for_is_refused(launch: Launch) -> None:
    """Another launch, several where one is taken, and a platform that takes no links."""
    with pytest.raises(LaunchRefused):
        told(QUIZ, QUIZ, launch=launch)
