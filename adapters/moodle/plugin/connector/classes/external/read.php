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

namespace local_connector\external;

use core_external\external_api;
use core_external\external_function_parameters;
use core_external\external_single_structure;
use core_external\external_value;
use local_connector\local\asked;

/**
 * Rows of a dataset, after a key and in the order of keys.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class read extends external_api {
    /** @var int rows that one answer may have. */
    public const MOST = 10000;

    /**
     * What it takes.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters(): external_function_parameters {
        return new external_function_parameters([
            'dataset' => new external_value(PARAM_ALPHANUMEXT, 'name of the dataset'),
            'after' => new external_value(PARAM_INT, 'rows with a greater key are read', VALUE_DEFAULT, 0),
            'limit' => new external_value(PARAM_INT, 'rows at most', VALUE_DEFAULT, self::MOST),
            'since' => new external_value(PARAM_INT, 'epoch seconds: what is older is left out', VALUE_DEFAULT, 0),
            'column' => new external_value(PARAM_ALPHANUMEXT, 'a column of integers by which rows are chosen', VALUE_DEFAULT, ''),
            'values' => new external_value(PARAM_SEQUENCE, 'only rows with one of these in the column', VALUE_DEFAULT, ''),
            'columns' => new external_value(PARAM_RAW, 'names with commas between: no others but id', VALUE_DEFAULT, ''),
        ]);
    }

    /**
     * Reads.
     *
     * @param string $dataset
     * @param int $after
     * @param int $limit
     * @param int $since
     * @param string $column
     * @param string $values numbers with commas between
     * @param string $columns names with commas between
     * @return array
     */
    public static function execute(
        string $dataset,
        int $after = 0,
        int $limit = self::MOST,
        int $since = 0,
        string $column = '',
        string $values = '',
        string $columns = '',
    ): array {
        [$dataset, $after, $limit, $since, $column, $values, $columns] = array_values(self::validate_parameters(
            self::execute_parameters(),
            [
                'dataset' => $dataset, 'after' => $after, 'limit' => $limit, 'since' => $since, 'column' => $column,
                'values' => $values, 'columns' => $columns,
            ],
        ));
        $context = \core\context\system::instance();
        self::validate_context($context);
        require_capability('local/connector:read', $context);
        asked::between('after', $after, 0, PHP_INT_MAX);
        asked::between('limit', $limit, 1, self::MOST);
        $found = asked::rows($dataset, $since, $column, $values, $columns);

        $time = time();
        $rows = [];
        $key = null;
        foreach ($found->rows($after, $limit) as $key => $row) {
            $rows[] = $row;
        }
        $columns = json_encode($found->columns());
        $next = count($rows) < $limit ? 'null' : $key;
        return ['json' => "{\"time\":$time,\"columns\":$columns,\"next\":$next,\"rows\":[" . implode(',', $rows) . ']}'];
    }

    /**
     * What it gives.
     *
     * @return external_single_structure
     */
    public static function execute_returns(): external_single_structure {
        return new external_single_structure([
            'json' => new external_value(PARAM_RAW, 'JSON: time, columns, rows, and next: the key to go on after, or null'),
        ]);
    }
}
