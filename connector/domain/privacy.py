"""What is kept of people, table by table, and what erasing a person does to it. A value, and nothing else.

A test compares it with the columns that the databases really have: a column that nobody has decided about fails it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What erasing does to a column of the rows that are about the person."""

    DELETE = "deleted"
    """The row goes."""
    BLANK = "blanked"
    """The row stays, and the value is empty."""
    PSEUDONYM = "pseudonym"
    """The pseudonym of the erasure, or a number that says nothing, stands there instead."""
    KEEP = "kept"
    """It says nothing of who the person is once the rest has gone, or it is needed to count."""
    NOBODY = "of nobody"
    """It is not about people whom HR names."""


@dataclass(frozen=True, slots=True)
class Held:
    """One table. ``holds``: what it has of a person; ``why``: why the rest of it stays. Columns by their fate."""

    table: str
    holds: str
    why: str
    fates: Mapping[Fate, str]

    @property
    def columns(self) -> dict[str, Fate]:
        """Every column with its fate."""
        return {name: fate for fate, names in self.fates.items() for name in names.split()}


def _deleted(table: str, holds: str, columns: str) -> Held:
    return Held(table, holds, "", {Fate.DELETE: columns})


def _nobody(table: str, holds: str, columns: str) -> Held:
    return Held(table, holds, "", {Fate.NOBODY: columns})


DECIDED = "it was decided, by somebody: the pseudonym stands for the key"

INVENTORY: tuple[Held, ...] = (
    # ------------------------------------------------------------ the way in
    Held(
        "connector.person",
        "what HR last said: key, account fields, attributes, first and last day, manager",
        "facts and ledger refer to it; unit, role and manager are needed to count",
        {
            Fate.PSEUDONYM: "key",
            Fate.BLANK: "row_digest wanted initial grant_set starts ends earlier_keys attributes "
            "absent_since absent_feed_id manager_missing_since moved_to formerly another left_on line",
            Fate.KEEP: "person_id source site unit unit_name units_above job_role active timezone unique_username "
            "manager_key manager_id first_seen changed_at feed_id gone",
        },
    ),
    _deleted("connector.person_event", "what HR had said before, and absences", "person_id at kind feed_id line was"),
    _deleted("connector.left_person", "what HR said when the person left", "person_id was"),
    _deleted(
        "connector.statement",
        "what each of several sources says",
        "site source key said row_digest feed_id line absent_since absent_feed_id gone",
    ),
    _deleted(
        "connector.staged",
        "rows of feeds that were refused, until the next one is read",
        "feed_id line key row_digest wanted initial grant_set unit unit_name units_above job_role manager_key "
        "starts ends "
        "active timezone earlier_keys attributes unique_username said source leave_from leave_until on_leave",
    ),
    _deleted("connector.rejection", "key and line of rows that could not be used", "feed_id line key field reason"),
    _deleted(
        "connector.import_record",
        "training records of former systems: courses with dates and scores, certificates; key and address while "
        "nobody is known by them",
        "import_id line person_id key email courses done_at precision score score_max template number expires_at",
    ),
    _deleted(
        "connector.import_rejection",
        "key and line of rows of such files that could not be used",
        "import_id line key field reason",
    ),
    Held(
        "connector.import_batch",
        "who imported or undid such a file, where that was by the key",
        DECIDED,
        {
            Fate.PSEUDONYM: "imported_by undone_by",
            Fate.NOBODY: "import_id site source kind name digest status rows kept rejected set_aside erased left_out "
            "reasons imported_at undone_at",
        },
    ),
    Held(
        "connector.leave",
        "days of leave",
        "due dates that were moved by them would move back",
        {Fate.KEEP: "person_id said days"},
    ),
    _deleted(
        "connector.account",
        "the Moodle account as it was last seen",
        "site account_id fields suspended seen_at mark administrator_since",
    ),
    _deleted(
        "connector.binding",
        "which Moodle account the person has",
        "site person_id account_id bound_at bound_by suspended_by_us",
    ),
    Held(
        "connector.reserved_username",
        "usernames that are given to nobody else",
        "a keyed hash of each stands in connector.erased_username, so that they stay reserved",
        {Fate.DELETE: "site username person_id"},
    ),
    Held(
        "connector.ledger",
        "what was granted, and when it ended",
        "facts of requirements are made from it; what was in force ends with the erasure",
        {
            Fate.KEEP: "grant_id site person_id kind target place_id terms ours suspended granted_at plan ordinal "
            "ended_at lost"
        },
    ),
    Held(
        "connector.lost_grant",
        "grants that somebody took away in Moodle",
        "numbers of the ledger only",
        {Fate.KEEP: "grant_id site read_at"},
    ),
    _deleted("connector.completed_course", "courses completed, for prerequisites", "site person_id course_id"),
    Held(
        "connector.change",
        "changes of the account with before and after, in every plan",
        "that something was changed is part of the record of a run; before-images and texts go",
        {
            Fate.PSEUDONYM: "subject",
            Fate.BLANK: "before after reason digest",
            Fate.KEEP: "plan ordinal phase action target person_id kind level ref guard_class",
        },
    ),
    Held(
        "connector.operation",
        "the journal: what Moodle answered to each change",
        "that it was attempted, when, and how it ended stays; texts go",
        {
            Fate.BLANK: "message before",
            Fate.KEEP: "plan ordinal run_id state attempts sent_at finished_at code",
        },
    ),
    Held(
        "connector.plan",
        "keys of the people whom a plan is about",
        "plans are the record of what was done",
        {
            Fate.PSEUDONYM: "people asked_by",
            Fate.NOBODY: "number site feed_id hash basis created_at status counts undoes",
        },
    ),
    _deleted(
        "connector.undone",
        "what was taken back and is not done again unasked",
        "site person_id kind target field value plan undone_at",
    ),
    Held(
        "connector.case",
        "what had to be decided about the person",
        "who decided what and when is a record of its own",
        {
            Fate.PSEUDONYM: "subject settlement settled_by withdrawn_by",
            Fate.BLANK: "reason candidates",
            Fate.KEEP: "case_id site kind opened_at settled_at withdrawn_at",
        },
    ),
    Held(
        "connector.decision",
        "what people assigned to the person or waived, and what the person decided as a manager",
        "facts of waivers are made from it",
        {
            Fate.PSEUDONYM: "decided_by withdrawn_by reason",
            Fate.KEEP: "decision_id person_id kind subject code manager_id starts_on ends_on decided_at "
            "withdrawn_at in_force",
        },
    ),
    Held(
        "connector.certificate",
        "certificates of the connector: the name as printed, the code, what earned it, and who issued or revoked it",
        "that one was issued, its number and until when are proof for whoever has it on paper; the code's hash "
        "finds it and tells no name",
        {
            Fate.PSEUDONYM: "deed issued_by reason revoked_by revoked_why",
            Fate.BLANK: "name code file file_message sha256",
            Fate.KEEP: "certificate_id site person_id template number code_hash language title issuer earned_at "
            "issued_at issued_on expires_on expires_at manager_id revoked_at revoker_id file_at changed_at",
        },
    ),
    _deleted(
        "connector.due_notice",
        "due dates that were told",
        "site person_id requirement due_on changed noted_at state told_at message",
    ),
    _deleted(
        "connector.welcome", "that a welcome was mailed", "site account_id person_id noted_at state told_at message"
    ),
    Held(
        "connector.calendar_entry",
        "due dates that stand in the calendar in Moodle",
        "the next run removes the entry in Moodle by it, and the row",
        {Fate.BLANK: "due_on digest message", Fate.KEEP: "site account_id requirement state sent_at"},
    ),
    _deleted(
        "connector.linked_login",
        "the name at the OAuth 2 provider with which the account is linked",
        "site account_id issuer_id username state message sent_at",
    ),
    _deleted(
        "connector.scim_user",
        "the person as an identity system pushed it",
        "user_id client_id place document name_key external_key number_key email_keys version created_at modified_at "
        "changed gone_at",
    ),
    _deleted("connector.scim_member", "groups of that user", "client_id group_id user_id subgroup_id"),
    _deleted(
        "connector.differing_grant",
        "scratch of a plan that was interrupted",
        "plan person_id key status account_id kind target level ref wanted granted place_id ours suspended "
        "timezone rule "
        "earlier leaves",
    ),
    _deleted(
        "connector.present_grant", "scratch of a plan that was interrupted", "plan account_id kind target active"
    ),
    Held(
        "connector.erasure",
        "the record of the erasure itself",
        "it proves that it was done; it holds a pseudonym, counts and who did it, and nothing of the person",
        {
            Fate.PSEUDONYM: "erased_by readmitted_by",
            Fate.KEEP: "erasure_id site pseudonym person_ids erased_at reason counts standing fingerprint "
            "facts_erased_at readmitted_at readmitted_because",
        },
    ),
    Held(
        "connector.erasure_mark",
        "keyed hashes of keys, idnumbers and e-mail addresses",
        "by them the person is known again and set aside; without the secret of the settings they say nothing",
        {Fate.KEEP: "erasure_id kind mark"},
    ),
    Held(
        "connector.erased_username",
        "keyed hashes of usernames",
        "a username that rules made is never given to somebody else",
        {Fate.KEEP: "site mark"},
    ),
    Held(
        "connector.hold",
        "who approved changes, where that was by the key",
        DECIDED,
        {
            Fate.PSEUDONYM: "decided_by",
            Fate.NOBODY: "plan guard_class count limit digest state decided_at expires_at window spent",
        },
    ),
    Held(
        "connector.feed_release",
        "who let a feed pass, where that was by the key",
        DECIDED,
        {Fate.PSEUDONYM: "released_by", Fate.NOBODY: "source digest released_at site"},
    ),
    Held(
        "connector.scim_token",
        "who admitted an identity system, where that was by the key",
        DECIDED,
        {
            Fate.PSEUDONYM: "created_by",
            Fate.NOBODY: "token_id client_id digest created_at expires_at used_at revoked_at",
        },
    ),
    Held(
        "connector.api_token",
        "who made a token of the API, where that was by the key",
        DECIDED,
        {
            Fate.PSEUDONYM: "created_by",
            Fate.NOBODY: "token_id site name digest scopes unit created_at expires_at used_at revoked_at",
        },
    ),
    _deleted(
        "connector.lti_person",
        "by which number a Moodle means the person",
        "platform_id subject site person_id bound_at",
    ),
    _deleted(
        "connector.lti_session",
        "launches of content from Moodle, for hours: name, e-mail, course and roles, as Moodle told",
        "session_id digest platform_id subject person_id launch began_at ends_at",
    ),
    _deleted(
        "connector.lti_score",
        "scores of such content, on their way to Moodle's gradebook and there",
        "score_id platform_id line_item subject value most progress comment stamp state tries try_at why "
        "made_at sent_at",
    ),
    Held(
        "connector.lti_platform",
        "who registered a platform of LTI, where that was by the key",
        DECIDED,
        {
            Fate.PSEUDONYM: "created_by",
            Fate.NOBODY: "platform_id site name issuer client_id authorization_url token_url keys_url deployments "
            "created_at ended_at",
        },
    ),
    Held(
        "connector.lti_invitation",
        "who made a link by which a platform registers, where that was by the key",
        DECIDED,
        {Fate.PSEUDONYM: "created_by", Fate.NOBODY: "digest site created_at expires_at used_at"},
    ),
    # ------------------------------------------------------------ of nobody whom HR names
    _nobody(
        "connector.feed",
        "deliveries: names of files, counts, reasons without values",
        "feed_id source name digest size modified received_at complete mapping_digest rows rejected keyless "
        "duplicate_keys "
        "status reasons site stated releasable",
    ),
    _nobody("landing.dataset", "names of Moodle's datasets", "dataset name"),
    _nobody("landing.holding", "which of them are held", "dataset columns"),
    _nobody("landing.coming", "of which of them something comes", "dataset columns"),
    _nobody("landing.gone", "keys of rows that are gone, until they are merged", "dataset key"),
    _nobody(
        "facts.reconciliation",
        "comparisons with Moodle, in numbers",
        "load_id dataset rows buckets differing missing other gone seconds equal as_of",
    ),
    _nobody("connector.grant_set", "what rules give, shared by many", "site digest kind target terms rule level ref"),
    _nobody("connector.run", "runs", "run_id kind site plan started_at finished_at status detail"),
    _nobody("connector.assignable", "what people may assign", "site subject code kind target terms level ref"),
    _nobody("connector.hint", "when Moodle said that something is new", "site sent_at came_at times"),
    _nobody("connector.cursor", "up to when Moodle was read", "site name read_until"),
    _nobody("connector.course_group", "groups of courses", "site group_id course_id"),
    _nobody("connector.reference", "Moodle's ids of courses and cohorts", "site kind ref moodle_id seen_at"),
    _nobody("connector.reading_choice", "how Moodle is read", "site wanted told found_at holds_until"),
    _nobody(
        "connector.job",
        "how jobs went",
        "site name started_at finished_at outcome failures error succeeded_at tries failing_since",
    ),
    _nobody("connector.notice", "what operators were told: counts", "site channel key mark kind facts since told_at"),
    _nobody("connector.scim_client", "identity systems", "client_id name created_at changes changed_at taken"),
    _nobody(
        "connector.scim_group",
        "groups of an identity system",
        "group_id client_id place document name_key external_key version created_at modified_at",
    ),
    _deleted(
        "connector.console_account",
        "who uses the console, by a name that is a key, an address or a username of the person and of nobody else",
        "account_id name display_name role language timezone disabled password_hash totp totp_step shown_totp "
        "setup_digest "
        "setup_expires_at",
    ),
    _deleted("connector.console_recovery_code", "recovery codes of such an account", "account_id digest used_at"),
    _deleted("connector.console_session", "sessions of such an account", "digest account_id started_at seen_at"),
    _nobody("connector.console_try", "failed sign-ins", "name_digest failures failed_at"),
    Held(
        "connector.audit_trail",
        "the key of a manager who decided something, the name of who used the console",
        "what was done is on record: it can only be added to, but for the pseudonym of somebody erased; names at the "
        "console that may be another's stay",
        {Fate.PSEUDONYM: "actor subject", Fate.NOBODY: "entry_id at action detail"},
    ),
    _nobody("connector.certificate_serial", "which numbers were given", "site template year last"),
    _nobody("connector.lti_key", "keys of the LTI tool", "kid site sealed public made_at retire_at"),
    _nobody(
        "connector.lti_login",
        "launches under way, for minutes: of which platform, and where to",
        "state platform_id nonce cookie target hint ends_at",
    ),
    # ------------------------------------------------------------ facts
    Held(
        "facts.dim_person",
        "key, Moodle id, unit, role, manager and status, in versions",
        "unit, role and status are needed to count",
        {
            Fate.PSEUDONYM: "hr_key",
            Fate.BLANK: "moodle_id hired_on left_on",
            Fate.KEEP: "person_id unit job_role manager_id status timezone valid_from valid_to",
        },
    ),
    Held(
        "facts.person_name",
        "first and last name, and e-mail",
        "everybody has a row, so that views need not ask",
        {Fate.BLANK: "firstname lastname email", Fate.KEEP: "person_id"},
    ),
    Held(
        "facts.person_access",
        "when the person was last in Moodle",
        "one moment, which is counted",
        {Fate.KEEP: "person_id accessed_at"},
    ),
    Held(
        "facts.fact_enrolment",
        "enrolments",
        "courses are counted by them",
        {
            Fate.PSEUDONYM: "moodle_id",
            Fate.KEEP: "person_id course_id active enrolled_at precision valid_from valid_to",
        },
    ),
    Held(
        "facts.fact_completion",
        "completions",
        "requirements and courses are counted by them",
        {
            Fate.PSEUDONYM: "moodle_id",
            Fate.KEEP: "person_id course_id attempt completed completed_at precision progress valid_from valid_to "
            "source observed_at score score_max",
        },
    ),
    Held(
        "facts.fact_grade",
        "grades",
        "averages are made from them",
        {
            Fate.PSEUDONYM: "moodle_id",
            Fate.KEEP: "person_id course_id value decimals graded_at valid_from valid_to ended_by",
        },
    ),
    Held(
        "facts.fact_activity_completion",
        "how the person stands in activities",
        "activities are counted by them",
        {
            Fate.PSEUDONYM: "moodle_id",
            Fate.KEEP: "person_id course_id activity_id state overridden changed_at valid_from valid_to ended_by",
        },
    ),
    Held(
        "facts.fact_item_grade",
        "grades within courses",
        "averages are made from them",
        {
            Fate.PSEUDONYM: "moodle_id",
            Fate.KEEP: "person_id course_id item_id value overridden excluded hidden locked graded_at valid_from "
            "valid_to ended_by",
        },
    ),
    Held(
        "facts.fact_grade_history",
        "each change of a grade, and who made it",
        "what a grade was on a day stays known; the number of the change in Moodle goes",
        {
            Fate.PSEUDONYM: "history_id moodle_id changed_by",
            Fate.KEEP: "effective_at observed_at person_id course_id item_id old_grade new_grade cause origin action "
            "source overridden excluded hidden locked undone_at",
        },
    ),
    _deleted("facts.history_read", "accounts of which all changes of grades were read", "moodle_id"),
    Held(
        "facts.fact_certificate",
        "certificates and badges",
        "they are counted; the code, by which Moodle shows a name, goes",
        {
            Fate.PSEUDONYM: "moodle_id code",
            Fate.KEEP: "person_id source template issued_at expires_at revoked precision valid_from valid_to",
        },
    ),
    Held(
        "facts.fact_assignment",
        "what had to be done by when, and what was",
        "the spine of compliance",
        {
            Fate.KEEP: "grant_id cycle person_id requirement assigned_on window_opens_on due_on satisfied_at "
            "expires_on "
            "withdrawn_at valid_from valid_to"
        },
    ),
    Held(
        "facts.waiver",
        "what was waived",
        "it is taken from compliance",
        {Fate.KEEP: "decision_id person_id requirement by_hr starts_on ends_on"},
    ),
    Held(
        "facts.manager_closure",
        "who was above whom",
        "managers' figures are made from it; numbers only",
        {Fate.KEEP: "manager_id person_id distance valid_from valid_to"},
    ),
    Held(
        "facts.landing_person",
        "people as they were last taken from the way in",
        "the next reading takes them again, with the pseudonym",
        {
            Fate.PSEUDONYM: "hr_key",
            Fate.BLANK: "moodle_id hired_on left_on firstname lastname email",
            Fate.KEEP: "person_id unit unit_name units_above job_role manager_id status timezone",
        },
    ),
    Held(
        "facts.landing_assignment",
        "requirements as they were last taken",
        "numbers and days",
        {Fate.KEEP: "grant_id person_id requirement assigned_on due_on withdrawn_at"},
    ),
    Held("facts.landing_leave", "days of leave", "as connector.leave", {Fate.KEEP: "person_id first_on last_on"}),
    _deleted(
        "facts.landing_scope",
        "of whom a reading brought everything, until it is merged",
        "load_id fact moodle_id course_id source",
    ),
    _deleted(
        "landing.held",
        "Moodle's rows behind the facts by number, without names: what Moodle still has of somebody comes again",
        "dataset key moodle_id course_id row",
    ),
    _deleted("landing.came", "what a reading brought, until it is merged", "dataset key moodle_id course_id row"),
    _deleted(
        "facts.reconciliation_difference",
        "rows of Moodle that were found not as they were held",
        "load_id dataset key moodle_id course_id what changed cause noticed_at healed_at",
    ),
    _deleted("facts.landing_access", "what a reading brought, until it is merged", "load_id moodle_id accessed_at"),
    _deleted(
        "facts.landing_enrolment",
        "what a reading brought, until it is merged",
        "load_id moodle_id course_id active enrolled_at precision",
    ),
    _deleted(
        "facts.landing_completion",
        "what a reading brought, until it is merged",
        "load_id moodle_id course_id completed completed_at precision progress",
    ),
    _deleted(
        "facts.landing_grade",
        "what a reading brought, until it is merged",
        "load_id moodle_id course_id value decimals graded_at",
    ),
    _deleted(
        "facts.landing_certificate",
        "what a reading brought, until it is merged",
        "load_id moodle_id source code template template_name issued_at expires_at revoked precision",
    ),
    _deleted(
        "facts.landing_activity_completion",
        "what a reading brought, until it is merged",
        "load_id moodle_id course_id activity_id state overridden changed_at",
    ),
    _deleted(
        "facts.landing_item_grade",
        "what a reading brought, until it is merged",
        "load_id moodle_id course_id item_id value overridden excluded hidden locked graded_at",
    ),
    _deleted(
        "facts.landing_grade_history",
        "what a reading brought, until it is merged",
        "load_id history_id moodle_id course_id item_id action source changed_by value overridden excluded hidden "
        "locked effective_at",
    ),
    _deleted(
        "facts.landing_earlier_completion",
        "what a reading brought, until it is merged",
        "load_id moodle_id course_id completed_at",
    ),
    Held(
        "facts.summary_quality",
        "keys as examples of what looks wrong",
        "what looks wrong is counted",
        {Fate.PSEUDONYM: "examples", Fate.NOBODY: "name severity found as_of"},
    ),
    Held(
        "facts.summary_manager",
        "figures of the people below a manager",
        "a number stands for the manager",
        {Fate.KEEP: "unit manager_id people assigned satisfied overdue people_overdue oldest_due_on as_of"},
    ),
    _nobody("facts.access", "logins of BI tools, ended by `reporting revoke`", "login unit granted_at"),
    _nobody("facts.dim_certificate_template", "kinds of certificates", "source template name valid_from valid_to"),
    _nobody(
        "facts.dim_course",
        "courses",
        "course_id idnumber shortname fullname visible completion_enabled valid_from valid_to title description "
        "category_ids category_names minutes difficulty objectives starts_at",
    ),
    _nobody("facts.dim_date", "days", "day year quarter month iso_year iso_week iso_day"),
    _nobody(
        "facts.dim_grade_item",
        "what is graded in courses",
        "item_id course_id minimum maximum pass_mark valid_from valid_to item_type module instance name kind hidden",
    ),
    _nobody(
        "facts.dim_activity",
        "activities of courses",
        "activity_id course_id module instance name visible tracked valid_from valid_to",
    ),
    _nobody(
        "facts.landing_activity",
        "what a reading brought of them",
        "load_id activity_id course_id module instance name visible tracked",
    ),
    _nobody(
        "facts.landing_grade_item",
        "what a reading brought of what is graded",
        "load_id item_id course_id minimum maximum pass_mark item_type module instance name kind hidden",
    ),
    _nobody("facts.key_read", "up to which change the history of grades was read", "dataset newest swept first_at"),
    _nobody("facts.dim_org_unit", "units", "unit name parent valid_from valid_to"),
    _nobody(
        "facts.dim_requirement",
        "requirements",
        "requirement name path courses course_ids recertify_months window_days valid_from valid_to grace_days strict",
    ),
    _nobody("facts.unit_closure", "units above units", "above unit distance valid_from valid_to"),
    _nobody("facts.hop", "how fresh facts are", "name reached_at basis"),
    _nobody("facts.load", "readings of Moodle", "load_id site kind reader started_at finished_at status detail"),
    _nobody("facts.load_fact", "what they came to", "load_id fact rows begun ended"),
    _nobody("facts.fact_compliance_daily", "counts by day", "day unit requirement assigned satisfied overdue"),
    _nobody(
        "facts.fact_overview_daily", "counts by day", "day unit people active_24h enrolled completed average_score"
    ),
    _nobody("facts.summary_activity", "counts", "unit day completions certificates"),
    _nobody("facts.summary_compliance", "counts", "unit requirement assigned satisfied overdue as_of"),
    _nobody("facts.summary_expiring", "counts", "unit kind source code in_30 in_60 in_90 first_on as_of"),
    _nobody("facts.summary_own", "counts", "unit requirement assigned satisfied overdue as_of"),
    _nobody(
        "facts.summary_course",
        "counts",
        "unit course_id enrolled completed graded average_grade median_grade marked passed timed "
        "average_seconds as_of",
    ),
    _nobody(
        "facts.summary_overview",
        "counts",
        "unit people upcoming joining left_people with_account active_24h active_30d enrolled completed graded "
        "average_score "
        "certificates certificates_30d as_of",
    ),
)
"""Every table of both databases; what the schemas ``reporting`` and the views show is made from these."""


def markdown() -> str:
    """The inventory as tables of Markdown, as `person inventory` prints them."""
    lines = ["| table | what it holds of a person | erasing | why the rest stays |", "|---|---|---|---|"]
    about = [held for held in INVENTORY if set(held.fates) != {Fate.NOBODY}]
    lines += [f"| `{held.table}` | {held.holds} | {_what_becomes(held)} | {held.why} |" for held in about]
    lines += ["", "Of nobody whom HR names, and so not touched:", "", "| table | what it holds |", "|---|---|"]
    lines += [f"| `{held.table}` | {held.holds} |" for held in INVENTORY if held not in about]
    return "\n".join(lines) + "\n"


def _what_becomes(held: Held) -> str:
    if Fate.DELETE in held.fates:
        return "the rows go"
    told = {Fate.BLANK: "blanked", Fate.PSEUDONYM: "under the pseudonym"}
    parts = [
        f"{text}: {', '.join(f'`{name}`' for name in held.fates[fate].split())}"
        for fate, text in told.items()
        if fate in held.fates
    ]
    return "; ".join(parts) or "nothing goes"


def differences(real: Mapping[str, set[str]]) -> list[str]:
    """Where the inventory is not what the databases have, by ``table.column``; each needs a decision here."""
    decided = {(held.table, column) for held in INVENTORY for column in held.columns}
    there = {(table, column) for table, columns in real.items() for column in columns}
    return sorted(f"{table}.{column}" for table, column in decided ^ there)
