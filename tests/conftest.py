"""What tests share: a real PostgreSQL, a fresh database for each test, and an account of what was left out."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import settings

import connector.scim.models  # noqa: F401 - first: for each model pydantic looks through all that has been imported
from connector.store.embedded import EmbeddedServer, create_database, drop_database, server
from connector.store.migrate import upgrade
from connector.store.revision import CONNECTOR, REPORTING

settings.register_profile("here", deadline=None)  # a busy machine is no failure
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("long", deadline=None, max_examples=1000)  # by --hypothesis-profile, for a night
settings.load_profile("ci" if os.environ.get("CI") else "here")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-moodle", action="store_true", help="integration tests with a twin of every version")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported and made here stays to the end: the collector need not look at it again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests first, the same number for each worker: the order is random otherwise.

    Workers begin with equal parts of the list, one after the other, and take over from each other's ends: all slow
    ones in the first part would leave a single worker at work in the end.
    """
    slow = [item for item in items if item.get_closest_marker("slow")]
    rest = [item for item in items if not item.get_closest_marker("slow")]
    workers, dealt = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), list[pytest.Item]()
    for worker in range(workers):
        mine = slow[worker::workers]
        share = (len(items) - len(dealt)) // (workers - worker) - len(mine)
        dealt += mine + rest[: max(0, share)]
        del rest[: max(0, share)]
    items[:] = dealt


@pytest.fixture(scope="session", autouse=True)
def _compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands that tests start find each other's bytecode, also where none may be written beside the sources.

    Without it each of some hundred processes compiles the whole product before it does anything.
    """
    with pytest.MonkeyPatch.context() as patch:
        if sys.dont_write_bytecode:
            patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
            patch.setenv("PYTHONPYCACHEPREFIX", str(tmp_path_factory.mktemp("bytecode")))
        yield


_numbers = itertools.count(1)
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "io_method": "sync",  # without it a backend often ends after, not before, DROP DATABASE looks: 0.1 s for each test
}
_MEMORY = Path("/dev/shm")  # noqa: S108  # copying a database of 300 files takes 15 ms there, up to 400 on a busy disk


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


def _new_folder() -> Path:
    in_memory = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > 2_000_000_000
    folder = Path(tempfile.mkdtemp(prefix="connector-", dir=_MEMORY if in_memory else None))
    folder.chmod(0o711)  # root's server, another user, passes through it
    return folder


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """An empty folder with a short path, in which root's server can work too (``tmp_path`` is closed to it)."""
    folder = _new_folder()
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedServer]:
    """One embedded server for each test process, fast rather than durable, gone at the end."""
    folder = _new_folder()
    with server(folder, options=_FAST) as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template_database(postgres: EmbeddedServer) -> str:
    """The name of a database with all migrations, to be copied."""
    create_database(postgres.url(), "migrated")
    for line in (CONNECTOR, REPORTING):
        upgrade(postgres.url("migrated"), line)
    return "migrated"


@pytest.fixture
def database_url(postgres: EmbeddedServer, template_database: str) -> Iterator[str]:
    """A fresh database with all migrations."""
    with _fresh(postgres, template_database) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(postgres: EmbeddedServer, template_database: str) -> Iterator[str]:
    """One that all tests of a module share."""
    with _fresh(postgres, template_database) as url:
        yield url


@contextmanager
def _fresh(postgres: EmbeddedServer, template: str) -> Iterator[str]:
    name = f"test_{os.getpid()}_{next(_numbers)}"
    create_database(postgres.url(), name, template=template)
    yield postgres.url(name)
    drop_database(postgres.url(), name)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Generator[None]:
    """Say last what was left out for want of something on this machine, and how to get it."""
    yield
    reasons = (
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    left_out = Counter(reason for reason in reasons if reason.startswith("needs "))
    if left_out:
        terminalreporter.section("left out on this machine")
    for reason, count in sorted(left_out.items()):
        terminalreporter.line(f"{count} {'test' if count == 1 else 'tests'}: {reason}")
