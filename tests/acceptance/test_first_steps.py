"""The first steps of a new user: init, doctor, mapping, and what a mistyped command gets."""

from __future__ import annotations

import json
import os
import re
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connector.cli import setup
from mappings.companies.sample import SampleCompany
from mappings.companies.samples import SAMPLES
from mappings.systems import names as systems
from tests.acceptance.house import COMMAND, House, people


def test_init_then_doctor_then_sync(house: House) -> None:
    """What init writes is a whole installation once Moodle is named; its example feed can be read."""
    folder = house.folder / "new"
    done = house.run("init", folder)
    assert done.status == 0
    settings = folder / "config/connector.toml"
    assert f"moodle-connector doctor --config {settings}" in done.plain
    found = house.call("doctor", "--config", settings, "--json")
    assert found.status == 0, found.all
    assert {each["what"]: each["state"] for each in found.json} == {
        "package": "good", "settings": "good", "database": "good", "facts": "none", "mapping": "good", "drop": "good",
        "moodle": "good", "reports": "none", "writing": "good", "courses": "good", "notices": "none",
        "learners": "none", "cohort sync": "none", "profile fields": "none", "sign-in": "none",
        "linked logins": "none", "leavers": "none", "certificates": "none", "exports": "none",
        "scores": "none", "video": "none", "hints": "none",
    }  # fmt: skip
    example = folder / "config/feeds/people.csv.example"
    assert house.call("--config", settings, "sync", example).status == 0
    assert house.account("E001")[0]["lastname"] == "Okafor"


@pytest.mark.parametrize("company", SAMPLES.values(), ids=SAMPLES)
def test_init_from_a_sample_company(house: House, company: SampleCompany[Any]) -> None:
    """Its mapping has no mistakes, and the example feed beside it becomes a plan."""
    folder = house.folder / "new"
    done = house.call("init", folder, "--company", company.name, "--json")
    assert done.status == 0, done.all
    settings = folder / "config/connector.toml"
    assert house.call("mapping", "check", "--config", settings).status == 0
    assert not list((folder / "config/mapping").glob("*.py")) + list((folder / "config/mapping").glob("courses*"))
    example = Path(done.json["example"])
    assert example.name == f"{company.files[0]}.example"
    planned = house.call("plan", example, "--config", settings, "--json")
    assert planned.status == 0, planned.all
    assert planned.json["feed"]["totals"]["rows"] == 100
    assert planned.json["plan"]["counts"]["create_account"] == 100


@pytest.mark.parametrize("system", systems())
def test_init_from_a_ready_mapping(house: House, system: str) -> None:
    """Its mapping has no mistakes, and the example of what the system delivers becomes a plan."""
    folder = house.folder / "new"
    done = house.call("init", folder, "--system", system, "--json")
    assert done.status == 0, done.all
    settings = folder / "config/connector.toml"
    assert [path.name for path in (folder / "config/mapping").iterdir()] == ["mapping.yaml"]
    planned = house.call("plan", done.json["example"], "--config", settings, "--json")
    assert planned.status == 0, planned.all
    assert planned.json["plan"]["counts"]["create_account"] == 2


def test_init_overwrites_nothing(house: House) -> None:
    """A second init says what is there already and leaves it as it is."""
    before = (house.folder / "config/connector.toml").read_text("utf-8")
    (house.folder / "config/mapping/mapping.yaml").write_text("mine", "utf-8")
    assert house.call("init").status == 2
    assert (house.folder / "config/connector.toml").read_text("utf-8") == before
    assert (house.folder / "config/mapping/mapping.yaml").read_text("utf-8") == "mine"


def test_init_where_nothing_can_be_written_says_so(house: House) -> None:
    """A file in the place of a folder: one sentence, status 2."""
    (house.folder / "file").write_text("", "utf-8")
    done = house.call("init", "file", "--json")
    assert done.status == 2
    assert "file: cannot be written to" in done.json["error"]["message"]


def test_doctor_without_settings_checks_package_and_database(
    house: House, server_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a machine where nothing is set up the embedded database starts, and all is well."""
    for name in ("CONNECTOR_DATABASE_URL", "CONNECTOR_MOODLE__URL", "CONNECTOR_MOODLE__TOKEN"):
        house.set(name, None)
    house.set("CONNECTOR_DROP__SETTLE_SECONDS", None)
    house.set("CONNECTOR_DATA_DIR", str(server_folder / "postgres"))
    house.folder = tmp_path / "elsewhere"
    house.folder.mkdir()
    done = house.run("doctor")
    assert done.status == 0, done.all
    assert "(embedded)" in done.out
    assert "not set up" in done.out
    assert not (server_folder / "postgres/cluster/postmaster.pid").exists(), "the server has been stopped"


def test_doctor_says_what_to_do_for_each_failure(house: House) -> None:
    """No token, and a course that is not there: both are named with the way out, and no failure twice."""
    house.set("CONNECTOR_MOODLE__TOKEN", " ")
    done = house.call("doctor")
    assert done.status == 2
    assert done.plain.count("there is no token. Set CONNECTOR_MOODLE__TOKEN") == 1
    house.set("CONNECTOR_MOODLE__TOKEN", house.twin.token)
    house.edit("mapping/paths.yaml", "[WELCOME]", "[WELCOME, NOSUCH]")
    done = house.call("doctor")
    assert done.status == 1
    assert "Moodle has no course with the idnumber or shortname NOSUCH" in done.plain


def test_doctor_says_whether_learners_can_be_told(house: House) -> None:
    """Without the function in the token's service nobody is, and it is named; the command that tells says so too."""
    assert house.call("notice", "learners").status == 2, "nobody wishes it"
    house.set("CONNECTOR_NOTICES__LEARNERS", "moodle")
    assert "told their due dates by messages" in house.call("doctor").plain
    assert house.call("sync", house.feed(people(8))).status == 0
    assert house.call("sync", house.feed(people(9))).status == 0
    house.twin.state.lacking.add("core_message_send_instant_messages")
    done = house.call("doctor")
    assert (done.status, "may not call core_message_send_instant_messages" in done.plain) == (1, True)
    done = house.call("notice", "learners")
    assert (done.status, "core_message_send_instant_messages" in done.plain) == (2, True)
    house.twin.state.lacking.clear()
    assert house.call("notice", "learners", "--json").json == {"over": 0, "refused": 0, "told": 1}
    assert len(house.twin.state.messages) == 1


def test_doctor_says_whether_newcomers_can_be_welcomed(house: House) -> None:
    """Not without a mail server, which is named; the command says so too."""
    assert house.call("notice", "welcome").status == 2, "nobody wishes it"
    house.set("CONNECTOR_NOTICES__WELCOME", "true")
    for command in (("doctor",), ("notice", "welcome")):
        done = house.call(*command)
        assert (done.status, "notices.mail: host and sender are needed" in done.all) == (2, True)
    house.set("CONNECTOR_NOTICES__MAIL__HOST", "127.0.0.1")
    house.set("CONNECTOR_NOTICES__MAIL__SENDER", "learning@example.com")
    assert "newcomers are welcomed by mail; the first load excepted" in house.call("doctor").plain
    done = house.call("notice", "welcome", "--json")
    assert done.json == {"later": 0, "over": 0, "refused": 0, "told": 0}


def facts_of(house: House) -> tuple[int, str, str]:
    """What the doctor says of the facts: its exit status, the state and the sentence."""
    done = house.call("doctor", "--json")
    [found] = [each for each in done.json if each["what"] == "facts"]
    return done.status, found["state"], found["text"]


def test_doctor_examines_the_facts(house: House) -> None:
    """Nothing before the first mirror; then whether they agree, and what does not, in words and with its number."""
    house.drop()
    assert house.call("sync").status == 0
    assert facts_of(house) == (0, "none", "nothing has been mirrored yet")
    assert house.call("mirror").status == 0
    status, state, text = facts_of(house)
    assert (status, state) == (0, "good"), text
    told = re.fullmatch(r"Moodle was last read at (.+) UTC, and the facts agree with each other", text)
    assert told is not None, text
    age = datetime.now(UTC) - datetime.strptime(told[1], "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    assert age < timedelta(minutes=10), "and not when changes are read again from"
    with psycopg.connect(os.environ["CONNECTOR_DATABASE_URL"]) as connection:
        enrolled = connection.execute("UPDATE facts.fact_enrolment SET person_id = 4711").rowcount
        connection.execute("UPDATE facts.summary_compliance SET assigned = assigned + 1 WHERE unit = ''")
    status, state, text = facts_of(house)
    assert (status, state) == (1, "bad")
    assert f"(enrolments of nobody known: {enrolled}; sums of compliance that differ from a count: " in text
    assert "moodle-connector reconcile" in text


def test_doctor_names_a_database_of_reports_that_is_away(house: House) -> None:
    """The connector's own is well, and is not suspected."""
    house.set("CONNECTOR_REPORTING__URL", "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=1")
    done = house.call("doctor", "--json")
    assert done.status == 1
    bad = {each["what"]: each["text"] for each in done.json if each["state"] == "bad"}
    assert "Check CONNECTOR_REPORTING__URL and the server" in bad["facts"]
    assert "CONNECTOR_DATABASE_URL" not in str(bad)


def test_doctor_sets_up_reports_that_an_administrator_made(house: House) -> None:
    """Without reports it says where to make them; with --fix they are set up once, and Moodle is read by them."""
    done = house.call("doctor")
    assert done.status == 0
    assert 'make a new report "connector people" with the source "Users"' in done.plain
    for name, source in (
        ("people", r"core_user\reportbuilder\datasource\users"),
        ("participants", r"core_course\reportbuilder\datasource\participants"),
    ):
        house.twin.life.make_report(f"connector {name}", source, defaults=True)
    done = house.call("doctor")
    assert 'The report "connector people" has conditions' in done.plain
    fixed = house.call("doctor", "--fix", "--json")
    [told] = [each for each in fixed.json if each["what"] == "reports"]
    assert told["state"] == "good"
    assert 'The report "connector participants" was set up.' in told["text"]
    assert 'Moodle is read by its reports "connector people", "connector participants".' in told["text"]
    assert "was set up" not in house.call("doctor", "--fix").plain
    house.set("CONNECTOR_MOODLE__READER", "plain")
    assert "Moodle is read by plain functions" in house.call("doctor").plain


def test_doctor_fails_where_reports_are_demanded_and_missing(house: House) -> None:
    """Who sets moodle.reader to reports is told that there are none, with the status of wrong settings."""
    house.set("CONNECTOR_MOODLE__READER", "reports")
    done = house.call("doctor", "--json")
    assert done.status == 2
    assert [each["what"] for each in done.json if each["state"] == "bad"] == ["reports"]


def test_mapping_check_and_try_show_what_a_row_becomes(house: House) -> None:
    """Fields, rules and grants of one row; nothing is written, no Moodle is asked."""
    checked = house.run("mapping", "check", "--json")
    assert (checked.status, checked.json["sources"]) == (0, ["hr"])
    before = house.moodle()
    shown = house.run("mapping", "try", house.feed(), "--row", "5", "--json")
    assert shown.status == 0
    fields = {field["field"]: field["value"] for field in shown.json["fields"]}
    assert (fields["key"], fields["email"]) == ("E005", "person5@example.com")
    assert {grant["kind"] for grant in shown.json["grants"]} == {"assignment", "cohort", "enrolment"}
    assert house.moodle() == before
    by_line = house.call("mapping", "try", house.folder / "people.csv", "--line", "6")
    assert "person5@example.com" in by_line.out


def test_mapping_try_shows_why_a_row_is_rejected(house: House) -> None:
    """The workbench shows the value, because its user has the file; the reason stands beside it."""
    done = house.call("mapping", "try", house.feed(people(email="nonsense")), "--row", "5")
    assert done.status == 0
    assert "line 6: email: column email is not a valid e-mail address" in done.plain
    assert house.call("mapping", "try", house.folder / "people.csv", "--row", "99").status == 2
    assert house.call("mapping", "try", house.folder / "people.csv", "--line", "1").status == 2


WRONG = [
    ["nonsense"],
    ["plan", "--nonsense"],
    ["plan", "--show", "-1"],
    ["plan", "--source", "other"],
    ["apply", "abcdef012345"],
    ["mapping", "try"],
    ["mapping", "try", "people.csv", "--row", "0"],
    ["hold", "approve", "--by", "me"],
    ["hold", "approve", "abc", "--by", "me"],
    ["hold", "approve", "abcdef0123", "--by", " "],
    ["hold", "approve", "abcdef0123", "--by", "me"],
    ["hold", "reject", "abcdef0123", "--by", "me"],
    ["hold", "approve", "abcdef0123", "--by", "me", "--class", "nonsense"],
    ["case", "settle", "1", "--by", "me"],
    ["case", "settle", "1", "--by", "me", "--ignore"],
    ["case", "settle", "one", "--by", "me", "--ignore"],
    ["db", "downgrade", "nonsense"],
    ["demo", "--people", "1"],
    ["demo", "--company", "nobody"],
    ["init", "new", "--company", "starter"],
    ["init", "new", "--system", "personio"],
    ["init", "new", "--system", "workday_raas", "--company", "tw_gas"],
]


@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_a_wrong_option_ends_with_2_and_one_sentence(settled: House, arguments: list[str]) -> None:
    """For people on standard error, for scripts as one JSON document with type, message and exit status."""
    plain = settled.call(*arguments)
    assert plain.status == 2, plain.all
    assert plain.out == ""
    assert len(plain.err.strip()) > 10
    told = settled.call(*arguments, "--json")
    assert told.status == 2
    assert set(told.json) == {"error"}
    assert set(told.json["error"]) == {"type", "message", "exit_status"}
    assert told.json["error"]["exit_status"] == 2
    assert " ".join(told.json["error"]["message"].split()) in told.plain


def test_the_command_alone_shows_help(house: House) -> None:
    """Every command has a line of help."""
    done = house.run()
    assert done.status == 2
    for name in (
        "demo",
        "init",
        "doctor",
        "mapping",
        "plan",
        "apply",
        "sync",
        "hold",
        "case",
        "mirror",
        "report",
        "db",
    ):
        assert name in done.out
        assert house.call(name, "--help").status == 0


@pytest.mark.parametrize("debug", [False, True])
def test_an_error_that_nobody_foresaw_is_one_sentence(
    house: House, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], debug: bool
) -> None:
    """Its type and how to see more; its text, which can hold anything, only where it is asked for."""

    async def broken(*_: object) -> None:
        raise RuntimeError("Wang Xiaoming, born 1990-01-01")

    monkeypatch.setattr(setup, "examine", broken)
    if debug:
        monkeypatch.setenv("CONNECTOR_DEBUG", "1")
        monkeypatch.setattr(house, "_checked", lambda done: done)
    done = house.call("doctor", "--json")
    assert done.status == 1
    assert json.loads(done.out)["error"]["type"] == "RuntimeError"
    assert "An error that nobody foresaw (RuntimeError)" in done.err
    assert "CONNECTOR_DEBUG=1" in done.err
    assert ("Traceback" in done.err and "Xiaoming" in done.err) is debug
    assert "Xiaoming" not in done.out


def test_ctrl_c_ends_with_one_sentence(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 130, as every tool; the sentence says that nothing is lost."""

    async def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(setup, "examine", interrupted)
    done = house.call("doctor")
    assert done.status == 130
    assert "Interrupted. What was begun is in the journal" in done.err


def test_a_reader_that_closes_early_gets_no_complaint(house: House) -> None:
    """As in `moodle-connector doctor | head -1`."""
    process = subprocess.Popen(
        [COMMAND, "doctor", "--json"], cwd=house.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 1
    assert said == ""


def test_doctor_goes_on_where_one_part_breaks(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that nobody foresaw in one part is one finding; the others are examined all the same."""

    async def broken(_connector: object) -> str:
        raise LookupError("Wang Xiaoming")

    monkeypatch.setattr("connector.doctor.own.drop", broken)
    done = house.call("doctor", "--json")
    assert done.status == 1
    bad = {each["what"]: each["text"] for each in done.json if each["state"] == "bad"}
    assert list(bad) == ["drop"]
    assert "LookupError" in bad["drop"]
    assert "Xiaoming" not in done.all
