"""The table of functions: name → parameters and handler. A function that is not here is unknown to the twin."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.moodle.twin import (
    calendar,
    cohorts,
    courses,
    datasets,
    enrolments,
    groups,
    learning,
    messages,
    outbox,
    people,
    writing,
)
from adapters.moodle.twin.params import OPTIONAL, Many, Record, Value, boolean, raw, validate
from adapters.moodle.twin.people import picture
from adapters.moodle.twin.refusals import Refusal, coding_error, missing_record
from adapters.moodle.twin.reports import setup
from adapters.moodle.twin.state import TwinState

_FEATURES = (
    "usecomments", "usetags", "enablenotes", "messaging", "enableblogs", "enablecompletion", "enablebadges",
    "messagingallusers", "enablecustomreports", "enableglobalsearch", "mnet_dispatcher_mode", "enablecompetencies",
)  # fmt: skip
_OFF = ("messagingallusers", "enableglobalsearch", "mnet_dispatcher_mode")
_NOTHING = Record({})
_REQUEST = Record(
    {
        "function": Value(raw),
        "arguments": Value(raw, "{}"),
        "settingraw": boolean(),
        "settingfilter": boolean(),
        "settingfileurl": boolean(),
        "settinglang": Value(raw, OPTIONAL),
    }
)


@dataclass(frozen=True, slots=True)
class Function:
    """``spec`` may depend on the site (languages, authentication plugins)."""

    spec: Record | Callable[[TwinState], Record]
    run: Callable[[TwinState, Any], Any]


def call(state: TwinState, name: str, data: Any) -> Any:
    """Validate and run one function under the state's lock. Raises Refusal."""
    with state.lock:
        function = functions(state).get(name)
        state.calls[name if function else "(unknown)"] += 1
        if function is None:
            raise missing_record(state.version, "external_functions")
        if name in state.lacking:
            kind = "webservice_access_exception"
            raise Refusal("accessexception", "Access control exception", kind, "webservice")
        spec = function.spec if isinstance(function.spec, Record) else function.spec(state)
        return function.run(state, validate(spec, data))


def public_config(state: TwinState, _args: Any) -> dict[str, Any]:
    """What anybody may know, as 4.5 and 5.1 answer; where no method shows a button there is no list of them at all."""
    providers = [
        {"name": name, "iconurl": "", "url": f"{state.url}/auth/{name}/login.php?id=1"}
        for name in state.identity_providers
    ]
    return {
        "wwwroot": state.url,
        "httpswwwroot": state.url,
        "sitename": state.sitename,
        "guestlogin": 1,
        "rememberusername": 2,
        "authloginviaemail": 0,
        "registerauth": "",
        "forgottenpasswordurl": "",
        "authinstructions": "",
        "authnoneenabled": 0,
        "enablewebservices": 1,
        "enablemobilewebservice": 0,
        "maintenanceenabled": 0,
        "maintenancemessage": "",
        "typeoflogin": 1,
        **({"identityproviders": providers} if providers else {}),
        "warnings": [],
        "showloginform": 1,
    }


def _version_of(state: TwinState, function: str) -> str | int:
    """Of what has the function: Moodle itself, or our plugin."""
    return state.plugin_version if function in OF_THE_PLUGIN else state.version.version


def site_info(state: TwinState, _args: Any) -> dict[str, Any]:
    """Who the token is and what it may do: here, all that the twin can, but for what its service lacks."""
    me = state.users[state.me].fields
    callable_ones = sorted(functions(state).keys() - state.lacking)
    return {
        "sitename": state.sitename,
        "username": me["username"],
        "firstname": me["firstname"],
        "lastname": me["lastname"],
        "fullname": f"{me['firstname']} {me['lastname']}",
        "lang": "en",
        "userid": state.me,
        "siteurl": state.url,
        "userpictureurl": picture(state, 1),
        "functions": [{"name": name, "version": _version_of(state, name)} for name in callable_ones],
        "downloadfiles": 0,
        "uploadfiles": 0,
        "release": state.version.release,
        "version": state.version.version,
        "mobilecssurl": "",
        "advancedfeatures": [{"name": name, "value": int(name not in _OFF)} for name in _FEATURES],
        "usercanmanageownfiles": True,
        "userquota": 0,
        "usermaxuploadfilesize": -1,
        "userhomepage": 1,
        "userprivateaccesskey": "",
        "siteid": 1,
        "sitecalendartype": "gregorian",
        "usercalendartype": "gregorian",
        "userissiteadmin": state.admin,
        "theme": "boost",
        "limitconcurrentlogins": 0,
        "policyagreed": 0,
    }


def call_many(state: TwinState, args: Any) -> dict[str, Any]:
    """``tool_mobile_call_external_functions``: JSON within JSON; the first error ends the list."""
    responses: list[dict[str, Any]] = []
    begun = False
    for request in args["requests"]:
        try:
            arguments = json.loads(request["arguments"] or "{}")
        except ValueError:
            arguments = {}
        try:
            if request["function"] not in functions(state):
                raise Refusal("accessexception", "Access control exception", module="webservice")
            value = call(state, request["function"], arguments if isinstance(arguments, dict) else {})
            if begun and request["function"] in BEGIN_A_PAGE:
                raise coding_error("a page can be begun only once")
            begun = begun or request["function"] in BEGIN_A_PAGE
        except Refusal as refusal:
            exception = refusal.nested(state.url, state.version)
            responses.append({"error": True, "exception": json.dumps(exception)})
            break
        responses.append({"error": False, "data": json.dumps(value)})
    return {"responses": responses}


def functions(state: TwinState) -> Mapping[str, Function]:
    """Those of this site."""
    return {**FUNCTIONS, **OF_THE_PLUGIN} if state.plugin else FUNCTIONS


BEGIN_A_PAGE = ("core_reportbuilder_conditions_delete", "core_reportbuilder_reports_get")
"""They show a page of Moodle, which can be begun only once in a request: the second one fails, after its work."""

FUNCTIONS: Mapping[str, Function] = {
    "core_badges_get_user_badges": Function(learning.BADGES_SPEC, learning.badges),
    "core_calendar_get_timestamps": Function(calendar.TIMESTAMPS_SPEC, calendar.timestamps),
    "core_cohort_add_cohort_members": Function(cohorts.ADD_SPEC, cohorts.add_members),
    "core_cohort_create_cohorts": Function(cohorts.CREATE_SPEC, cohorts.create_cohorts),
    "core_cohort_delete_cohort_members": Function(cohorts.REMOVE_SPEC, cohorts.remove_members),
    "core_cohort_delete_cohorts": Function(cohorts.NEEDED_IDS_SPEC, cohorts.delete_cohorts),
    "core_cohort_get_cohort_members": Function(cohorts.NEEDED_IDS_SPEC, cohorts.members),
    "core_cohort_get_cohorts": Function(cohorts.IDS_SPEC, cohorts.cohorts),
    "core_completion_get_activities_completion_status": Function(
        learning.PERSON_IN_COURSE_SPEC, learning.activities_completion
    ),
    "core_completion_get_course_completion_status": Function(
        learning.PERSON_IN_COURSE_SPEC, learning.course_completion
    ),
    "core_course_create_categories": Function(courses.CREATE_CATEGORIES_SPEC, courses.create_categories),
    "core_course_create_courses": Function(courses.CREATE_COURSES_SPEC, courses.create_courses),
    "core_course_get_categories": Function(courses.CATEGORIES_SPEC, courses.categories),
    "core_course_get_courses_by_field": Function(courses.BY_FIELD_SPEC, courses.courses_by_field),
    "core_enrol_get_enrolled_users": Function(enrolments.ENROLLED_SPEC, enrolments.enrolled_users),
    "core_enrol_get_users_courses": Function(enrolments.USERS_COURSES_SPEC, enrolments.users_courses),
    "core_group_add_group_members": Function(groups.MEMBERS_SPEC, groups.add_members),
    "core_group_create_groups": Function(groups.CREATE_SPEC, groups.create_groups),
    "core_group_delete_group_members": Function(groups.MEMBERS_SPEC, groups.remove_members),
    "core_group_delete_groups": Function(groups.IDS_SPEC, groups.delete_groups),
    "core_group_get_course_groups": Function(groups.COURSE_SPEC, groups.course_groups),
    "core_group_get_group_members": Function(groups.IDS_SPEC, groups.members),
    "core_message_send_instant_messages": Function(messages.SEND_SPEC, messages.send),
    "core_reportbuilder_columns_add": Function(setup.ADD_SPEC, setup.add_column),
    "core_reportbuilder_columns_delete": Function(setup.COLUMN_SPEC, setup.delete_column),
    "core_reportbuilder_columns_reorder": Function(setup.MOVE_SPEC, setup.move_column),
    "core_reportbuilder_columns_sort_get": Function(setup.ONE_SPEC, setup.get_sorting),
    "core_reportbuilder_columns_sort_reorder": Function(setup.MOVE_SPEC, setup.move_sorting),
    "core_reportbuilder_columns_sort_toggle": Function(setup.TOGGLE_SPEC, setup.toggle_sorting),
    "core_reportbuilder_conditions_delete": Function(setup.CONDITION_SPEC, setup.delete_condition),
    "core_reportbuilder_filters_add": Function(setup.ADD_SPEC, setup.add_filter),
    "core_reportbuilder_filters_delete": Function(setup.FILTER_SPEC, setup.delete_filter),
    "core_reportbuilder_list_reports": Function(setup.LIST_SPEC, setup.list_reports),
    "core_reportbuilder_reports_get": Function(setup.GET_SPEC, setup.get_report),
    "core_reportbuilder_retrieve_report": Function(setup.RETRIEVE_SPEC, setup.retrieve),
    "core_reportbuilder_set_filters": Function(setup.SET_FILTERS_SPEC, setup.set_filters),
    "core_role_assign_roles": Function(enrolments.ASSIGN_SPEC, enrolments.assign_roles),
    "core_role_unassign_roles": Function(enrolments.UNASSIGN_SPEC, enrolments.unassign_roles),
    "core_user_create_users": Function(people.create_spec, people.create_users),
    "core_user_delete_users": Function(people.USERIDS_SPEC, people.delete_users),
    "core_user_get_users": Function(people.SEARCH_SPEC, people.search_users),
    "core_user_get_users_by_field": Function(people.BY_FIELD_SPEC, people.users_by_field),
    "core_user_update_users": Function(people.update_spec, people.update_users),
    "core_webservice_get_site_info": Function(_NOTHING, site_info),
    "tool_mobile_get_public_config": Function(_NOTHING, public_config),
    "enrol_manual_enrol_users": Function(enrolments.ENROL_SPEC, enrolments.enrol),
    "enrol_manual_unenrol_users": Function(enrolments.UNENROL_SPEC, enrolments.unenrol),
    "gradereport_user_get_grade_items": Function(learning.GRADES_SPEC, learning.grade_items),
    "tool_mobile_call_external_functions": Function(Record({"requests": Many(_REQUEST)}), call_many),
}

OF_THE_PLUGIN: Mapping[str, Function] = {
    "local_connector_count": Function(datasets.COUNT_SPEC, datasets.count),
    "local_connector_datasets": Function(datasets.LIST_SPEC, datasets.datasets),
    "local_connector_due_dates": Function(writing.ROWS_SPEC, writing.due_dates),
    "local_connector_link_logins": Function(writing.ROWS_SPEC, writing.link_logins),
    "local_connector_outbox": Function(outbox.OUTBOX_SPEC, outbox.outbox),
    "local_connector_outbox_forget": Function(outbox.FORGET_SPEC, outbox.forget),
    "local_connector_read": Function(datasets.READ_SPEC, datasets.read),
    "local_connector_write": Function(writing.WRITE_SPEC, writing.write),
}
