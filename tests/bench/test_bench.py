"""The bench itself: with sizes too small to say anything about time it still produces every figure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.figures import Figure, medians
from tests.bench.machine import REPOSITORY
from tests.bench.table import WORKS

WITHOUT_MOODLE = [name for name in WORKS if not name.startswith("moodle-")]


def _bench(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """``folder``: where it has what is gone afterwards, its database above all."""
    command = [sys.executable, "-m", "tests.bench", *arguments]
    environment = {**os.environ, "TMPDIR": str(folder)} if folder else None
    return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)


PARTS = {
    "twin-first-load": {
        "20 people, peak memory",
        "50 people, take",
        "50 people, plan",
        "50 people, apply",
        "50 people, memory against 20",
    }
}
"""Some of the figures that a work gives for its sizes and parts."""


@pytest.mark.slow
@pytest.mark.timeout(900)  # some twenty processes each, on a machine that may be busy
@pytest.mark.parametrize("works", [WITHOUT_MOODLE[::2], WITHOUT_MOODLE[1::2]], ids=["some", "others"])
def test_every_work_that_needs_no_moodle_gives_its_figures(
    tmp_path: Path, server_folder: Path, works: list[str]
) -> None:
    """One round of tiny sizes: a figure for each size and part, told on which machine, and no failure."""
    file = tmp_path / "bench.json"
    done = _bench("--scale", "0.005", "--json", str(file), "--only", *works, folder=server_folder)
    assert done.returncode == 0, done.stderr
    written = json.loads(file.read_text("utf-8"))
    figures = written["figures"]
    assert written["failed"] == []
    assert list(dict.fromkeys(figure["work"] for figure in figures)) == works
    assert all(figure["value"] > 0 and figure["limit"] is None and figure["ok"] for figure in figures)
    for work in works:
        assert {figure["name"] for figure in figures if figure["work"] == work} > PARTS.get(work, set())
    assert {"cores", "memory_gb", "python", "postgresql", "commit", "date"} <= written["machine"].keys()
    assert "PostgreSQL 18" in done.stdout
    assert all(name in done.stdout for name in works)


def test_a_real_moodle_is_not_touched_half_configured() -> None:
    """Without its code on this machine there is nothing to compare with, and the bench says what it needs."""
    done = _bench("--only", "moodle-first-load", "--moodle-url", "http://127.0.0.1:1")
    assert done.returncode == 2
    assert "--moodle-dir" in done.stderr


def test_the_median_of_rounds_is_held_against_the_limit() -> None:
    """One slow round of three is no missed figure; two are."""
    rounds = [[Figure("work", "seconds", value, "s", 10.0)] for value in (9.0, 30.0, 8.0)]
    (median,) = medians(rounds)
    assert (median.value, median.runs, median.ok) == (9.0, (9.0, 30.0, 8.0), True)
    (median,) = medians([*rounds[1:], [Figure("work", "seconds", 11.0, "s", 10.0)]])
    assert median.ratio == pytest.approx(1.1)
    assert not median.ok
