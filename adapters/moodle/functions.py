"""The functions of Moodle's web services that this product calls: the service of the token needs them all."""

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
