"""What the doctor of LTI says of what it has seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from adapters.lti.guarded import Answer
from adapters.lti.probes import _moment
from adapters.lti.services import _error
from connector.domain.lti import Kept, Platform, Scope
from connector.lti.probing import MEANS, SERVICES, mend, of_address, of_clock, of_cookies

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
MOODLE = "https://moodle.example.com"
PLATFORM = Platform(7, "Moodle", MOODLE, "client", f"{MOODLE}/auth", f"{MOODLE}/token", f"{MOODLE}/certs", ("1",))


@pytest.mark.parametrize(
    ("apart", "well", "says"),
    [(0, True, "0 s"), (-60, True, "60 s"), (61, False, "61 s ahead of"), (-300, False, "behind")],
)
def test_clocks_may_be_a_minute_apart(apart: int, well: bool, says: str) -> None:
    """As far as a launch may; which of both is ahead is told."""
    found = of_clock("platform 7", NOW + timedelta(seconds=apart), NOW)
    assert (found.well, says in found.text) == (well, True)


def test_a_platform_that_does_not_tell_the_time_is_not_blamed() -> None:
    assert of_clock("platform 7", _moment("no date"), NOW).well is None
    assert _moment("Mon, 30 Nov 2026 09:00:00 GMT") == NOW


def test_what_to_change_is_told_for_each_refusal() -> None:
    """Which service, which client, or which address; every scope has a name."""
    assert set(SERVICES) == set(Scope)
    assert "Grade Services" in mend("invalid_scope", PLATFORM, Scope.SCORE, "K")
    assert "Names and Role" in mend("invalid_scope", PLATFORM, Scope.ROSTER, "K")
    assert "`moodle-connector lti end 7`" in mend("invalid_client", PLATFORM, Scope.SCORE, "K")
    for refused in ("invalid_request", "answered 404"):
        assert "https://tool/keys" in mend(refused, PLATFORM, Scope.RESULT, "https://tool/keys")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (orjson.dumps({"error": "invalid_scope"}), "invalid_scope"),
        (orjson.dumps({"error": "<script>"}), "answered 400"),
        (orjson.dumps({"error": ["invalid_scope"]}), "answered 400"),
        (b"[]", "answered 400"),
        (b"<html>", "answered 400"),
    ],
)
def test_only_words_of_the_standard_are_taken_from_a_refusal(body: bytes, says: str) -> None:
    assert _error(Answer(400, {}, body)) == says


def test_where_browsers_kept_the_cookies_is_told() -> None:
    """Each means with how often; without launches nothing is claimed."""
    assert of_cookies("platform 7", {}).well is None
    found = of_cookies("platform 7", {Kept.WINDOW: 2, Kept.FRAME: 40})
    assert (found.well, "40 in a frame, 2 in a window of its own" in found.text) == (True, True)
    assert set(MEANS) == set(Kept)


def test_without_an_address_nothing_is_launched() -> None:
    """One on this computer is good for trying, and says so."""
    assert of_address("").well is False
    assert of_address("https://tool.example.com").text == "https://tool.example.com"
    assert "on this computer" in of_address("http://127.0.0.1:8080").text
