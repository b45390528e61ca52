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
use core_external\external_value;
use local_connector\local\asked;
use local_connector\local\outbox as entries;
use moodle_exception;

/**
 * Forgets entries of the outbox that have been dealt with; those that are gone already are well.
 *
 * @package    local_connector
 * @copyright  2026 moodle-connector
 * @license    https://www.gnu.org/copyleft/gpl.html GNU GPL v3 or later
 */
class outbox_forget extends external_api {
    /**
     * What it takes.
     *
     * @return external_function_parameters
     */
    public static function execute_parameters(): external_function_parameters {
        return new external_function_parameters([
            'ids' => new external_value(PARAM_RAW, 'JSON: a list of the ids of entries'),
        ]);
    }

    /**
     * Forgets.
     *
     * @param string $ids
     */
    public static function execute(string $ids): void {
        ['ids' => $ids] = self::validate_parameters(self::execute_parameters(), ['ids' => $ids]);
        $context = \core\context\system::instance();
        self::validate_context($context);
        require_capability('local/connector:outbox', $context);
        $list = json_decode($ids, true, 2);
        if (!is_array($list) || !array_is_list($list) || array_filter($list, 'is_int') !== $list) {
            throw new moodle_exception('noids', 'local_connector');
        }
        asked::between('ids', count($list), 0, outbox::MOST);
        entries::forget($list);
    }

    /**
     * It gives nothing.
     */
    public static function execute_returns() {
        return null;
    }
}
