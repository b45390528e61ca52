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
    /** @var int values of a column by which rows may be chosen. */
    private const MOST_VALUES = 10000;

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

    /**
     * The rows that are asked for, by the parameters that read and count have in common.
     *
     * @param string $dataset its name
     * @param int $since epoch seconds: what is older is left out
     * @param string $column a column of integers by which rows are chosen
     * @param string $values numbers with commas between
     * @param string $columns names with commas between
     * @return dataset
     * @throws moodle_exception
     */
    public static function rows(string $dataset, int $since, string $column, string $values, string $columns): dataset {
        self::between('since', $since, 0, PHP_INT_MAX);
        $found = datasets::get($dataset);
        $found->require_capabilities();
        if ($since && $found->since === null) {
            throw new moodle_exception('notimes', 'local_connector');
        }
        $chosen = $values === '' ? [] : array_map('intval', explode(',', $values));
        self::between('values', count($chosen), $column === '' ? 0 : 1, $column === '' ? 0 : self::MOST_VALUES);
        if ($column !== '' && !$found->has_integers($column)) {
            throw new moodle_exception('nosuchcolumn', 'local_connector');
        }
        if ($since) {
            $found = $found->since($since);
        }
        if ($column !== '') {
            $found = $found->with($column, $chosen);
        }
        return $columns === '' ? $found : $found->only(explode(',', $columns));
    }
}
