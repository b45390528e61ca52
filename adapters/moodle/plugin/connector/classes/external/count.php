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
use moodle_exception;

/**
 * How many rows a dataset has, and a checksum of them, for each bucket of keys.
 *
 * A row with key k is in bucket floor(k / width). The checksum is SHA-256, in hex, over the rows of the bucket in the order
 * of keys, each as it stands in the answer of read: compact JSON in UTF-8, followed by a line feed. Buckets without rows
 * are left out.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class count extends external_api {
    /** @var int rows that one answer may cover. */
    public const MOST = 100000;

    /**
     * What it takes.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters(): external_function_parameters {
        return new external_function_parameters([
            'dataset' => new external_value(PARAM_ALPHANUMEXT, 'name of the dataset'),
            'width' => new external_value(PARAM_INT, 'keys in a bucket', VALUE_DEFAULT, 1000),
            'after' => new external_value(PARAM_INT, 'buckets with greater keys only: 0 or what next was', VALUE_DEFAULT, 0),
            'limit' => new external_value(PARAM_INT, 'buckets at most; times width at most ' . self::MOST, VALUE_DEFAULT, 100),
            'since' => new external_value(PARAM_INT, 'as read takes it', VALUE_DEFAULT, 0),
            'column' => new external_value(PARAM_ALPHANUMEXT, 'as read takes it', VALUE_DEFAULT, ''),
            'values' => new external_value(PARAM_SEQUENCE, 'as read takes it', VALUE_DEFAULT, ''),
            'columns' => new external_value(PARAM_RAW, 'as read takes it', VALUE_DEFAULT, ''),
        ]);
    }

    /**
     * Counts.
     *
     * @param string $dataset
     * @param int $width
     * @param int $after
     * @param int $limit
     * @param int $since
     * @param string $column
     * @param string $values
     * @param string $columns
     * @return array
     */
    public static function execute(
        string $dataset,
        int $width = 1000,
        int $after = 0,
        int $limit = 100,
        int $since = 0,
        string $column = '',
        string $values = '',
        string $columns = '',
    ): array {
        [$dataset, $width, $after, $limit, $since, $column, $values, $columns] = array_values(self::validate_parameters(
            self::execute_parameters(),
            [
                'dataset' => $dataset, 'width' => $width, 'after' => $after, 'limit' => $limit, 'since' => $since,
                'column' => $column, 'values' => $values, 'columns' => $columns,
            ],
        ));
        $context = \core\context\system::instance();
        self::validate_context($context);
        require_capability('local/connector:read', $context);
        asked::between('width', $width, 1, self::MOST);
        asked::between('limit', $limit, 1, intdiv(self::MOST, $width));
        asked::between('after', $after, 0, PHP_INT_MAX);
        if ($after && ($after + 1) % $width) {
            throw new moodle_exception('notaborder', 'local_connector');
        }
        $found = asked::rows($dataset, $since, $column, $values, $columns);

        $most = $limit * $width;
        $buckets = [];
        $bucket = null;
        $rows = 0;
        foreach ($found->rows($after, $most) as $key => $row) {
            if (intdiv($key, $width) !== $bucket) {
                if (count($buckets) === $limit) {
                    break;
                }
                $bucket = intdiv($key, $width);
                $buckets[$bucket] = [$bucket, 0, hash_init('sha256')];
            }
            $rows++;
            $buckets[$bucket][1]++;
            hash_update($buckets[$bucket][2], "$row\n");
        }
        $all = $rows < $most && count($buckets) < $limit;
        return ['json' => json_encode([
            'next' => $all ? null : ($bucket + 1) * $width - 1,
            'buckets' => array_map(fn($one) => [$one[0], $one[1], hash_final($one[2])], array_values($buckets)),
        ])];
    }

    /**
     * What it gives.
     *
     * @return external_single_structure
     */
    public static function execute_returns(): external_single_structure {
        return new external_single_structure([
            'json' => new external_value(PARAM_RAW, 'JSON: buckets as [number, rows, checksum], and next: where to go on, or null'),
        ]);
    }
}
