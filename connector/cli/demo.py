"""demo: the whole circle with each sample company and a Moodle twin of its own, in about a minute."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from pydantic import SecretStr

from connector.bootstrap import Connector
from connector.cli.cases import show_cases
from connector.cli.common import Json, run
from connector.cli.feeds import show_applied, show_plan
from connector.cli.mirror import read, show_loaded
from connector.cli.output import as_json, counted, note, progress, say, step
from connector.cli.report import report_of, show_report
from connector.cli.setup import sample
from connector.domain.facts import Extent
from connector.domain.plan import HoldState, Plan
from connector.samples import SampleMoodle, sample_databases, sample_moodle
from connector.settings.parts import MoodleSettings
from connector.settings.whole import Settings
from connector.sync.apply import Applied, Pace
from connector.sync.intake import Intake
from mappings.companies import folder as company_folder
from mappings.companies.sample import LEAST, SampleCompany
from mappings.companies.samples import SAMPLES

SEED = 1
NAMES = ", ".join(SAMPLES)


@dataclass(frozen=True, slots=True)
class Scene:
    """One company on stage: what was built for it, and whether nobody looks on."""

    company: SampleCompany[Any]
    people: int
    today: date
    connector: Connector
    moodle: SampleMoodle
    folder: Path
    quiet: bool

    def tell(self, text: str) -> None:
        """A headline."""
        if self.quiet:
            note(text)
        else:
            say("")
            say(text, style="bold cyan")


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    company: Annotated[
        str | None, typer.Option(metavar="NAME", help=f"Just this one: {NAMES}.", show_default="all")
    ] = None,
    people: Annotated[
        int | None,
        typer.Option("--people", min=LEAST, help="How many people each company has.", show_default="its own"),
    ] = None,
    json: Json = False,
) -> None:
    """Show the circle with sample companies: a feed, Moodle (a twin), a second feed, completions, the report."""
    chosen = [sample(company)] if company else list(SAMPLES.values())
    with tempfile.TemporaryDirectory(prefix="moodle-connector-demo-") as name:
        folder = Path(name)
        folder.chmod(0o711)  # the embedded PostgreSQL of root runs as another user and must pass through
        with sample_databases(folder / "postgres") as database:
            pictures = {one.name: _stage(one, people or one.people, folder, database, json) for one in chosen}
    if json:
        as_json(pictures)
    else:
        say("")
        say("That was the circle. Next: `moodle-connector init`, and your own Moodle (see the README).", style="bold")


def _stage(
    company: SampleCompany[Any], people: int, folder: Path, database: Callable[[str], str], quiet: bool
) -> dict[str, Any]:
    """Give a company its Moodle and its database, and show the circle."""
    today = datetime.now(ZoneInfo(company.timezone)).date()
    mapping = company_folder(company.name)
    with sample_moodle(mapping, company.accounts(people, today, SEED)) as moodle:
        settings = Settings(
            database_url=SecretStr(database(company.name)),
            mapping=Path(str(mapping)),
            moodle=MoodleSettings(url=moodle.url, token=SecretStr(moodle.token)),
        )
        with Connector(settings, pace=Pace(waits=(0.1,))) as connector:
            return _circle(Scene(company, people, today, connector, moodle, folder, quiet))


def _circle(scene: Scene) -> dict[str, Any]:
    company, people = scene.company, scene.people
    first, second = (scene.folder / name for name in company.files)
    if not scene.quiet:
        say("")
        say(f"━━ {company.name}: {company.title}", style="bold magenta")
    scene.tell(f"1. The first feed: {people:,} people become accounts, cohorts, roles and enrolments.")
    company.first_feed(first, people, scene.today, SEED)
    before = _sync(scene, first)
    scene.tell("2. People learn in Moodle: most pass, some fail.")
    learned = _learn(scene.moodle)
    if not scene.quiet:
        say(f"{learned['passed']:,} courses passed, {learned['failed']:,} failed.")
    scene.tell(f"3. The second feed: {company.tells}.")
    company.second_feed(second, people, scene.today, SEED)
    after = _sync(scene, second)
    scene.tell("4. The way back: enrolments, completions and grades become facts.")
    loaded = run(lambda: read(scene.connector, Extent.EVERYTHING))
    if not scene.quiet:
        show_loaded(loaded)
    scene.tell("5. The report.")
    if not scene.quiet:
        show_report(scene.connector)
    report = report_of(scene.connector)
    return {
        "first": before,
        "learned": learned,
        "second": after,
        "facts": {one.fact: one.rows for one in loaded},
        "report": {name: value for name, value in report.items() if name != "freshness"},
    }


def _sync(scene: Scene, file: Path) -> dict[str, Any]:
    """Take a feed, plan, apply; then what waits for a person: holds are approved, cases are left open."""
    connector = scene.connector

    async def work() -> tuple[Intake, Plan, Applied]:
        async with connector.entering() as way:
            with progress(f"Reading {file.name}") as advance:
                taken = way.take(connector.source(file), advance)
            with step("Planning") as part:
                plan = await way.plan(part)
            with progress("Applying", plan.size) as advance:
                return taken, plan, await way.apply(plan, advance)

    taken, plan, applied = run(work)
    if not scene.quiet:
        show_plan(connector, plan, taken, 5, None, False)
        show_applied(connector, plan, applied, False)
    tally = (_approved(scene, plan) if applied.held else applied).tally
    cases = connector.cases.waiting()
    if cases and not scene.quiet:
        show_cases(cases)
    return {
        "rows": taken.totals.rows,
        "rejected": taken.totals.rejected,
        "plan": plan.hash,
        "changes": dict(plan.counts),
        "done": tally.done,
        "refused": tally.refused,
        "held": [guard.value for guard in applied.held],
        "cases": [[case.kind, case.subject] for case in cases],
    }


def _approved(scene: Scene, plan: Plan) -> Applied:
    """Somebody has looked at what is held and approves it; the same plan goes on."""
    connector = scene.connector
    scene.tell("A person has looked, and approves what is held: the rest of the plan goes on.")
    classes = connector.plans.decide_hold(plan.hash, None, HoldState.APPROVED, "demo", connector.clock())
    waiting = sum(hold.count for hold in plan.holds)

    async def work() -> Applied:
        async with connector.moodle() as moodle:
            with progress("Applying", waiting) as advance:
                return await connector.way_in(moodle).apply(connector.plans.read(plan.number), advance)

    applied = run(work)
    if not scene.quiet:
        say(f"Approved: {', '.join(classes)} ({counted(waiting, 'change')}).")
        show_applied(connector, plan, applied, False)
    return applied


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
