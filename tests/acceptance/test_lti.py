"""Content that Moodle launches, as an administrator sets it up."""

from __future__ import annotations

from tests.acceptance.house import House


def test_the_doctor_says_what_is_still_to_do(house: House) -> None:
    """No address and no key: both are named with the way out, and the command fails; then it is well."""
    house.set("CONNECTOR_LTI__SECRET", "a secret of at least thirty-two letters")
    done = house.call("lti", "doctor")
    assert done.status == 1
    assert "Set CONNECTOR_LTI__URL" in done.plain
    assert "`moodle-connector lti keys rotate` makes one now" in done.plain
    house.set("CONNECTOR_LTI__URL", "https://connector.example.com")
    assert house.call("lti", "keys", "rotate", "--by", "tester").status == 0
    done = house.call("lti", "doctor", "--json")
    assert done.status == 0, done.all
    assert {one["what"]: one["state"] for one in done.json} == {
        "address": "good",
        "signing key": "good",
        "platforms": "none",
    }
