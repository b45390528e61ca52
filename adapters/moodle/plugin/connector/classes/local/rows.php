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

use Throwable;
use core_external\external_api;
use core_external\external_single_structure;
use dml_write_exception;
use invalid_parameter_exception;
use moodle_exception;

/**
 * Rows that are carried out, each by itself: what becomes of one is nothing to the others.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
final class rows {
    /** @var int rows that one request may have. */
    public const MOST = 1000;

    /**
     * Carries out each row in a transaction of its own, and tells the outcome of each, in their order.
     *
     * A row's "key" is the caller's own name for it, and comes back in the outcome.
     *
     * @param string $json list of objects
     * @param callable $operation from a row, and its key where it has one, to what the outcome should tell of it
     * @return string JSON: a list of outcomes
     */
    public static function carry_out(string $json, callable $operation): string {
        $outcomes = [];
        foreach (self::read($json) as $row) {
            \core_php_time_limit::raise(60);
            $key = array_key_exists('key', $row) ? ['key' => $row['key']] : [];
            $outcome = self::carry_out_one(array_diff_key($row, $key), $key['key'] ?? null, $operation);
            $outcomes[] = json_encode($key + $outcome, JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR);
        }
        return '[' . implode(',', $outcomes) . ']';
    }

    /**
     * Refuses a row that does not fit a description, and says by which field.
     *
     * @param external_single_structure $description
     * @param array $row
     * @throws wrong_field
     */
    public static function check(external_single_structure $description, array $row): void {
        foreach ($description->keys as $name => $part) {
            try {
                if (array_key_exists($name, $row)) {
                    external_api::validate_parameters($part, self::without_nulls($row[$name]));
                } else if ($part->required == VALUE_REQUIRED) {
                    throw new wrong_field($name);
                }
            } catch (invalid_parameter_exception $e) {
                throw new wrong_field($name);
            }
        }
        foreach (array_keys(array_diff_key($row, $description->keys)) as $unknown) {
            throw new wrong_field((string) $unknown);
        }
    }

    /**
     * Refuses a text that is too long for its column, which Moodle finds by its database's refusal.
     *
     * @param string $table
     * @param array $row
     * @throws wrong_field
     */
    public static function check_lengths(string $table, array $row): void {
        global $DB;
        foreach ($DB->get_columns($table) as $name => $column) {
            $value = $row[$name] ?? null;
            if ($column->meta_type === 'C' && is_string($value) && \core_text::strlen($value) > $column->max_length) {
                throw new wrong_field($name);
            }
        }
    }

    /**
     * Refuses null, which Moodle's own protocols cannot say, and which some of its functions silently take for nothing.
     *
     * @param mixed $value
     * @return mixed the same
     */
    private static function without_nulls(mixed $value): mixed {
        $all = [$value];
        array_walk_recursive($all, function ($each) {
            if ($each === null) {
                throw new invalid_parameter_exception('null');
            }
        });
        return $value;
    }

    /**
     * Carries out one row, or leaves no trace of it.
     *
     * @param array $row
     * @param mixed $key
     * @param callable $operation
     * @param bool $again whether to try once more what the database did not write
     * @return array outcome
     */
    private static function carry_out_one(array $row, mixed $key, callable $operation, bool $again = true): array {
        global $DB;
        try {
            $transaction = $DB->start_delegated_transaction();
            $told = $operation($row, $key);
            $transaction->allow_commit();
            return ['ok' => true] + $told;
        } catch (Throwable $e) {
            // Moodle's functions may leave transactions of their own open when they fail: all of them end here.
            $DB->force_transaction_rollback();
            if ($again && $e instanceof dml_write_exception) {
                // Somebody else may have written the same at the same moment, which Moodle's checks see now.
                return self::carry_out_one($row, $key, $operation, false);
            }
            return outcome::refused($e, $row);
        }
    }

    /**
     * The rows, with truth values as Moodle's parameters have them.
     *
     * @param string $json
     * @return array[]
     */
    private static function read(string $json): array {
        $rows = json_decode($json, true, 8);
        if (!is_array($rows) || !array_is_list($rows) || count(array_filter($rows, 'is_array')) < count($rows)) {
            throw new moodle_exception('norows', 'local_connector');
        }
        asked::between('rows', count($rows), 0, self::MOST);
        array_walk_recursive($rows, function (&$value) {
            $value = is_bool($value) ? (int) $value : $value;
        });
        return $rows;
    }
}
