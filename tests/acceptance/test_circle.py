"""The way of a feed by hand: plan, apply, sync, holds, cases, mirror, report, as an operator goes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from connector.bootstrap import Connector
from connector.settings.reading import load_settings
from tests.acceptance.house import GROWS, House, Rows, Untouched, people

SUSPENDED = 11
"""One more than may be suspended without a person's word."""


def leavers() -> Rows:
    """Everybody but the manager leaves."""
    rows = people()
    for row in rows[1:]:
        row["status"] = "terminated"
    return rows


# ---------------------------------------------------------------- plan and apply
def test_plan_leaves_the_file_and_apply_carries_out_what_was_shown(house: House) -> None:
    """The plan's hash names exactly the changes that were printed, and Moodle then has them."""
    file = house.feed()
    with Untouched(house, may_grow=(*GROWS, "people")):
        planned = house.run("plan", file, "--show", "1000", "--json")
    assert planned.status == 0
    assert file.is_file()
    shown = [change for change in planned.json["changes"] if change["action"] == "create_account"]
    assert len(shown) == planned.json["plan"]["counts"]["create_account"] == 12
    applied = house.run("apply", planned.json["plan"]["hash"][:12], "--json")
    assert applied.status == 0
    assert applied.json["applied"]["tally"]["done"] == len(planned.json["changes"])
    for change in shown:
        fields, suspended = house.account(change["subject"])
        assert not suspended
        assert {name: fields[name] for name in change["after"]} == change["after"]
    assert house.moodle()["cohorts"].keys() == {"dept-Sales", "dept-Training"}
    with Untouched(house, may_grow=GROWS):
        assert "nothing to do. Moodle is as HR says." in house.call("plan").out


def test_apply_refuses_a_plan_that_is_no_longer_current(settled: House) -> None:
    """A newer feed came after it was shown: nothing is changed, and the sentence says how to go on."""
    old = settled.call("plan", settled.feed(people(last_name="Old")), "--json").json["plan"]["hash"]
    settled.call("plan", settled.feed(people(last_name="New")))
    with Untouched(settled):
        done = settled.call("apply", old)
    assert done.status == 1
    assert "no longer current" in done.err
    assert settled.call("apply").status == 0
    assert settled.account("E005")[0]["lastname"] == "New"


def test_apply_while_another_process_applies_ends_with_3(settled: House) -> None:
    """Nothing was wrong and nothing was done: the same command later does it."""
    settled.call("plan", settled.feed(people(last_name="New")))
    with Connector(load_settings().of(None)) as other, other.journal.lock() as free, Untouched(settled):
        assert free
        done = settled.call("apply")
    assert (done.status, "Another process is applying" in done.err) == (3, True)
    assert settled.call("apply").status == 0


def test_apply_and_plan_before_any_feed_say_what_to_do_first(house: House) -> None:
    """Nothing was read yet: both are wrong commands, not failures."""
    assert "No feed of hr has been read yet" in house.call("plan").err
    done = house.call("apply")
    assert (done.status, "There is no plan yet for 127.0.0.1" in done.err) == (2, True)


def test_what_moodle_refuses_is_set_aside_and_shown(settled: House) -> None:
    """A course without manual enrolment: its changes are refused with the cause, the others are done, status 0."""
    rows = people(13)
    with settled.twin.state.lock:
        for course in settled.twin.state.courses.values():
            course.manual_enrolment = False
    done = settled.call("sync", settled.feed(rows))
    assert done.status == 0
    assert "1 refused" in done.out
    assert "Set aside" in done.out
    assert settled.account("E013")[0]["lastname"] == "Last13"


# ---------------------------------------------------------------- the drop folder
def test_sync_moves_a_good_file_to_done(house: House) -> None:
    """Without a file sync takes what lies in the drop folder."""
    file = house.drop()
    done = house.run("sync", "--json")
    assert done.status == 0
    assert done.json["feeds"][0]["name"] == "people-1.csv"
    assert not file.exists()
    assert (file.parent / "done/people-1.csv").is_file()
    assert house.account("E012")[0]["email"] == "person12@example.com"


def test_sync_moves_a_refused_file_aside_with_its_reason(settled: House) -> None:
    """The file and a note of why stand in refused; nothing else has changed."""
    file = settled.drop(people(1), "people-2.csv")
    with Untouched(settled):
        done = settled.call("sync", "--json")
    assert done.status == 1
    assert done.json["error"]["type"] == "FeedRefused"
    assert not file.exists()
    assert (file.parent / "refused/people-2.csv").is_file()
    reason = (file.parent / "refused/people-2.csv.reason.txt").read_text("utf-8")
    assert "8.333 % of the 12" in reason


def test_sync_leaves_what_is_not_a_file_and_says_so(settled: House) -> None:
    """A link in the drop folder is never followed; the others go on, and the status says that one did not."""
    (settled.folder / "config/feeds/people-9.csv").symlink_to(settled.feed())
    with Untouched(settled, may_grow=GROWS):
        done = settled.call("sync")
    assert done.status == 1
    assert "people-9.csv: left where it is: it is a link" in done.err
    settled.drop([*people(12), *people(13)[12:]])
    beside = settled.call("sync", "--json")
    assert (beside.status, list(beside.json["files"]["unusable"])) == (1, ["people-9.csv"])
    assert settled.account("E013")[0]["lastname"] == "Last13"


FORMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "semicolons": ("utf-8", "utf-8", {"delimiter": ";"}),
    "tabs": ("utf-8", "utf-8", {"delimiter": "\t"}),
    "a byte-order mark": ("utf-8", "utf-8-sig", {}),
    "utf-16": ("utf-16", "utf-16", {}),
    "big5": ("big5", "big5", {}),
    "everything quoted": ("auto", "utf-8", {"quoting": 1}),
}


@pytest.mark.parametrize("form", FORMS)
def test_files_in_every_usual_form_give_the_same_people(house: House, form: str) -> None:
    """Delimiter, quotes and declared encoding make no difference to who comes out."""
    declared, encoding, options = FORMS[form]
    house.edit("mapping/mapping.yaml", "encoding: utf-8", f"encoding: {declared}")
    done = house.call("sync", house.feed(people(first_name="小明", last_name="王"), encoding=encoding, **options))
    assert done.status == 0, done.all
    assert house.account("E005")[0]["firstname"] == "小明"
    assert len([key for key in house.twin.state.by_idnumber if key.startswith("E")]) == 12


XML = """<?xml version="1.0" encoding="UTF-8"?>
<staff>{}</staff>
"""


def test_an_xml_feed_takes_the_same_way(house: House) -> None:
    """The format is the mapping's; entities from outside are refused, and nothing is changed then."""
    house.edit(
        "mapping/mapping.yaml", "format: csv                 # csv, tsv or xml", "format: xml\n  record: //person"
    )
    house.edit("mapping/mapping.yaml", '"people*.csv"', '"people*.xml"')
    names = list(people(1)[0])
    house.edit("mapping/mapping.yaml", "  gates:", f"  fields: {{{', '.join(f'{n}: {n}' for n in names)}}}\n  gates:")
    checked = house.call("mapping", "check")
    assert checked.status == 0, checked.all
    records = "".join(
        f"<person>{''.join(f'<{name}>{value}</{name}>' for name, value in row.items())}</person>" for row in people()
    )
    file = house.folder / "people.xml"
    file.write_text(XML.format(records), "utf-8")
    assert house.call("sync", file).status == 0
    assert house.account("E005")[0]["lastname"] == "Last5"
    file.write_text('<!DOCTYPE staff [<!ENTITY x SYSTEM "file:///etc/passwd">]><staff>&x;</staff>', "utf-8")
    with Untouched(house):
        done = house.call("sync", file)
    assert done.status == 1
    assert "people.xml" in done.err


def test_one_source_that_fails_is_told_beside_what_was_done(house: House) -> None:
    """In one JSON document, with the exit status of the failure; the other source is carried out."""
    folder = house.folder / "config/mapping"
    for file in folder.iterdir():
        file.unlink()
    (folder / "sources").mkdir()
    (folder / "mapping.yaml").write_text(
        "version: 1\nsources: [hr, mails]\nprecedence: {email: [mails, hr]}\n", "utf-8"
    )
    names = "  firstname: {column: first_name}\n  lastname: {column: last_name}\n"
    for name, more in (("hr", f"{names}  username: {{column: employee_id, transforms: [lower]}}\n"), ("mails", "")):
        whose = ", authoritative: false" if name == "mails" else ""
        (folder / f"sources/{name}.yaml").write_text(
            f'version: 1\nsource: {{name: {name}, format: csv, file: "{name}*.csv"{whose}}}\n'
            f"key: {{column: employee_id}}\nperson:\n{more}  email: {{column: email}}\n",
            "utf-8",
        )
    house.drop(people(3), "hr-1.csv")
    house.drop(people(3), "mails-1.csv")
    assert house.call("sync").status == 0
    house.drop(people(4), "hr-2.csv")
    (house.folder / "config/feeds/mails-2.csv").write_text("employee_id\nE001\n", "utf-8")
    done = house.call("sync", "--json")
    assert (done.status, done.json["failed"]["type"], done.json["failed"]["exit_status"]) == (1, "FeedRefused", 1)
    assert done.json["applied"]["tally"]["done"] > 0
    assert "mails-2.csv: line 1: a needed column is missing: email" in done.err
    assert house.account("E004")[0]["lastname"] == "Last4"


# ---------------------------------------------------------------- holds
def test_held_changes_wait_for_a_word_and_then_go(settled: House) -> None:
    """Status 3 with what is held and how to approve; approved by the hash, apply ends with 0."""
    held = settled.call("sync", settled.feed(leavers()), "--json")
    assert held.status == 3
    assert held.json["applied"]["held"] == ["suspend"]
    assert not settled.account("E005")[1]
    (hold,) = settled.call("hold", "list", "--json").json["holds"]
    assert (hold["guard"], hold["count"], hold["state"]) == ("suspend", SUSPENDED, "waiting")
    assert settled.call("apply").status == 3
    shown = settled.run("hold", "list")
    assert hold["plan_hash"][:12] in shown.out
    assert "hold approve PLAN --by NAME" in shown.out, "what to do"
    approved = settled.run("hold", "approve", hold["plan_hash"][:12], "--by", "Ada", "--json")
    assert (approved.status, approved.json["approved"], approved.json["by"]) == (0, ["suspend"], "Ada")
    assert settled.call("apply", hold["plan_hash"][:12]).status == 0
    assert settled.account("E005")[1]
    assert not settled.account("E001")[1]
    assert settled.call("hold", "list", "--json").json["holds"] == []


def test_rejected_changes_are_not_carried_out(settled: House) -> None:
    """A no is kept: the same changes stay held in the next plan."""
    plan = settled.call("plan", settled.feed(leavers()), "--json")
    assert plan.status == 3
    done = settled.run("hold", "reject", plan.json["plan"]["hash"][:12], "--by", "Ada")
    assert (done.status, done.out) == (0, "Rejected: suspend.\n")
    assert settled.call("apply").status == 3
    assert settled.call("sync").status == 3
    assert not settled.account("E005")[1]


def test_an_approval_that_expired_is_told_as_such(settled: House) -> None:
    """Nobody waits for what will not come: it says so, and how to approve again."""
    held = settled.call("plan", settled.feed(leavers()), "--json").json["plan"]["hash"][:12]
    assert settled.call("hold", "approve", held, "--by", "Ada").status == 0
    with psycopg.connect(os.environ["CONNECTOR_DATABASE_URL"]) as connection:
        connection.execute("UPDATE connector.hold SET expires_at = now()")
    assert [hold["state"] for hold in settled.call("hold", "list", "--json").json["holds"]] == ["expired"]
    assert "decide again" in settled.call("hold", "list").plain
    with Connector(load_settings().of(None)) as connector:
        assert connector.figures.now().holds == {"suspend": SUSPENDED}, "and a scrape counts it as waiting"
    done = settled.call("apply", held)
    assert (
        done.status,
        f"(expired by Ada). Approve again with: moodle-connector hold approve {held}" in done.plain,
    ) == (
        3,
        True,
    )


def test_a_deletion_has_to_be_named(settled: House) -> None:
    """Approving a plan leaves it waiting, and says how it is approved."""
    held = settled.call("plan", settled.feed(leavers()), "--json").json["plan"]["hash"][:12]
    with psycopg.connect(os.environ["CONNECTOR_DATABASE_URL"]) as connection:
        for table in ("hold", "change"):
            connection.execute(f"UPDATE connector.{table} SET guard_class = 'delete' WHERE guard_class = 'suspend'")
    done = settled.call("hold", "approve", held, "--by", "Ada")
    assert (done.status, f"by name only. Give: moodle-connector hold approve {held} --class delete" in done.plain) == (
        2,
        True,
    )
    assert "By name only, with --class: delete" in settled.call("hold", "list").plain
    assert settled.call("hold", "approve", held, "--class", "delete", "--by", "Ada").status == 0


def test_a_smaller_feed_is_released_by_its_hash(settled: House) -> None:
    """What the gate refused may be true: after a person's word the same file passes, another one does not."""
    file = settled.feed(people(6))
    with Untouched(settled):
        assert settled.call("plan", file).status == 1
    (refused,) = settled.call("hold", "list", "--json").json["feeds"]
    done = settled.call("hold", "approve", refused["digest"][:12], "--by", "Ada", "--json")
    assert (done.status, done.json["released"]["name"]) == (0, "people.csv")
    passed = settled.call("sync", file, "--json")
    assert (passed.status, passed.json["feeds"][0]["totals"]["rows"]) == (0, 6)
    assert not settled.account("E012")[1], "missing once is not gone"
    assert settled.call("plan", settled.feed(people(2), "other.csv")).status == 1


# ---------------------------------------------------------------- cases
def test_a_missing_course_is_a_case_that_a_person_settles(house: House) -> None:
    """Accounts are made meanwhile; once somebody says which course is meant, people are enrolled there."""
    house.edit("mapping/paths.yaml", "[WELCOME]", "[STARTERS]")
    done = house.call("sync", house.feed())
    assert done.status == 0
    assert "to decide: moodle-connector case list" in done.plain
    (case,) = house.call("case", "list", "--json").json
    assert (case["kind"], case["subject"]) == ("missing_course", "STARTERS")
    assert "STARTERS" in house.run("case", "list").out
    course = house.twin.state.course_by_idnumber["WELCOME"]
    settled = house.run("case", "settle", str(case["case_id"]), "--course", str(course), "--by", "Ada", "--json")
    assert (settled.status, settled.json["settlement"]) == (0, {"course": course})
    assert house.call("case", "list", "--json").json == []
    assert house.call("sync").status == 0
    assert len(house.moodle()["courses"]["WELCOME"]) == 12
    assert house.call("case", "settle", str(case["case_id"]), "--ignore", "--by", "Ada").status == 2


def test_a_decision_can_be_taken_back(house: House) -> None:
    """What was to be ignored is asked again by the next plan; the list of decisions says who decided what."""
    house.edit("mapping/paths.yaml", "[WELCOME]", "[STARTERS]")
    assert house.call("sync", house.feed()).status == 0
    (case,) = house.call("case", "list", "--json").json
    number = str(case["case_id"])
    assert house.call("case", "withdraw", number, "--by", "Bo").status == 2, "nothing was decided yet"
    assert house.call("case", "settle", number, "--ignore", "--by", "Ada").status == 0
    assert house.call("plan", "--json").json["cases"] == []
    assert "ignore=yes" in (shown := house.call("case", "list", "--settled").plain)
    assert "Ada" in shown
    assert "next plan asks" in house.call("case", "withdraw", number, "--by", "Bo").plain
    assert house.call("case", "list", "--settled", "--json").json == []
    assert [one["subject"] for one in house.call("plan", "--json").json["cases"]] == ["STARTERS"]


def test_a_person_without_changes_is_told_so(settled: House) -> None:
    """Silence would look as if the key were mistyped, or the option ignored."""
    assert "No change of this plan is E005's." in settled.call("plan", "--person", "E005").plain


# ---------------------------------------------------------------- the way back
def test_mirror_and_report_show_who_has_passed(settled: House) -> None:
    """Completions of Moodle come back as figures, for people and as JSON."""
    assert "Nothing has been mirrored yet" in settled.call("report").out
    settled.twin.life.complete("person5@example.com", "WELCOME")
    settled.twin.life.grade("person5@example.com", "WELCOME", 88)
    mirrored = settled.run("mirror", "--json")
    assert mirrored.status == 0
    assert {fact["fact"]: fact["rows"] for fact in mirrored.json}["enrolments"] == 12
    report = settled.run("report", "--json")
    assert report.status == 0
    (compliance,) = report.json["compliance"]
    assert (compliance["people"], compliance["satisfied"]) == (12, 1)
    shown = settled.call("report").plain
    assert "ONBOARDING-30" in shown
    assert "First1 Last1" in shown


# ---------------------------------------------------------------- the database
def test_tables_go_down_and_up_again(house: House) -> None:
    """db current, downgrade and upgrade by the owner's word."""
    before = house.call("db", "current", "--json").json
    assert {line["current"] for line in before.values()} == {line["newest"] for line in before.values()}
    assert house.run("db", "downgrade", "base", "--json").json["connector"]["current"] is None
    assert house.call("plan", house.feed()).status == 1
    assert house.run("db", "downgrade", "base", "--reporting", "--json").json["reporting"]["current"] is None
    assert house.call("db", "upgrade").status == 0
    assert house.run("db", "current", "--json").json == before


# ---------------------------------------------------------------- secrets
def test_the_token_is_never_shown(settled: House, tmp_path: Path) -> None:
    """Not by any command, and not by the database; ``House`` looks at everything that is said in every test."""
    token = settled.twin.token
    for arguments in (
        ["doctor", "--json"], ["mapping", "check"], ["plan", "--json"], ["apply", "--json"], ["sync"], ["mirror"],
        ["report", "--json"], ["hold", "list"], ["case", "list"], ["db", "current"], ["plan", "--nonsense"],
    ):  # fmt: skip
        assert token not in settled.call(*arguments).all
    assert token not in repr(settled.database())
    settled.set("CONNECTOR_MOODLE__TOKEN", None)
    file = tmp_path / "token"
    file.write_text(f"{token}\n", "utf-8")
    settled.set("CONNECTOR_MOODLE__TOKEN_FILE", str(file))
    assert settled.call("plan").status == 0
    settled.set("CONNECTOR_MOODLE__WORKERS", "many")
    assert settled.call("plan").status == 2
