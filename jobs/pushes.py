"""Pushes and hints are heeded as they come: a thread waits for word of them, and wakes the job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from connector.domain.errors import StorageError

AGAIN = 5.0
"""Seconds after which a database that could not be reached is tried again."""

LOOK = 1.0
"""Seconds between two looks at whether it is to end."""

log = structlog.get_logger("jobs")

Word = Callable[[Event], Iterator[None]]
"""Gives something once it can hear, and then with each push, until the event is set. Raises StorageError."""


@contextmanager
def heard(word: Word, wake: Callable[[], None], stopping: Event) -> Iterator[None]:
    """Call ``wake`` for pushes while the block lasts, and once each time that hearing begins: some may have come."""
    ended = Event()

    def live() -> None:
        while not (stopping.is_set() or ended.is_set()):
            try:
                for _ in word(ended):
                    if stopping.is_set():
                        return
                    wake()
            except StorageError as error:
                log.warning("cannot hear the database", message=str(error))
                ended.wait(AGAIN)

    thread = Thread(target=live, name="pushes", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(2 * LOOK)
