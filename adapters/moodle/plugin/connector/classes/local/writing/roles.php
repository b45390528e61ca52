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

use local_connector\local\core_function;
use local_connector\local\wrong_field;

/**
 * Roles in a context: rows of core_role_assign_roles and core_role_unassign_roles.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class roles {
    /**
     * Assigns a role; that somebody has it already is well.
     *
     * @param array $row
     * @return array
     */
    public static function assign(array $row): array {
        global $DB;
        $userid = $row['userid'] ?? 0;
        if (is_numeric($userid) && !$DB->record_exists('user', ['id' => $userid, 'deleted' => 0])) {
            // Moodle takes this for a fault of its programmers.
            throw new wrong_field('userid');
        }
        core_function::call('core_role_assign_roles', 'assignments', $row);
        return [];
    }

    /**
     * Takes a role away; that nobody has it is well.
     *
     * @param array $row
     * @return array
     */
    public static function unassign(array $row): array {
        core_function::call('core_role_unassign_roles', 'unassignments', $row);
        return [];
    }
}
