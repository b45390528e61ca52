"""Whom to tell what: those who run it, learners, and newcomers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from adapters.moodle.functions import FOR_LEARNERS
from adapters.moodle.letters import write
from connector.bootstrap.ways import Ways
from connector.domain.errors import SettingsError
from connector.domain.feeds import KnownFeed
from connector.domain.notices import Channel, Limits, Situation
from connector.store.learners import DueNotices, Welcomes
from connector.store.notices import Notices
from connector.sync.apply import Stopping, never
from jobs.learners import LearnerNotices
from jobs.notices import Noticing, second_missed
from jobs.welcome import Welcoming

if TYPE_CHECKING:
    from adapters.mail import MailServer


def hours(number: float) -> timedelta | None:
    """So many hours; 0 is never."""
    return timedelta(hours=number) if number else None


class Telling(Ways):
    """Notices, due dates and welcomes."""

    @cached_property
    def channels(self) -> tuple[Channel, ...]:
        """The ways to reach people that are set up. Raises SettingsError where one of them is set up by half."""
        return tuple(self._channels())

    def _channels(self) -> Iterator[Channel]:
        told, links = self.settings.notices, self.settings.console.url
        if told.mail.to:
            from adapters.mail import Mail  # only here: the other commands start sooner

            yield Mail(
                self._mail_server(), told.mail.sender, tuple(told.mail.to.split(", ")), told.language, self.site, links
            )
        if told.webhook.url:
            from adapters.webhook import Webhook

            if (key := told.webhook.key()) is None:
                raise SettingsError("notices.webhook: nothing to sign with; set notices.webhook.secret_file.")
            allowed = frozenset(host.strip().lower() for host in told.webhook.allow.split(",") if host.strip())
            yield Webhook(told.webhook.url, key, allowed, self.site, links)

    def _mail_server(self) -> MailServer:
        from adapters.mail import MailServer

        mail = self.settings.notices.mail
        if not (mail.host and mail.sender):
            raise SettingsError("notices.mail: host and sender are needed where somebody is to be told.")
        return MailServer(mail.host, mail.port, mail.security, mail.user, mail.secret() or "")

    def noticing(self) -> Noticing:
        limits = self.settings.notices
        return Noticing(
            self.situation,
            Limits(hours(limits.feed_hours), hours(limits.mirror_hours), limits.failures),
            hours(limits.remind_hours),
            self.channels,
            Notices(self.database, self.site),
        )

    def learner_notices(self, stopping: Stopping = never) -> LearnerNotices:
        """How learners are told their due dates."""
        return LearnerNotices(
            DueNotices(self.database, self.site),
            self.working_moodle,
            FOR_LEARNERS,
            self.settings.moodle.url,
            {path.code: path for path in self.mapping.paths},
            lambda: self.plans.references("course"),
            self.settings.notices.language,
            write,
            self.clock,
            stopping,
        )

    def welcoming(self, stopping: Stopping = never) -> Welcoming:
        """How newcomers are welcomed. Raises SettingsError where they are not to be, or mail is not set up."""
        from adapters.mail import WelcomeMail

        told = self.settings.notices
        if not told.welcome:
            raise SettingsError("notices.welcome: newcomers are not to be welcomed; set it to true.")
        return Welcoming(
            Welcomes(self.database, self.site),
            WelcomeMail(self._mail_server(), told.mail.sender),
            self._name_of_moodle,
            self.settings.moodle.url,
            told.language,
            self.clock,
            stopping,
        )

    async def _name_of_moodle(self) -> str:
        async with self.moodle() as moodle:
            return " ".join((await moodle.site_info()).sitename.split())

    def situation(self) -> Situation:
        """How things stand, for those who are to be told."""
        source, latest = self._longest_silent()
        hops = {row["hop"]: row["reached_at"] for row in self.reports.freshness()}
        everything: datetime | None = hops.get("everything")
        times = self.settings.service.times("reconcile")
        return Situation(
            self.clock(),
            self.plans.holds(),
            self.feeds.refused(),
            len(self.cases.waiting()),
            source,
            latest.received_at if latest else None,
            hops.get("changes"),
            tuple(self.jobs.states().values()),
            everything,
            second_missed(times, everything),
        )

    def _longest_silent(self) -> tuple[str, KnownFeed | None]:
        """The source that has not been heard of for longest, with its last good feed."""
        latest = {source: self.feeds.latest(source) for source in self.mapping.sources}
        return min(latest.items(), key=lambda item: item[1].received_at.timestamp() if item[1] else 0.0)
