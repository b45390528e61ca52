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

namespace local_connector\local\writing;

use core\context\course;
use core_external\external_api;
use core_external\external_single_structure;
use core_external\external_value;
use core_user;
use enrol_plugin;
use local_connector\local\rows;
use local_connector\local\wrong_field;
use moodle_exception;
use stdClass;

/**
 * Manual enrolments. Checks are those of enrol_manual's own external functions, those on a course made once a request.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class enrolments {
    /** @var array[] what has been looked up, by course and capability. */
    private array $courses = [];

    /**
     * Enrols somebody, or changes the times and the state of who is enrolled: rows of enrol_manual_enrol_users.
     *
     * @param array $row
     * @return array
     */
    public function enrol(array $row): array {
        rows::check(self::row([
            'roleid' => VALUE_REQUIRED,
            'timestart' => VALUE_OPTIONAL,
            'timeend' => VALUE_OPTIONAL,
            'suspend' => VALUE_OPTIONAL,
        ]), $row);
        [$context, $instances] = $this->course($row['courseid'], 'enrol/manual:enrol');
        $user = self::user($row['userid']);
        $this->courses[$row['courseid']]['roles'] ??= get_assignable_roles($context);
        if (!isset($this->courses[$row['courseid']]['roles'][$row['roleid']])) {
            throw new moodle_exception('wsusercannotassign', 'enrol_manual', '', (object) $row);
        }
        $enabled = array_filter($instances, fn($instance) => $instance->status == ENROL_INSTANCE_ENABLED);
        $instance = reset($enabled);
        if (!$instance) {
            throw new moodle_exception('wsnoinstance', 'enrol_manual', '', (object) $row);
        }
        if (!self::plugin()->allow_enrol($instance)) {
            throw new moodle_exception('wscannotenrol', 'enrol_manual', '', (object) $row);
        }
        $status = empty($row['suspend']) ? ENROL_USER_ACTIVE : ENROL_USER_SUSPENDED;
        self::plugin()->enrol_user($instance, $user->id, $row['roleid'], $row['timestart'] ?? 0, $row['timeend'] ?? 0, $status);
        return [];
    }

    /**
     * Suspends somebody in a course, or with "suspend": false ends that; takes what it takes to do so by enrolling again.
     *
     * @param array $row
     * @return array
     */
    public function suspend(array $row): array {
        rows::check(self::row(['suspend' => VALUE_OPTIONAL]), $row);
        [, $instances] = $this->course($row['courseid'], 'enrol/manual:enrol');
        $user = self::user($row['userid']);
        $present = self::present($instances, $user->id);
        if (!$present) {
            throw new moodle_exception('notenrolled', 'local_connector');
        }
        $status = ($row['suspend'] ?? 1) ? ENROL_USER_SUSPENDED : ENROL_USER_ACTIVE;
        foreach ($present as $instance) {
            self::plugin()->update_user_enrol($instance, $user->id, $status);
        }
        return [];
    }

    /**
     * Ends an enrolment; that there is none is well.
     *
     * @param array $row
     * @return array
     */
    public function unenrol(array $row): array {
        rows::check(self::row([]), $row);
        [, $instances] = $this->course($row['courseid'], 'enrol/manual:unenrol');
        $user = self::user($row['userid']);
        foreach (self::present($instances, $user->id) as $instance) {
            if (!self::plugin()->allow_unenrol($instance)) {
                throw new moodle_exception('wscannotunenrol', 'enrol_manual', '', (object) $row);
            }
            self::plugin()->unenrol_user($instance, $user->id);
        }
        return [];
    }

    /**
     * Context and manual instances of a course in which the caller has the capability.
     *
     * @param int $courseid
     * @param string $capability
     * @return array
     */
    private function course(int $courseid, string $capability): array {
        global $DB;
        if (!isset($this->courses[$courseid])) {
            $context = course::instance($courseid, IGNORE_MISSING) ?: throw new wrong_field('courseid');
            external_api::validate_context($context);
            $instances = $DB->get_records('enrol', ['courseid' => $courseid, 'enrol' => 'manual'], 'sortorder, id');
            $this->courses[$courseid] = ['context' => $context, 'instances' => $instances];
        }
        ['context' => $context, 'instances' => $instances] = $this->courses[$courseid];
        require_capability($capability, $context);
        return [$context, $instances];
    }

    /**
     * Those instances by which somebody is enrolled.
     *
     * @param stdClass[] $instances
     * @param int $userid
     * @return stdClass[]
     */
    private static function present(array $instances, int $userid): array {
        global $DB;
        $there = fn($instance) => $DB->record_exists('user_enrolments', ['enrolid' => $instance->id, 'userid' => $userid]);
        return array_filter($instances, $there);
    }

    /**
     * Somebody who is there.
     *
     * @param int $userid
     * @return stdClass
     */
    private static function user(int $userid): stdClass {
        $user = core_user::get_user($userid, '*', MUST_EXIST);
        core_user::require_active_user($user);
        return $user;
    }

    /**
     * The plugin.
     *
     * @return enrol_plugin
     */
    private static function plugin(): enrol_plugin {
        global $CFG;
        require_once($CFG->libdir . '/enrollib.php');
        return enrol_get_plugin('manual') ?? throw new moodle_exception('manualpluginnotinstalled', 'enrol_manual');
    }

    /**
     * Description of a row: user, course and more numbers.
     *
     * @param int[] $more name to whether it is needed
     * @return external_single_structure
     */
    private static function row(array $more): external_single_structure {
        $number = fn($needed) => new external_value(PARAM_INT, '', $needed);
        $needed = ['userid' => VALUE_REQUIRED, 'courseid' => VALUE_REQUIRED];
        return new external_single_structure(array_map($number, $needed + $more));
    }
}
