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

use moodle_exception;

/**
 * What callers may ask for.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class asked {
    /**
     * Refuses a number that is out of range, in our words.
     *
     * @param string $name of the parameter
     * @param int $value
     * @param int $least
     * @param int $most
     * @throws moodle_exception
     */
    public static function between(string $name, int $value, int $least, int $most): void {
        if ($value < $least || $value > $most) {
            throw new moodle_exception('outofrange', 'local_connector', '', ['name' => $name, 'least' => $least, 'most' => $most]);
        }
    }
}
