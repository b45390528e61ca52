"""demo: the whole circle with a sample company and the Moodle twin, in under a minute."""

from __future__ import annotations

import hashlib
import tempfile
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from pydantic import SecretStr

from connector.bootstrap import Connector, SampleMoodle, sample_moodle
from connector.cli.common import Json, run
from connector.cli.feeds import show_applied, show_plan
from connector.cli.mirror import read, report_of, show_loaded, show_report
from connector.cli.output import as_json, note, progress, say, step
from connector.domain.facts import Extent
from connector.domain.plan import Plan
from connector.settings import MoodleSettings, Settings
from connector.sync.apply import Applied, Pace
from connector.sync.intake import Intake
from mappings.companies.tw_gas.feeds import first_feed, second_feed

COMPANY = "tw_gas"


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    people: Annotated[int, typer.Option("--people", min=60, help="How many people the company has.")] = 2000,
    json: Json = False,
) -> None:
    """Show the circle: a feed of a Taiwanese company, Moodle (a twin), a second feed, completions, the report."""
    company = files("mappings.companies") / COMPANY
    with tempfile.TemporaryDirectory(prefix="moodle-connector-demo-") as folder, sample_moodle(company) as moodle:
        Path(folder).chmod(0o711)  # the embedded PostgreSQL of root runs as another user and must pass through
        with Connector(_settings(Path(folder), moodle), pace=Pace(waits=(0.1,))) as connector:
            picture = _circle(connector, moodle, Path(folder), people, json)
    if json:
        as_json(picture)


def _settings(folder: Path, moodle: SampleMoodle) -> Settings:
    return Settings(
        database_url=SecretStr(""),
        data_dir=folder / "postgres",
        mapping=Path(str(files("mappings.companies") / COMPANY)),
        moodle=MoodleSettings(url=moodle.url, token=SecretStr(moodle.token)),
    )


def _circle(connector: Connector, moodle: SampleMoodle, folder: Path, people: int, quiet: bool) -> dict[str, Any]:
    today = datetime.now(ZoneInfo("Asia/Taipei")).date()
    tell = note if quiet else _headline
    tell(
        f"1. The first feed: {people:,} people of a Taiwanese gas distributor become accounts, cohorts and enrolments."
    )
    first = folder / "人員主檔-1.csv"
    first_feed(first, people, today)
    before = _sync(connector, first, quiet)
    tell("2. People learn in Moodle: most pass, some fail.")
    learned = _learn(moodle)
    tell(f"   {learned['passed']:,} courses passed, {learned['failed']:,} failed.")
    tell("3. The second feed: some join, move and leave; one is renamed, two swap e-mails, two rows are bad.")
    second = folder / "人員主檔-2.csv"
    second_feed(second, people, today)
    after = _sync(connector, second, quiet)
    tell("4. The way back: enrolments, completions and grades become facts.")
    loaded = run(lambda: read(connector, Extent.EVERYTHING))
    if not quiet:
        show_loaded(loaded)
    tell("5. The report.")
    if not quiet:
        show_report(connector)
        say("That was the circle. Next: `moodle-connector init`, and your own Moodle (see the README).", style="bold")
    report = report_of(connector)
    return {
        "first": before,
        "learned": learned,
        "second": after,
        "facts": {one.fact: one.rows for one in loaded},
        "report": {name: value for name, value in report.items() if name != "freshness"},
    }


def _sync(connector: Connector, file: Path, quiet: bool) -> dict[str, Any]:
    async def work() -> tuple[Intake, Plan, Applied]:
        async with connector.entering() as way:
            with progress(f"Reading {file.name}") as advance:
                taken = way.take(connector.source(file), advance)
            with step("Planning") as part:
                plan = await way.plan(part)
            with progress("Applying", plan.size) as advance:
                return taken, plan, await way.apply(plan, advance)

    taken, plan, applied = run(work)
    if not quiet:
        show_plan(connector, plan, taken, 5, None, False)
        show_applied(connector, plan, applied, False)
    tally = applied.tally
    return {
        "rows": taken.totals.rows,
        "rejected": taken.totals.rejected,
        "plan": plan.hash,
        "changes": dict(plan.counts),
        "done": tally.done,
        "refused": tally.refused,
        "held": [guard.value for guard in applied.held],
    }


def _learn(moodle: SampleMoodle) -> dict[str, int]:
    """Who passes and who fails is drawn from names, so that it is the same every time."""
    counts = {"passed": 0, "failed": 0}
    for username, course in moodle.enrolled():
        luck = hashlib.sha256(f"{username} {course.shortname}".encode()).digest()[0] / 255
        if luck < 0.62:
            moodle.learners.grade(
                username, course.shortname, course.pass_mark + (course.grade_max - course.pass_mark) * luck
            )
            if course.completion:
                moodle.learners.complete(username, course.shortname)
            counts["passed"] += 1
        elif luck < 0.75:
            moodle.learners.grade(username, course.shortname, course.pass_mark * luck)
            counts["failed"] += 1
    return counts


def _headline(text: str) -> None:
    say("")
    say(text, style="bold cyan")
