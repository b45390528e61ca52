"""The functions of Moodle's web services that this product calls.

The service of the token needs all of ``FUNCTIONS``; those of ``FOR_REPORTS`` only to read by reports, which is faster.
"""

FUNCTIONS = frozenset(
    {
        "core_cohort_add_cohort_members",
        "core_cohort_create_cohorts",
        "core_cohort_delete_cohort_members",
        "core_cohort_get_cohort_members",
        "core_cohort_get_cohorts",
        "core_course_get_categories",
        "core_course_get_courses_by_field",
        "core_enrol_get_enrolled_users",
        "core_enrol_get_users_courses",
        "core_group_add_group_members",
        "core_group_create_groups",
        "core_group_delete_group_members",
        "core_group_get_course_groups",
        "core_group_get_group_members",
        "core_role_assign_roles",
        "core_role_unassign_roles",
        "core_user_create_users",
        "core_user_get_users",
        "core_user_get_users_by_field",
        "core_user_update_users",
        "core_webservice_get_site_info",
        "enrol_manual_enrol_users",
        "enrol_manual_unenrol_users",
        "gradereport_user_get_grade_items",
        "tool_mobile_call_external_functions",
    }
)

FOR_REPORTS = frozenset(
    {
        "core_calendar_get_timestamps",
        "core_reportbuilder_columns_add",
        "core_reportbuilder_columns_delete",
        "core_reportbuilder_columns_sort_reorder",
        "core_reportbuilder_columns_sort_toggle",
        "core_reportbuilder_conditions_delete",
        "core_reportbuilder_filters_add",
        "core_reportbuilder_list_reports",
        "core_reportbuilder_reports_get",
        "core_reportbuilder_retrieve_report",
        "core_reportbuilder_set_filters",
    }
)

FOR_PLUGIN = frozenset(
    {
        "local_connector_count",
        "local_connector_datasets",
        "local_connector_outbox",
        "local_connector_outbox_forget",
        "local_connector_read",
    }
)
"""Only to read by our plugin, which is faster still; its own service has them."""

FOR_WRITER = frozenset({"local_connector_write"})
"""Only to write by our plugin, which says of each row what became of it."""

FOR_LEARNERS = frozenset({"core_message_send_instant_messages"})
"""Only where learners are to be told their due dates."""

FOR_CALENDAR = frozenset({"local_connector_due_dates"})
"""Only where due dates are to stand in calendars."""

FOR_LOGINS = frozenset({"local_connector_link_logins"})
"""Only where identities of OAuth 2 providers are to be linked with accounts."""

FOR_BADGES = frozenset({"core_badges_get_user_badges"})
"""Only where badges are to be read, and no report has them."""

FOR_SIGN_IN = frozenset({"tool_mobile_get_public_config"})
"""Only for `doctor` to see which identity providers Moodle offers."""

FOR_DELETION = frozenset({"core_user_delete_users"})
"""Only where accounts of people who left long ago are to be deleted."""
