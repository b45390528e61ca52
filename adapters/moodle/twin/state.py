"""The state of one twin: people, courses, cohorts and what ties them, with an index for every look-up."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from adapters.moodle.plugin import version as own_version
from adapters.moodle.twin.gradebook import DELETE, Gradebook
from adapters.moodle.twin.reports.model import BadgeIssue, Certificate, Report, TwinBadge
from adapters.moodle.twin.tools.state import Tools
from adapters.moodle.twin.versions import VERSIONS, Version

SITE_COURSE = 1
FIRST_COURSE_CATEGORY = 1
RoleContextKey = tuple[str, int]


@dataclass(slots=True)
class TwinUser:
    """``fields`` holds all text fields by Moodle's names, ``profile`` custom ones by shortname, if not empty.

    Times are epoch seconds; 0 is never.
    """

    id: int
    fields: dict[str, str]
    profile: dict[str, str] = field(default_factory=dict)
    suspended: bool = False
    deleted: bool = False
    created: int = 0
    modified: int = 0
    firstaccess: int = 0
    lastaccess: int = 0


@dataclass(slots=True)
class Enrolment:
    timestart: int
    timeend: int
    suspended: bool
    created: int = 0
    modified: int = 0

    def active(self, now: float) -> bool:
        return not self.suspended and self.timestart <= now and (self.timeend == 0 or self.timeend > now)


@dataclass(slots=True)
class Grade:
    """A course total; ``most`` is the most points that this person's can have, None where it is the course's."""

    value: float
    at: int
    most: float | None = None


@dataclass(slots=True)
class TwinCourse:
    """``criteria``: has completion criteria; ``grade_max`` is 0 until something in the course is graded.

    ``enrolments`` are those by the manual method, ``others`` those by other methods: guest access and self enrolment
    are in every new course, switched off. ``tracked``: people of whom cron took notice for completion. ``fields`` are
    values of custom fields as they are stored, by short name.
    """

    id: int
    shortname: str
    fullname: str
    idnumber: str
    category: int
    created: int
    visible: bool = True
    enablecompletion: bool = False
    criteria: bool = False
    grade_max: float = 0.0
    manual_enrolment: bool = True
    enrolments: dict[int, Enrolment] = field(default_factory=dict)
    completions: dict[int, int] = field(default_factory=dict)
    grades: dict[int, Grade] = field(default_factory=dict)
    others: dict[str, dict[int, Enrolment]] = field(default_factory=lambda: {"guest": {}, "self": {}})
    tracked: set[int] = field(default_factory=set)
    accesses: dict[int, int] = field(default_factory=dict)
    summary: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def methods(self) -> dict[str, dict[int, Enrolment]]:
        """Who is in by each enrolment method that the course has."""
        manual = {"manual": self.enrolments} if self.manual_enrolment or self.enrolments else {}
        return manual | self.others

    def enrolled(self) -> dict[int, list[Enrolment]]:
        """All enrolments of each person, in the order of ids of enrolments as near as the twin knows it."""
        found: dict[int, list[Enrolment]] = {}
        for people in (self.enrolments, *self.others.values()):
            for user_id, enrolment in people.items():
                found.setdefault(user_id, []).append(enrolment)
        return found

    def enrolments_of(self, user_id: int) -> list[Enrolment]:
        """By whichever method."""
        return [people[user_id] for people in (self.enrolments, *self.others.values()) if user_id in people]

    def active(self, user_id: int, now: float) -> bool:
        """One active enrolment is enough."""
        return any(enrolment.active(now) for enrolment in self.enrolments_of(user_id))

    def most_of(self, user_id: int) -> float:
        """The most points that this person's total can have."""
        grade = self.grades.get(user_id)
        return self.grade_max if grade is None or grade.most is None else grade.most


@dataclass(slots=True)
class TwinCategory:
    id: int
    name: str
    idnumber: str
    parent: int = 0


@dataclass(slots=True)
class TwinCohort:
    id: int
    name: str
    idnumber: str
    members: dict[int, int | None] = field(default_factory=dict)
    """When each person was added."""
    enrols_in: set[int] = field(default_factory=set)
    """Courses with the enrolment method Cohort sync for this cohort."""


@dataclass(slots=True)
class TwinGroup:
    """A group within a course; ``members`` says when each person was added."""

    id: int
    course_id: int
    name: str
    idnumber: str
    description: str = ""
    members: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TwinMessage:
    """A personal message of the service account; ``format`` is Moodle's number."""

    id: int
    to: int
    text: str
    format: int


@dataclass(frozen=True, slots=True)
class DueDate:
    """An entry in somebody's calendar."""

    id: int
    user_id: int
    name: str
    at: int
    description: str = ""


ROLES = {
    1: "manager", 2: "coursecreator", 3: "editingteacher", 4: "teacher", 5: "student",
    6: "guest", 7: "user", 8: "frontpage",
}  # fmt: skip
"""Ids of a fresh site."""
STUDENT = 5


class TwinState:
    """All that one twin knows. ``lock`` is held by whoever reads or changes it: server and test are two threads."""

    def __init__(
        self,
        version: str = "4.5",
        *,
        sitename: str = "Acme Training",
        admin: bool = False,
        languages: frozenset[str] = frozenset({"en"}),
        auths: frozenset[str] = frozenset({"manual", "oauth2", "saml2", "oidc", "ldap", "nologin", "email"}),
        profile_fields: tuple[str, ...] = ("jobgrade", "costcentre"),
        max_input_vars: int = 10_000,
        url: str = "http://localhost",
        plugin: bool = False,
    ) -> None:
        """``admin``: the token belongs to an administrator, who sees telephone numbers too. ``plugin``: our plugin
        ``local_connector`` is installed, and the token is one of its service."""
        self.lock = threading.RLock()
        self.version: Version = VERSIONS[version]
        self.sitename = sitename
        self.admin = admin
        self.plugin = plugin
        self.plugin_version = own_version()
        self.languages = languages
        self.auths = auths
        self.identity_providers: tuple[str, ...] = ("oauth2",)
        """Methods whose identity providers stand on the login page."""
        self.profile_fields = profile_fields
        self.course_fields: dict[str, tuple[str, ...]] = {}
        """Custom fields of courses by short name: options of a menu, none for a text."""
        self.max_input_vars = max_input_vars
        self.url = url
        self.users: dict[int, TwinUser] = {}
        self.courses: dict[int, TwinCourse] = {}
        self.categories: dict[int, TwinCategory] = {1: TwinCategory(1, "Category 1", "")}
        self.cohorts: dict[int, TwinCohort] = {}
        self.roles: dict[int, dict[RoleContextKey, set[int]]] = {}
        self.user_courses: dict[int, dict[int, None]] = {}
        self.user_cohorts: dict[int, dict[int, None]] = {}
        self.by_username: dict[str, int] = {}
        self.by_email: dict[str, int] = {}
        self.by_idnumber: dict[str, dict[int, None]] = {}
        self.course_by_idnumber: dict[str, int] = {}
        self.course_by_shortname: dict[str, int] = {}
        self.cohort_by_idnumber: dict[str, int] = {}
        self.reserved: set[str] = set()
        """Usernames of creates under way whose connection is gone already ("write late")."""
        self.groups: dict[int, TwinGroup] = {}
        self.rolled_back: dict[int, list[TwinGroup]] = {}
        """By course: groups that are not there and that Moodle's cache still shows."""
        self.calls: Counter[str] = Counter()
        self._next: Counter[str] = Counter()
        self.reports: dict[int, Report] = {}
        self.badges: dict[int, list[BadgeIssue]] = {}
        """What each person was awarded."""
        self.certificates: dict[int, list[Certificate]] = {}
        """Issues of tool_certificate by person."""
        self.gradebook = Gradebook()
        self.badge_by_name: dict[str, TwinBadge] = {}
        self.views_reports = self.edits_reports = True
        """Whether the token may read reports, and change them."""
        self.due_dates: dict[str, DueDate] = {}
        """Entries in calendars of people, by the keys of whoever put them by our plugin."""
        self.issuers: dict[int, str] = {}
        """Names of services of OAuth 2 by which people may sign in."""
        self.linked: dict[tuple[int, str], int] = {}
        """Accounts by identities: a service, and the username there."""
        self.forced_zone = ""
        """The time zone that the site forces upon everybody, if it does."""
        self.closed: set[int] = set()
        """Courses that are hidden, and that the token may not enter."""
        self.messages: list[TwinMessage] = []
        self.messaging = True
        """Whether messaging is enabled on the site."""
        self.unreachable: set[int] = set()
        """People whose preferences keep the service account from writing to them."""
        self.lacking: set[str] = set()
        """Functions that the token's service does not have."""
        self.forbidden: set[str] = set()
        """Capabilities that the service account lacks, of those that our plugin asks for."""
        self.outbox: dict[int, tuple[int, int, int, int, str, str]] = {}
        """What our plugin has noted, by key: person, course, object, time, kind, action."""
        self.noted: Callable[[], None] = lambda: None
        """Called after each note."""
        self.started = int(time.time())
        self._populate()

    @cached_property
    def tools(self) -> Tools:
        """External tools; made when first asked for, because a key takes a while."""
        return Tools()

    def _populate(self) -> None:
        """A fresh site: its front page, the guest, the administrator and the service account."""
        self.add_course(shortname="acme", fullname=self.sitename, idnumber="", category=0)
        for username in ("guest", "admin", "connector"):
            fields = {"username": username, "firstname": username.title(), "lastname": "User", "auth": "manual"}
            self.add_user(fields | {"email": f"{username}@twin.test" if username != "guest" else "root@localhost"})
        self.administrators = {self.by_username["admin"]}
        self.me = self.by_username["admin" if self.admin else "connector"]

    def next_id(self, table: str) -> int:
        self._next[table] += 1
        return self._next[table]

    def note(self, kind: str, action: str, user: int = 0, course: int = 0, thing: int = 0) -> None:
        """As our plugin's observer notes an event (``classes/local/noted.php``)."""
        if self.plugin:
            self.outbox[self.next_id("outbox")] = (user, course, thing, int(time.time()), kind, action)
            self.noted()

    # ------------------------------------------------------------ people
    def add_user(self, fields: dict[str, str], profile: dict[str, str] | None = None) -> TwinUser:
        """Insert a person; the caller has checked that username and e-mail are free."""
        defaults = {"idnumber": "", "lang": "en", "timezone": "99", "department": "", "theme": ""}
        now = int(time.time())
        user = TwinUser(self.next_id("user"), defaults | fields, profile or {}, created=now, modified=now)
        self.users[user.id] = user
        self.index(user)
        self.note("people", "created", user.id, thing=user.id)
        return user

    def index(self, user: TwinUser) -> None:
        """Make a person findable by username, e-mail and idnumber."""
        self.by_username[user.fields["username"]] = user.id
        self.by_email[user.fields["email"].lower()] = user.id
        if user.fields["idnumber"]:
            self.by_idnumber.setdefault(user.fields["idnumber"], {})[user.id] = None

    def unindex(self, user: TwinUser) -> None:
        self.by_username.pop(user.fields["username"], None)
        self.by_email.pop(user.fields["email"].lower(), None)
        namesakes = self.by_idnumber.get(user.fields["idnumber"], {})
        namesakes.pop(user.id, None)
        if not namesakes:
            self.by_idnumber.pop(user.fields["idnumber"], None)

    def living(self, user_id: int) -> TwinUser | None:
        """The person, unless unknown or deleted."""
        user = self.users.get(user_id)
        return None if user is None or user.deleted else user

    # ------------------------------------------------------------ courses and cohorts
    def add_course(
        self,
        shortname: str,
        fullname: str,
        idnumber: str,
        category: int,
        *,
        visible: bool = True,
        enablecompletion: bool = False,
    ) -> TwinCourse:
        """Insert a course; the caller has checked that short name and idnumber are free."""
        course = TwinCourse(
            self.next_id("course"),
            shortname,
            fullname,
            idnumber,
            category,
            int(time.time()),
            visible,
            enablecompletion,
        )
        self.courses[course.id] = course
        self.course_by_shortname[shortname] = course.id
        if idnumber:
            self.course_by_idnumber[idnumber] = course.id
        self.note("courses", "created", course=course.id, thing=course.id)
        return course

    def add_category(self, name: str, idnumber: str, parent: int = 0) -> TwinCategory:
        category = TwinCategory(max(self.categories, default=0) + 1, name, idnumber, parent)
        self.categories[category.id] = category
        return category

    def path(self, category: TwinCategory) -> list[int]:
        """The ids of those above it, the topmost first, and its own."""
        above = self.path(self.categories[category.parent]) if category.parent else []
        return [*above, category.id]

    def add_cohort(self, name: str, idnumber: str) -> TwinCohort:
        cohort = TwinCohort(self.next_id("cohort"), name, idnumber)
        self.cohorts[cohort.id] = cohort
        if idnumber:
            self.cohort_by_idnumber[idnumber] = cohort.id
        return cohort

    # ------------------------------------------------------------ what ties people to them
    def course_roles(self, user_id: int, course_id: int) -> set[int]:
        return self.roles.get(user_id, {}).get(("course", course_id), set())

    def join(self, user_id: int, cohort: TwinCohort) -> None:
        """Into the cohort, and at once into the courses that are in step with it (enrol/cohort/locallib.php)."""
        cohort.members[user_id] = int(time.time())
        self.note("cohort_members", "created", user_id, thing=cohort.id)
        self.user_cohorts.setdefault(user_id, {})[cohort.id] = None
        for course in [self.courses[course_id] for course_id in cohort.enrols_in]:
            course.others.setdefault("cohort", {})[user_id] = Enrolment(0, 0, False, int(time.time()))
            self.note("enrolments", "created", user_id, course.id)
            self.user_courses.setdefault(user_id, {})[course.id] = None
            self.roles.setdefault(user_id, {}).setdefault(("course", course.id), set()).add(STUDENT)

    def leave(self, user_id: int, cohort: TwinCohort) -> None:
        """Out of the cohort, and, as on a fresh site, unenrolled at once where the cohort had enrolled."""
        if cohort.members.pop(user_id, None) is not None:
            self.note("cohort_members", "deleted", user_id, thing=cohort.id)
            for course_id in cohort.enrols_in:
                self.unenrol(user_id, self.courses[course_id], "cohort")
        self.user_cohorts.get(user_id, {}).pop(cohort.id, None)

    def unenrol(self, user_id: int, course: TwinCourse, plugin: str = "manual") -> None:
        """Moodle's ``unenrol_user``: with the last enrolment go roles, groups and grades; completions stay."""
        people = course.enrolments if plugin == "manual" else course.others.get(plugin, {})
        if people.pop(user_id, None) is None:
            return
        self.note("enrolments", "deleted", user_id, course.id)
        if not course.enrolments_of(user_id):
            self.user_courses.get(user_id, {}).pop(course.id, None)
            self.roles.get(user_id, {}).pop(("course", course.id), None)
            self.drop_total(user_id, course, "userdelete")
            self.gradebook.drop("userdelete", int(time.time()), course_id=course.id, user_id=user_id)
            for group in self.groups.values():
                if group.course_id == course.id:
                    group.members.pop(user_id, None)

    def leave_course(self, user_id: int, course: TwinCourse) -> None:
        """The person leaves by every method."""
        for plugin in ("manual", *course.others):
            self.unenrol(user_id, course, plugin)

    def drop_total(self, user_id: int, course: TwinCourse, source: str) -> None:
        """Delete somebody's grade of a whole course."""
        grade = course.grades.pop(user_id, None)
        if grade is not None:
            self.gradebook.note(DELETE, user_id, course.id, grade.value, source, int(time.time()))
