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
use local_connector\local\datasets as table;

/**
 * Which datasets this site has, and what the caller lacks to read them.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class datasets extends external_api {
    /**
     * What it takes.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters(): external_function_parameters {
        return new external_function_parameters([]);
    }

    /**
     * Tells.
     *
     * @return array
     */
    public static function execute(): array {
        $context = \core\context\system::instance();
        self::validate_context($context);
        require_capability('local/connector:read', $context);
        $told = [];
        foreach (table::all() as $name => $dataset) {
            if ($dataset->is_there()) {
                $told[$name] = [
                    'columns' => $dataset->columns(),
                    'since' => $dataset->since,
                    'lacking' => $dataset->lacking(),
                ];
            }
        }
        return ['json' => json_encode($told)];
    }

    /**
     * What it gives.
     *
     * @return external_single_structure
     */
    public static function execute_returns(): external_single_structure {
        return new external_single_structure([
            'json' => new external_value(PARAM_RAW, 'JSON: by name of dataset its columns, the column of since, and '
                . 'capabilities that the caller lacks'),
        ]);
    }
}
