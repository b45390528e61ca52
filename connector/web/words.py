"""What the plan's words are called on a page, and how a change reads. Texts are English here; pages translate them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.domain.assessments import Kind
from connector.domain.certificates import CertificateState
from connector.domain.lti import Trouble
from connector.domain.lti_scores import Standing
from connector.domain.plan import Action, Change, GuardClass, Window
from connector.domain.review import Stage
from connector.domain.sign_in import PasswordProblem, Role
from connector.domain.videos import Failure
from connector.sign_in.setting_up import SetUpProblem
from connector.web.languages import message

CLASSES: Mapping[GuardClass, str] = {
    GuardClass.CREATE: message("Create accounts"),
    GuardClass.SUSPEND: message("Suspend accounts"),
    GuardClass.IDENTITY: message("Change user names and e-mail addresses"),
    GuardClass.AUTH: message("Change sign-in methods"),
    GuardClass.MANAGER: message("Change managers"),
    GuardClass.REMOVE_ROLE: message("Take roles away"),
    GuardClass.REMOVE_GRANT: message("Take courses, cohorts and groups away"),
    GuardClass.DELETE: message("Delete accounts"),
    GuardClass.UNDONE: message("Do again what was taken back"),
}
CONSEQUENCES: Mapping[GuardClass, str] = {
    GuardClass.CREATE: message("New accounts are made in Moodle."),
    GuardClass.SUSPEND: message("These people can no longer sign in to Moodle. What they have learnt is kept."),
    GuardClass.IDENTITY: message("These people sign in with another name from then on."),
    GuardClass.AUTH: message("These people sign in another way from then on."),
    GuardClass.MANAGER: message("Reports about these people go to somebody else from then on."),
    GuardClass.REMOVE_ROLE: message("These people lose what the role let them do in Moodle."),
    GuardClass.REMOVE_GRANT: message("These people leave courses, cohorts or groups that they were given."),
    GuardClass.DELETE: message("These accounts and all that belongs to them are deleted for good."),
    GuardClass.UNDONE: message("Somebody had these changes undone, and HR still says the same. They are made again."),
}
BUDGETS: Mapping[Window, str] = {
    Window.DAY: message("In the last 24 hours before"),
    Window.WEEK: message("In the last 7 days before"),
}
"""What went without anybody's word and counts too, where many small plans came to more than the limit."""
ACTIONS: Mapping[Action, str] = {
    Action.CREATE_COHORT: message("Create cohort"),
    Action.CREATE_GROUP: message("Create group"),
    Action.RELEASE_IDENTITY: message("Release name or address"),
    Action.CHANGE_IDENTITY: message("Change name or address"),
    Action.CREATE_ACCOUNT: message("Create account"),
    Action.ADOPT_ACCOUNT: message("Adopt account"),
    Action.GIVE_UP_ACCOUNT: message("Give account up"),
    Action.UPDATE_ACCOUNT: message("Update account"),
    Action.CHANGE_AUTH: message("Change sign-in method"),
    Action.SUSPEND_ACCOUNT: message("Suspend account"),
    Action.REACTIVATE_ACCOUNT: message("Reactivate account"),
    Action.CHANGE_MANAGER: message("Change manager"),
    Action.ADD_TO_COHORT: message("Add to cohort"),
    Action.ASSIGN_ROLE: message("Give role"),
    Action.ENROL: message("Enrol"),
    Action.CHANGE_ENROLMENT: message("Change enrolment"),
    Action.RECOGNISE_COHORT: message("Recognise cohort membership"),
    Action.RECOGNISE_ENROLMENT: message("Recognise enrolment"),
    Action.RECOGNISE_ROLE: message("Recognise role"),
    Action.ADD_TO_GROUP: message("Add to group"),
    Action.RECOGNISE_GROUP: message("Recognise group"),
    Action.ASSIGN_REQUIREMENT: message("Assign requirement"),
    Action.CHANGE_REQUIREMENT: message("Change requirement"),
    Action.REMOVE_FROM_COHORT: message("Remove from cohort"),
    Action.REMOVE_FROM_GROUP: message("Remove from group"),
    Action.UNASSIGN_ROLE: message("Take role away"),
    Action.SUSPEND_ENROLMENT: message("Suspend enrolment"),
    Action.UNENROL: message("Unenrol"),
    Action.WITHDRAW_REQUIREMENT: message("Withdraw requirement"),
    Action.NOTE_TERMS: message("Note terms of a grant"),
    Action.FORGET_GRANT: message("Forget grant"),
    Action.DELETE_ACCOUNT: message("Delete account"),
}
CERTIFICATES: Mapping[CertificateState, str] = {
    CertificateState.VALID: message("This certificate is valid."),
    CertificateState.EXPIRED: message("This certificate has expired."),
    CertificateState.REVOKED: message("This certificate was revoked."),
}
SCORES: Mapping[Standing, str] = {
    Standing.UNDER_WAY: message("The result goes to the gradebook of the course."),
    Standing.WAITS: message("The gradebook of the course cannot be reached now. The result is sent again by itself."),
    Standing.ARRIVED: message("The result is in the gradebook of the course."),
    Standing.NOT_ENROLLED: message(
        "The gradebook of the course does not take the result, because you are not enrolled as a learner. It is sent "
        "again once you are."
    ),
    Standing.REFUSED: message("The gradebook of the course did not take the result. Tell your instructor."),
}
STAGES: Mapping[Stage, str] = {
    Stage.WAITING: message("Waiting for a decision"),
    Stage.REJECTED: message("Rejected"),
    Stage.APPROVED: message("Approved, waiting for the next run"),
    Stage.APPLYING: message("Being applied"),
    Stage.DONE: message("Done"),
    Stage.SUPERSEDED: message("Superseded by a newer plan"),
}
ROLES: Mapping[Role, str] = {
    Role.ADMIN: message("Administrator"),
    Role.HR: message("HR"),
    Role.MANAGER: message("Manager"),
    Role.INSTRUCTOR: message("Instructor"),
    Role.REPORTING: message("Reporting"),
    Role.LEARNER: message("Learner"),
}
FIELDS: Mapping[str, str] = {
    "username": message("User name"),
    "email": message("E-mail"),
    "idnumber": message("ID number"),
    "firstname": message("First name"),
    "lastname": message("Last name"),
    "auth": message("Sign-in method"),
    "manager": message("Manager"),
    "suspended": message("Suspended"),
    "role": message("Role"),
    "path": message("Learning path"),
    "lang": message("Language"),
    "city": message("City"),
    "department": message("Department"),
    "starts_on": message("Starts on"),
    "ends_on": message("Ends on"),
    "due_on": message("Due on"),
}
"""Fields that have a name in words; others are shown by the name that Moodle or the mapping gives them."""
SET_UP_PROBLEMS: Mapping[PasswordProblem | SetUpProblem, tuple[str, str]] = {
    PasswordProblem.SHORT: ("password", message("The password needs at least 12 characters.")),
    PasswordProblem.LONG: ("password", message("The password may have at most 200 characters.")),
    PasswordProblem.NAME: ("password", message("The password must not hold your user name.")),
    PasswordProblem.PLAIN: ("password", message("The password needs more different characters.")),
    SetUpProblem.CODE: ("one_time", message("That code is not right. Wait for the next one and enter it.")),
}
"""For each problem the field that it belongs to, and what to say."""
YES, NO = message("yes"), message("no")
HIDDEN = message("hidden")
NOTHING = "—"
_LINE = re.compile(r"feed line (\d+)")
FROM_LINE = message("line {line} of the feed")
REASONS: Mapping[str, str] = {
    "another person takes it over": message("another person takes it over"),
    "there already, by somebody else": message("there already, by somebody else"),
    "taken back": message("taken back"),
}
TAKEN = {
    Action.REMOVE_FROM_COHORT,
    Action.REMOVE_FROM_GROUP,
    Action.UNASSIGN_ROLE,
    Action.UNENROL,
    Action.WITHDRAW_REQUIREMENT,
}
"""What these take is their target, and their terms go with it."""
IMPERSONAL = {"suspended", "auth", "role", "path", "starts_on", "ends_on", "due_on"}
"""Fields whose values tell nothing about who somebody is."""
TECHNICAL = {"timezone", "granted_on", "on_loss", "start", "start_days", "end", "end_days", "due", "due_days", "cycle"}
"""Terms of grants from which the dates came that are shown."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One value before and after. ``field`` is English where ``known``, else a name of Moodle's or the mapping's."""

    field: str
    known: bool
    before: str
    after: str
    hidden: bool = False


def differences(change: Change, *, with_values: bool) -> list[Difference]:
    """What a change alters, field by field. Without ``with_values`` those that belong to a person are hidden."""
    if change.action in TAKEN:
        return [Difference("", True, change.target, NOTHING)]
    before, after = _flat(change.before), _flat(change.after)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name) and name not in TECHNICAL]
    return [
        Difference(
            FIELDS.get(name, name),
            name in FIELDS,
            _shown(name, before.get(name)),
            _shown(name, after.get(name)),
            hidden=not with_values and name not in IMPERSONAL,
        )
        for name in names
    ]


def _flat(values: Mapping[str, Any]) -> dict[str, Any]:
    """Custom fields beside the others."""
    profile = values.get("profile")
    own = {name: value for name, value in values.items() if name != "profile"}
    return {**own, **(profile if isinstance(profile, Mapping) else {})}


def _shown(name: str, value: Any) -> str:
    if name == "suspended":
        return YES if value in (True, "1", 1) else NO
    return NOTHING if value is None or value == "" else str(value)


def reason_of(change: Change) -> tuple[str, dict[str, str]]:
    """Why, as a text and its values; the name of a rule is its own text."""
    if found := _LINE.fullmatch(change.reason):
        return FROM_LINE, {"line": found[1]}
    return REASONS.get(change.reason, change.reason), {}


FAILURES: Mapping[Failure, str] = {
    Failure.NO_VIDEO: message("This file is no video that can be read. Upload an MP4, MOV, MKV, WebM or AVI file."),
    Failure.TOO_LONG: message("This video is too long. Cut it into several lessons."),
    Failure.TOO_WIDE: message("The pictures of this video are too large. Upload it in 4K or smaller."),
    Failure.BROKEN: message(
        "This video is broken or cut off: it cannot be read to its end. Export it once more, and upload it again."
    ),
}
"""Why nothing came of an upload."""
QUESTION_KINDS: Mapping[Kind, str] = {
    Kind.SINGLE: message("One is right"),
    Kind.MULTIPLE: message("Several are right"),
    Kind.TRUE_FALSE: message("True or false"),
    Kind.NUMERIC: message("A number"),
    Kind.TEXT: message("A short text"),
}
"""Questions that a video may put."""
NOT_RIGHT: Mapping[str, str] = {
    "title": message("Enter a title in one language at least."),
    "threshold": message("Enter how much has to be watched: a number from 1 to 100."),
    "chapters": message("Write each chapter on a line of its own: where it begins, such as 1:05, and its title."),
    "chapters_late": message("A chapter begins after the end of the video. Let each begin before it."),
    "captions": message("This file has no captions. Choose a WebVTT file."),
    "captions_encoding": message("The letters of this file cannot be read. Save it as UTF-8, and choose it again."),
    "captions_size": message("This file of captions is too large. Choose one of 1 MB at most."),
    "at": message("Enter where the question is put, such as 1:05."),
    "kind": message("Choose a kind of question."),
    "text": message("Enter the question."),
    "options": message(
        "Enter the options, a line each, with * before what is right; for a number or a text what is right."
    ),
    "conflict": message("Somebody else has changed this lesson meanwhile. Nothing was saved; here is how it is now."),
}
"""What is wrong with what an author has entered, by the field."""
THEIRS = message(
    "Somebody else has changed this in the meantime, and nothing was saved. What you typed is still here; where "
    "theirs is different, it stands beside."
)
ANEW = message(
    "Somebody else has changed this in the meantime, and nothing was saved. What you typed is still here: save it "
    "once more, and it is added to what there is now."
)
REFUSED: Mapping[Trouble | None, str] = {
    Trouble.AGAIN: message(
        "This page has been open for too long, or was opened twice. Open it once more from your course."
    ),
    Trouble.OVER: message(
        "This page has been open for too long, and nothing was saved or changed just now. Copy what you have typed, "
        "then open the activity again in Moodle."
    ),
    Trouble.COOKIE: message(
        "Your browser keeps nothing for content within another page. Allow cookies for it, or use another browser."
    ),
    Trouble.MALFORMED: message("Moodle has sent something that cannot be read. Tell your administrator."),
    Trouble.UNTRUSTED: message(
        "This Moodle may not open content here, or could not prove who it is. Tell your administrator."
    ),
    Trouble.CLOCK: message(
        "The clocks of Moodle and of this service are too far apart. Open it once more; if it stays so, tell your "
        "administrator."
    ),
    Trouble.TOO_FAST: message("Too much was asked for at once. Wait a minute, and try again."),
    Trouble.GONE: message("What this activity opens is not there any more. Tell who teaches the course."),
    Trouble.UNREADABLE: message(
        "This content cannot be read any more: it was changed by hand, or by a newer release. What was answered is "
        "kept. Tell who teaches the course; if that is you, tell your administrator."
    ),
    Trouble.NOT_ALLOWED: message("You may not open this. If you think that you should, ask who teaches the course."),
    None: message("This content cannot be shown now. Open it once more in a few minutes."),
}
"""What a page says of a launch that was refused; without a trouble: something here or there does not answer."""
REFUSED_HEADINGS: Mapping[Trouble, str] = {
    Trouble.OVER: message("This page has expired"),
    Trouble.TOO_FAST: message("Please wait a minute"),
}
"""Above it, where what was asked for may well be opened, and not just now."""
CANNOT_OPEN = message("This cannot be opened")
ONE_MORE_STEP = message("One more step")
IN_A_WINDOW = message(
    "Your browser keeps no cookies for a page within another one, so this cannot open here. In a window of its own it "
    "can, and nothing is lost."
)
"""Where the page has a way on: no fault of whoever reads it, and one press away."""
