"""Several Moodles in one installation, over the command line."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.moodle.twin import ServedTwin, serve_twin
from tests.acceptance.house import House


@pytest.fixture
def other() -> Iterator[ServedTwin]:
    with serve_twin() as served:
        served.life.make_course("WELCOME", category="ONBOARDING")
        yield served


@pytest.fixture
def sites(house: House, other: ServedTwin) -> House:
    """Two sites, academy and partners, with the same mapping."""
    for name in ("MOODLE__URL", "MOODLE__TOKEN", "DROP__SETTLE_SECONDS"):
        house.set(f"CONNECTOR_{name}", None)
    text = ""
    for name, twin in (("academy", house.twin), ("partners", other)):
        house.secrets.add(twin.token)
        (house.folder / f"config/{name}_token").write_text(twin.token, "utf-8")
        (house.folder / f"config/{name}").mkdir()
        text += (
            f'[sites.{name}]\nmapping = "mapping"\nmoodle = {{url = "{twin.url}", token_file = "{name}_token"}}\n'
            f'drop = {{folder = "{name}", settle_seconds = 0}}\n'
        )
    (house.folder / "config/connector.toml").write_text(text, "utf-8")
    return house


def test_the_site_is_named_before_the_command(sites: House) -> None:
    """By --site or by CONNECTOR_SITE, of which --site counts; without a name nothing is done."""
    told = sites.call("plan", sites.feed())
    assert (told.status, "say which by --site or CONNECTOR_SITE: academy, partners" in told.plain) == (2, True)
    assert sites.run("--site", "academy", "sync", sites.feed()).status == 0
    assert sites.account("E001")[0]["lastname"] == "Last1"
    assert sites.call("--site", "partners", "apply").status == 2, "there is no plan yet for this one"
    sites.set("CONNECTOR_SITE", "partners")
    assert sites.call("apply").status == 2
    assert sites.call("--site", "academy", "apply").status == 0
    assert sites.call("--site", "nosuch", "hold", "list").status == 2


def test_doctor_examines_every_site(sites: House) -> None:
    """Each by its own settings, or the one that is named; what is wrong with one says with which."""
    sites.edit("connector.toml", 'partners_token"', 'nosuch"')
    done = sites.call("doctor", "--json")
    assert done.status == 2
    bad = {(each["site"], each["what"]) for each in done.json if each["state"] == "bad"}
    assert bad == {("partners", "moodle"), ("academy", "facts"), ("partners", "facts")}, "nor have reports a database"
    good = {(each["site"], each["what"]) for each in done.json if each["state"] == "good"}
    assert good >= {("academy", "moodle"), ("academy", "drop"), ("partners", "drop"), ("", "settings")}
    assert "partners: moodle" in sites.call("doctor").plain
    alone = sites.call("--site", "academy", "doctor", "--json")
    assert {each["site"] for each in alone.json} == {""}
    assert [each["what"] for each in alone.json if each["state"] == "bad"] == ["facts"]
