"""The demo: the whole circle with nothing set up."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from tests.acceptance.house import COMMAND


def _demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("CONNECTOR_")}
    return subprocess.run(
        [COMMAND, "demo", "--people", "100", *options],
        cwd=folder,
        env=clean,
        capture_output=True,
        text=True,
        timeout=240,
    )


def test_demo_twice_gives_the_same_picture(tmp_path: Path) -> None:
    """The same people, plans, completions and report, whenever it runs."""
    first, second = _demo(tmp_path, "--json"), _demo(tmp_path, "--json")
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert first.stdout == second.stdout
    picture = json.loads(first.stdout)
    assert picture["first"]["rows"] == 100
    assert picture["second"]["rejected"] == 2
    assert picture["learned"]["passed"] > picture["learned"]["failed"] > 0
    assert picture["report"]["compliance"]
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_demo_ends_in_tables_that_a_person_understands(tmp_path: Path) -> None:
    """Without JSON: headlines, plans, the report, and what to do next; no bar where there is no terminal."""
    done = _demo(tmp_path)
    assert done.returncode == 0
    for text in ("1. The first feed", "Compliance now", "Overdue by manager", "Next: `moodle-connector init`"):
        assert text in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\r" not in done.stderr
