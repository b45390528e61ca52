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
use local_connector\local\outbox as entries;

/**
 * What has changed and has not been forgotten, in the order in which it was noted.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class outbox extends external_api {
    /** @var int entries that one answer may have. */
    public const MOST = 10000;

    /**
     * What it takes.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters(): external_function_parameters {
        return new external_function_parameters([
            'after' => new external_value(PARAM_INT, 'entries with a greater id are read', VALUE_DEFAULT, 0),
            'limit' => new external_value(PARAM_INT, 'entries at most', VALUE_DEFAULT, self::MOST),
        ]);
    }

    /**
     * Reads.
     *
     * @param int $after
     * @param int $limit
     * @return array
     */
    public static function execute(int $after = 0, int $limit = self::MOST): array {
        ['after' => $after, 'limit' => $limit] = self::validate_parameters(
            self::execute_parameters(),
            ['after' => $after, 'limit' => $limit],
        );
        self::validate_context(\core\context\system::instance());
        asked::between('after', $after, 0, PHP_INT_MAX);
        asked::between('limit', $limit, 1, self::MOST);
        $dataset = entries::dataset();
        $dataset->require_capabilities();

        $time = time();
        $rows = [];
        $id = null;
        foreach ($dataset->rows($after, $limit) as $id => $row) {
            $rows[] = $row;
        }
        $columns = json_encode($dataset->columns());
        $next = count($rows) < $limit ? 'null' : $id;
        return ['json' => "{\"time\":$time,\"columns\":$columns,\"next\":$next,\"rows\":[" . implode(',', $rows) . ']}'];
    }

    /**
     * What it gives.
     *
     * @return external_single_structure
     */
    public static function execute_returns(): external_single_structure {
        return new external_single_structure([
            'json' => new external_value(PARAM_RAW, 'JSON: time, columns, rows, and next: the id to go on after, or null'),
        ]);
    }
}
