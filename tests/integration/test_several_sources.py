"""Several sources say things of the same people: each is believed by itself, and people are put together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import pytest
from pydantic import SecretStr

from connector.domain.errors import FeedRefused, SettingsError
from connector.domain.plan import Action
from connector.settings.sources import AccessSettings, FolderSettings, RestSettings, ScimSettings, SourceSettings
from connector.store.migrate import downgrade, upgrade
from tests.support import House, Row, Seen, rows
from tests.unit.test_fetch_rest import serving

pytestmark = pytest.mark.anyio

COMPANY = """
version: 1
sources: [hr, agency, directory]
precedence:
  email: [directory]
  profile:costcentre: [agency, hr]
cohorts:
  - {idnumber: "unit-{unit}", name: "{unit}"}
"""
HR = """
version: 1
source: {name: hr, format: csv}
key: {column: id}
person:
  firstname: {column: first}
  lastname: {column: last}
  email: {column: email}
  unit: {column: unit}
  manager: {column: boss}
  profile:
    costcentre: {column: cost}
"""
AGENCY = """
version: 1
source: {name: agency, format: csv, timezone: Asia/Taipei}
key: {column: no}
person:
  firstname: {column: first}
  lastname: {column: last}
  email: {column: email}
  unit: {value: Agency}
  profile:
    costcentre: {column: cost}
"""
DIRECTORY = """
version: 1
source: {name: directory, format: csv, authoritative: false}
key: {column: employee}
person:
  username: {column: login, transforms: [lower]}
  email: {column: mail}
  city: {column: city, when_empty: clear}
"""
COLUMNS = {
    "hr": ("id", "first", "last", "email", "unit", "boss", "cost"),
    "agency": ("no", "first", "last", "email", "cost"),
    "directory": ("employee", "login", "mail", "city"),
}
KEYS = {"hr": "id", "agency": "no", "directory": "employee"}


@pytest.fixture
def several(house: House) -> House:
    """An installation with three sources."""
    make_several(house)
    return house


def make_several(house: House) -> None:
    for file in house.mapping.iterdir():
        file.unlink()
    (house.mapping / "sources").mkdir()
    (house.mapping / "mapping.yaml").write_text(COMPANY, "utf-8")
    for name, text in (("hr", HR), ("agency", AGENCY), ("directory", DIRECTORY)):
        (house.mapping / "sources" / f"{name}.yaml").write_text(text, "utf-8")
    house.reopen()


def said(source: str, key: str, **more: str) -> Row:
    """A row of a source, empty but for its key and what is given."""
    named = {"first": f"First{key}", "last": f"Last{key}"} if source != "directory" else {"login": key.lower()}
    return {**dict.fromkeys(COLUMNS[source], ""), KEYS[source]: key, **named, **more}


of_hr = partial(said, "hr")
of_agency = partial(said, "agency")
of_directory = partial(said, "directory")


async def tell(house: House, source: str, rows: Iterable[Row]) -> Path:
    """A feed of one source, believed."""
    path = house.file(rows, columns=COLUMNS[source])
    await house.take(path, source)
    return path


async def begin(house: House) -> None:
    """Two people of HR, one of the agency, and the directory that knows all three."""
    await tell(house, "hr", [of_hr("E1", unit="Lab", email="e1@old.test"), of_hr("E2", unit="Lab", boss="E1")])
    await tell(house, "agency", [of_agency("A1", email="a1@agency.test", cost="9")])
    rows = [of_directory(key, mail=f"{key.lower()}@example.test", city="Taipei") for key in ("E1", "E2")]
    await tell(house, "directory", [*rows, of_directory("A1"), of_directory("S1", mail="robot@example.test")])
    applied = await house.sync()
    assert (applied.tally.refused, applied.tally.waiting, house.cases()) == (0, 0, [])


async def test_people_are_put_together(several: House, moodle: Seen) -> None:
    """Each field is that of the first source that says anything, and a service account of the directory is nobody."""
    await begin(several)
    assert moodle.people() == ["A1", "E1", "E2"]
    assert moodle.fields("E1", "username", "email", "city") == ("e1", "e1@example.test", "Taipei")
    assert moodle.fields("A1", "username", "email", "city") == ("a1", "a1@agency.test", "")
    assert moodle.cohorts() == {"unit-Lab": {"E1", "E2"}, "unit-Agency": {"A1"}}
    assert (await several.plan()).size == 0


@pytest.mark.parametrize("first", ["hr", "directory"])
async def test_sources_that_write_a_key_in_another_case_mean_one_person(
    several: House, moodle: Seen, first: str
) -> None:
    """From the first load on, whoever names the person first: each field by its precedence, and nobody twice."""
    feeds = {
        "hr": [of_hr("E1", unit="Lab", email="e1@old.test"), of_hr("E2", unit="Lab", boss="e1")],
        "agency": [of_agency("\u00c9a", last="Old", email="ea@agency.test")],
        "directory": [
            of_directory("e1", mail="e1@example.test", city="Taipei"),
            of_directory("e\u0301A", login="ea", mail="ea@example.test"),
            of_directory("e2", mail="e2@example.test"),
        ],
    }
    for source in sorted(feeds, key=lambda name: name != first):
        await tell(several, source, feeds[source])
    applied = await several.sync()
    assert (applied.tally.refused, applied.tally.waiting, several.cases()) == (0, 0, [])
    assert moodle.people() == ["E1", "E2", "\u00c9a"]
    assert moodle.fields("E1", "username", "email", "city") == ("e1", "e1@example.test", "Taipei")
    for day in range(3):
        several.clock.forward(days=2)
        feeds["directory"][0] = of_directory("e1", mail="e1@example.test", city=f"Town {day // 2}")
        for source, said in feeds.items():
            await tell(several, source, said)
        await several.sync()
    assert (moodle.people(), several.cases(), (await several.plan()).size) == (["E1", "E2", "\u00c9a"], [], 0)
    assert moodle.fields("E1", "city") == ("Town 1",)
    assert not any(moodle.suspended(key) for key in moodle.people())


async def test_what_was_kept_under_another_spelling_is_heard_after_the_migration(
    several: House, moodle: Seen, database_url: str
) -> None:
    """A directory that was read before HR had its word kept apart: it counts with its next feed."""
    await begin(several)
    rows = [of_directory("e1", mail="e1@new.test"), of_directory("E2"), of_directory("A1"), of_directory("S1")]
    await tell(several, "directory", rows)
    several.sql("UPDATE connector.statement SET key = 'e1' WHERE key = 'E1' AND source = 'directory'")
    downgrade(database_url, "0018")
    upgrade(database_url)
    for _ in range(2):
        await tell(several, "directory", rows)
        several.clock.forward(days=2)
    await several.sync()
    assert (moodle.fields("E1", "email"), moodle.people()) == (("e1@new.test",), ["A1", "E1", "E2"])
    found = several.sql("SELECT key FROM connector.statement WHERE source = 'directory' AND NOT gone ORDER BY key")
    assert [one["key"] for one in found] == ["A1", "E1", "E2", "S1"]


async def test_nothing_is_planned_before_all_were_heard(several: House, moodle: Seen) -> None:
    """Half of a company is no company: nobody is put together while a source was never read."""
    await tell(several, "hr", [of_hr("E1", unit="Lab")])
    await tell(several, "agency", [of_agency("A1")])
    with pytest.raises(SettingsError, match="No feed of directory has been read yet"):
        await several.plan()
    assert several.sql("SELECT key FROM connector.person") == []
    await tell(several, "directory", [of_directory("E1", mail="e1@example.test")])
    assert [one["key"] for one in several.sql("SELECT key FROM connector.person")] == ["E1"]
    assert moodle.people() == []


async def test_one_source_changes_one_field(several: House, moodle: Seen) -> None:
    """What the others say stays, and nobody else is touched."""
    await begin(several)
    await tell(several, "hr", [of_hr("E1", unit="Shop", email="new@old.test"), of_hr("E2", unit="Lab", boss="E1")])
    plan = await several.plan()
    assert {subject for _, subject, _ in several.does(plan) if not subject.startswith("unit-")} == {"E1"}
    await several.apply(plan)
    assert moodle.fields("E1", "email", "city") == ("e1@example.test", "Taipei")
    assert moodle.cohorts()["unit-Shop"] == {"E1"}


async def test_somebody_moves_between_two_sources(several: House, moodle: Seen) -> None:
    """From the agency into the company under the same key: one account, never suspended."""
    await begin(several)
    account = moodle.id("A1")
    hr = [of_hr("E1", unit="Lab"), of_hr("E2", unit="Lab", boss="E1")]
    several.edit("sources/agency.yaml", "format: csv,", "format: csv, gates: {min_rows: 0, min_share: 0},")
    await tell(several, "agency", [])
    await tell(several, "hr", [*hr, of_hr("A1", unit="Lab", email="a1@old.test")])
    await several.sync()
    several.clock.forward(hours=25)
    await tell(several, "agency", [])
    plan = await several.plan()
    assert several.does(plan, Action.SUSPEND_ACCOUNT, Action.CREATE_ACCOUNT) == []
    await several.apply(plan)
    assert (moodle.id("A1"), moodle.suspended("A1")) == (account, False)
    assert moodle.cohorts()["unit-Lab"] == {"A1", "E1", "E2"}
    assert several.sql("SELECT source FROM connector.person WHERE key = 'A1'") == [{"source": "hr"}]


@pytest.mark.parametrize("hr_starts", [True, False])
async def test_the_last_day_in_one_source_is_not_that_of_another(
    several: House, moodle: Seen, monkeypatch: pytest.MonkeyPatch, hr_starts: bool
) -> None:
    """The agency names one and goes on listing it; HR names the same person from the day after: no suspension."""
    days = "starts: {column: starts}\n  ends: {column: ends}\n  firstname:"
    for name in ("hr", "agency"):
        several.edit(f"sources/{name}.yaml", "firstname:", days)
        monkeypatch.setitem(COLUMNS, name, (*COLUMNS[name], "starts", "ends"))
    day = several.clock.day
    first, last, next_first = day(-100), day(3), day(4) if hr_starts else ""
    agency = [of_agency("A1", email="a1@agency.test", starts=first, ends=last)]
    await tell(several, "hr", [of_hr("E1", unit="Lab")])
    await tell(several, "agency", agency)
    await tell(several, "directory", [of_directory(key, mail=f"{key.lower()}@example.test") for key in ("E1", "A1")])
    await several.sync()
    taken = await several.take(
        several.file([of_hr("E1", unit="Lab"), of_hr("A1", unit="Lab", starts=next_first)], columns=COLUMNS["hr"]),
        "hr",
    )
    assert taken.rejections == ()
    for _ in range(2):
        await several.sync()
        assert not moodle.suspended("A1")
        several.clock.forward(days=6)
        await tell(several, "agency", agency)


async def test_who_is_gone_from_all_has_left(several: House, moodle: Seen) -> None:
    """By two good feeds a day apart; that the directory forgot somebody first makes nobody nameless."""
    await begin(several)
    several.edit("sources/directory.yaml", "format: csv,", "format: csv, gates: {min_share: 0},")
    await tell(several, "directory", [of_directory("E1", mail="e1@example.test", city="Taipei")])
    several.clock.forward(hours=25)
    await tell(several, "directory", [of_directory("E1", mail="e1@example.test", city="Lyon")])
    plan = await several.plan()
    assert several.does(plan) == [("update_account", "E1", "")]
    hr = [of_hr("E1", unit="Lab")] + [of_hr(f"N{n}") for n in range(9)]
    several.edit("sources/hr.yaml", "format: csv}", "format: csv, gates: {min_share: 0}}")
    await tell(several, "hr", hr)
    assert several.does(await several.plan(), Action.SUSPEND_ACCOUNT) == []
    several.clock.forward(hours=25)
    await tell(several, "hr", hr)
    assert several.does(await several.plan(), Action.SUSPEND_ACCOUNT) == [("suspend_account", "E2", "")]
    await several.sync()
    assert (moodle.suspended("E2"), moodle.suspended("E1")) == (True, False)


async def test_who_is_lacking_something_is_named_and_stays(several: House, moodle: Seen) -> None:
    """A person whom no source gives a username is rejected alone, and an account that is there stays as it is."""
    await begin(several)
    await tell(several, "hr", [of_hr("E1", unit="Lab"), of_hr("E2", unit="Lab", boss="E1"), of_hr("E3")])
    path = several.file([of_hr("E1", unit="Lab"), of_hr("E2", unit="Lab"), of_hr("E4")], columns=COLUMNS["hr"])
    taken = await several.take(path, "hr")
    found = [(one.line, one.key, one.field) for one in taken.rejections]
    assert found == [(4, "E4", "email"), (4, "E4", "username")]
    assert taken.totals.rejected == 1
    await several.sync()
    assert moodle.people() == ["A1", "E1", "E2"]


async def test_a_bad_feed_of_one_source_hides_nobody(several: House, moodle: Seen) -> None:
    """A feed of the agency that is cut off is refused by its own gates; the company's people do not notice."""
    await begin(several)
    many = [of_agency(f"B{n}") for n in range(20)]
    await tell(several, "agency", [of_agency("A1", email="a1@agency.test"), *many])
    for short in (many[:3], []):
        with pytest.raises(FeedRefused):
            await tell(several, "agency", short)
    assert several.does(await several.plan(), Action.SUSPEND_ACCOUNT) == []


async def failing(house: House, places: dict[str, SourceSettings]) -> Mapping[str, object]:
    """A run in which HR delivers and another source is of no use; gives what to log of it."""
    inbox = house.folder / "inbox"
    inbox.mkdir()
    path = house.file([of_hr("E1", unit="Shop"), of_hr("E2", unit="Lab", boss="E1")], columns=COLUMNS["hr"])
    path.rename(inbox / path.name)
    places = {"hr": FolderSettings(folder=inbox, settle_seconds=0), **places}
    house.settings = house.settings.model_copy(update={"sources": places})
    house.reopen()
    async with house.way() as way:
        return await way.sync()


@pytest.mark.parametrize("status", [302, 404])
async def test_a_source_that_answers_nonsense_keeps_no_other(several: House, moodle: Seen, status: int) -> None:
    """What the others say is carried out, and the run tells of it at its end."""
    await begin(several)
    with serving(lambda *_: (status, {}, b"")) as api:
        place = RestSettings(
            kind="rest",
            url=f"{api.url}/people",
            allowed=frozenset({"127.0.0.1"}),
            spool=several.folder / "spool",
            access=AccessSettings(kind="api_key", secret=SecretStr("k")),
        )
        came = await failing(several, {"agency": place})
    assert came["failed"] == "SettingsError"
    assert re.search(rf"^source agency: rest: .*/people: .*\(status {status}\)", str(came["message"]))
    assert moodle.cohorts()["unit-Shop"] == {"E1"}


async def test_a_source_that_is_set_up_wrongly_keeps_no_other(several: House, moodle: Seen) -> None:
    """A folder that is not there, and a client that nobody made: of each the run tells at its end."""
    await begin(several)
    nowhere = FolderSettings(folder=several.folder / "nowhere")
    came = await failing(several, {"agency": nowhere, "directory": ScimSettings(kind="scim")})
    assert came["failed"] == "SettingsError"
    assert str(came["message"]).startswith("source agency: drop folder ")
    assert "there is none" in str(came["message"])
    assert "\nThere is no SCIM client directory: " in str(came["message"])
    assert moodle.cohorts()["unit-Shop"] == {"E1"}


async def test_what_fails_of_one_source_is_told_and_the_rest_is_done(several: House, moodle: Seen) -> None:
    """The job ends with what it did and with what failed: no error of all, for which everything would pause."""
    await begin(several)
    folders = {name: several.folder / name for name in COLUMNS}
    for folder in folders.values():
        folder.mkdir()
    several.settings = several.settings.model_copy(
        update={"sources": {name: FolderSettings(folder=folder, settle_seconds=0) for name, folder in folders.items()}}
    )
    several.reopen()
    several.file([of_hr("E1", unit="Lab"), of_hr("E2", unit="Office", boss="E1")], columns=COLUMNS["hr"]).rename(
        folders["hr"] / "hr.csv"
    )
    (folders["directory"] / "directory.csv").write_text("employee,wrong\nE1,x\n", "utf-8")
    async with several.way() as way:
        came = await way.sync()
    assert (came["failed"], came["feeds"]) == ("FeedRefused", ["hr.csv"])
    assert "a needed column is missing" in str(came["message"])
    assert moodle.cohort("unit-Office") == {"E2"}


async def test_a_source_that_comes_later_takes_nothing_away(house: House, moodle: Seen) -> None:
    """One source becomes three: until the new ones were heard of the people stay as they were."""
    await house.settled_in(rows(3))
    make_several(house)
    before = house.sql("SELECT key, wanted FROM connector.person ORDER BY key")
    await tell(house, "hr", [of_hr(f"E000{n}", unit="Office") for n in (1, 2, 3)])
    assert house.sql("SELECT key, wanted FROM connector.person ORDER BY key") == before
    with pytest.raises(SettingsError, match="No feed of agency, directory"):
        await house.plan()
    await tell(house, "agency", [of_agency("A1", email="a1@agency.test")])
    rows_of = [of_directory(f"E000{n}", mail=f"e000{n}@example.test") for n in (1, 2, 3)]
    await tell(house, "directory", rows_of)
    plan = await house.plan()
    assert house.does(plan, Action.SUSPEND_ACCOUNT, Action.CREATE_ACCOUNT) == []
    assert moodle.people() == ["E0001", "E0002", "E0003"]


async def test_a_source_that_is_dropped_says_nothing_any_more(several: House) -> None:
    """What only it said goes with it, and whom only it named has left."""
    await begin(several)
    several.edit("mapping.yaml", "sources: [hr, agency, directory]", "sources: [hr, directory]")
    (several.mapping / "mapping.yaml").write_text(
        (several.mapping / "mapping.yaml").read_text("utf-8").replace("[agency, hr]", "[hr]"), "utf-8"
    )
    several.reopen()
    await tell(several, "hr", [of_hr("E1", unit="Lab"), of_hr("E2", unit="Lab", boss="E1")])
    assert several.does(await several.plan(), Action.SUSPEND_ACCOUNT) == [("suspend_account", "A1", "")]
