"""The way on for browsers that keep nothing in a frame."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.domain.lti import Platform
from connector.lti.own_window import own_window

MOODLE = "https://moodle.example.com/lms"
PLATFORM = Platform(
    7, "Moodle", MOODLE, "client", f"{MOODLE}/mod/lti/auth.php", f"{MOODLE}/token", f"{MOODLE}/certs", ("1",)
)


def test_it_leads_to_the_activity_at_the_platform() -> None:
    """As Moodle 4.5 and 5.1 write their hints, and where Moodle is below a path."""
    hint = '{"cmid":42,"launchid":"ltilaunch7_1804289383"}'
    assert own_window(PLATFORM, hint) == f"{MOODLE}/mod/lti/launch.php?id=42"


@pytest.mark.parametrize(
    "hint",
    [
        "", "opaque", '{"launchid":"ltilaunch_ContentItemSelectionRequest1"}', "42", "[42]", "null", "[" * 2000,
        '{"cmid":"42"}', '{"cmid":"//evil.example"}', '{"cmid":true}', '{"cmid":4.2}', '{"cmid":-1}', '{"cmid":0}',
        '{"cmid":[42]}', f'{{"cmid":{2**63}}}', '{"cmid":' + "9" * 1900 + "}",
    ],
)  # fmt: skip
def test_another_hint_leads_nowhere(hint: str) -> None:
    """The hint is the platform's own, and anybody can begin a login with any: only a number is taken from it."""
    assert own_window(PLATFORM, hint) == ""


def test_of_another_platform_than_moodle_no_address_is_guessed() -> None:
    other = replace(PLATFORM, authorization_url="https://lms.example.com/authorize")
    assert own_window(other, '{"cmid":42}') == ""
