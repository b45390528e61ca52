"""serve: the service, with sync and mirror by the clock."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from datetime import timedelta
from types import FrameType

import structlog
import typer
import uvicorn

from connector.bootstrap import Connector
from connector.cli.common import Config, installation, run
from connector.domain.errors import SettingsError
from connector.settings import ServiceSettings
from jobs.schedule import Job, scheduled


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(config: Config = None) -> None:
    """Run sync and mirror by the clock, and answer /health, /ready and the console, until stopped."""
    from connector.web.app import web_app  # only here: other commands start a quarter of a second sooner

    with installation(config) as connector:
        settings = connector.settings
        _set_up_logs(settings.log == "json")
        _ = connector.mapping, connector.database, settings.moodle_token()
        with _listen(settings.service) as listener:
            host, port = listener.getsockname()[:2]
            application = web_app(connector, lambda: scheduled(jobs_of(connector)))
            console = {"console": settings.console.url} if settings.console.url else {}
            url = f"http://{host}:{port}"
            structlog.get_logger("service").info("serving", url=url, answers="/health /ready", **console)
            proxies = settings.console.proxies
            _Server(uvicorn.Config(application, log_config=None, forwarded_allow_ips=proxies)).run(sockets=[listener])
    structlog.get_logger("service").info("stopped")


class _Server(uvicorn.Server):
    """Being told to stop, by TERM or Ctrl-C, is no failure: uvicorn itself would raise the signal again at the end."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is given
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True


def _listen(service: ServiceSettings) -> socket.socket:
    """Bound before any job runs, so that a second service on one machine does nothing at all."""
    try:
        family = socket.getaddrinfo(service.host, service.port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((service.host, service.port), family=family, backlog=128)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(
            f"service.host, service.port: cannot serve on {service.host}:{service.port} ({why})."
        ) from error


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
        async with connector.working_moodle() as moodle:
            return await connector.way_in(moodle).sync()

    return run(work)


def mirror_once(connector: Connector) -> Mapping[str, object]:
    """Read Moodle into the facts."""

    async def work() -> Mapping[str, object]:
        async with connector.working_moodle() as moodle:
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
