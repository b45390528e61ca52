"""LTI: who may launch, and what comes of a launch."""

from __future__ import annotations

from functools import cached_property
from secrets import randbits
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from connector.bootstrap.files import Files
from connector.bootstrap.kept import Kept
from connector.bootstrap.people import Admission
from connector.sign_in.tokens import new_token
from connector.sync.apply import Stopping, never
from jobs.scores import ScoreWork, WhenDue
from jobs.times import Times

if TYPE_CHECKING:
    from adapters.lti.guarded import PlatformHttp
    from adapters.lti.services import PlatformServices
    from connector.content.assessment.attempting import Attempting
    from connector.content.assessment.discarding import Discarding
    from connector.content.assessment.evidence import HandingIn
    from connector.content.assessment.picturing import Picturing
    from connector.content.assessment.regrading import Regrading
    from connector.content.course_view.opening import CourseView
    from connector.content.my_learning.opening import Opening
    from connector.lti.keys import Keyring
    from connector.lti.launching import Launching
    from connector.lti.login import Login
    from connector.lti.outbox import Outbox
    from connector.lti.probing import Probing
    from connector.lti.registering import Registering
    from connector.lti.rosters import Rosters
    from connector.store.allowances import StoredAllowances
    from connector.store.attempts import StoredAttempts
    from connector.store.contents import StoredContents
    from connector.store.learning_events import StoredEvents, WaitingEvents
    from connector.store.lti import LtiLogins, LtiPlatforms
    from connector.store.regrades import StoredRegrades
    from jobs.learning import LearningWork
    from jobs.regrades import RegradeWork

LOGIN, LAUNCH, KEYS, REGISTER, PICK = "/lti/login", "/lti/launch", "/lti/keys", "/lti/register", "/lti/pick"
"""Where platforms reach this tool."""


class Launched(Kept, Files, Admission):
    """What has to do with LTI; loaded where it is asked for only, so that other commands start sooner."""

    @cached_property
    def platforms(self) -> LtiPlatforms:
        from connector.store.lti import LtiPlatforms

        return LtiPlatforms(self.database, self.site)

    @cached_property
    def launch_logins(self) -> LtiLogins:
        from connector.store.lti import LtiLogins

        return LtiLogins(self.database, self.site)

    @cached_property
    def tool_keys(self) -> Keyring:
        """Raises SettingsError without a secret that closes them."""
        from adapters.secrets.seal import SIGNING_KEYS, FernetSeal
        from connector.lti.keys import Keyring
        from connector.store.lti import LtiKeys

        seal = FernetSeal(self.settings.lti_secrets(), SIGNING_KEYS, "lti.secret")
        return Keyring(LtiKeys(self.database, self.site, seal), self.clock)

    @cached_property
    def launch_login(self) -> Login:
        from connector.lti.login import Login

        tool = self.settings.lti.url
        return Login(self.platforms, self.launch_logins, tool, tool + LAUNCH, new_token, self.clock)

    @cached_property
    def registering(self) -> Registering:
        from adapters.lti.registration import HttpAnswers
        from connector.lti.registering import Addresses, Registering
        from connector.store.lti import LtiInvitations

        tool = self.settings.lti.url
        return Registering(
            self.platforms,
            LtiInvitations(self.database, self.site),
            HttpAnswers(self.platform_http),
            self.audit_trail,
            Addresses(tool, tool + LOGIN, tool + LAUNCH, tool + KEYS),
            lambda: self.tool_keys.signing(),
            new_token,
            self.clock,
        )

    @property
    def platform_http(self) -> PlatformHttp:
        """How platforms are asked; the Moodle of the settings may be anywhere."""
        from adapters.lti.guarded import PlatformHttp

        moodle = urlsplit(self.settings.moodle.url).hostname or ""
        return PlatformHttp(frozenset({*self.settings.lti.allow, moodle} - {""}))

    @cached_property
    def contents(self) -> StoredContents:
        """Content that is made here."""
        from connector.store.contents import StoredContents

        return StoredContents(self.database, self.site)

    @cached_property
    def attempts(self) -> StoredAttempts:
        from connector.store.attempts import StoredAttempts

        return StoredAttempts(self.database, self.site)

    @cached_property
    def allowances(self) -> StoredAllowances:
        """What one person is allowed beyond what all are."""
        from connector.store.allowances import StoredAllowances

        return StoredAllowances(self.database)

    @cached_property
    def attempting(self) -> Attempting:
        """Assessments, taken and marked."""
        from connector.content.assessment.attempting import Attempting
        from connector.content.assessment.papers import Papers

        papers = Papers(self.contents, lambda: randbits(63))
        return Attempting(self.attempts, self.allowances, self.contents, papers, self.clock)

    @cached_property
    def regrades(self) -> StoredRegrades:
        from connector.store.regrades import StoredRegrades

        return StoredRegrades(self.database, self.site)

    @property
    def regrading(self) -> Regrading:
        """Attempts that are marked anew."""
        from connector.content.assessment.regrading import Regrading

        papers = self.attempting.papers
        return Regrading(self.regrades, self.attempts, self.contents, papers, self.clock)

    @property
    def discarding(self) -> Discarding:
        """Attempts that are taken out of all that counts."""
        from connector.content.assessment.discarding import Discarding

        return Discarding(self.attempts, self.attempting.papers, self.clock)

    def regrading_work(self, stopping: Stopping = never) -> RegradeWork:
        from jobs.regrades import RegradeWork

        return RegradeWork(self.regrading, stopping)

    @cached_property
    def handing_in(self) -> HandingIn:
        """Files that are handed in. Raises SettingsError where they would lie nowhere."""
        from connector.content.assessment.evidence import HandingIn

        room = self.settings.content.evidence_mb * 1_000_000
        return HandingIn(self.attempts, self.content_files, room, self.clock)

    @property
    def picturing(self) -> Picturing | None:
        """How files of pictures are kept and go; None where there is no place for them."""
        from connector.content.assessment.picturing import Picturing
        from connector.store.pictures import StoredPictures

        files = self.content_files
        return Picturing(StoredPictures(self.database, self.site), files, self.clock) if files else None

    @cached_property
    def learning_events(self) -> StoredEvents:
        """What happens in launched content."""
        from connector.store.learning_events import StoredEvents

        return StoredEvents(self.database, self.site, self.clock)

    @cached_property
    def waiting_events(self) -> WaitingEvents:
        """What has happened there and is no fact yet."""
        from connector.store.learning_events import WaitingEvents

        return WaitingEvents(self.database, self.site)

    def carrying_learning(self, stopping: Stopping = never) -> LearningWork:
        """How that becomes facts."""
        from connector.store.learning_facts import LearningFactTables
        from jobs.learning import LearningWork

        facts = LearningFactTables(self.reporting, self.settings.moodle.url)
        return LearningWork(self.waiting_events, self.contents, facts, self.clock, stopping)

    @cached_property
    def my_learning(self) -> Opening:
        """What learners see of their own learning."""
        from connector.content.my_learning.opening import Opening
        from connector.store.my_learning import LearningViews

        look = LearningViews(self.reporting, self.database, self.settings.moodle.url)
        return Opening(look, self.settings.service.timezone)

    @cached_property
    def rosters(self) -> Rosters:
        """Who is in courses, as platforms say."""
        from connector.lti.rosters import Rosters

        return Rosters(self.platform_services, self.clock)

    @cached_property
    def course_view(self) -> CourseView:
        """What who teaches in a course sees of it."""
        from connector.content.course_view.opening import CourseView
        from connector.store.course_view import StoredCourseFacts, StoredCourseWork

        facts, work = StoredCourseFacts(self.reporting), StoredCourseWork(self.database, self.site)
        return CourseView(facts, work, self.platforms, self.settings.moodle.url.rstrip("/"), self.clock)

    @cached_property
    def platform_services(self) -> PlatformServices:
        from adapters.lti.services import PlatformServices

        return PlatformServices(self.platform_http, lambda: self.tool_keys.signing(), self.clock)

    @cached_property
    def score_outbox(self) -> Outbox:
        """How scores reach gradebooks."""
        from connector.lti.outbox import Outbox

        return Outbox(self.launch_scores, self.platforms, self.platform_services, self.clock)

    def sending_scores(self, stopping: Stopping = never) -> ScoreWork:
        return ScoreWork(self.score_outbox, stopping)

    def scores_due(self) -> Times | None:
        """When scores are sent, beside each time that one comes; None: only then."""
        times = self.settings.service.times("scores")
        return WhenDue(times, self.launch_scores.next_due) if times else None

    @cached_property
    def probing(self) -> Probing:
        """Whether platforms can launch and take scores."""
        from adapters.lti.probes import HttpProbe
        from connector.lti.probing import Probing

        tool = self.settings.lti.url
        probe = HttpProbe(self.platform_http, self.platform_services)
        return Probing(
            tool, tool + KEYS, lambda: self.tool_keys.known(), self.platforms, self.launch_logins, probe, self.clock
        )

    @cached_property
    def launching(self) -> Launching:
        from adapters.lti.keys import FetchedKeys
        from connector.lti.binding import Binding
        from connector.lti.launching import Launching
        from connector.store.lti import LtiSubjects

        http = self.platform_http
        subjects, moodle = LtiSubjects(self.database, self.site), self.settings.moodle.url.rstrip("/")
        binding = Binding(subjects, self.cases, moodle)
        return Launching(self.launch_logins, FetchedKeys(http), binding, self.settings.lti.url, new_token, self.clock)
