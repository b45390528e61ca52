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


def test_a_deployment_more_may_launch_until_that_is_taken_back(house: House) -> None:
    house.set("CONNECTOR_LTI__URL", "https://connector.example.com")
    house.set("CONNECTOR_LTI__SECRET", "a secret of at least thirty-two letters")
    by, moodle = ("--by", "tester"), ("--issuer", "https://moodle.example.com", "--client", "C", "--deployment", "1")
    assert house.call("lti", "register", *moodle, *by).status == 0

    def deployments() -> list[str]:
        [platform] = house.call("lti", "platforms", "--json").json
        return list(platform["deployments"])

    assert "1 launches from 2 too." in house.call("lti", "allow", "1", "2", *by).plain
    assert deployments() == ["1", "2"]
    assert "1 launches from 1 no more." in house.call("lti", "allow", "1", "1", "--remove", *by).plain
    assert deployments() == ["2"]
    done = house.call("lti", "allow", "1", "1", "--remove", *by)
    assert (done.status, "`moodle-connector lti platforms` shows all" in done.plain) == (2, True)
