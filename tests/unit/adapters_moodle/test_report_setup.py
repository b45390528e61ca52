"""The reports are set up by token, whatever state an administrator has left them in; and what is said where not."""

from __future__ import annotations

import pytest

from adapters.moodle.client import MoodleClient
from adapters.moodle.functions import FOR_REPORTS
from adapters.moodle.readers import choose, setup
from adapters.moodle.readers.kinds import KINDS, PARTICIPANTS, PEOPLE, Kind
from adapters.moodle.site import MoodleSite
from adapters.moodle.twin import ServedTwin
from connector.domain.errors import AccessRefused, SettingsError

pytestmark = pytest.mark.anyio
VERSIONS = pytest.mark.parametrize("twin", ["4.5", "5.1"], indirect=True)
MADE = [kind for kind in KINDS if kind.key != "certificates"]


def make(twin: ServedTwin, kinds: list[Kind] = MADE, *, defaults: bool = False) -> dict[str, int]:
    """As an administrator does; gives ids by key."""
    return {kind.key: twin.life.make_report(kind.name("connector"), kind.source, defaults=defaults) for kind in kinds}


async def looked(client: MoodleClient, site: MoodleSite) -> setup.Looked:
    return await setup.look(client, await site.site_info(), "connector")


@VERSIONS
@pytest.mark.parametrize("defaults", [False, True])
async def test_reports_are_set_up(twin: ServedTwin, client: MoodleClient, site: MoodleSite, defaults: bool) -> None:
    """Empty ones, and ones with Moodle's default columns and conditions, are right afterwards; twice is no change."""
    make(twin, defaults=defaults)
    assert (await looked(client, site)).faults != []
    assert len(await choose.set_up_reports(site)) == 3
    found = await looked(client, site)
    assert (found.faults, found.notes) == ([], [])
    assert sorted(found.reports()) == ["badges", "participants", "people"]
    calls = twin.state.calls.copy()
    assert await choose.set_up_reports(site) == []
    assert {name for name in twin.state.calls if twin.state.calls[name] > calls[name]} <= {
        "core_reportbuilder_list_reports", "core_reportbuilder_reports_get",
    }  # fmt: skip


@VERSIONS
async def test_what_somebody_changed_is_put_right(twin: ServedTwin, client: MoodleClient, site: MoodleSite) -> None:
    """A column moved, one added, a filter taken out, the sorting turned: each is noticed and mended."""
    ids = make(twin)
    await choose.set_up_reports(site)
    people, participants = twin.state.reports[ids["people"]], twin.state.reports[ids["participants"]]

    def move() -> None:
        people.columns.insert(3, people.columns.pop())

    async def add() -> None:
        await client.call(
            "core_reportbuilder_columns_add", {"reportid": people.id, "uniqueidentifier": "user:confirmed"}
        )

    def turn() -> None:
        participants.columns[0].direction = 3

    def swap() -> None:
        first, second = participants.columns[0], participants.columns[2]
        first.sortorder, second.sortorder = second.sortorder, first.sortorder

    for spoil, words in (
        (move, "other columns"), (add, "other columns"), (turn, "not sorted"), (swap, "not sorted"),
        (participants.filters.pop, "lacks the filters"),
    ):  # fmt: skip
        if (waiting := spoil()) is not None and hasattr(waiting, "__await__"):
            await waiting
        [fault] = (await looked(client, site)).faults
        assert words in fault
        assert "doctor --fix" in fault
        assert len(await choose.set_up_reports(site)) == 1
        assert (await looked(client, site)).faults == []


async def test_without_reports_somebody_is_told_to_make_them(site: MoodleSite) -> None:
    """Plain functions read, and the sentence names both reports with their sources."""
    chosen = await choose.choose(site)
    assert chosen.reader(site).name == "plain"
    remark, _ = chosen.remarks
    for words in ('"connector people" with the source "Users"', '"connector participants"', "default setup", "--fix"):
        assert words in remark
    with pytest.raises(SettingsError, match="connector participants"):
        await choose.choose(site, "reports")
    assert (await choose.choose(site, "plain")).remarks == ()


async def test_functions_that_the_token_lacks_are_named(twin: ServedTwin, site: MoodleSite) -> None:
    """Reading needs some, setting up needs more."""
    make(twin)
    twin.state.lacking |= {"core_reportbuilder_columns_add"}
    with pytest.raises(AccessRefused, match="may not call core_reportbuilder_columns_add"):
        await choose.set_up_reports(site)
    twin.state.lacking |= FOR_REPORTS
    fresh = MoodleSite(site.client)
    remark, _ = (await choose.choose(fresh)).remarks
    assert "core_reportbuilder_retrieve_report" in remark
    assert "core_reportbuilder_columns_add" not in remark


async def test_a_token_that_may_not_edit_reads_plainly(twin: ServedTwin, site: MoodleSite) -> None:
    """What a report holds back cannot be seen without moodle/reportbuilder:editall, so it is not read at all."""
    make(twin)
    await choose.set_up_reports(site)
    twin.state.edits_reports = False
    chosen = await choose.choose(site)
    assert chosen.reports == {}
    assert "moodle/reportbuilder:editall" in chosen.remarks[0]


async def test_a_site_that_forces_a_time_zone_is_read_plainly(twin: ServedTwin, site: MoodleSite) -> None:
    """Its reports would tell times that are wrong by hours."""
    make(twin)
    await choose.set_up_reports(site)
    twin.state.forced_zone = "Asia/Taipei"
    chosen = await choose.choose(site)
    assert chosen.reports == {}
    assert "Force timezone" in chosen.remarks[0]


async def test_the_account_speaks_english_in_utc(twin: ServedTwin, site: MoodleSite) -> None:
    """Language and time zone of the service account are set once, and then left alone."""
    make(twin)
    await choose.set_up_reports(site)
    twin.state.users[twin.state.me].fields |= {"lang": "fr", "timezone": "Europe/Paris"}
    assert (await choose.choose(site)).reports != {}
    fields = twin.state.users[twin.state.me].fields
    assert (fields["lang"], fields["timezone"]) == ("en", "UTC")
    await choose.choose(site)
    assert twin.state.calls["core_user_update_users"] == 1


async def test_ambiguous_and_foreign_names_are_refused(twin: ServedTwin, site: MoodleSite) -> None:
    """Two reports of one name, or one over another source, are for a person to settle."""
    make(twin, [PEOPLE])
    twin.life.make_report("connector participants", PEOPLE.source)
    assert 'another source than "Course participants"' in (await choose.choose(site)).remarks[0]
    make(twin, [PEOPLE, PARTICIPANTS])
    assert 'has 2 reports with the name "connector people"' in (await choose.choose(site)).remarks[0]


@VERSIONS
async def test_profile_fields_are_told_by_the_report_of_people(twin: ServedTwin, site: MoodleSite) -> None:
    """All of them, in lower case as both real Moodles do it, however the report is set up; without it nothing is."""
    twin.state.profile_fields = ("JobGrade", "birth_date")
    make(twin, [PARTICIPANTS])
    assert await choose.profile_fields(site) is None
    make(twin, [PEOPLE], defaults=True)
    assert await choose.profile_fields(site) == {"jobgrade", "birth_date"}


async def test_a_new_profile_field_is_noted_and_added(
    twin: ServedTwin, client: MoodleClient, site: MoodleSite
) -> None:
    """Reading goes on without it; the doctor says what adds it."""
    make(twin)
    await choose.set_up_reports(site)
    people = next(r for r in twin.state.reports.values() if r.name == "connector people")
    extra = [column for column in people.columns if column.identifier.startswith("user:profilefield_")]
    if not extra:
        pytest.fail("the twin has no custom profile field")
    people.columns.remove(extra[-1])
    found = await looked(client, site)
    assert found.faults == []
    assert extra[-1].identifier in found.notes[0]
    assert "people" in found.reports()
    await choose.set_up_reports(site)
    assert (await looked(client, site)).notes == []
