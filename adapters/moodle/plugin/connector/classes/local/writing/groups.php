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

/**
 * Groups within a course and their members: rows of the functions core_group_….
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class groups {
    /**
     * Creates one.
     *
     * @param array $row
     * @return array id
     */
    public static function create(array $row): array {
        rows::check_lengths('groups', $row);
        $row += ['description' => ''];
        return ['id' => (int) core_function::call('core_group_create_groups', 'groups', $row)[0]['id']];
    }

    /**
     * Adds somebody who is enrolled; that somebody is there already is well.
     *
     * @param array $row
     * @return array
     */
    public static function add_member(array $row): array {
        core_function::call('core_group_add_group_members', 'members', $row);
        return [];
    }

    /**
     * Takes somebody out; that nobody is there is well.
     *
     * @param array $row
     * @return array
     */
    public static function remove_member(array $row): array {
        core_function::call('core_group_delete_group_members', 'members', $row);
        return [];
    }
}
