"""What is held of a person, written out for the person: with headings, what each thing is, and why it is kept.

Of other people there is nothing in it but keys of managers: else one could not see whose decision something was.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from connector.domain.erasing import Clock, Identity
from connector.domain.errors import SettingsError
from connector.privacy.erasing import NOBODY_KNOWN

NOT_IN_IT = (
    "Files of HR as they were delivered, mails and messages as they were sent, and backups are not in this document.",
    "What Moodle itself holds is told by Moodle: Site administration, Users, Privacy and policies, Data requests.",
    "Of other people it names managers only, by their key in HR's data.",
)


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the document. ``query`` finds its rows, and ``tables`` are those that they come from."""

    heading: str
    what: str
    why: str
    query: str
    tables: str


_TO_PLAN = "Accounts and courses in Moodle are made and kept right by it."
_TO_TELL = "It must be possible to tell later why somebody has or had something, and to take mistakes back."
_TO_REPORT = "Training duties are shown to be met by it, now and for a day in the past."

SECTIONS: tuple[Section, ...] = (
    Section(
        "What HR last said",
        "Key, account fields, unit, role, manager, first and last day.",
        _TO_PLAN,
        "subject.said",
        "connector.person",
    ),
    Section(
        "What HR had said before",
        "Until each moment; and when the person was missing from HR's data.",
        _TO_TELL,
        "subject.said_before",
        "connector.person_event",
    ),
    Section(
        "What HR said when the person left",
        "As of that day.",
        "A key that is given anew is known by it.",
        "subject.said_when_leaving",
        "connector.left_person",
    ),
    Section(
        "What each source says",
        "Where several systems name the person.",
        _TO_PLAN,
        "subject.said_by_source",
        "connector.statement",
    ),
    Section(
        "Rows that could not be used",
        "Line, field and reason.",
        "Somebody can mend them.",
        "subject.rejected",
        "connector.rejection",
    ),
    Section(
        "Rows of deliveries that were refused",
        "Until the next one is read.",
        "They are looked at.",
        "subject.staged",
        "connector.staged",
    ),
    Section(
        "Training records of former systems",
        "Courses with dates and scores, and certificates, as they were brought over.",
        _TO_REPORT,
        "subject.imported",
        "connector.import_record",
    ),
    Section(
        "Rows of former systems that could not be used",
        "Line, field and reason.",
        "Somebody can mend them.",
        "subject.not_imported",
        "connector.import_rejection",
    ),
    Section(
        "Leave",
        "Days away.",
        "Due dates wait for the return.",
        "subject.leaves",
        "connector.leave facts.landing_leave",
    ),
    Section(
        "Account in Moodle",
        "As it was last seen, and since when it is the person's.",
        _TO_PLAN,
        "subject.accounts",
        "connector.account connector.binding",
    ),
    Section(
        "Usernames",
        "Those that were ever given.",
        "They are given to nobody else.",
        "subject.usernames",
        "connector.reserved_username",
    ),
    Section(
        "What was granted",
        "Courses, cohorts, groups, roles and requirements.",
        "Only what is known to be granted here is ever taken away.",
        "subject.grants",
        "connector.ledger connector.lost_grant",
    ),
    Section(
        "Changes",
        "What was planned and done, with before and after, and what Moodle answered.",
        _TO_TELL,
        "subject.changes",
        "connector.change connector.operation connector.plan",
    ),
    Section(
        "What was taken back",
        "By a person's decision.",
        "It is not done again unasked.",
        "subject.undone",
        "connector.undone",
    ),
    Section(
        "What had to be decided",
        "Kind and day; sentences are left out, because they may name others.",
        _TO_TELL,
        "subject.cases",
        "connector.case",
    ),
    Section(
        "What was assigned and waived",
        "By managers, named by key, or by HR.",
        _TO_TELL,
        "subject.decisions",
        "connector.decision",
    ),
    Section(
        "What the person decided about others",
        "As a manager; about whom is left out.",
        _TO_TELL,
        "subject.decided",
        "connector.decision",
    ),
    Section(
        "Due dates that were told",
        "By messages in Moodle.",
        "Each is told once.",
        "subject.notices",
        "connector.due_notice",
    ),
    Section(
        "Welcome",
        "Whether it was mailed that there is an account.",
        "It is mailed once.",
        "subject.welcomes",
        "connector.welcome",
    ),
    Section(
        "Due dates in the calendar",
        "Those that stand in the calendar in Moodle.",
        "They are moved and removed there.",
        "subject.entries",
        "connector.calendar_entry",
    ),
    Section(
        "Linked sign-in",
        "The name at the OAuth 2 provider with which the account is linked.",
        "The first sign-in asks nothing, and the link ends when the person leaves.",
        "subject.linked",
        "connector.linked_login",
    ),
    Section(
        "As pushed by identity systems",
        "The user and its groups.",
        _TO_PLAN,
        "subject.pushed",
        "connector.scim_user connector.scim_member",
    ),
    Section(
        "Certificates",
        "As they were issued here: name, number and code, and by whose word where not by rule.",
        "They can be verified, and their files made.",
        "subject.certificates",
        "connector.certificate",
    ),
    Section(
        "Certificates of others",
        "What the person issued or revoked by hand, as a manager; for whom is left out.",
        _TO_TELL,
        "subject.certified",
        "connector.certificate",
    ),
    Section(
        "Launched from Moodle: as whom",
        "By which number a Moodle means the person.",
        "What is learned in content that Moodle launches is the person's.",
        "subject.launching",
        "connector.lti_person",
    ),
    Section(
        "Launched from Moodle: now",
        "What Moodle told of the person and the course.",
        "Content is worked with by it, for hours.",
        "subject.launches",
        "connector.lti_session",
    ),
    Section(
        "Launched from Moodle: scores",
        "What was sent to Moodle's gradebook, or is to be.",
        "None is lost, and each arrives in its order.",
        "subject.scores",
        "connector.lti_score",
    ),
    Section(
        "Launched content: videos",
        "How much of them was watched, and what was answered within them.",
        "One goes on where one was, and lessons are completed by it.",
        "subject.viewings",
        "connector.viewing",
    ),
    Section(
        "Launched content: videos uploaded",
        "As a teacher.",
        _TO_TELL,
        "subject.uploads",
        "connector.media",
    ),
    Section(
        "Launched content: attempts",
        "Attempts at assessments with answers, results, marks and comments; who marked is left out.",
        "They are marked, and shown to the person.",
        "subject.attempts",
        "connector.attempt connector.answer connector.mark",
    ),
    Section(
        "Launched content: files",
        "What was handed in for questions; the files themselves are asked for where they lie.",
        "They are marked.",
        "subject.handed_in",
        "connector.evidence",
    ),
    Section(
        "Launched content: made and marked",
        "What the person made or changed as a teacher, where, and how much the person marked; of whom is left out.",
        _TO_TELL,
        "subject.taught",
        "connector.content connector.content_version connector.regrade connector.teaching",
    ),
    Section(
        "Launched content: allowed",
        "Attempts and minutes beyond what all are allowed; and how often the person allowed others some.",
        "It holds for the next attempt.",
        "subject.allowed",
        "connector.allowance",
    ),
    Section(
        "Launched content: just now",
        "What has happened and is not in the reports yet.",
        _TO_REPORT,
        "subject.happening",
        "connector.learning_event",
    ),
    Section(
        "What the person decided here by the key, or at the console",
        "In the audit trail, and of changes, feeds, imports, tokens and platforms; what it was about is left out.",
        _TO_TELL,
        "subject.acted",
        "connector.audit_trail connector.hold connector.feed_release connector.scim_token connector.api_token "
        "connector.import_batch connector.lti_platform connector.lti_invitation",
    ),
    Section(
        "Account of the console",
        "Name, role and sessions, where the name is nobody else's; of recovery codes the number.",
        "Whoever uses the console signs in by it.",
        "subject.console",
        "connector.console_account connector.console_session connector.console_recovery_code",
    ),
    Section(
        "In the reports: the person",
        "Key, unit, role, manager and status, in versions.",
        _TO_REPORT,
        "subject_facts.people",
        "facts.dim_person facts.landing_person",
    ),
    Section("In the reports: names", "Name and e-mail.", _TO_REPORT, "subject_facts.names", "facts.person_name"),
    Section(
        "In the reports: last access to Moodle",
        "One moment.",
        "It is counted who is active.",
        "subject_facts.accesses",
        "facts.person_access",
    ),
    Section(
        "In the reports: enrolments",
        "Courses, and when.",
        _TO_REPORT,
        "subject_facts.enrolments",
        "facts.fact_enrolment",
    ),
    Section(
        "In the reports: completions",
        "Courses completed, and how exact the time is.",
        _TO_REPORT,
        "subject_facts.completions",
        "facts.fact_completion connector.completed_course",
    ),
    Section(
        "In the reports: grades",
        "Totals of courses, and why each ended.",
        _TO_REPORT,
        "subject_facts.grades",
        "facts.fact_grade",
    ),
    Section(
        "In the reports: activities",
        "How the person stands in activities of courses.",
        _TO_REPORT,
        "subject_facts.activity_completions",
        "facts.fact_activity_completion",
    ),
    Section(
        "In the reports: grades within courses",
        "Of activities and of items by hand.",
        _TO_REPORT,
        "subject_facts.item_grades",
        "facts.fact_item_grade",
    ),
    Section(
        "In the reports: changes of grades",
        "When and why each changed; who did it is left out.",
        _TO_REPORT,
        "subject_facts.grade_history",
        "facts.fact_grade_history",
    ),
    Section(
        "In the reports: certificates",
        "Certificates and badges.",
        _TO_REPORT,
        "subject_facts.certificates",
        "facts.fact_certificate",
    ),
    Section(
        "In the reports: requirements",
        "What was due when, and when it was met.",
        _TO_REPORT,
        "subject_facts.assignments",
        "facts.fact_assignment facts.landing_assignment",
    ),
    Section(
        "In the reports: what happened in launched content",
        "Launches, answers, results, videos: when, and for how long.",
        _TO_REPORT,
        "subject_facts.learning_events",
        "facts.fact_learning_event",
    ),
    Section(
        "In the reports: attempts at assessments",
        "With what each question gave.",
        _TO_REPORT,
        "subject_facts.attempts",
        "facts.fact_assessment_attempt facts.fact_question_response",
    ),
    Section(
        "In the reports: time spent",
        "Seconds, and who says so.",
        _TO_REPORT,
        "subject_facts.time_spent",
        "facts.fact_time_spent",
    ),
    Section(
        "In the reports: waived", "Requirements that do not hold.", _TO_REPORT, "subject_facts.waivers", "facts.waiver"
    ),
    Section(
        "In the reports: managers",
        "Who is or was above the person, by key.",
        "Figures of teams are made by it.",
        "subject_facts.managers",
        "facts.manager_closure facts.summary_manager",
    ),
)
PASSING = frozenset({
    "connector.differing_grant", "connector.present_grant", "facts.landing_scope", "facts.landing_access",
    "landing.held", "landing.came", "facts.reconciliation_difference",
    "facts.landing_enrolment",
    "facts.landing_completion", "facts.landing_grade", "facts.landing_certificate", "facts.summary_quality",
    "facts.landing_activity_completion", "facts.landing_item_grade", "facts.landing_grade_history",
    "facts.landing_earlier_completion", "facts.history_read",
    "connector.erasure", "connector.erasure_mark", "connector.erased_username",
})  # fmt: skip
"""Tables that repeat what stands in a section, or are of people who were erased."""


class SubjectStore(Protocol):
    def rows(self, query_name: str, identity: Identity) -> list[Any]: ...


@dataclass(frozen=True, slots=True)
class Exporting:
    """``identity`` finds a person by key; ``told`` says under which pseudonym somebody was erased, and when."""

    store: SubjectStore
    identity: Callable[[str], Identity | None]
    told: Callable[[str], tuple[str, datetime] | None]
    site: str
    clock: Clock

    def export(self, key: str) -> dict[str, Any]:
        """The document. Raises SettingsError where nobody has this key, or the person was erased."""
        identity = self.identity(key)
        if identity is None:
            if (erased := self.told(key)) is not None:
                raise SettingsError(f"PERSON: this person was erased as {erased[0]}; no data are kept.")
            raise SettingsError(NOBODY_KNOWN)
        sections = [
            {"heading": one.heading, "what": one.what, "why": one.why, "rows": rows}
            for one in SECTIONS
            if (rows := self.store.rows(one.query, identity))
        ]
        return {
            "about": sorted(identity.keys or identity.emails),
            "moodle": self.site,
            "made_at": self.clock().isoformat(timespec="seconds"),
            "notes": list(NOT_IN_IT),
            "sections": sections,
        }
