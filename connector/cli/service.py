"""serve: the service, with sync and mirror by the clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import structlog
import typer
import uvicorn

from connector.bootstrap import Connector
from connector.cli.common import Config, installation, run
from connector.cli.feeds import take_from_drop
from connector.cli.output import say
from connector.web.app import web_app
from jobs.schedule import Job, scheduled


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(config: Config = None) -> None:
    """Run sync and mirror by the clock, and answer /health and /ready, until stopped."""
    with installation(config) as connector:
        settings = connector.settings
        _set_up_logs(settings.log == "json")
        _ = connector.mapping, connector.database, settings.moodle_token()
        say(f"Serving on http://{settings.service.host}:{settings.service.port} (health, ready).")
        application = web_app(connector, lambda: scheduled(jobs_of(connector)))
        uvicorn.run(application, host=settings.service.host, port=settings.service.port, log_config=None)


def jobs_of(connector: Connector) -> dict[str, Job]:
    """The jobs that the settings ask for."""
    minutes = {
        "sync": (connector.settings.service.sync_minutes, lambda: sync_once(connector)),
        "mirror": (connector.settings.service.mirror_minutes, lambda: mirror_once(connector)),
    }
    return {name: Job(work, timedelta(minutes=every)) for name, (every, work) in minutes.items() if every}


def sync_once(connector: Connector) -> Mapping[str, object]:
    """Take what is in the drop folder, plan, and apply what is not held."""

    async def work() -> Mapping[str, object]:
        async with connector.moodle() as moodle:
            way = connector.way_in(moodle)
            taken = take_from_drop(connector, way)
            plan = await way.plan()
            applied = await way.apply(plan)
            return {
                "feed": taken.name if taken else None,
                "plan": plan.hash[:12],
                "changes": plan.size,
                "done": applied.tally.done,
                "refused": applied.tally.refused,
                "held": list(applied.held),
            }

    return run(work)


def mirror_once(connector: Connector) -> Mapping[str, object]:
    """Read Moodle into the facts."""

    async def work() -> Mapping[str, object]:
        async with connector.moodle() as moodle:
            return {one.fact: one.rows for one in await connector.way_back(moodle).mirror()}

    return run(work)


def _set_up_logs(json: bool) -> None:
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False),
        ]
    )
