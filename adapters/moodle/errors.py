"""Moodle's errors, translated once: errorcode or HTTP status → class of the domain's tree.

The type says what to do next (``connector.domain.errors``). Messages name the function, Moodle's own code and what
to do; Moodle's own message is left out because it can hold names, addresses and passwords' rules in HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import orjson

from connector.domain.errors import (
    AccessRefused,
    AlreadyThere,
    AnswerLost,
    BatchRefused,
    ConnectorError,
    Missing,
    ProtocolError,
    SetAside,
    SettingsError,
    Unavailable,
)

_ASK_ACCESS = "check the token, its service and the service account's capabilities in Moodle"
_WAIT = "nothing was changed; the call is made again later"
_SPLIT = "one row or more is not acceptable to Moodle; split the batch to find which"
_FIELD = "Moodle does not accept this field"
_LOOK = "look it up before splitting or sending it again"
_GONE = "what the call refers to is not in Moodle (any more)"
_BUG = "no known Moodle answers so; report it with the name of the function"

ERRORS: Mapping[str, tuple[type[ConnectorError], str]] = {
    # the token, the service, the capabilities
    "invalidtoken": (AccessRefused, _ASK_ACCESS),
    "accessexception": (
        AccessRefused,
        "add the function to the token's external service, and webservice/rest:use to the service account's role",
    ),
    "cannotcallfunction": (AccessRefused, "add the function to the token's external service"),
    "nopermissions": (AccessRefused, "give the service account the capability for this function"),
    "required_capability_exception": (AccessRefused, "give the service account the capability for this function"),
    "cannotviewreport": (AccessRefused, "give the service account report/completion:view"),
    "errorreportview": (AccessRefused, "give the service account moodle/reportbuilder:viewall"),
    "errorreportedit": (AccessRefused, "give the service account moodle/reportbuilder:editall"),
    "nopermissiontoviewgrades": (AccessRefused, "give the service account moodle/grade:viewall"),
    "criteriaerror": (AccessRefused, "give the service account moodle/category:manage"),
    "requireloginerror": (AccessRefused, "let the service account into every course (moodle/course:view)"),
    "errorcoursecontextnotvalid": (AccessRefused, "let the service account into every course (moodle/course:view)"),
    "notingroup": (AccessRefused, "give the service account's role moodle/site:accessallgroups"),
    "servicenotavailable": (AccessRefused, "enable the external service in Moodle"),
    "servicerequireslogin": (AccessRefused, _ASK_ACCESS),
    "webservicesnotenabled": (AccessRefused, "enable web services and the REST protocol in Moodle"),
    "enablewsdescription": (AccessRefused, "enable web services and the REST protocol in Moodle"),
    "usernotallowed": (AccessRefused, "add the service account to the external service's users"),
    "invalidiptoken": (AccessRefused, "the token is restricted to other addresses than this one"),
    "invalidtimedtoken": (AccessRefused, "the token has expired: make a new one"),
    "forcepasswordchangenotice": (AccessRefused, "sign in to Moodle as the service account and change its password"),
    "passwordisexpired": (AccessRefused, "sign in to Moodle as the service account and change its password"),
    "usernotfullysetup": (AccessRefused, "sign in to Moodle as the service account and complete its profile"),
    "sitepolicynotagreed": (AccessRefused, "sign in to Moodle as the service account and agree to the policy"),
    "wsaccessuserdeleted": (AccessRefused, "the service account was deleted"),
    "wsaccessusersuspended": (AccessRefused, "the service account is suspended"),
    "wsaccessuserunconfirmed": (AccessRefused, "the service account is not confirmed"),
    "wsaccessuserexpired": (AccessRefused, "the service account's password has expired"),
    "wsaccessusernologin": (AccessRefused, "the service account may not sign in (auth nologin)"),
    "disabled": (AccessRefused, "enable messaging in Moodle: Site administration, General, Messaging settings"),
    # not now
    "sitemaintenance": (Unavailable, _WAIT),
    "upgraderunning": (Unavailable, _WAIT),
    "dbconnectionfailed": (Unavailable, _WAIT),
    "dmlreadexception": (Unavailable, _WAIT),
    "dmltransactionexception": (Unavailable, _WAIT),
    "dmlconnectionexception": (Unavailable, _WAIT),
    "ddltablelockerror": (Unavailable, _WAIT),
    "locktimeout": (Unavailable, _WAIT),
    "cannotcreatelock": (Unavailable, _WAIT),
    "ex_unabletolock": (Unavailable, _WAIT),
    # one row of a batch
    "invalidparameter": (BatchRefused, _SPLIT),
    "wsusercannotassign": (BatchRefused, "the service account may not assign this role in this course"),
    "wsnoinstance": (BatchRefused, "the course has no manual enrolment: add it in Moodle"),
    "wscannotenrol": (BatchRefused, "the course does not accept manual enrolment"),
    "wscannotunenrol": (BatchRefused, "the course does not let people be unenrolled"),
    "invalidusername": (BatchRefused, _SPLIT),
    "invalidusernameblank": (BatchRefused, _SPLIT),
    "usernamelowercase": (BatchRefused, _SPLIT),
    "useremailinvalid": (BatchRefused, _SPLIT),
    "usernotupdatedadmin": (BatchRefused, "only an administrator may change an administrator's account"),
    "usernotupdatedguest": (BatchRefused, "the guest account cannot be changed"),
    "usernotupdatedremote": (BatchRefused, "an account of another Moodle cannot be changed"),
    "useradminodelete": (BatchRefused, "an administrator's account cannot be deleted"),
    "usernotdeletederror": (BatchRefused, "the service account cannot delete itself"),
    "guestsarenotallowed": (BatchRefused, "the guest account cannot be enrolled"),
    "errorinvalidparam": (BatchRefused, _SPLIT),
    "invalidpersistenterror": (BatchRefused, "a value of this change is not one that Moodle knows"),
    "passwordpolicy": (BatchRefused, "the password does not satisfy the site's password policy"),
    # something like it is there already; it may be our own lost write
    "dmlwriteexception": (AlreadyThere, _LOOK),
    "shortnametaken": (AlreadyThere, _LOOK),
    "courseidnumbertaken": (AlreadyThere, _LOOK),
    "categoryidnumbertaken": (AlreadyThere, _LOOK),
    "idnumbertaken": (AlreadyThere, _LOOK),
    "useremailduplicate": (AlreadyThere, _LOOK),
    "usernameexists": (AlreadyThere, _LOOK),
    # what it refers to is not there; 4.5 and 5.1 use different codes for one fault
    "invalidrecord": (Missing, _GONE),
    "invalidrecordunknown": (Missing, _GONE),
    "invaliduser": (Missing, _GONE),
    "invaliduserid": (Missing, _GONE),
    "userdeleted": (Missing, _GONE),
    "usernotupdateddeleted": (Missing, _GONE),
    "suspended": (Missing, "the account is suspended"),
    "invalidcourseid": (Missing, _GONE),
    "unknowncourse": (Missing, _GONE),
    "unknowcategory": (Missing, _GONE),  # Moodle's own spelling
    "unknowncategory": (Missing, _GONE),
    "errorcatcontextnotvalid": (Missing, "the category is not there, or closed to the service account"),
    "usernotenroled": (Missing, "the person is not enrolled in the course"),
    "notenroled": (Missing, "the person is not enrolled in the course"),
    "nocriteriaset": (Missing, "the course has no completion criteria"),
    "completionnotenabled": (Missing, "completion tracking is off in the course or the site"),
    # nobody foresaw
    "codingerror": (ProtocolError, _BUG),
    "invalidresponse": (ProtocolError, _BUG),
    # our plugin: a row that failed otherwise than Moodle foresees, and where it is asked for what it does not have
    "unexpected": (BatchRefused, "something in Moodle failed at this row; its server's log of errors says what"),
    "alreadylinked": (BatchRefused, "this identity is linked with another account in Moodle"),
    **dict.fromkeys(
        (
            "nosuchdataset",
            "nosuchcolumn",
            "notimes",
            "notaborder",
            "outofrange",
            "nosuchoperation",
            "norows",
        ),
        (ProtocolError, "install the plugin of this version (`moodle-connector moodle plugin`)"),
    ),
}

_COURSE_GONE = "the course is not there, or closed to the service account (moodle/course:view)"

_BY_FUNCTION = {
    # role_assign() in Moodle's lib/accesslib.php throws a coding_exception for an unknown or deleted user
    ("core_role_assign_roles", "codingerror"): (BatchRefused, _SPLIT),
    # a refused password's sentences are no valid warningcode: the other rows were applied, the answer is spoilt
    ("core_user_update_users", "invalidresponse"): (BatchRefused, _SPLIT),
    # one answer for a course that is gone and one that is closed: it concerns those of this course alone
    **{
        (f"core_group_{function}", "errorcoursecontextnotvalid"): (Missing, _COURSE_GONE)
        for function in (
            "get_course_groups",
            "create_groups",
            "get_group_members",
            "add_group_members",
            "delete_group_members",
        )
    },
}

_CORE = {
    "assign_roles": "core_role_assign_roles",
    "create_groups": "core_group_create_groups",
    "add_group_members": "core_group_add_group_members",
    "remove_group_members": "core_group_delete_group_members",
}
"""Which function of Moodle's own our plugin calls, where its codes mean something of their own."""

_READS = re.compile(r"_(get|list|retrieve|search|view|check)_")


class AskedToWait(Unavailable):
    """Moodle, or what stands before it, says when to come back: ``seconds`` from now."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


def is_reading(function: str) -> bool:
    """True for functions that change nothing, by Moodle's naming rule; everything else counts as writing."""
    return bool(_READS.search(function))


def error_of(function: str, code: str, message: str = "", *, of: str = "", field: str = "") -> ConnectorError:
    """The error of the tree for one Moodle errorcode; an unknown code is a ProtocolError.

    ``message`` is Moodle's text: only looked at, never quoted. ``of`` names the function whose codes these are, where
    another one called it; ``field`` is what is wrong, where that is known.
    """
    if "<" in code or " " in code:  # check_password_policy(): the policy's sentences stand in for a code
        code = "passwordpolicy"
    kind, advice = _BY_FUNCTION.get((of or function, code)) or ERRORS.get(code) or (ProtocolError, _BUG)
    if "external_functions" in message:  # Moodle 4.5 names the table of functions; 5.1 no longer does
        kind, advice = AccessRefused, "this Moodle has no such function"
    if field and advice == _SPLIT:
        advice = _FIELD
    text = f"{function}: Moodle answers {code[:60]}{f' ({field[:60]})' if field else ''}: {advice}"
    return kind(text, code, field) if issubclass(kind, SetAside) else kind(text)


def error_of_row(operation: str, outcome: Mapping[str, Any]) -> ConnectorError:
    """The error of the tree for a row that our plugin tells to be refused."""
    code, field = str(outcome["errorcode"]), str(outcome.get("field", ""))
    return error_of(operation, code, of=_CORE.get(operation, ""), field=field)


def lost(function: str, why: str, *, reading: bool) -> ConnectorError:
    """No usable answer after the request went out: a read is simply made again, a write may have happened."""
    if reading:
        return Unavailable(f"{function}: {why}; {_WAIT}")
    return AnswerLost(f"{function}: {why}; it may have happened: look it up before sending it again")


def _refuse_status(function: str, status: int, headers: Mapping[str, str], body: bytes, reading: bool) -> NoReturn:
    """Raise for an answer that is not Moodle's JSON."""
    page = body[:4000].lower()
    if status in (429, 503) or (status < 500 and b"maintenance" in page):
        text = f"{function}: HTTP {status}, busy or in maintenance: {_WAIT}"
        after = headers.get("retry-after", "")
        raise AskedToWait(text, float(after)) if after.isdigit() else Unavailable(text)
    if 300 <= status < 400:
        place = headers.get("location", "?").partition("?")[0].removesuffix("/webservice/rest/server.php")
        raise SettingsError(f"{function}: the Moodle url redirects to {place}: set that url")
    if status in (401, 403):
        raise AccessRefused(f"{function}: HTTP {status}: enable web services and REST, and let this host through")
    if status == 404:
        raise SettingsError(f"{function}: HTTP 404: there is no Moodle at this url; set its wwwroot")
    if status == 413:
        raise BatchRefused(f"{function}: HTTP 413: the request is too large; split the batch", "toolarge")
    if status >= 500:
        raise lost(function, f"HTTP {status} instead of an answer", reading=reading)
    if reading:
        raise ProtocolError(f"{function}: HTTP {status} without JSON: is the url that of a Moodle?")
    raise lost(function, f"HTTP {status} without JSON", reading=False)


def translate(
    function: str, status: int, headers: Mapping[str, str], body: bytes, *, reading: bool | None = None
) -> Any:
    """The value that Moodle answered, or the error of the tree.

    ``headers`` need ``content-type``, ``location`` and ``retry-after`` in lower case, where present. A truncated or
    foreign body after HTTP 200 of a writing function is AnswerLost: Moodle may have done the work before.
    """
    reading = is_reading(function) if reading is None else reading
    try:
        value = orjson.loads(body) if status == 200 else None
    except ValueError:
        _refuse_status(function, status, headers, body, reading)
    if status != 200:
        _refuse_status(function, status, headers, body, reading)
    if isinstance(value, dict) and "exception" in value and ("errorcode" in value or "message" in value):
        raise error_of(function, str(value.get("errorcode", "unknown")), str(value.get("message", "")))
    return value


@contextmanager
def foreseen(function: str) -> Iterator[None]:
    """Turn what goes wrong in reading an answer of another form than Moodle's into ProtocolError."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        text = f"{function}: the answer has not the form that Moodle gives it ({type(error).__name__})"
        raise ProtocolError(text) from None
