"""What is kept: the stores of the way in, the facts and what is read of them."""

from __future__ import annotations

from functools import cached_property

from connector.bootstrap.installation import Installation
from connector.domain.catalogue import CourseFields
from connector.domain.plan import Action
from connector.explain.explaining import Explaining
from connector.store.accounts import Accounts
from connector.store.analytics import AnalyticsViews
from connector.store.cases import Cases
from connector.store.checks import CHECKS, checks
from connector.store.choices import Choices
from connector.store.decisions import Decisions
from connector.store.dictionary import Dictionary
from connector.store.explaining import Dossiers, LearnedViews
from connector.store.facts import Facts
from connector.store.feeds import Feeds
from connector.store.figures import FigureViews
from connector.store.hints import Hints
from connector.store.jobs import Jobs
from connector.store.journal import DUE_DATES, WELCOMES, Journal
from connector.store.live import LiveWords
from connector.store.logins import Logins
from connector.store.lti_scores import LtiScores
from connector.store.plans import Plans
from connector.store.reports import ReportViews
from connector.store.review import Reviews
from connector.store.undo import Undos
from connector.store.views import ViewRows
from connector.sync.deciding import Deciding


class Kept(Installation):
    """Everything that is in the databases."""

    @cached_property
    def feeds(self) -> Feeds:
        return Feeds(self.database, self.site, self.erasures.erased)

    @cached_property
    def plans(self) -> Plans:
        return Plans(self.database, self.site, self.erasures.erased)

    @cached_property
    def cases(self) -> Cases:
        return Cases(self.database, self.site)

    @cached_property
    def decisions(self) -> Decisions:
        """What people assigned and waived beside the rules."""
        return Decisions(self.database, self.site)

    @property
    def deciding(self) -> Deciding:
        """How people assign and waive."""
        return Deciding(self.decisions, self.mapping.assignable.keys(), self.clock)

    @property
    def explaining(self) -> Explaining:
        """Why somebody has something, or has not got it."""
        dossiers = Dossiers(self.database, self.site)
        ahead = self.settings.create_days_ahead
        return Explaining(
            dossiers, lambda: LearnedViews(self.reporting), self.mapping, self.clock, ahead, self.erasures.told
        )

    @cached_property
    def journal(self) -> Journal:
        wished = self.settings.notices
        told: dict[Action, bool] = {}
        if wished.learners == "moodle":
            told |= dict.fromkeys(DUE_DATES, wished.learners_first_load)
        if wished.welcome:
            told |= dict.fromkeys(WELCOMES, wished.welcome_first_load)
        return Journal(self.database, self.site, told)

    @cached_property
    def undos(self) -> Undos:
        return Undos(self.database, self.site)

    @cached_property
    def accounts(self) -> Accounts:
        return Accounts(self.database, self.site)

    @cached_property
    def choices(self) -> Choices:
        return Choices(self.database, self.site)

    @cached_property
    def hints(self) -> Hints:
        """Moodle's word that something has changed."""
        return Hints(self.database, self.site)

    @cached_property
    def launch_scores(self) -> LtiScores:
        """Scores of content that was launched, on their way to gradebooks."""
        return LtiScores(self.database, self.site)

    @cached_property
    def live_words(self) -> LiveWords:
        """What pages are told at once."""
        return LiveWords(self.database)

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.reporting, self.site, CourseFields(**self.settings.moodle.course_fields.model_dump()))

    @cached_property
    def jobs(self) -> Jobs:
        return Jobs(self.database, self.site)

    @cached_property
    def figures(self) -> FigureViews:
        return FigureViews(self.database, self.reporting, self.site)

    @cached_property
    def reviews(self) -> Reviews:
        return Reviews(self.database, self.site)

    @cached_property
    def reports(self) -> ReportViews:
        return ReportViews(self.reporting)

    @cached_property
    def analytics(self) -> AnalyticsViews:
        """What the API tells."""
        return AnalyticsViews(self.reporting)

    @cached_property
    def logins(self) -> Logins:
        return Logins(self.reporting)

    @cached_property
    def dictionary(self) -> Dictionary:
        return Dictionary(self.reporting)

    @cached_property
    def views(self) -> ViewRows:
        """The rows of reporting views, for exports."""
        return ViewRows(self.reporting)

    def broken_facts(self) -> dict[str, int]:
        """What must never be among the facts and is there, in words, with the number of rows."""
        return {CHECKS[name]: rows for name, rows in checks(self.reporting).items()}

    def login_address(self, name: str, password: str | None) -> str | None:
        """How a BI tool reaches the reports; None where the embedded PostgreSQL listens to nobody."""
        urls = (self.settings.reporting.url, self.settings.database_url)
        if any(url.get_secret_value() for url in urls):
            return self.logins.address(name, password)
        port = self.settings.reporting.listen_port
        return self.logins.address(name, password, "127.0.0.1", str(port)) if port else None
