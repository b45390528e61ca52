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

use local_connector\local\writing\cohorts;
use local_connector\local\writing\enrolments;
use local_connector\local\writing\groups;
use local_connector\local\writing\people;
use local_connector\local\writing\roles;
use moodle_exception;

/**
 * All operations: what can be written.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class operations {
    /**
     * The operation of this name: it takes a row, and gives what its outcome should tell.
     *
     * @param string $name
     * @return callable
     * @throws moodle_exception where there is none
     */
    public static function get(string $name): callable {
        return self::all()[$name] ?? throw new moodle_exception('nosuchoperation', 'local_connector');
    }

    /**
     * All of them, by name.
     *
     * @return callable[]
     */
    private static function all(): array {
        $enrolments = new enrolments();
        return [
            'create_people' => people::create(...),
            'update_people' => people::update(...),
            'delete_people' => people::delete(...),
            'enrol' => $enrolments->enrol(...),
            'suspend' => $enrolments->suspend(...),
            'unenrol' => $enrolments->unenrol(...),
            'create_cohorts' => cohorts::create(...),
            'add_cohort_members' => cohorts::add_member(...),
            'remove_cohort_members' => cohorts::remove_member(...),
            'assign_roles' => roles::assign(...),
            'unassign_roles' => roles::unassign(...),
            'create_groups' => groups::create(...),
            'add_group_members' => groups::add_member(...),
            'remove_group_members' => groups::remove_member(...),
        ];
    }
}
