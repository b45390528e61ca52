"""The demo: the whole circle with nothing set up, for each sample company."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mappings.companies.samples import SAMPLES
from mappings.companies.vn_academy.staff import HEAD, first
from tests.acceptance.house import COMMAND

PEOPLE = 80


def _demo(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    return subprocess.run(
        [COMMAND, "demo", "--people", str(PEOPLE), *options],
        cwd=folder,
        env=clean | variables,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_demo_twice_gives_the_same_picture(tmp_path: Path) -> None:
    """The same people, plans, completions and reports, whenever it runs; each company goes the whole circle."""
    one, other = _demo(tmp_path, "--json"), _demo(tmp_path, "--json")
    assert (one.returncode, other.returncode) == (0, 0), one.stderr
    assert one.stdout == other.stdout
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
    pictures = json.loads(one.stdout)
    assert set(pictures) == set(SAMPLES)
    for picture in pictures.values():
        _goes_the_whole_circle(picture)
    _each_has_a_part_of_its_own(*(pictures[name] for name in SAMPLES))


def _goes_the_whole_circle(picture: Mapping[str, Any]) -> None:
    """All people get an account, nothing is refused, some rows are rejected, and the report has figures."""
    before, after, report = picture["first"], picture["second"], picture["report"]
    changes = before["changes"]
    assert (before["rows"], before["rejected"], before["held"], before["cases"]) == (PEOPLE, 0, [], [])
    assert changes["create_account"] + changes.get("adopt_account", 0) == PEOPLE
    assert (before["done"], before["refused"]) == (sum(changes.values()), 0)
    assert (after["done"], after["refused"]) == (sum(after["changes"].values()), 0)
    assert after["rejected"] in (2, 3)
    assert picture["learned"]["passed"] > picture["learned"]["failed"] > 0
    assert report["compliance"]
    assert report["people"]["left"] == after["changes"]["suspend_account"]


def _each_has_a_part_of_its_own(gas: dict[str, Any], bistro: dict[str, Any], academy: dict[str, Any]) -> None:
    """A swap of identities; a season's end that is held and approved; accounts by hand, unenrolments and a case."""
    assert gas["second"]["changes"]["release_identity"] == 2
    assert bistro["first"]["changes"]["adopt_account"] == 3
    assert "suspend" in bistro["second"]["held"]
    assert bistro["report"]["people"]["left"] > 10
    assert bistro["report"]["overdue_by_manager"]
    assert academy["first"]["changes"]["adopt_account"] == 4
    assert academy["second"]["changes"]["change_auth"] == academy["second"]["changes"]["unenrol"] == 4
    assert [kind for kind, _ in academy["second"]["cases"]] == ["email_taken"]
    assert gas["second"]["held"] == academy["second"]["held"] == []


def test_demo_ends_in_tables_that_a_person_understands(tmp_path: Path) -> None:
    """Headlines, plans, reports, and what to do next; no bar of progress where there is no terminal."""
    done = _demo(tmp_path)
    assert done.returncode == 0
    for text in (
        *SAMPLES,
        "1. The first feed",
        "Compliance now",
        "Overdue by manager",
        "Next: `moodle-connector init`",
    ):
        assert text in done.stdout
    assert "A person has looked, and approves what is held" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stderr


def test_just_one_company_in_a_narrow_window(tmp_path: Path) -> None:
    """No bar is folded, and Vietnamese names begin with the family's."""
    done = _demo(tmp_path, "--company", "vn_academy", COLUMNS="80")
    assert done.returncode == 0, done.stderr
    assert "restaurants" not in done.stdout
    lines = [line for line in done.stdout.splitlines() if "Completions by week" not in line]
    bars = [line for line in lines if "█" in line or "░" in line]
    assert bars
    assert all(line.count("█") + line.count("░") == 10 for line in bars)
    staff = first(PEOPLE, datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")).date())
    heads = {employee.key: f"{employee.family} {employee.given}" for employee in staff if employee.title == HEAD}
    managers = done.stdout.partition("Overdue by manager")[2].partition("Courses")[0].splitlines()
    shown = {key: line for line in managers if (key := line.split(" ")[0]) in heads}
    assert shown
    assert all(heads[key] in line for key, line in shown.items())
