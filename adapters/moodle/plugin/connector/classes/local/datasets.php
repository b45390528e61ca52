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
 * All datasets: what is read of Moodle, and who may.
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
        return [
            'people' => new dataset(
                'user',
                ['moodle/user:viewalldetails', 'moodle/site:viewuseridentity'],
                integers: ['id', 'confirmed', 'deleted', 'suspended', 'timecreated', 'timemodified'],
                texts: [
                    'auth', 'username', 'idnumber', 'firstname', 'lastname', 'email', 'lang', 'timezone', 'theme', 'city',
                    'country', 'department', 'institution', 'phone1', 'phone2', 'address', 'middlename', 'alternatename',
                    'firstnamephonetic', 'lastnamephonetic',
                ],
                since: 'timemodified',
            ),
        ];
    }
}
