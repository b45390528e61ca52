<?php
// This file is part of Moodle - https://moodle.org/
//
// Moodle is free software: you can redistribute it and/or modify
// it under the terms of the GNU General Public License as published by
// the Free Software Foundation, either version 3 of the License, or
// (at your option) any later version.
//
// Moodle is distributed in the hope that it will be useful,
// but WITHOUT ANY WARRANTY; without even the implied warranty of
// MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
// GNU General Public License for more details.
//
// You should have received a copy of the GNU General Public License
// along with Moodle.  If not, see <https://www.gnu.org/licenses/>.

/**
 * The functions of this plugin, and one service with all that the connector calls.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */

defined('MOODLE_INTERNAL') || die();

$functions = [
    'local_connector_count' => [
        'classname' => 'local_connector\external\count',
        'description' => 'How many rows a dataset has, and a checksum of them, for each bucket of keys.',
        'type' => 'read',
        'capabilities' => 'local/connector:read',
    ],
    'local_connector_datasets' => [
        'classname' => 'local_connector\external\datasets',
        'description' => 'Which datasets this site has, and what the caller lacks to read them.',
        'type' => 'read',
        'capabilities' => 'local/connector:read',
    ],
    'local_connector_due_dates' => [
        'classname' => 'local_connector\external\due_dates',
        'description' => 'Puts, moves and removes due dates in the calendars of people.',
        'type' => 'write',
        'capabilities' => 'local/connector:write, moodle/calendar:manageentries',
    ],
    'local_connector_link_logins' => [
        'classname' => 'local_connector\external\link_logins',
        'description' => 'Links accounts with identities of OAuth 2 providers.',
        'type' => 'write',
        'capabilities' => 'local/connector:write, moodle/user:update, auth/oauth2:managelinkedlogins',
    ],
    'local_connector_outbox' => [
        'classname' => 'local_connector\external\outbox',
        'description' => 'What has changed and has not been forgotten, as one JSON string.',
        'type' => 'read',
        'capabilities' => 'local/connector:outbox',
    ],
    'local_connector_outbox_forget' => [
        'classname' => 'local_connector\external\outbox_forget',
        'description' => 'Forgets entries of the outbox that have been dealt with.',
        'type' => 'write',
        'capabilities' => 'local/connector:outbox',
    ],
    'local_connector_read' => [
        'classname' => 'local_connector\external\read',
        'description' => 'Rows of a dataset, by keyset, with raw values, as one JSON string.',
        'type' => 'read',
        'capabilities' => 'local/connector:read',
    ],
    'local_connector_write' => [
        'classname' => 'local_connector\external\write',
        'description' => 'Carries out an operation for each row, and tells what came of each.',
        'type' => 'write',
        'capabilities' => 'local/connector:write',
    ],
];

// The name is unique in Moodle: one that nobody gives to a service made by hand, or the installation breaks off at it.
$services = [
    'Plugin local_connector' => [
        'shortname' => 'local_connector',
        'enabled' => 1,
        'restrictedusers' => 1,
        'downloadfiles' => 0,
        'uploadfiles' => 0,
        'functions' => [
            'core_badges_get_user_badges',
            'core_calendar_get_timestamps',
            'core_cohort_add_cohort_members',
            'core_cohort_create_cohorts',
            'core_cohort_delete_cohort_members',
            'core_cohort_get_cohort_members',
            'core_cohort_get_cohorts',
            'core_course_get_categories',
            'core_course_get_courses_by_field',
            'core_enrol_get_enrolled_users',
            'core_enrol_get_users_courses',
            'core_group_add_group_members',
            'core_group_create_groups',
            'core_group_delete_group_members',
            'core_group_get_course_groups',
            'core_group_get_group_members',
            'core_message_send_instant_messages',
            'core_reportbuilder_columns_add',
            'core_reportbuilder_columns_delete',
            'core_reportbuilder_columns_sort_reorder',
            'core_reportbuilder_columns_sort_toggle',
            'core_reportbuilder_conditions_delete',
            'core_reportbuilder_filters_add',
            'core_reportbuilder_list_reports',
            'core_reportbuilder_reports_get',
            'core_reportbuilder_retrieve_report',
            'core_reportbuilder_set_filters',
            'core_role_assign_roles',
            'core_role_unassign_roles',
            'core_user_create_users',
            'core_user_delete_users',
            'core_user_get_users',
            'core_user_get_users_by_field',
            'core_user_update_users',
            'core_webservice_get_site_info',
            'enrol_manual_enrol_users',
            'enrol_manual_unenrol_users',
            'gradereport_user_get_grade_items',
            'local_connector_count',
            'local_connector_datasets',
            'local_connector_due_dates',
            'local_connector_link_logins',
            'local_connector_outbox',
            'local_connector_outbox_forget',
            'local_connector_read',
            'local_connector_write',
            'tool_mobile_call_external_functions',
            'tool_mobile_get_public_config',
        ],
    ],
];
