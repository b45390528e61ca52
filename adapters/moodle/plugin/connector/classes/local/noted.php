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

namespace local_connector\local;

/**
 * Events that are noted in the outbox, and as what: a dataset of which something has changed, and how.
 *
 * Where Moodle changes many rows without an event for each, the note is that the course has to be read again.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class noted {
    /** @var string[][] kind and action by the name of the event. */
    public const EVENTS = [
        'core\event\user_created' => ['people', 'created'],
        'core\event\user_updated' => ['people', 'updated'],
        'core\event\user_deleted' => ['people', 'deleted'],
        'core\event\user_info_field_created' => ['profile_fields', 'created'],
        'core\event\user_info_field_updated' => ['profile_fields', 'updated'],
        'core\event\user_info_field_deleted' => ['profile_fields', 'deleted'],
        'core\event\cohort_created' => ['cohorts', 'created'],
        'core\event\cohort_updated' => ['cohorts', 'updated'],
        'core\event\cohort_deleted' => ['cohorts', 'deleted'],
        'core\event\cohort_member_added' => ['cohort_members', 'created'],
        'core\event\cohort_member_removed' => ['cohort_members', 'deleted'],
        'core\event\role_created' => ['roles', 'created'],
        'core\event\role_updated' => ['roles', 'updated'],
        'core\event\role_deleted' => ['roles', 'deleted'],
        'core\event\role_assigned' => ['role_assignments', 'created'],
        'core\event\role_unassigned' => ['role_assignments', 'deleted'],
        'core\event\course_category_created' => ['categories', 'created'],
        'core\event\course_category_updated' => ['categories', 'updated'],
        'core\event\course_category_deleted' => ['categories', 'deleted'],
        'core\event\course_created' => ['courses', 'created'],
        'core\event\course_updated' => ['courses', 'updated'],
        'core\event\course_deleted' => ['courses', 'deleted'],
        'core\event\course_content_deleted' => ['courses', 'again'],
        'core\event\course_restored' => ['courses', 'again'],
        'core\event\course_reset_ended' => ['courses', 'again'],
        'core\event\course_completion_updated' => ['courses', 'again'],
        'core\event\enrol_instance_created' => ['enrolment_methods', 'created'],
        'core\event\enrol_instance_updated' => ['courses', 'again'],
        'core\event\enrol_instance_deleted' => ['courses', 'again'],
        'core\event\user_enrolment_created' => ['enrolments', 'created'],
        'core\event\user_enrolment_updated' => ['enrolments', 'updated'],
        'core\event\user_enrolment_deleted' => ['enrolments', 'deleted'],
        'core\event\group_created' => ['groups', 'created'],
        'core\event\group_updated' => ['groups', 'updated'],
        'core\event\group_deleted' => ['groups', 'deleted'],
        'core\event\group_member_added' => ['group_members', 'created'],
        'core\event\group_member_removed' => ['group_members', 'deleted'],
        'core\event\course_completed' => ['completions', 'created'],
        'core\event\course_module_created' => ['activities', 'created'],
        'core\event\course_module_updated' => ['courses', 'again'],
        'core\event\course_module_deleted' => ['courses', 'again'],
        'core\event\course_module_completion_updated' => ['activity_completions', 'updated'],
        'core\event\grade_item_created' => ['grade_items', 'created'],
        'core\event\grade_item_updated' => ['courses', 'again'],
        'core\event\grade_item_deleted' => ['courses', 'again'],
        'core\event\user_graded' => ['grades', 'updated'],
        'core\event\grade_deleted' => ['grades', 'deleted'],
        'core\event\badge_created' => ['badges', 'created'],
        'core\event\badge_updated' => ['badges', 'updated'],
        'core\event\badge_deleted' => ['badges', 'deleted'],
        'core\event\badge_awarded' => ['badge_issues', 'created'],
        'core\event\badge_revoked' => ['badge_issues', 'deleted'],
        'mod_customcert\event\issue_created' => ['customcert_issues', 'created'],
        'mod_customcert\event\issue_deleted' => ['customcert_issues', 'deleted'],
        'tool_certificate\event\certificate_issued' => ['certificate_issues', 'created'],
        'tool_certificate\event\certificate_regenerated' => ['certificate_issues', 'updated'],
        'tool_certificate\event\certificate_revoked' => ['certificate_issues', 'deleted'],
        'local_recompletion\event\completion_reset' => ['courses', 'again'],
    ];

    /** @var string[] datasets of activities that issue something, by their module. */
    public const ISSUING = ['customcert' => 'customcerts'];

    /** @var string[] actions by what an event says that it does. */
    public const ACTIONS = ['c' => 'created', 'u' => 'updated', 'd' => 'deleted'];
}
