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

use core_component;
use moodle_exception;

/**
 * All datasets: what can be read of Moodle, and which capabilities that needs.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class datasets {
    /**
     * The dataset of this name.
     *
     * @param string $name
     * @return dataset
     * @throws moodle_exception where there is none, or what it is read from is not installed
     */
    public static function get(string $name): dataset {
        $dataset = self::all()[$name] ?? null;
        if (!$dataset?->is_there()) {
            throw new moodle_exception('nosuchdataset', 'local_connector');
        }
        return $dataset;
    }

    /**
     * All of them, by name, also those that are not there.
     *
     * @return dataset[]
     */
    public static function all(): array {
        return [...self::people(), ...self::courses(), ...self::results(), ...self::certificates(), ...self::archives()];
    }

    /**
     * People, cohorts and roles.
     *
     * @return dataset[]
     */
    private static function people(): array {
        return [
            'people' => new dataset(
                'user',
                ['moodle/user:viewalldetails', 'moodle/site:viewuseridentity'],
                ['id', 'confirmed', 'deleted', 'suspended', 'mnethostid', 'timecreated', 'timemodified'],
                texts: [
                    'auth', 'username', 'idnumber', 'firstname', 'lastname', 'email', 'lang', 'timezone', 'theme',
                    'city', 'country', 'department', 'institution', 'phone1', 'phone2', 'address', 'middlename',
                    'alternatename', 'firstnamephonetic', 'lastnamephonetic',
                ],
                since: 'timemodified',
            ),
            'accesses' => new dataset(
                'user',
                ['moodle/user:viewalldetails', 'moodle/user:viewhiddendetails'],
                ['id', 'firstaccess', 'lastaccess', 'lastlogin', 'currentlogin'],
                since: 'lastaccess',
            ),
            'course_accesses' => new dataset(
                'user_lastaccess',
                ['moodle/user:viewalldetails', 'moodle/course:viewhiddenuserfields'],
                ['id', 'userid', 'courseid', 'timeaccess'],
                since: 'timeaccess',
            ),
            'profile_fields' => new dataset(
                'user_info_field',
                ['moodle/user:viewalldetails'],
                ['id', 'categoryid', 'sortorder', 'required', 'locked', 'visible', 'forceunique'],
                texts: ['shortname', 'name', 'datatype', 'category', 'param1', 'defaultdata'],
                expressions: ['category' => 'c.name'],
                joins: 'LEFT JOIN {user_info_category} c ON c.id = t.categoryid',
            ),
            'profile_data' => new dataset(
                'user_info_data',
                ['moodle/user:viewalldetails'],
                ['id', 'userid', 'fieldid', 'dataformat'],
                texts: ['data'],
            ),
            'cohorts' => new dataset(
                'cohort',
                ['moodle/cohort:view'],
                ['id', 'contextid', 'contextlevel', 'instanceid', 'visible', 'timecreated', 'timemodified'],
                texts: ['idnumber', 'name', 'description', 'component'],
                expressions: ['contextlevel' => 'x.contextlevel', 'instanceid' => 'x.instanceid'],
                joins: 'LEFT JOIN {context} x ON x.id = t.contextid',
                since: 'timemodified',
            ),
            'cohort_members' => new dataset(
                'cohort_members',
                ['moodle/cohort:view'],
                ['id', 'cohortid', 'userid', 'timeadded'],
                since: 'timeadded',
            ),
            'roles' => new dataset(
                'role',
                ['moodle/role:review'],
                ['id', 'sortorder'],
                texts: ['shortname', 'name', 'archetype'],
            ),
            'role_assignments' => new dataset(
                'role_assignments',
                ['moodle/role:review'],
                ['id', 'roleid', 'userid', 'contextid', 'contextlevel', 'instanceid', 'itemid', 'timemodified'],
                texts: ['component'],
                expressions: ['contextlevel' => 'x.contextlevel', 'instanceid' => 'x.instanceid'],
                joins: 'LEFT JOIN {context} x ON x.id = t.contextid',
                since: 'timemodified',
            ),
        ];
    }

    /**
     * Courses, what is in them and who is enrolled.
     *
     * @return dataset[]
     */
    private static function courses(): array {
        return [
            'categories' => new dataset(
                'course_categories',
                ['moodle/category:viewhiddencategories'],
                ['id', 'parent', 'sortorder', 'depth', 'visible', 'timemodified'],
                texts: ['idnumber', 'name', 'description', 'path'],
                since: 'timemodified',
            ),
            'courses' => new dataset(
                'course',
                ['moodle/course:view', 'moodle/course:viewhiddencourses'],
                [
                    'id', 'category', 'sortorder', 'visible', 'startdate', 'enddate', 'enablecompletion', 'groupmode',
                    'timecreated', 'timemodified',
                ],
                texts: ['idnumber', 'shortname', 'fullname', 'summary', 'format', 'lang'],
                since: 'timemodified',
            ),
            'course_fields' => new dataset(
                'customfield_field',
                ['moodle/course:update'],
                ['id', 'categoryid', 'sortorder', 'timecreated', 'timemodified'],
                texts: ['shortname', 'name', 'type', 'category', 'configdata'],
                expressions: ['category' => 'c.name'],
                joins: 'JOIN {customfield_category} c ON c.id = t.categoryid',
                where: "c.component IN ('core_course', 'core_customfield') AND c.area IN ('course', 'shared')",
                since: 'timemodified',
            ),
            'course_field_data' => new dataset(
                'customfield_data',
                ['moodle/course:update'],
                ['id', 'fieldid', 'courseid', 'valueformat', 'timecreated', 'timemodified'],
                texts: ['value'],
                expressions: ['courseid' => 't.instanceid'],
                joins: 'JOIN {customfield_field} f ON f.id = t.fieldid JOIN {customfield_category} c ON c.id = f.categoryid',
                where: self::of_courses(),
                since: 'timemodified',
            ),
            'groups' => new dataset(
                'groups',
                ['moodle/course:view', 'moodle/site:accessallgroups'],
                ['id', 'courseid', 'visibility', 'timecreated', 'timemodified'],
                texts: ['idnumber', 'name', 'description'],
                since: 'timemodified',
            ),
            'group_members' => new dataset(
                'groups_members',
                ['moodle/course:view', 'moodle/site:accessallgroups'],
                ['id', 'groupid', 'courseid', 'userid', 'itemid', 'timeadded'],
                texts: ['component'],
                expressions: ['courseid' => 'g.courseid'],
                joins: 'LEFT JOIN {groups} g ON g.id = t.groupid',
                since: 'timeadded',
            ),
            'enrolment_methods' => new dataset(
                'enrol',
                ['moodle/course:enrolreview'],
                [
                    'id', 'courseid', 'status', 'sortorder', 'roleid', 'enrolperiod', 'enrolstartdate', 'enrolenddate',
                    'customint1', 'timecreated', 'timemodified',
                ],
                texts: ['enrol', 'name'],
                since: 'timemodified',
            ),
            'enrolments' => new dataset(
                'user_enrolments',
                ['moodle/course:enrolreview'],
                ['id', 'userid', 'courseid', 'enrolid', 'status', 'timestart', 'timeend', 'timecreated', 'timemodified'],
                texts: ['enrol'],
                expressions: ['courseid' => 'e.courseid', 'enrol' => 'e.enrol'],
                joins: 'LEFT JOIN {enrol} e ON e.id = t.enrolid',
                since: 'timemodified',
            ),
            'activities' => new dataset(
                'course_modules',
                ['moodle/course:view', 'moodle/course:viewhiddenactivities'],
                [
                    'id', 'courseid', 'instance', 'section', 'visible', 'visibleoncoursepage', 'completion',
                    'completionview', 'completionpassgrade', 'completionexpected', 'deletioninprogress', 'added',
                ],
                texts: ['idnumber', 'modname', 'name'],
                expressions: ['courseid' => 't.course', 'modname' => 'm.name', 'name' => self::names_of_activities(...)],
                joins: 'LEFT JOIN {modules} m ON m.id = t.module',
            ),
        ];
    }

    /**
     * Completions and grades.
     *
     * @return dataset[]
     */
    private static function results(): array {
        return [
            'completions' => new dataset(
                'course_completions',
                ['report/completion:view'],
                ['id', 'userid', 'courseid', 'timeenrolled', 'timestarted', 'timecompleted'],
                expressions: ['courseid' => 't.course'],
                since: 'timecompleted',
            ),
            'completion_criteria' => new dataset(
                'course_completion_criteria',
                ['report/completion:view'],
                ['id', 'courseid', 'criteriatype', 'moduleinstance', 'courseinstance', 'enrolperiod', 'timeend', 'role'],
                decimals: ['gradepass'],
                texts: ['module'],
                expressions: ['courseid' => 't.course'],
            ),
            'completion_aggregations' => new dataset(
                'course_completion_aggr_methd',
                ['report/completion:view'],
                ['id', 'courseid', 'criteriatype', 'method'],
                decimals: ['value'],
                expressions: ['courseid' => 't.course'],
            ),
            'criteria_completions' => new dataset(
                'course_completion_crit_compl',
                ['report/completion:view'],
                ['id', 'userid', 'courseid', 'criteriaid', 'unenroled', 'timecompleted'],
                decimals: ['gradefinal'],
                expressions: ['courseid' => 't.course'],
                since: 'timecompleted',
            ),
            'activity_completions' => new dataset(
                'course_modules_completion',
                ['report/progress:view'],
                ['id', 'userid', 'courseid', 'coursemoduleid', 'completionstate', 'overrideby', 'timemodified'],
                expressions: ['courseid' => 'm.course'],
                joins: 'LEFT JOIN {course_modules} m ON m.id = t.coursemoduleid',
                since: 'timemodified',
            ),
            'grade_items' => new dataset(
                'grade_items',
                ['moodle/grade:viewall', 'moodle/grade:viewhidden'],
                [
                    'id', 'courseid', 'categoryid', 'iteminstance', 'itemnumber', 'gradetype', 'scaleid', 'outcomeid',
                    'sortorder', 'display', 'decimals', 'hidden', 'locked', 'locktime', 'needsupdate', 'timecreated',
                    'timemodified',
                ],
                decimals: [
                    'grademax', 'grademin', 'gradepass', 'multfactor', 'plusfactor', 'aggregationcoef',
                    'aggregationcoef2',
                ],
                texts: ['itemtype', 'itemmodule', 'itemname', 'idnumber', 'calculation'],
                since: 'timemodified',
            ),
            'grades' => new dataset(
                'grade_grades',
                ['moodle/grade:viewall', 'moodle/grade:viewhidden'],
                [
                    'id', 'userid', 'courseid', 'itemid', 'usermodified', 'hidden', 'locked', 'locktime', 'exported',
                    'overridden', 'excluded', 'timecreated', 'timemodified',
                ],
                decimals: ['rawgrade', 'rawgrademin', 'rawgrademax', 'finalgrade'],
                texts: ['aggregationstatus'],
                expressions: ['courseid' => 'i.courseid'],
                joins: 'LEFT JOIN {grade_items} i ON i.id = t.itemid',
                since: 'timemodified',
            ),
            'grade_history' => new dataset(
                'grade_grades_history',
                ['moodle/grade:viewall', 'moodle/grade:viewhidden', 'gradereport/history:view'],
                [
                    'id', 'action', 'oldid', 'userid', 'courseid', 'itemid', 'usermodified', 'loggeduser', 'hidden',
                    'locked', 'overridden', 'excluded', 'timemodified',
                ],
                decimals: ['rawgrade', 'rawgrademin', 'rawgrademax', 'finalgrade'],
                texts: ['source'],
                expressions: ['courseid' => 'i.courseid'],
                joins: 'LEFT JOIN {grade_items} i ON i.id = t.itemid',
                since: 'timemodified',
            ),
        ];
    }

    /**
     * Badges and certificates.
     *
     * @return dataset[]
     */
    private static function certificates(): array {
        return [
            'badges' => new dataset(
                'badge',
                ['moodle/badges:viewbadges'],
                ['id', 'type', 'courseid', 'status', 'expiredate', 'expireperiod', 'timecreated', 'timemodified'],
                texts: ['name', 'description', 'issuername'],
                since: 'timemodified',
            ),
            'badge_issues' => new dataset(
                'badge_issued',
                ['moodle/badges:viewbadges', 'moodle/badges:viewawarded'],
                ['id', 'badgeid', 'userid', 'visible', 'dateissued', 'dateexpire'],
                texts: ['uniquehash'],
                since: 'dateissued',
            ),
            'customcerts' => new dataset(
                'customcert',
                ['mod/customcert:viewreport'],
                ['id', 'courseid', 'templateid', 'timecreated', 'timemodified'],
                texts: ['name'],
                expressions: ['courseid' => 't.course'],
                since: 'timemodified',
            ),
            'customcert_templates' => new dataset(
                'customcert_templates',
                ['mod/customcert:viewreport'],
                ['id', 'contextid', 'contextlevel', 'instanceid', 'timecreated', 'timemodified'],
                texts: ['name'],
                expressions: ['contextlevel' => 'x.contextlevel', 'instanceid' => 'x.instanceid'],
                joins: 'LEFT JOIN {context} x ON x.id = t.contextid',
                since: 'timemodified',
            ),
            'customcert_issues' => new dataset(
                'customcert_issues',
                ['mod/customcert:viewreport'],
                ['id', 'userid', 'courseid', 'customcertid', 'emailed', 'timecreated'],
                texts: ['code'],
                expressions: ['courseid' => 'i.course'],
                joins: 'LEFT JOIN {customcert} i ON i.id = t.customcertid',
                since: 'timecreated',
            ),
            'certificate_templates' => new dataset(
                'tool_certificate_templates',
                ['tool/certificate:viewallcertificates'],
                ['id', 'contextid', 'contextlevel', 'instanceid', 'timecreated', 'timemodified'],
                texts: ['name'],
                expressions: ['contextlevel' => 'x.contextlevel', 'instanceid' => 'x.instanceid'],
                joins: 'LEFT JOIN {context} x ON x.id = t.contextid',
                since: 'timemodified',
            ),
            'certificate_issues' => new dataset(
                'tool_certificate_issues',
                ['tool/certificate:viewallcertificates'],
                ['id', 'userid', 'courseid', 'templateid', 'emailed', 'archived', 'timecreated', 'expires'],
                texts: ['code', 'component', 'data'],
                since: 'timecreated',
            ),
        ];
    }

    /**
     * What the plugin recompletion has put away before people began again.
     *
     * @return dataset[]
     */
    private static function archives(): array {
        return [
            'archived_completions' => new dataset(
                'local_recompletion_cc',
                ['report/completion:view'],
                ['id', 'userid', 'courseid', 'timeenrolled', 'timestarted', 'timecompleted'],
                expressions: ['courseid' => 't.course'],
                since: 'timecompleted',
            ),
            'archived_criteria_completions' => new dataset(
                'local_recompletion_cc_cc',
                ['report/completion:view'],
                ['id', 'userid', 'courseid', 'criteriaid', 'unenroled', 'timecompleted'],
                decimals: ['gradefinal'],
                expressions: ['courseid' => 't.course'],
                since: 'timecompleted',
            ),
            'archived_activity_completions' => new dataset(
                'local_recompletion_cmc',
                ['report/progress:view'],
                ['id', 'userid', 'courseid', 'coursemoduleid', 'completionstate', 'overrideby', 'timemodified'],
                expressions: ['courseid' => 't.course'],
                since: 'timemodified',
            ),
        ];
    }

    /**
     * SQL of the name of an activity: each kind of activity has a table of its own.
     *
     * @return string
     */
    private static function names_of_activities(): string {
        global $DB;
        $names = [];
        foreach (array_keys(core_component::get_plugin_list('mod')) as $kind) {
            if (isset($DB->get_columns($kind)['name'])) {
                $names[] = "WHEN '$kind' THEN (SELECT n.name FROM {{$kind}} n WHERE n.id = t.instance)";
            }
        }
        return $names ? 'CASE m.name ' . implode(' ', $names) . ' END' : 'NULL';
    }

    /**
     * SQL of which custom field data is that of courses: since 5.1 the data itself says so, for fields that are shared.
     *
     * @return string
     */
    private static function of_courses(): string {
        global $DB;
        $teller = isset($DB->get_columns('customfield_data')['component']) ? 't' : 'c';
        return "$teller.component = 'core_course' AND $teller.area = 'course'";
    }
}
