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
use local_connector\local\rows;
use local_connector\local\wrong_field;
use moodle_exception;

/**
 * People: rows are those of core_user_create_users and core_user_update_users; a new one may be suspended too.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class people {
    /**
     * Creates somebody, without the custom fields that are not there, which are told.
     *
     * @param array $row
     * @return array id, and dropped: short names
     */
    public static function create(array $row): array {
        $suspended = $row['suspended'] ?? 0;
        unset($row['suspended']);
        self::check($row);
        $id = (int) core_function::call('core_user_create_users', 'users', $row)[0]['id'];
        if ($suspended) {
            core_function::call('core_user_update_users', 'users', ['id' => $id, 'suspended' => $suspended]);
        }
        return self::told($id, $row);
    }

    /**
     * Changes somebody, without the custom fields that are not there, which are told.
     *
     * @param array $row
     * @return array id, and dropped: short names
     */
    public static function update(array $row): array {
        global $CFG, $DB;
        self::check($row);
        $username = $row['username'] ?? null;
        $others = 'username = ? AND mnethostid = ? AND id <> ?';
        $values = [$username, $CFG->mnet_localhost_id, (int) ($row['id'] ?? 0)];
        if (is_string($username) && $DB->record_exists_select('user', $others, $values)) {
            // Moodle finds this by its database's refusal, which does not say what is wrong.
            throw new wrong_field('username');
        }
        $answer = core_function::call('core_user_update_users', 'users', $row);
        foreach ($answer['warnings'] as $warning) {
            throw new moodle_exception($warning['warningcode']);
        }
        return self::told((int) $row['id'], $row);
    }

    /**
     * Deletes somebody for good.
     *
     * @param array $row id
     * @return array id
     */
    public static function delete(array $row): array {
        if (!is_int($row['id'] ?? null) || count($row) > 1) {
            throw new wrong_field('id');
        }
        core_function::call('core_user_delete_users', 'userids', $row['id']);
        return $row;
    }

    /**
     * Refuses what Moodle would fail with in its database.
     *
     * @param array $row
     */
    private static function check(array $row): void {
        rows::check_lengths('user', array_diff_key($row, ['password' => 1]));
    }

    /**
     * What is told of somebody: also which custom fields are not there, which Moodle drops without a word.
     *
     * @param int $id
     * @param array $row
     * @return array id, and dropped: short names, where there are some
     */
    private static function told(int $id, array $row): array {
        global $CFG;
        if (empty($row['customfields'])) {
            return ['id' => $id];
        }
        require_once($CFG->dirroot . '/user/profile/lib.php');
        $known = array_column(profile_get_custom_fields(), 'shortname');
        $dropped = array_values(array_diff(array_column($row['customfields'], 'type'), $known));
        return ['id' => $id] + ($dropped ? ['dropped' => $dropped] : []);
    }
}
