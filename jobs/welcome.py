"""Telling newcomers by mail that they have an account, as a job; each once, as ``jobs.telling`` says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from connector.domain.learners import Postman, Telling, Told, Waiting, Welcome, WelcomeLetter, language_of
from connector.domain.notices import Language
from jobs.telling import Sending, Sent


@dataclass(frozen=True, slots=True)
class Welcoming:
    """Everything that welcoming needs, handed in by the composition root.

    ``name`` asks Moodle, whose address is ``url``, for its name; ``language`` is for who uses none of ours.
    """

    store: Waiting[Welcome]
    post: Postman
    name: Callable[[], Awaitable[str]]
    url: str
    language: Language
    clock: Callable[[], datetime]
    stopping: Callable[[], bool]

    async def tell(self) -> Mapping[str, object]:
        """Welcome those who wait; gives what to log. Raises the error tree where mail server, Moodle or database fail.

        ``later``: the mail server did not take the address for now.
        """
        over = self.store.end_over(self.clock())
        came: Counter[Told] = Counter()
        if self.store.waiting(self.clock(), 1):
            send = partial(self._send, await self.name())
            came = await Sending(self.store, send, 1, self.clock, self.stopping).all()
        return {
            "told": came[Told.DONE], "refused": came[Told.REFUSED], "later": came[Told.LATER], "over": over,
        }  # fmt: skip

    async def _send(self, site: str, notices: Sequence[Welcome]) -> Sent[Welcome]:
        [one] = notices
        letter = WelcomeLetter(language_of(one.lang, self.language), site, self.url, one.username, one.auth)
        return Sent([Telling(one, *await self.post.welcome(one.email, letter, self.clock()))])
