"""What the doctor says of sign-in, profile fields and deleting: what Moodle tells, and what it does not tell."""

from __future__ import annotations

import pytest

from adapters.moodle.readers.kinds import PEOPLE
from connector.doctor import Finding, examine
from tests.support import House, row

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("twin", ["5.1"], indirect=True)]

PROFILE = """  profile:
    jobgrade: {column: grade, when_empty: clear}
    costcentre: {column: cost, compare: false}
"""


async def finding(house: House, what: str, more: str = "") -> Finding:
    """In a process of its own."""
    file = house.folder / "connector.toml"
    file.write_text(
        f'database_url = "{house.settings.database_url.get_secret_value()}"\nmapping = "{house.mapping}"\n'
        f'[moodle]\nurl = "{house.twin.url}"\ntoken = "{house.twin.token}"\n{more}'
    )
    house.close()
    found = await examine(file)
    house.reopen()
    return next(one for one in found if one.what == what)


async def test_a_method_with_a_button_is_seen(house: House) -> None:
    """OAuth 2 shows itself on the login page; LDAP shows nothing, and the doctor says so instead of guessing."""
    assert (await finding(house, "sign-in")).state == "none", "nobody was read yet"
    await house.take([row("E1"), row("E2", auth="ldap"), row("E3", auth="manual")])
    found = await finding(house, "sign-in")
    assert (found.state, found.text) == (
        "good",
        "manual, oauth2: enabled; whether ldap is enabled, Moodle does not tell; look under Authentication",
    )


async def test_oauth2_without_a_provider_is_bad(house: House) -> None:
    """Nobody could sign in."""
    await house.take([row("E1")])
    house.twin.state.identity_providers = ()
    found = await finding(house, "sign-in")
    assert (found.state, found.exit_status) == ("bad", 1)
    assert "Enable OAuth 2" in found.text
    house.twin.state.identity_providers = ("saml2",)
    await house.take([row("E1", auth="saml2"), row("E2", status="left")])
    assert (await finding(house, "sign-in")).text == "saml2: enabled"


async def test_a_token_that_may_not_ask_is_told(house: House) -> None:
    """The function is named; where all sign in by Moodle's own passwords nothing has to be asked."""
    house.twin.state.lacking.add("tool_mobile_get_public_config")
    await house.take([row("E1")])
    found = await finding(house, "sign-in")
    assert found.state == "none"
    assert "tool_mobile_get_public_config" in found.text
    await house.take([row("E1", auth="manual")])
    assert (await finding(house, "sign-in")).text == "manual: enabled"


async def test_deleting_needs_its_function(house: House) -> None:
    """Said before the first plan is approved in vain."""
    assert (await finding(house, "leavers")).state == "none"
    assert (await finding(house, "leavers", "[leavers]\ndelete_days = 900\n")).state == "good"
    house.twin.state.lacking.add("core_user_delete_users")
    found = await finding(house, "leavers", "[leavers]\ndelete_days = 900\n")
    assert (found.state, found.exit_status) == ("bad", 1)
    assert "core_user_delete_users" in found.text


async def test_profile_fields_that_moodle_lacks_are_named(house: House) -> None:
    """Before the first change of one is refused; the report of people need not be set up yet."""
    house.twin.life.make_report(PEOPLE.name("connector"), PEOPLE.source)
    house.twin.state.profile_fields = ("JobGrade", "costcentre")
    found = await finding(house, "profile fields")
    assert (found.state, found.text.partition(";")[0]) == ("good", "costcentre, jobgrade: there"), "capitals not told"
    house.twin.state.profile_fields = ("costcentre", "shoesize")
    found = await finding(house, "profile fields")
    assert (found.state, found.exit_status) == ("bad", 1)
    assert "no custom profile field with the short name jobgrade:" in found.text
    assert "Make it under Site administration, Users, User profile fields, or take it out of the mapping" in found.text


async def test_without_a_report_profile_fields_are_not_guessed(house: House) -> None:
    """Plain functions show of a person only the fields that have a value, so nothing is said to be missing."""
    house.twin.state.profile_fields = ()
    found = await finding(house, "profile fields")
    assert found.state == "none"
    assert "whether Moodle has costcentre, jobgrade, only its plugin or its report" in found.text
    house.twin.life.make_report(PEOPLE.name("connector"), PEOPLE.source)
    house.twin.state.edits_reports = False
    assert (await finding(house, "profile fields")).state == "none", "nor by a token that may not see the report"
    house.twin.state.edits_reports = True
    assert (await finding(house, "profile fields")).state == "bad"
    house.edit("mapping.yaml", PROFILE, "")
    assert (await finding(house, "profile fields")).text == "the mapping writes none"
