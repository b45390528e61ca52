"""serve: the service, with its jobs by the clock."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from functools import partial
from importlib import import_module
from threading import Event
from types import FrameType

import structlog
import typer
import uvicorn

from connector.bootstrap import Connector
from connector.cli.common import Config, installation, run
from connector.cli.logs import set_up_logs
from connector.domain.errors import SettingsError
from connector.domain.facts import Extent
from connector.mirror.ahead import SELDOM
from connector.settings.parts import ServiceSettings
from jobs import mirror as mirroring
from jobs.pushes import heard
from jobs.running import Came, Job, Running
from jobs.schedule import Schedule, scheduled
from jobs.stopping import heeding

FINISH_SECONDS = 5
"""How long requests under way are waited for at the end."""

GATHERED = timedelta(seconds=0.5)
"""So long events of launched content are gathered when many come: a class that begins is carried in a few runs."""

MESSAGE_BYTES = 4096
"""The largest message of a page over a WebSocket; none has use for more. Nothing is unpacked."""


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(config: Config = None) -> None:
    """Run sync and mirror by the clock, and answer /health, /ready, /metrics and the console, until stopped."""
    import_module("connector.scim.models")  # first: for each model pydantic looks through all that has been imported
    from connector.web.app import web_app  # only here: other commands start a second sooner
    from connector.web.metrics import Metrics

    with installation(config) as connector:
        settings = connector.settings
        set_up_logs(json=settings.log == "json")
        _ = connector.mapping, connector.database, settings.moodle_token(), connector.channels
        if settings.notices.welcome:
            connector.welcoming()
        if settings.lti.url:
            _ = connector.score_outbox  # what sends is loaded now, and not while the first score waits
        metrics = Metrics(lambda: connector.figures)
        connector.observer = metrics
        stopping = Event()
        running = Running(connector.jobs, connector.clock, metrics)
        with _listen(settings.service) as listener:
            host, port = listener.getsockname()[:2]
            log = structlog.get_logger("service")
            console = {"console": settings.console.url} if settings.console.url else {}
            log.info("serving", url=f"http://{host}:{port}", answers="/health /ready /metrics", **console)
            jobs = jobs_of(connector, stopping)

            @contextmanager
            def schedule() -> Iterator[Schedule]:
                with scheduled(jobs, running, stopping, settings.service.stop_seconds) as waiting, ExitStack() as more:
                    metrics.state.queue = waiting.waiting
                    if connector.has_pushes:
                        word = connector.scim_sources.heard
                        more.enter_context(heard(word, partial(waiting.came, "push"), stopping))
                    if connector.has_videos:
                        more.enter_context(heard(connector.media.heard, partial(waiting.came, "videos"), stopping))
                    if settings.hint_secret():
                        more.enter_context(heard(connector.hints.heard, partial(waiting.came, "mirror"), stopping))
                    if "learning" in jobs:
                        word = connector.waiting_events.heard
                        more.enter_context(heard(word, partial(waiting.came, "learning"), stopping))
                    if "scores" in jobs:
                        word = connector.launch_scores.heard
                        more.enter_context(heard(word, partial(waiting.came, "scores"), stopping))
                    if "regrades" in jobs:
                        word = connector.regrades.heard
                        more.enter_context(heard(word, partial(waiting.came, "regrades"), stopping))
                    if "passed" in jobs:
                        more.enter_context(heard(connector.passed.heard, partial(waiting.came, "passed"), stopping))
                    yield waiting

            server = uvicorn.Config(
                web_app(connector, schedule, metrics),
                log_config=None,
                access_log=False,
                forwarded_allow_ips=settings.console.proxies,
                timeout_graceful_shutdown=FINISH_SECONDS,
                ws="wsproto",
                ws_max_size=MESSAGE_BYTES,
                ws_per_message_deflate=False,
            )
            collect_seldom()
            _Server(server, stopping).run(sockets=[listener])
    structlog.get_logger("service").info("stopped")


def collect_seldom() -> None:
    """What was loaded stays, and rows of pages hold nobody: to look through all of them time and again took a third of
    the time of a page of 20,000 people."""
    gc.freeze()
    gc.set_threshold(SELDOM, *gc.get_threshold()[1:])


class _Server(uvicorn.Server):
    """Being told to stop, by TERM or Ctrl-C, is no failure: uvicorn itself would raise the signal again at the end."""

    def __init__(self, config: uvicorn.Config, stopping: Event) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - the signature is given
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.should_exit = True
        self._stopping.set()  # jobs need not wait for the last requests


def _listen(service: ServiceSettings) -> socket.socket:
    """Bound before any job runs, so that a second service on one machine does nothing at all.

    It says that it speaks TCP: asyncio sends at once only what goes over a socket that says so. Otherwise each answer
    waits some 40 ms for the client's system to acknowledge its head before its body is sent.
    """
    try:
        family = socket.getaddrinfo(service.host, service.port, type=socket.SOCK_STREAM)[0][0]
        bound = socket.create_server((service.host, service.port), family=family, backlog=128)
        return socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, fileno=bound.detach())
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise SettingsError(
            f"service.host, service.port: cannot serve on {service.host}:{service.port} ({why})."
        ) from error


def jobs_of(connector: Connector, stopping: Event) -> dict[str, Job]:
    """Every job of the service. One whose setting is empty runs only when somebody asks."""
    service = connector.settings.service
    wished = connector.settings.notices
    then = ("notices",) if connector.channels else ()
    read = (
        *(("certificates",) if connector.mapping.certificates else ()),
        *(("calendar",) if wished.calendar else ()),
    )
    told = (
        *(("linking",) if connector.settings.moodle.oauth2_issuer else ()),
        *(("learners",) if wished.learners == "moodle" else ()),
        *(("welcome",) if wished.welcome else ()),
    )

    def job(work: Callable[[], Awaitable[Came]]) -> Callable[[], Came]:
        return lambda: run(lambda: heeding(work, stopping, service.stop_seconds))

    async def sync() -> Mapping[str, object]:
        """Take what is in the drop folder, plan, and apply what is not held."""
        async with connector.entering(stopping.is_set) as way:
            return await way.sync()

    async def push() -> Mapping[str, object]:
        """Carry out what identity systems have pushed."""
        async with connector.entering_for_some(stopping.is_set) as way:
            return await way.push()

    async def mirror() -> Mapping[str, object]:
        """Read what is new in Moodle into the facts."""
        async with connector.mirroring(Extent.CHANGES) as way:
            return await mirroring.mirror(way, stopping.is_set)

    async def reconcile() -> Mapping[str, object]:
        """Read all of Moodle into the facts."""
        async with connector.mirroring(Extent.EVERYTHING) as way:
            return await mirroring.reconcile(way, stopping.is_set)

    async def notices() -> Mapping[str, object]:
        """Tell people what they should know."""
        return await connector.noticing().tell()

    async def learners() -> Mapping[str, object]:
        """Tell learners their due dates."""
        return await connector.learner_notices(stopping.is_set).tell()

    async def welcome() -> Mapping[str, object]:
        """Tell newcomers that they have an account."""
        return await connector.welcoming(stopping.is_set).tell()

    async def calendar() -> Mapping[str, object]:
        """Let calendars say what is due."""
        return await connector.calendar(stopping.is_set).keep()

    async def linking() -> Mapping[str, object]:
        """Link identities of OAuth 2 providers with accounts."""
        return await connector.linking(stopping.is_set).keep()

    async def certificates() -> Mapping[str, object]:
        """Issue what people have earned."""
        return await connector.certifying(stopping.is_set).work()

    async def passed() -> Mapping[str, object]:
        """Issue what was earned by launched content."""
        return await connector.certifying(stopping.is_set).passed()

    async def exports() -> Mapping[str, object]:
        """Write the reporting views to where they are wanted."""
        return await connector.exporting_views(stopping.is_set).work()

    async def videos() -> Mapping[str, object]:
        """Transcode what was uploaded."""
        return connector.transcoding(stopping.is_set).work()

    async def learning() -> Mapping[str, object]:
        """Carry what launched content tells to the facts."""
        return await connector.carrying_learning(stopping.is_set).work()

    async def attempts() -> Mapping[str, object]:
        """Submit attempts whose time is over, and tell what was watched of videos that were left."""
        return await connector.ending_attempts(stopping.is_set).work()

    async def regrades() -> Mapping[str, object]:
        """Mark attempts anew that somebody wants marked anew."""
        return await connector.regrading_work(stopping.is_set).work()

    async def scores() -> Mapping[str, object]:
        """Send scores of what was launched to gradebooks."""
        return await connector.sending_scores(stopping.is_set).work()

    async def retention() -> Mapping[str, object]:
        """Remove what is older than the settings want."""
        return connector.retaining.run()

    jobs = {
        "sync": Job(job(sync), service.times("sync"), (*then, *told), ladder=True),
        "push": Job(job(push), None, told, ladder=True),
        "mirror": Job(job(mirror), service.times("mirror"), (*read, *then)),
        "reconcile": Job(job(reconcile), service.times("reconcile"), (*read, *then)),
    }
    if then:
        jobs["notices"] = Job(job(notices), service.times("notices"))
    if "certificates" in read:
        jobs["certificates"] = Job(job(certificates), service.times("certificates"))
    if connector.has_videos:
        jobs["videos"] = Job(job(videos), None, ladder=True)
    if any(one.content is not None for one in connector.mapping.certificates):
        jobs["passed"] = Job(job(passed))
    if connector.exported_to:
        jobs["exports"] = Job(job(exports), service.times("exports"))
    if connector.settings.lti.url:
        jobs["learning"] = Job(job(learning), service.times("learning"), rest=GATHERED)
        jobs["attempts"] = Job(job(attempts), service.times("attempts"))
        jobs["regrades"] = Job(job(regrades), service.times("regrades"))
        jobs["scores"] = Job(job(scores), connector.scores_due())
    kept = connector.kept_days.values()
    if connector.settings.lti.url or any(days is not None for days in kept):  # launches always pass
        jobs["retention"] = Job(job(retention), service.times("retention"))
    if "calendar" in read:
        jobs["calendar"] = Job(job(calendar), service.times("learners"))
    telling = {"learners": learners, "welcome": welcome, "linking": linking}
    return jobs | {name: Job(job(telling[name]), service.times("learners")) for name in told}
