"""Telling learners their due dates by messages in Moodle, as a job.

A message is sent at most once: it counts as sent before Moodle is called, because Moodle would send a repeated one
again. Where the answer is lost it stays so; what surely was not sent waits for the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime

import structlog

from connector.domain.errors import AccessRefused, AnswerLost, ConnectorError, Stopped, Unavailable
from connector.domain.grants import LearningPath
from connector.domain.learners import (
    DueLetter,
    DueNotice,
    DueNoticeStore,
    Messenger,
    Telling,
    Told,
    language_of,
    name_in,
)
from connector.domain.notices import Language

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

    store: DueNoticeStore
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
            told, refused = await self._tell_all(moodle, self.courses())
        return {"told": told, "refused": refused, "over": over}

    async def _tell_all(self, moodle: Messenger, courses: Mapping[str, int]) -> tuple[int, int]:
        told = refused = 0
        while waiting := self.store.waiting(self.clock(), BATCH):
            if self.stopping():
                raise Stopped("Told to stop; the other learners are told by the next run.")
            tellings = await self._tell(moodle, self.store.claim(waiting, self.clock()), courses)
            told += sum(one.told is Told.DONE for one in tellings)
            refused += sum(one.told is Told.REFUSED for one in tellings)
        return told, refused

    async def _tell(
        self, moodle: Messenger, notices: Sequence[DueNotice], courses: Mapping[str, int]
    ) -> Sequence[Telling]:
        messages = [(one.account_id, self.write(self._letter(one, courses))) for one in notices]
        try:
            answers = await moodle.send_messages(messages)
        except AnswerLost:
            raise  # they may have arrived: who was not told is the smaller harm
        except ConnectorError:
            self.store.give_back(notices)
            raise
        failure = answers[-1] if answers and isinstance(answers[-1], NOT_SENT) else None
        tried = len(answers) - 1 if failure else len(answers)
        tellings = [
            Telling(one, Told.REFUSED if answer else Told.DONE, str(answer)[:200])
            for one, answer in zip(notices[:tried], answers[:tried], strict=True)
        ]
        self.store.settle(tellings, self.clock())
        self.store.give_back(notices[tried:])
        if failure:
            raise failure
        return tellings

    def _letter(self, notice: DueNotice, courses: Mapping[str, int]) -> DueLetter:
        language = language_of(notice.lang, self.language)
        path = self.paths.get(notice.path)
        course = courses.get(path.courses[0]) if path else None
        url = f"{self.url}/course/view.php?id={course}" if course else f"{self.url}/my/courses.php"
        name = name_in(path.name if path else {}, language, notice.path)
        return DueLetter(language, name, notice.due_on, notice.changed, url)
