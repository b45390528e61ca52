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

use core\context;
use core_external\external_api;
use core_external\external_single_structure;
use core_external\external_value;
use local_connector\local\core_function;
use local_connector\local\rows;
use required_capability_exception;

/**
 * Cohorts and their members.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class cohorts {
    /**
     * Creates one, in the system where nothing else is said: rows of core_cohort_create_cohorts.
     *
     * @param array $row
     * @return array id
     */
    public static function create(array $row): array {
        rows::check_lengths('cohort', $row);
        $row += ['categorytype' => ['type' => 'system', 'value' => '']];
        return ['id' => (int) core_function::call('core_cohort_create_cohorts', 'cohorts', $row)[0]['id']];
    }

    /**
     * Adds somebody; that somebody is there already is well, and told.
     *
     * @param array $row
     * @return array already, where nothing had to be done
     */
    public static function add_member(array $row): array {
        self::check($row);
        if (cohort_is_member($row['cohortid'], $row['userid'])) {
            return ['already' => true];
        }
        cohort_add_member($row['cohortid'], $row['userid']);
        return [];
    }

    /**
     * Takes somebody out; that nobody is there is well.
     *
     * @param array $row
     * @return array
     */
    public static function remove_member(array $row): array {
        self::check($row);
        cohort_remove_member($row['cohortid'], $row['userid']);
        return [];
    }

    /**
     * Makes the checks of core_cohort_add_cohort_members, which itself tells what it finds in warnings without names.
     *
     * @param array $row cohortid and userid
     */
    private static function check(array $row): void {
        global $CFG, $DB;
        require_once($CFG->dirroot . '/cohort/lib.php');
        rows::check(new external_single_structure([
            'cohortid' => new external_value(PARAM_INT),
            'userid' => new external_value(PARAM_INT),
        ]), $row);
        $cohort = $DB->get_record('cohort', ['id' => $row['cohortid']], '*', MUST_EXIST);
        $local = ['id' => $row['userid'], 'deleted' => 0, 'mnethostid' => $CFG->mnet_localhost_id];
        $DB->get_record('user', $local, 'id', MUST_EXIST);
        $context = context::instance_by_id($cohort->contextid);
        external_api::validate_context($context);
        if (!has_any_capability(['moodle/cohort:manage', 'moodle/cohort:assign'], $context)) {
            throw new required_capability_exception($context, 'moodle/cohort:assign', 'nopermissions', '');
        }
    }
}
