"""Telling learners their due dates by messages in Moodle, as a job; each once, as ``jobs.telling`` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog

from connector.domain.errors import AccessRefused, Unavailable
from connector.domain.grants import LearningPath
from connector.domain.learners import (
    DueLetter,
    DueNotice,
    Messenger,
    Telling,
    Told,
    Waiting,
    day_to_tell,
    language_of,
    name_in,
)
from connector.domain.notices import Language
from jobs.telling import Sending, Sent

BATCH = 25
"""Messages in a request: Moodle takes some hundredths of a second for each, and mails some of them."""
NOT_SENT = (AccessRefused, Unavailable)
"""Errors of a single message that say that it surely was not sent, nor will the others be."""

log = structlog.get_logger("jobs")


@dataclass(frozen=True, slots=True)
class LearnerNotices:
    """Everything that telling learners needs, handed in by the composition root.

    ``connect`` opens Moodle, whose address is ``url``; ``needs`` are functions that the token must be allowed for it.
    ``courses`` gives Moodle's ids by reference; ``language`` is for who uses none of ours; ``write`` makes HTML.
    """

    store: Waiting[DueNotice]
    connect: Callable[[], AbstractAsyncContextManager[Messenger]]
    needs: frozenset[str]
    url: str
    paths: Mapping[str, LearningPath]
    courses: Callable[[], Mapping[str, int]]
    language: Language
    write: Callable[[DueLetter], str]
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]

    async def tell(self) -> Mapping[str, object]:
        """Tell what waits; gives what to log. Raises the error tree where Moodle or the database cannot be used.

        Without the function in the token nobody is told, and everything waits.
        """
        over = self.store.end_over(self.clock())
        if not self.store.waiting(self.clock(), 1):
            return {"told": 0, "refused": 0, "over": over}
        async with self.connect() as moodle:
            if lacking := ", ".join(sorted(self.needs - (await moodle.site_info()).functions)):
                log.warning("nobody is told", lacking=lacking)
                return {"told": 0, "refused": 0, "over": over, "lacking": lacking}
            send = partial(self._send, moodle, self.courses())
            came = await Sending(self.store, send, BATCH, self.clock, self.stopping).all()
        return {"told": came[Told.DONE], "refused": came[Told.REFUSED], "over": over}

    async def _send(
        self, moodle: Messenger, courses: Mapping[str, int], notices: Sequence[DueNotice]
    ) -> Sent[DueNotice]:
        messages = [(one.account_id, self.write(self._letter(one, courses))) for one in notices]
        answers = await moodle.send_messages(messages)
        last = answers[-1] if answers else ""
        failure = last if isinstance(last, NOT_SENT) else None
        tellings = [
            Telling(one, Told.REFUSED if answer else Told.DONE, str(answer)[:200])
            for one, answer in zip(notices, answers[:-1] if failure else answers, strict=False)  # ends with an error
        ]
        return Sent(tellings, failure)

    def _letter(self, notice: DueNotice, courses: Mapping[str, int]) -> DueLetter:
        language = language_of(notice.lang, self.language)
        path = self.paths.get(notice.path)
        course = courses.get(path.courses[0]) if path else None
        url = f"{self.url}/course/view.php?id={course}" if course else f"{self.url}/my/courses.php"
        name = name_in(path.name if path else {}, language, notice.path)
        day = day_to_tell(notice.due_on, self.clock(), notice.timezone)
        return DueLetter(language, name, day, notice.changed, url)
